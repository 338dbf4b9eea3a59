// Patterns of log messages and span names: how often each comes; what is new, gone or changed.

import { spark } from '../chart.js';
import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { ago, capital, count, counted, percent } from '../format.js';
import { further, holds, teach } from '../lists/empty.js';
import { choice, keepSort, serviceSelect, words } from '../lists/filters.js';
import { nothing } from '../region.js';
import { template } from '../search/patterns.js';
import { copyTable, table } from '../table.js';

const LIMIT = 500;
const CHANGES = [
  ['', 'All'],
  ['new', 'New', 'Not seen in the same time before'],
  ['gone', 'Gone', 'Seen in the same time before, and not now'],
  ['changed', 'Changed', 'Comes much more or much less often than in the same time before'],
];
const KINDS = [
  ['', 'Any kind'],
  ['log', 'Logs', 'Patterns of log messages'],
  ['span', 'Spans', 'Patterns of span names'],
  ['error', 'Errors', 'Groups of errors'],
];
/** More in a rate than this is worth a warning's colour. */
const MUCH_MORE = 2;

export function open(ctx) {
  ctx.title('Patterns');
  const change = choice(ctx, 'change', 'Which patterns', CHANGES);
  const kind = choice(ctx, 'kind', 'Of what', KINDS);
  const service = serviceSelect(ctx);
  const find = words(ctx, 'find', 'Narrow by words');
  const found = h('span.dim.num', { role: 'status' });
  const about = h('p.small.dim');
  const list = ctx.region('Patterns');
  let shown;
  put(
    ctx.root,
    h(
      'div.pad.stack',
      null,
      h(
        'div.bar',
        null,
        h('h1', null, 'Patterns'),
        change.element,
        kind.element,
        service.element,
        find.element,
        h('span.grow'),
        found,
        copyTable(() => shown),
      ),
      about,
      list,
    ),
  );

  return async function update() {
    [change, kind, find].forEach((it) => it.update());
    const { range } = ctx;
    const asked = ctx.get('change');
    put(about, asked ? told(range.words, CHANGES.find(([key]) => key === asked)?.[2]) : '');
    about.hidden = !asked;
    const filters = { since: range.since, until: range.until, kind: ctx.get('kind'), service: ctx.get('service'), limit: LIMIT };
    await Promise.all([
      service.update(),
      ctx.load(
        list,
        async (signal) => {
          const { data } = await ctx.ask(ctx.url(asked ? '/patterns/changes' : '/patterns', filters), { signal });
          const all = asked ? data.filter((it) => kindOf(it.change) === asked) : data;
          return { all, empty: all.length ? null : await emptyState(ctx, signal, asked) };
        },
        ({ all, empty }) => {
          const rows = all.filter(matches(ctx.get('find')));
          put(found, empty ? '' : `${counted(rows.length, 'pattern')}${all.length >= LIMIT ? ', and more' : ''}`);
          shown = patternTable(ctx, rows, asked);
          if (empty) return empty;
          return rows.length ? h('div.scroll', null, shown) : further(ctx, 'No pattern has these words', ['find', 'service', 'kind']);
        },
      ),
    ]);
  };
}

const told = (time, what = '') => `${capital(time)}: ${what.charAt(0).toLowerCase()}${what.slice(1)}.`;

/** More and less are both changes. */
const kindOf = (name) => (name === 'new' || name === 'gone' ? name : 'changed');

const matches = (text) => {
  const parts = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => parts.every((part) => `${row.text} ${row.service} ${row.example}`.toLowerCase().includes(part));
};

function patternTable(ctx, rows, changes) {
  const most = Math.max(1, ...rows.map((it) => it.count));
  const href = (row) => ctx.href(row.kind === 'error' ? `/errors/${row.pattern_id}` : `/patterns/${row.pattern_id}`);
  const columns = [
    {
      key: 'pattern',
      label: 'Pattern',
      go: true,
      class: 'wide',
      value: (row) => row.text,
      cell: (row) => h('span.cut.block.mono.plainly', { title: `${row.text}\n\nFor example: ${row.example}` }, template(row.text)),
    },
    { key: 'kind', label: 'Kind', value: (row) => row.kind, cell: (row) => h('span.dim.small', null, row.kind) },
    { key: 'service', label: 'Service', value: (row) => row.service, cell: (row) => serviceOf(row.service) },
    rows.some((row) => row.trend)
      ? { key: 'trend', label: 'Trend', class: 'trend', cell: (row) => (row.trend ? spark(row.trend, { label: `${row.count} over time` }) : '') }
      : null,
    {
      key: 'count',
      label: changes ? 'Now' : 'Count',
      class: changes ? 'named' : null,
      right: true,
      value: (row) => row.count,
      cell: (row) => (changes ? count(row.count) : countCell(row.count, most)),
    },
    changes ? { key: 'before', label: 'Before', right: true, class: 'named', value: (row) => row.before, cell: (row) => count(row.before) } : null,
    changes === 'changed'
      ? { key: 'ratio', label: 'Rate', right: true, title: 'How often it comes now, beside before', value: (row) => row.ratio ?? 0, cell: ratioCell }
      : null,
    {
      key: 'failing',
      label: 'Failing',
      right: true,
      title: 'The share of failing spans, or of records of level ERROR',
      value: (row) => (row.count ? row.errors / row.count : 0),
      cell: failingCell,
    },
    { key: 'first', label: 'First seen', right: true, value: (row) => row.first_seen, cell: (row) => ago(row.first_seen) },
    { key: 'last', label: 'Last seen', right: true, value: (row) => row.last_seen ?? '', cell: (row) => ago(row.last_seen) },
  ].filter(Boolean);
  return table({ label: 'Patterns', kind: 'patterns', columns, rows, sort: ctx.get('sort', changes ? '' : '-count'), onsort: keepSort, href });
}

const countCell = (value, most) =>
  h('span.share', null, count(value), h('span.track', { 'aria-hidden': 'true' }, h('i', { style: { width: `${(value / most) * 100}%` } })));

function failingCell(row) {
  if (!row.errors) return h('span.faint', null, '–');
  return h('span.bad', { title: `${row.errors} of ${row.count}` }, `✕ ${percent(Math.min(1, row.errors / Math.max(1, row.count)))}`);
}

function ratioCell(row) {
  if (!Number.isFinite(row.ratio)) return h('span.faint', null, '–');
  const more = row.ratio >= 1;
  const words = more ? `↑ ${Number(row.ratio.toPrecision(2))}×` : `↓ ${percent(row.ratio)}`;
  return h(row.ratio >= MUCH_MORE ? 'span.slow' : 'span', { title: more ? 'So many times as often as before' : 'Of what came before' }, words);
}

async function emptyState(ctx, signal, asked) {
  const { status, any } = await holds(ctx, signal, 'logs');
  if (!any && !status.storage?.spans)
    return teach(
      status,
      'logs',
      'No patterns yet',
      h('p.dim', null, 'Log messages and span names that are the same but for numbers, ids and names become one pattern by themselves.'),
    );
  if (asked && !ctx.get('service') && !ctx.get('kind')) {
    const words = {
      new: 'Nothing came that had not been seen before.',
      gone: 'Everything of the time before still comes.',
      changed: 'Nothing comes much more or less often than before.',
    };
    return nothing(
      `No ${asked} patterns in ${ctx.range.words}`,
      h('p.dim', null, words[asked]),
      h('p.dim', null, 'A longer time is compared with a longer time before.'),
    );
  }
  return further(ctx, `No patterns in ${ctx.range.words}`, ['service', 'kind', 'find']);
}
