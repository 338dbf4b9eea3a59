// The keyboard: `/` searches, `j` `k` walk rows, Enter opens, Esc goes back, `?` lists the keys.

import { h, put } from './dom.js';
import { back } from './route.js';

const GLOBAL = [
  ['/', 'Search'], ['j  k', 'Next and previous row'], ['Enter', 'Open the row'], ['Esc', 'Close, or back'],
  ['r', 'Ask again'], ['?', 'This list'],
];

let pageKeys = {};
let pageHelp = [];

/** The keys of the page: `{ key: run }`; a handler that gives false leaves the key to others. `help` are `[keys, what]`. */
export function setKeys(keys, help = []) {
  pageKeys = keys;
  pageHelp = help;
}

/** Begins to listen. */
export function install({ search, reload }) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]')) return;
    const writing = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (writing) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const own = pageKeys[event.key];
    if (own && own(event) !== false) { event.preventDefault(); return; }
    const run = {
      '/': () => { search.focus(); search.select(); },
      '?': help,
      j: () => walk(1),
      k: () => walk(-1),
      r: reload,
      Escape: back,
      Enter: () => open(event),
    }[event.key];
    if (run && run() !== false) event.preventDefault();
  });
}

/** The rows that can be walked. */
const rows = () => [...document.querySelectorAll('#main [data-row]')].filter((row) => row.offsetParent);

function walk(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(document.activeElement.closest?.('[data-row]'));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

function open(event) {
  const row = event.target.closest?.('[data-row]');
  if (!row || event.target !== row) return false;
  (row.querySelector('a.go') ?? row).click();
  return true;
}

/** The list of keys. */
export function help() {
  const dialog = h('dialog', { 'aria-label': 'Keys', onclose: () => dialog.remove() });
  const list = (keys) => h('dl', null, keys.flatMap(([names, what]) =>
    [h('dt', null, names.split(/\s+/).map((name) => [h('kbd', null, name), ' '])), h('dd', null, what)]));
  put(dialog, h('h2', null, 'Keys'), list(GLOBAL), pageHelp.length ? [h('h3', null, 'On this page'), list(pageHelp)] : null,
    h('form', { method: 'dialog' }, h('button.plain', { autofocus: true }, 'Close')));
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}
