// Dead letters: what a destination refused for good, to look into, send again, or throw away.

import { h, put } from '../dom.js';
import { count, counted, timeOf } from '../format.js';
import { toast } from '../notice.js';
import { copyTable, table } from '../table.js';

/** The section. `done` is called after something was changed. */
export function letters(ctx, list, limit, done) {
  if (!list.length) return h('p.note', null, 'None: no destination refused anything for good. What is refused for what it holds would be kept here, and everything else goes on.');
  const rows = byReason(list);
  const columns = [
    { key: 'last', label: 'Last refused', value: (row) => row.last, cell: (row) => timeOf(row.last) },
    { key: 'destination', label: 'Destination', value: (row) => row.destination, cell: (row) => h('b', null, row.destination) },
    { key: 'signal', label: 'Signal', value: (row) => row.signals.join(', '), class: 'dim' },
    { key: 'letters', label: 'Letters', right: true, title: 'Requests, or parts of them', value: (row) => row.letters, cell: (row) => count(row.letters) },
    { key: 'records', label: 'Records', right: true, value: (row) => row.records, cell: (row) => count(row.records) },
    { key: 'reason', label: 'Why', class: 'wide', value: (row) => row.reason, cell: reason },
  ];
  const element = table({ label: 'Dead letters by their reason', kind: 'letters', columns, rows, sort: ctx.get('letters', '-last') });
  const records = list.reduce((sum, it) => sum + it.records, 0);
  const more = list.length >= limit ? ', and more' : '';
  return h('div.stack', null,
    h('div.bar', null, h('span.num', null, `${counted(list.length, 'letter')} with ${counted(records, 'record')}${more}`), h('span.grow'),
      act(ctx, 'Send all again', 'replay', (it) => `${counted(it.letters, 'letter')} sent again`, done),
      h('button.plain.danger', { type: 'button', onclick: () => ask(ctx, list.length, more, records, done) }, 'Throw all away…'), copyTable(() => element)),
    h('p.small.dim', null, 'Mend the destination first (its schema, its limits, its rights): what is refused again comes back here.'),
    h('div.scroll', null, element));
}

/** Letters that were refused by one destination for one reason are one row: there may be hundreds. */
function byReason(list) {
  const groups = new Map();
  for (const letter of list) {
    const key = JSON.stringify([letter.destination, letter.reason]);
    const group = groups.get(key) ?? { destination: letter.destination, reason: letter.reason, signals: [], letters: 0, records: 0, last: letter.failed_at };
    if (!group.signals.includes(letter.signal)) group.signals.push(letter.signal);
    group.letters += 1;
    group.records += letter.records;
    if (letter.failed_at > group.last) group.last = letter.failed_at;
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Long reasons open in place. */
function reason(row) {
  const text = row.reason || 'It did not say why.';
  return h('details.reason', null, h('summary.cut', { title: text }, text), h('p.wrap.mono', null, text));
}

function act(ctx, word, what, said, done) {
  const button = h('button.plain', { type: 'button', onclick: async () => {
    button.disabled = true;
    await run(ctx, what, said, done);
    button.disabled = false;
  } }, word);
  return button;
}

async function run(ctx, what, said, done) {
  try {
    const { data } = await ctx.ask(`/api/v1/dead-letters/${what}`, { method: 'POST', signal: ctx.left });
    toast(said(data) + (data.unreadable ? `; ${count(data.unreadable)} are of another version and stay` : ''));
    done();
  } catch (error) {
    if (error.name !== 'AbortError') toast(error.message);
  }
}

/** Asks before it throws away: this can not be undone. */
function ask(ctx, letters, more, records, done) {
  const dialog = h('dialog', { 'aria-labelledby': 'purge-title', onclose: () => dialog.remove() });
  put(dialog, h('h2', { id: 'purge-title' }, 'Throw all dead letters away?'),
    h('p', null, `${counted(letters, 'letter')} with ${counted(records, 'record')}${more ? ', and those that are not listed here,' : ''} will be gone for good; this can not be undone. To keep what they hold, send them again instead.`),
    h('div.bar', null, h('button.plain', { type: 'button', autofocus: true, onclick: () => dialog.close() }, 'Keep them'),
      h('button.plain.danger', { type: 'button', onclick: async () => { dialog.close(); await run(ctx, 'purge', (it) => `${counted(it.letters, 'letter')} thrown away`, done); } }, 'Throw away')));
  document.body.append(dialog);
  dialog.showModal();
}
