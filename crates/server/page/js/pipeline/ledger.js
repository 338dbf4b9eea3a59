// The ledger as sums that add up: what senders were told, and what became of it at each destination.

import { h } from '../dom.js';

const exact = (value) => value.toLocaleString('en').replaceAll(',', '\u202f');
const PARTS = [
  ['stored', 'Stored', 'The destination has them'],
  ['waiting', 'Waiting', 'On their way, in the spool'],
  ['dead_lettered', 'Dead letters', 'Refused for what they hold, and put aside'],
  ['dropped', 'Dropped', 'Gone: there was no room for them, or their disk was damaged'],
  ['skipped', 'Skipped', 'Not meant for this destination'],
];

/** What was said to senders. */
export function door(entries) {
  const columns = [
    ['accepted', 'Accepted', 'On disk, and every destination gets them'],
    ['repeated', 'Repeated', 'Had been accepted before, and were not taken a second time'],
    ['refused', 'Refused', 'Their sender was told to come again'],
    ['rejected', 'Rejected', 'Can not be kept as they are'],
  ];
  return sums(
    'What senders were told',
    columns.map(([key, word, title]) => ({ key, word, title, bad: key === 'rejected' })),
    entries,
  );
}

/** What became of the accepted at one destination. */
export function delivery(destination) {
  const columns = [
    { key: 'given', word: 'Given', title: 'Accepted since the start, and what was found waiting then' },
    ...PARTS.map(([key, word, title], at) => ({ key, word, title, sign: at ? '+' : '=', bad: key === 'dropped' || key === 'dead_lettered' })),
  ];
  return sums(`What became of it at ${destination.name}`, columns, destination.ledger, true);
}

function sums(label, columns, entries, check = false) {
  const total = { signal: 'all', ...Object.fromEntries(columns.map(({ key }) => [key, entries.reduce((sum, it) => sum + it[key], 0)])) };
  // All is there on a wide screen; a narrow one leaves out what nothing became of.
  const nil = ({ key, sign }) => (sign && key !== 'stored' && total[key] === 0 ? '.nil' : '');
  const head = columns.flatMap((it) => [
    it.sign ? h(`th.sign${nil(it)}`, { 'aria-hidden': 'true' }) : null,
    h(`th.r${nil(it)}`, { scope: 'col', title: it.title }, it.word),
  ]);
  const row = (entry, kind) =>
    h(
      'tr',
      { class: kind },
      h('th', { scope: 'row' }, entry.signal),
      columns.flatMap((it) => [
        it.sign ? h(`td.sign${nil(it)}`, { 'aria-hidden': 'true' }, it.sign) : null,
        amount(entry[it.key], it.bad, nil(it)),
      ]),
      check ? h('td', null, adds(entry)) : null,
    );
  return h(
    'div.scroll',
    null,
    h(
      'table.ledger',
      { 'aria-label': label },
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Signal'), head, check ? h('th', { scope: 'col' }, 'Sum') : null)),
      h(
        'tbody',
        null,
        entries.map((entry) => row(entry)),
        row(total, 'total'),
      ),
    ),
  );
}

const amount = (value, bad, kind) => h(`td.r${kind}`, { class: value === 0 ? 'faint' : bad ? 'bad' : '' }, bad && value ? '✕ ' : '', exact(value));

function adds(entry) {
  const rest = entry.given - PARTS.reduce((sum, [key]) => sum + entry[key], 0);
  return rest === 0
    ? h('span.dim', { title: 'Given is the sum of the others' }, '✓ adds up')
    : h('span.slow', { title: 'It was counted while records moved' }, `± ${exact(Math.abs(rest))} moving`);
}
