// Where the page begins: builds the shell, follows the address, opens pages and gives each what it needs.

import { ask, askOr, url } from './api.js';
import { away } from './away.js';
import { h, put } from './dom.js';
import { install, setKeys } from './keys.js';
import { absolute, rangeOf } from './range.js';
import { load, region } from './region.js';
import { change, go, href, match, params, start } from './route.js';
import { shell } from './shell.js';

const LIVE_MS = 5000;
const HEALTH_MS = 15_000;
const LOOK_AGAIN_MS = 2000;

const frame = shell(document.getElementById('shell'), { reload: () => follow() });
let open = null;
let generation = 0;
let again = 0;

/** What a page gets; see README.md. */
function context(root, route, parts) {
  const leave = new AbortController();
  let update = new AbortController();
  const closing = [];
  const ctx = {
    root,
    path: parts,
    href,
    go,
    change,
    url,
    get params() {
      return params();
    },
    get: (key, instead = null) => params().get(key) ?? instead,
    get range() {
      return rangeOf(params());
    },
    setRange: (from, to) => change(absolute(from, to)),
    get signal() {
      return update.signal;
    },
    ask: (address, options) => ask(address, { signal: update.signal, ...options }),
    askOr: (instead, address, options) => askOr(instead, address, { signal: update.signal, ...options }),
    region,
    load: (element, question, draw) => load(element, update.signal, question, draw, { again: () => follow() }),
    title: (text) => {
      document.title = text ? `${text} · mahavishnu-otel` : 'mahavishnu-otel';
    },
    keys: setKeys,
    mark: frame.mark,
    closed: (run) => closing.push(run),
    left: leave.signal,
    search: frame.search,
  };
  return {
    ctx,
    route,
    renew() {
      update.abort();
      update = new AbortController();
    },
    close() {
      update.abort();
      leave.abort();
      closing.forEach((run) => run());
    },
  };
}

/** Follows the address: the same page with other parameters is updated, another one is opened. */
async function follow({ scroll } = {}) {
  const asked = ++generation;
  const found = match(location.pathname);
  frame.show(found?.route, rangeOf(params()));
  if (!found) {
    lost();
    return;
  }
  const { route, parts } = found;
  const key = route.path + JSON.stringify(parts);
  if (open?.key === key) {
    open.page.renew();
    await run(open.update);
    return;
  }
  open?.page.close();
  open = null;
  setKeys({});
  let module;
  try {
    module = await import(`./pages/${route.module}.js`);
  } catch (error) {
    console.error(error);
    put(
      frame.main,
      h(
        'div.pad',
        null,
        h(
          'div.sorry',
          { role: 'alert' },
          h('b', null, 'This page could not be loaded.'),
          h('span', null, 'The server may have been replaced by another version: load the page again.'),
        ),
      ),
    );
    return;
  }
  // Another address was asked for while the module came.
  if (asked !== generation) return;
  const root = h('div');
  put(frame.main, root);
  frame.main.scrollTop = 0;
  const page = context(root, route, parts);
  open = { key, page, update: null };
  open.update = module.open(page.ctx);
  await run(open.update);
  if (scroll && asked === generation) frame.main.scrollTop = scroll;
}

async function run(update) {
  try {
    await update();
  } catch (error) {
    if (error.name !== 'AbortError') console.error(error);
  }
  lookAgain();
}

/** Who was just told how to send the first need not load the page again to see it. */
function lookAgain() {
  clearTimeout(again);
  if (frame.main.querySelector('.lesson')) again = setTimeout(() => (document.hidden ? lookAgain() : follow()), LOOK_AGAIN_MS);
}

function lost() {
  open?.page.close();
  open = null;
  put(
    frame.main,
    h('div.pad', null, h('h1', null, 'There is no such page'), h('a', { href: '/' }, 'Go to the latest traces')),
  );
}

/** Marks the pipeline in the column when a destination is in trouble. */
async function health() {
  if (document.hidden) return;
  try {
    const { data } = await ask('/api/v1/status', { quiet: true });
    const troubled = (data.destinations ?? []).filter((it) => it.breaker !== 'CLOSED').map((it) => it.name);
    const why = data.storage_error
      ? 'The database does not answer'
      : troubled.length
        ? `${troubled.join(', ')}: breaker not closed`
        : '';
    frame.mark('pipeline', why);
  } catch {
    /* The banner says it. */
  }
}

away.install(frame.banner, () => follow());
install({ search: frame.search, reload: () => follow() });
start(follow);
setInterval(() => {
  if (params().get('live') === '1' && !document.hidden && open && !getSelection().toString()) follow();
}, LIVE_MS);
setTimeout(health, 1000);
setInterval(health, HEALTH_MS);
