// Groups of errors: what fails, how often, since when, where.

import { histogram, spark } from '../chart.js';
import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { ago, count, counted, millis, percent } from '../format.js';
import { further, holds, teach } from '../lists/empty.js';
import { keepSort, serviceSelect, words } from '../lists/filters.js';
import { nothing } from '../region.js';
import { template } from '../search/patterns.js';
import { copyTable, table } from '../table.js';
import { messageOf, typeOf } from '../errors/group.js';

const LIMIT = 500;

export function open(ctx) {
  ctx.title('Errors');
  const service = serviceSelect(ctx);
  const find = words(ctx, 'find', 'Narrow by type or message');
  const found = h('span.dim.num', { role: 'status' });
  const chart = ctx.region('Errors over time', { skeleton: 'chart' });
  const list = ctx.region('Error groups');
  let shown;
  put(
    ctx.root,
    h(
      'div.pad.stack',
      null,
      h(
        'div.bar',
        null,
        h('h1', null, 'Errors'),
        service.element,
        find.element,
        h('span.grow'),
        found,
        copyTable(() => shown),
      ),
      chart,
      list,
    ),
  );

  return async function update() {
    find.update();
    const { range } = ctx;
    const asked = ctx.url('/errors', { since: range.since, until: range.until, service: ctx.get('service'), limit: LIMIT });
    await Promise.all([
      service.update(),
      ctx.load(
        list,
        async (signal) => {
          const groups = (await ctx.ask(asked, { signal })).data;
          return { groups, empty: groups.length ? null : await emptyState(ctx, signal) };
        },
        ({ groups, empty }) => {
          const kept = groups.filter(matches(ctx.get('find')));
          put(chart, overTime(ctx, kept, range));
          chart.filled = true;
          put(found, empty ? '' : said(kept, groups));
          shown = groupTable(ctx, kept, range);
          if (empty) return empty;
          return kept.length ? h('div.scroll', null, shown) : further(ctx, 'No group has these words', ['find', 'service']);
        },
      ),
    ]);
  };
}

const matches = (text) => {
  const parts = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return (group) => parts.every((part) => `${group.text} ${group.service} ${group.example}`.toLowerCase().includes(part));
};

function said(kept, groups) {
  const errors = kept.reduce((sum, it) => sum + it.count, 0);
  return `${counted(errors, 'error')} in ${counted(kept.length, 'group')}${groups.length >= LIMIT ? ', and more' : ''}`;
}

/** All groups together, in the parts that each of them has. */
function overTime(ctx, groups, { from, to }) {
  const parts = groups[0]?.trend.length ?? 0;
  if (!parts) return null;
  const buckets = Array.from({ length: parts }, (_, at) => groups.reduce((sum, it) => sum + (it.trend[at] ?? 0), 0)).map((all) => [all, all]);
  return histogram({ start: from, step: (to - from) / parts, buckets, brush: ctx.setRange, word: 'error' });
}

function groupTable(ctx, rows, range) {
  const all = rows.reduce((sum, it) => sum + it.count, 0);
  const isNew = (row) => millis(row.first_seen) >= range.from;
  // Where most are new, as on the first day, being new says nothing.
  const mark = rows.filter(isNew).length * 2 <= rows.length ? isNew : () => false;
  const columns = [
    { key: 'error', label: 'Error', go: true, class: 'wide', value: (row) => row.text, cell: (row) => nameCell(row, mark(row)) },
    { key: 'service', label: 'Service', value: (row) => row.service, cell: (row) => serviceOf(row.service) },
    { key: 'trend', label: 'Trend', class: 'trend', cell: (row) => spark(row.trend, { fail: true, label: `${row.count} errors in ${range.words}` }) },
    { key: 'count', label: 'Count', right: true, value: (row) => row.count, cell: (row) => count(row.count) },
    {
      key: 'share',
      label: 'Share',
      right: true,
      title: 'Of all errors of this list',
      value: (row) => (all ? row.count / all : 0),
      cell: (row) => shareCell(row.count / all),
    },
    { key: 'first', label: 'First seen', right: true, value: (row) => row.first_seen, cell: (row) => ago(row.first_seen) },
    { key: 'last', label: 'Last seen', right: true, value: (row) => row.last_seen ?? '', cell: (row) => ago(row.last_seen) },
  ];
  return table({
    label: 'Error groups',
    kind: 'groups',
    columns,
    rows,
    sort: ctx.get('sort', '-count'),
    onsort: keepSort,
    href: (row) => ctx.href(`/errors/${row.pattern_id}`),
  });
}

function nameCell(row, isNew) {
  const type = typeOf(row);
  return h(
    'span.said',
    { title: `${row.text}\n\nFor example: ${row.example}` },
    isNew ? h('span.badge', { title: 'First seen in this time' }, 'new') : null,
    type ? h('b.cut', null, type) : null,
    h(`span.cut${type ? '.dim' : ''}`, null, template(messageOf(row))),
  );
}

const shareCell = (share) =>
  h('span.share', null, percent(share), h('span.track', { 'aria-hidden': 'true' }, h('i.fail', { style: { width: `${share * 100}%` } })));

async function emptyState(ctx, signal) {
  const { status, any } = await holds(ctx, signal, 'traces');
  if (!any && !status.storage?.logs)
    return teach(
      status,
      'errors',
      'No telemetry yet',
      h('p.dim', null, 'Failing spans, exceptions and log records of level ERROR are grouped here by themselves. '),
    );
  if (ctx.get('service')) return further(ctx, `No errors of this service in ${ctx.range.words}`, ['service']);
  return nothing(
    `No errors in ${ctx.range.words}`,
    h('p.dim', null, 'Nothing failed: no span has the status ERROR or an exception, no log record is of level ERROR.'),
    h(
      'div.bar',
      null,
      ['24h', '7d', '90d']
        .filter((name) => name !== ctx.range.name)
        .map((name) =>
          h('button.plain', { type: 'button', onclick: () => ctx.change({ range: name, since: null, until: null }) }, `Look at ${name}`),
        ),
    ),
  );
}
