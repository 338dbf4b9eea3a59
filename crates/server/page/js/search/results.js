// The list of traces: root name, service, when, how long beside the longest, spans, errors; for a search also what matched and why.

import { colourOf, serviceOf } from '../colour.js';
import { h } from '../dom.js';
import { count, duration, timeOf } from '../format.js';
import { table } from '../table.js';
import { brief, template } from './patterns.js';

/** A result of a search is a span; its trace's root stands beside it where the server says it. */
export const rootOf = (row) => row.trace ?? row;
const lengthOf = (row) => rootOf(row).duration_ms;

/** Whether something in it failed. */
export const failing = (row) => (rootOf(row).errors ?? 0) > 0 || row.status === 'ERROR';

/** The table; `query` says whether it shows what matched. */
export function traceTable(ctx, query, rows) {
  const longest = Math.max(...rows.map(lengthOf), Number.MIN_VALUE);
  const searched = Boolean(query.words);
  const columns = [
    {
      key: 'name',
      label: searched ? 'Trace and what matched' : 'Trace',
      value: (row) => rootOf(row).name,
      cell: (row) => nameCell(row, searched),
      go: true,
      class: 'name',
    },
    {
      key: 'service',
      label: 'Service',
      value: (row) => rootOf(row).service,
      cell: (row) => serviceOf(rootOf(row).service),
    },
    {
      key: 'start',
      label: 'Started',
      value: (row) => rootOf(row).start_time,
      cell: (row) => timeOf(rootOf(row).start_time),
    },
    {
      key: 'duration',
      label: 'Duration',
      value: (row) => lengthOf(row),
      cell: (row) => durationCell(row, longest),
      class: 'long',
    },
    {
      key: 'spans',
      label: 'Spans',
      right: true,
      value: (row) => rootOf(row).spans ?? null,
      cell: (row) => (rootOf(row).spans === undefined ? '' : count(rootOf(row).spans)),
    },
    {
      key: 'errors',
      label: 'Errors',
      right: true,
      value: (row) => rootOf(row).errors ?? Number(failing(row)),
      cell: (row) => errorCell(row),
      class: 'errs',
    },
  ];
  if (searched)
    columns.push({
      key: 'score',
      label: 'Score',
      right: true,
      value: (row) => row.similarity,
      cell: (row) => h('span', { title: row.why }, row.similarity.toFixed(2)),
    });
  return table({
    label: 'Traces',
    kind: 'traces',
    columns,
    rows,
    sort: ctx.get('sort', ''),
    onsort: (by) => history.replaceState(history.state, '', keepSort(by)),
    href: (row) => ctx.href(`/trace/${row.trace_id}`, { span: searched ? row.span_id : null }),
  });
}

function keepSort(by) {
  const params = new URLSearchParams(location.search);
  params.set('sort', by);
  return `${location.pathname}?${params}`;
}

function nameCell(row, searched) {
  const root = rootOf(row);
  const name = h('span.cut', { title: root.name }, root.name || '(no name)');
  if (!searched)
    return [
      name,
      row.root_missing
        ? h('span.faint', { title: 'The span without a parent has not come yet' }, ' · root missing')
        : null,
    ];
  return h(
    'span.two',
    null,
    name,
    h(
      'span.small.dim.matched',
      { title: `${row.service}: ${row.name}\n${row.matched}\n${row.why}` },
      row.name === root.name ? null : h(`span.svc.${colourOf(row.service)}`, null, h('span.cut', null, row.name)),
      row.matched === row.name ? null : h('span.cut', null, template(brief(row.matched))),
      h('span.faint.why', null, row.why),
    ),
  );
}

function durationCell(row, longest) {
  const bar = h(`i${failing(row) ? '.fail' : ''}`, {
    style: { width: `${Math.max(0.5, (lengthOf(row) / longest) * 100)}%` },
  });
  return h(
    'span.length',
    null,
    h('span.mono', null, duration(lengthOf(row))),
    h('span.track', { 'aria-hidden': 'true' }, bar),
  );
}

function errorCell(row) {
  if (!failing(row)) return h('span.faint', null, '–');
  const { errors } = rootOf(row);
  return h('span.bad', null, errors ? `✕ ${count(errors)}` : '✕');
}
