// What happens while the server or its database is away: a banner, trials at the time the server names, and back.

import { h, put } from './dom.js';
import { toast } from './notice.js';

const RETRY_S = 2;
const TRIAL = '/api/v1/traces?limit=1';

let banner;
let onBack = () => {};
let trial = 0;
let isAway = false;

export const away = {
  /** Where the banner stands, and what to do when all is well again. */
  install(element, back) {
    banner = element;
    onBack = back;
  },

  /** A question could not be answered, for a reason that passes. */
  report(problem) {
    if (!isAway) show(problem);
    isAway = true;
    if (!trial) wait(problem.retryAfterS ?? RETRY_S);
  },
};

function show(problem) {
  const title = problem.status === 0 ? 'The server can not be reached.' : 'The database can not answer now.';
  const safe = problem.status === 0
    ? 'What it had acknowledged is on its disk.'
    : 'Telemetry is still taken and kept on disk; nothing acknowledged is lost.';
  banner.classList.toggle('bad', problem.status === 0);
  put(banner, h('b', null, '⚠ ', title), h('span.grow', null, `${safe} This page tries again by itself.`),
    h('button.plain', { type: 'button', onclick: () => { clearTimeout(trial); tryAgain(); } }, 'Try now'));
  banner.title = problem.message;
  banner.hidden = false;
}

function wait(seconds) {
  trial = setTimeout(tryAgain, seconds * 1000);
}

async function tryAgain() {
  trial = 0;
  let seconds = RETRY_S;
  try {
    const response = await fetch(TRIAL);
    // Anything but "not now" is an answer, also of a server that stores nothing.
    if (response.status < 502) {
      isAway = false;
      banner.hidden = true;
      toast('Answers come again');
      onBack();
      return;
    }
    seconds = Number(response.headers.get('retry-after')) || RETRY_S;
    show({ status: response.status, message: '' });
  } catch {
    show({ status: 0, message: '' });
  }
  wait(seconds);
}
