// One pattern: its template, how it comes over time, what stands at its placeholders, and where it stands.

import { histogram } from '../chart.js';
import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { ago, count, duration, idOf, percent, timeOf } from '../format.js';
import { holesOf } from '../lists/holes.js';
import { lineOf } from '../logs/line.js';
import { template } from '../search/patterns.js';
import { table } from '../table.js';

const SHOWN = 200;

export function open(ctx) {
  ctx.title(`Pattern ${ctx.path.id}`);
  const head = ctx.region('The pattern');
  const where = ctx.region('Where it stands');
  put(ctx.root, h('div.pad.stack', null, h('nav.small', { 'aria-label': 'Up' }, h('a', { href: ctx.href('/patterns') }, '← All patterns')), head, where));

  return async function update() {
    const { since, until } = ctx.range;
    const pattern = await ctx.load(head, (signal) => ctx.ask(ctx.url(`/patterns/${ctx.path.id}`, { since, until }), { signal }).then((it) => it.data), (it) => header(ctx, it));
    where.hidden = !pattern;
    if (!pattern) return;
    ctx.title(pattern.text);
    const filters = { since, until, pattern_id: pattern.pattern_id, limit: SHOWN };
    const isLog = pattern.kind === 'log';
    await ctx.load(where, (signal) => ctx.ask(ctx.url(isLog ? '/logs' : '/traces', filters), { signal }).then((it) => it.data),
      (rows) => (isLog ? logs(ctx, pattern, rows) : traces(ctx, pattern, rows)));
  };
}

function header(ctx, pattern) {
  const { range } = ctx;
  const rows = pattern.kind === 'log' ? ctx.href('/logs', { pattern_id: pattern.pattern_id }) : ctx.href('/', { q: `pattern:${pattern.pattern_id}` });
  const parts = pattern.trend?.length;
  const share = pattern.count ? Math.min(1, pattern.errors / pattern.count) : 0;
  return h('div.stack', null,
    h('h1.wrap.template.mono', null, template(pattern.text)),
    h('div.bar.facts-line', null, serviceOf(pattern.service), h('span.dim', null, pattern.kind === 'log' ? 'log message' : pattern.kind === 'span' ? 'span name' : pattern.kind),
      h('span', null, h('a', { href: rows }, h('b.num', null, count(pattern.count))), h('span.dim', null, ` in ${range.words}`)),
      pattern.errors ? h('span.bad', null, `✕ ${count(pattern.errors)}, ${percent(share)} failing`) : h('span.dim', null, '✓ none failing'),
      h('span', null, h('span.dim', null, 'first '), ago(pattern.first_seen)), h('span', null, h('span.dim', null, 'last '), ago(pattern.last_seen)), idOf(pattern.pattern_id)),
    parts ? histogram({ start: range.from, step: (range.to - range.from) / parts, buckets: pattern.trend.map((all) => [all, 0]), brush: ctx.setRange, word: pattern.kind === 'log' ? 'record' : 'span' }) : null,
    h('p.dim.wrap', null, 'For example: ', h('span.mono', null, pattern.example)));
}

function logs(ctx, pattern, rows) {
  const holes = holesOf(pattern.text, rows.map((log) => log.message ?? ''));
  return h('div.stack', null, values(holes),
    h('section', { 'aria-label': 'Lines' }, h('div.bar', null, h('h2', null, 'Its latest lines'), h('span.grow'), h('a', { href: ctx.href('/logs', { pattern_id: pattern.pattern_id }) }, 'All its lines')),
      rows.length ? h('div.lines.records', null, rows.map((log) => lineOf(ctx, log))) : h('p.note', null, 'None in this time.')));
}

/** What stands at each placeholder. */
function values(holes) {
  if (!holes.length) return null;
  const card = ({ name, different, values: shown, of }, at) => h('li', null,
    h('h3', null, h('span.hole', null, name === '<*>' ? '∗' : name.slice(1, -1)), h('span.faint.small', null, ` ${at + 1}: ${different === 1 ? 'always the same' : different === of ? 'never the same, as' : `${count(different)} different`}`)),
    h('ul', null, shown.map((it) => h('li.value-line', { title: it.value }, different === of ? null : h('i', { 'aria-hidden': 'true', style: { width: `${(it.count / of) * 100}%` } }), h('span.cut.mono', null, it.value), different === of ? null : h('span.num.dim', null, percent(it.count / of))))));
  return h('section', { 'aria-label': 'Placeholders' }, h('h2', null, 'What stands at its placeholders'), h('ul.holes', null, holes.map(card)));
}

function traces(ctx, pattern, rows) {
  const columns = [
    { key: 'name', label: 'Trace', go: true, class: 'wide', value: (row) => row.name, cell: (row) => h('span.cut.block', { title: row.name }, row.name || '(no name)') },
    { key: 'service', label: 'Service', value: (row) => row.service, cell: (row) => serviceOf(row.service) },
    { key: 'start', label: 'Started', value: (row) => row.start_time, cell: (row) => timeOf(row.start_time) },
    { key: 'duration', label: 'Duration', right: true, value: (row) => row.duration_ms, cell: (row) => duration(row.duration_ms) },
    { key: 'spans', label: 'Spans', right: true, value: (row) => row.spans, cell: (row) => count(row.spans) },
    { key: 'errors', label: 'Errors', right: true, value: (row) => row.errors, cell: (row) => (row.errors ? h('span.bad', null, `✕ ${count(row.errors)}`) : h('span.faint', null, '–')) },
  ];
  return h('section', { 'aria-label': 'Traces' },
    h('div.bar', null, h('h2', null, 'Latest traces with it'), h('span.grow'), h('a', { href: ctx.href('/', { q: `pattern:${pattern.pattern_id}` }) }, 'All its traces')),
    rows.length ? h('div.scroll', null, table({ label: 'Traces with this pattern', kind: 'small-traces', columns, rows, href: (row) => ctx.href(`/trace/${row.trace_id}`) })) : h('p.note', null, 'None in this time.'));
}
