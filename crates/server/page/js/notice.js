// Short notices at the bottom, and copying to the clipboard.

import { h } from './dom.js';

const SHOWN_MS = 2500;
let box;

/** Says something for a moment; screen readers hear it. */
export function toast(text) {
  if (!box) {
    box = h('div.toasts', { role: 'status', 'aria-live': 'polite' });
    document.body.append(box);
  }
  const notice = h('div', null, text);
  box.append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}

/** Puts a text on the clipboard and says so. */
export async function copy(text, what = 'Copied') {
  try {
    await navigator.clipboard.writeText(text);
    toast(what);
  } catch {
    // Without a secure context (plain HTTP from elsewhere) there is only the old way.
    const area = h('textarea', { style: { position: 'fixed', opacity: '0' }, value: text });
    document.body.append(area);
    area.select();
    toast(document.execCommand('copy') ? what : 'This browser does not let the page copy');
    area.remove();
  }
}

/** A text that is shown short and copies whole when it is clicked. */
export function copyable(whole, shown = whole) {
  const take = (event) => {
    event.stopPropagation();
    event.preventDefault();
    copy(whole, `Copied ${shown}`);
  };
  return h('button.link.mono', { type: 'button', title: `${whole}\nClick to copy`, onclick: take }, shown);
}

/** A command to run, with a button that copies it. */
export function command(text) {
  return h('div.command', null,
    h('pre', { tabindex: '0', role: 'group', 'aria-label': 'Command' }, text),
    h('button.plain', { type: 'button', onclick: () => copy(text, 'Command copied') }, 'Copy'));
}
