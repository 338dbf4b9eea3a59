// One group of errors: why these are one, an example, traces that failed and, beside them, the same operation when it worked.

import { histogram } from '../chart.js';
import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { ago, count, duration, idOf, percent, timeOf } from '../format.js';
import { example, find } from '../errors/example.js';
import { messageOf, typeOf } from '../errors/group.js';
import { template } from '../search/patterns.js';
import { copyTable, table } from '../table.js';

const EXAMPLES = 20;

export function open(ctx) {
  ctx.title(`Error ${ctx.path.id}`);
  const head = ctx.region('The group');
  const shown = ctx.region('Example');
  const traces = ctx.region('Traces that failed');
  const worked = ctx.region('Traces that worked');
  let drawn = '';
  let found = null;
  put(
    ctx.root,
    h(
      'div.pad.stack',
      null,
      h('nav.small', { 'aria-label': 'Up' }, h('a', { href: ctx.href('/errors') }, '← All errors')),
      head,
      h('div.halves', null, shown, h('div.stack', null, traces, worked)),
    ),
  );

  return async function update() {
    const { since, until } = ctx.range;
    const answer = await ctx.load(
      head,
      (signal) => ctx.ask(ctx.url(`/errors/${ctx.path.id}`, { since, until }), { signal }).then((it) => it.data),
      (it) => header(ctx, it.group),
    );
    [shown, traces, worked].forEach((it) => {
      it.hidden = !answer;
    });
    if (!answer) return;
    const { group, traces: failing, healthy } = answer;
    ctx.title(`${typeOf(group)} ${messageOf(group)}`.trim());
    put(
      traces,
      part(
        'Traces that failed so',
        failing,
        (rows) => traceTable(ctx, 'Traces that failed', rows),
        'None in this time. A longer time has older ones.',
      ),
    );
    const trace = group.example_trace ?? failing[0]?.trace_id;
    // An example is read slowly: it stays while the counts above go on.
    if (drawn !== trace) {
      await ctx.load(
        shown,
        (signal) => (trace ? ctx.ask(ctx.url(`/traces/${trace}`), { signal }).then((it) => it.data) : Promise.resolve(null)),
        (it) => {
          drawn = trace;
          found = it ? find(group, it) : null;
          return example(ctx, group, it, found);
        },
      );
    }
    await ctx.load(
      worked,
      (signal) => healthyOf(ctx, found?.span, healthy, signal),
      (rows) =>
        part(
          found?.span ? `${found.span.name || 'The same operation'} when it worked` : 'The same operation when it worked',
          rows,
          (all) => [compared(failing, all), traceTable(ctx, 'Traces that worked', all)],
          'None in this time: it either always fails, or is not called without failing.',
        ),
    );
  };
}

/** Traces with the operation that failed in which nothing failed; those with the same root where the operation is not known. */
async function healthyOf(ctx, span, otherwise, signal) {
  if (!span?.pattern_id) return otherwise;
  const { since, until } = ctx.range;
  const of = (status) =>
    ctx.ask(ctx.url('/traces', { since, until, pattern_id: span.pattern_id, status, limit: EXAMPLES }), { signal }).then((it) => it.data);
  const rows = (await Promise.all([of('ok'), of('unset')])).flat();
  return rows.length ? rows.sort((one, other) => (one.start_time < other.start_time ? 1 : -1)).slice(0, EXAMPLES) : otherwise;
}

function header(ctx, group) {
  const { range } = ctx;
  const parts = group.trend.length || 1;
  const type = typeOf(group);
  return h(
    'div.stack',
    null,
    h(
      'div',
      null,
      h('h1.wrap', null, h('span.bad', { 'aria-hidden': 'true' }, '✕ '), type || template(messageOf(group))),
      type ? h('p.message.wrap', null, template(messageOf(group))) : null,
    ),
    h(
      'div.bar.facts-line',
      null,
      serviceOf(group.service),
      h('span', null, h('b.num', null, count(group.count)), h('span.dim', null, ` in ${range.words}`)),
      h('span', null, h('span.dim', null, 'first '), ago(group.first_seen)),
      h('span', null, h('span.dim', null, 'last '), ago(group.last_seen)),
      group.detail?.type && group.detail.type !== type ? h('span.mono.dim.wrap', { title: 'Its whole type' }, group.detail.type) : null,
      idOf(group.pattern_id),
      h('span.grow'),
      h('a', { href: ctx.href('/', { q: `pattern:${group.pattern_id}` }) }, 'Its traces'),
      h('a', { href: ctx.href('/logs', { pattern_id: group.pattern_id }) }, 'Its logs'),
    ),
    histogram({
      start: range.from,
      step: (range.to - range.from) / parts,
      buckets: group.trend.map((all) => [all, all]),
      brush: ctx.setRange,
      word: 'error',
    }),
  );
}

function part(title, rows, draw, otherwise) {
  let element;
  return h(
    'section',
    { 'aria-label': title },
    h(
      'div.bar',
      null,
      h('h2', null, title),
      h('span.faint.num', null, rows.length ? count(rows.length) : ''),
      h('span.grow'),
      rows.length ? copyTable(() => element) : null,
    ),
    rows.length
      ? [draw(rows)].flat().map((it) => {
          if (it?.tagName === 'TABLE') element = it;
          return it?.tagName === 'TABLE' ? h('div.scroll', null, it) : it;
        })
      : h('p.note', null, otherwise),
  );
}

/** What stands out between them: how long they take. */
function compared(failing, healthy) {
  const lengths = (rows) =>
    rows
      .map((it) => it.duration_ms)
      .filter(Number.isFinite)
      .sort((one, other) => one - other);
  const middle = (rows) => {
    const all = lengths(rows);
    return all[Math.floor(all.length / 2)];
  };
  const [bad, good] = [middle(failing), middle(healthy)];
  if (!bad || !good) return null;
  const change = bad / good;
  const words = change >= 1.2 ? `${Number(change.toFixed(1))} times as long` : change <= 0.8 ? `${percent(change)} of the time` : 'about as long';
  return h(
    'p.small.dim',
    null,
    `Half of those that failed took up to ${duration(bad)}, half of these up to ${duration(good)}: failing takes ${words}.`,
  );
}

function traceTable(ctx, label, rows) {
  const columns = [
    {
      key: 'name',
      label: 'Trace',
      go: true,
      class: 'wide',
      value: (row) => row.name ?? row.trace_id,
      cell: (row) => h('span.cut.block', { title: row.name }, row.name ?? row.trace_id),
    },
    { key: 'service', label: 'Service', class: 'whose', value: (row) => row.service, cell: (row) => (row.service ? serviceOf(row.service) : '') },
    { key: 'start', label: 'Started', value: (row) => row.start_time ?? '', cell: (row) => timeOf(row.start_time) },
    { key: 'duration', label: 'Duration', right: true, value: (row) => row.duration_ms, cell: (row) => duration(row.duration_ms) },
    {
      key: 'errors',
      label: 'Errors',
      right: true,
      value: (row) => row.errors,
      cell: (row) => (row.errors ? h('span.bad', null, `✕ ${count(row.errors)}`) : h('span.faint', null, '–')),
    },
  ];
  return table({ label, kind: 'small-traces', columns, rows, sort: '', href: (row) => ctx.href(`/trace/${row.trace_id}`) });
}
