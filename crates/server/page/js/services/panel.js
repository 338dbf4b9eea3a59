// One service: whom it serves, what it needs, what it does.

import { serviceOf } from '../colour.js';
import { h } from '../dom.js';
import { ago, count, counted, duration, percent } from '../format.js';
import { icon } from '../icons.js';
import { keepSort } from '../lists/filters.js';
import { template } from '../search/patterns.js';
import { written } from '../search/query.js';
import { table } from '../table.js';

/** The panel. `operations` are of the service `name`, `calls` of all. */
export function panel(ctx, name, { service, calls, operations, seconds, limit, close }) {
  const from = calls.filter((call) => call.called === name && call.caller !== name);
  const to = calls.filter((call) => call.caller === name && call.called !== name);
  return h(
    'aside.service-panel',
    { 'aria-label': `The service ${name}` },
    h(
      'header.bar',
      null,
      h('h2.grow', null, serviceOf(name)),
      h('button.icon', { type: 'button', title: 'Close (Esc)', 'aria-label': 'Close', onclick: close }, icon('close')),
    ),
    h(
      'nav.more-links',
      { 'aria-label': 'Of this service' },
      h('a', { href: ctx.href('/', { q: written('service', name) }) }, 'Traces it begins'),
      h('a', { href: ctx.href('/errors', { service: name }) }, 'Errors'),
      h('a', { href: ctx.href('/logs', { service: name }) }, 'Logs'),
      h('a', { href: ctx.href('/patterns', { service: name }) }, 'Patterns'),
      h('a', { href: ctx.href('/metrics', { service: name }) }, 'Metrics'),
    ),
    service
      ? h(
          'p.bar.facts-line',
          null,
          h('span', null, h('b.num', null, count(service.spans)), h('span.dim', null, ' spans')),
          service.errors
            ? h('span.bad', null, `✕ ${count(service.errors)}, ${percent(service.errors / service.spans)}`)
            : h('span.dim', null, '✓ none failing'),
          h('span', null, h('span.dim', null, 'last '), ago(service.last_seen)),
        )
      : null,
    neighbours(ctx, 'Called by', from, 'caller', 'Nobody calls it in the traces that were looked at.'),
    neighbours(ctx, 'Calls', to, 'called', 'It calls no other service.'),
    h(
      'section',
      { 'aria-label': 'Operations' },
      h('h3', null, 'Operations ', h('span.faint', null, `${count(operations.length)}${operations.length >= limit ? ', and more' : ''}`)),
      operations.length ? h('div.scroll', null, operationTable(ctx, name, operations, seconds)) : h('p.note', null, 'No spans in this time.'),
    ),
  );
}

function neighbours(ctx, title, calls, side, otherwise) {
  const sorted = [...calls].sort((one, other) => other.calls - one.calls);
  return h(
    'section',
    { 'aria-label': title },
    h('h3', null, title),
    sorted.length
      ? h(
          'ul',
          null,
          sorted.map((call) =>
            h(
              'li.neighbour',
              null,
              h('a.grow', { href: ctx.href('/services', { service: call[side] }) }, serviceOf(call[side])),
              call.errors ? h('span.bad.num', { title: `${call.errors} of ${call.calls}` }, `✕ ${percent(call.errors / call.calls)}`) : null,
              h('span.num.dim', { title: 'Half within the first, 95 of 100 within the second' }, h('span.half', null, `p50 ${duration(call.p50_ms)}, `), `p95 ${duration(call.p95_ms)}`),
              h('span.num', null, counted(call.calls, 'call')),
            ),
          ),
        )
      : h('p.small.dim', null, otherwise),
  );
}

function operationTable(ctx, name, rows, seconds) {
  const columns = [
    {
      key: 'operation',
      label: 'Operation',
      go: true,
      class: 'wide',
      value: (row) => row.name,
      cell: (row) => h('span.cut.block', { title: row.name }, row.name ? template(row.name) : '(no name)'),
    },
    {
      key: 'rate',
      label: 'Rate',
      right: true,
      title: 'Spans a minute',
      value: (row) => row.spans,
      cell: (row) => h('span', { title: counted(row.spans, 'span') }, rateOf(row.spans, seconds)),
    },
    { key: 'failing', label: 'Errors', right: true, value: (row) => (row.spans ? row.errors / row.spans : 0), cell: (row) => failing(row) },
    { key: 'p50', label: 'p50', right: true, class: 'half', value: (row) => row.p50_ms, cell: (row) => duration(row.p50_ms) },
    { key: 'p95', label: 'p95', right: true, value: (row) => row.p95_ms, cell: (row) => duration(row.p95_ms) },
    { key: 'p99', label: 'p99', right: true, value: (row) => row.p99_ms, cell: (row) => duration(row.p99_ms) },
  ];
  // By its words and not by its name: traces are listed by the name of their root, and this may be any span.
  const href = (row) => ctx.href('/', { q: `${written('service', name)} "${spoken(row.name)}"` });
  return table({ label: `Operations of ${name}`, kind: 'operations', columns, rows, sort: ctx.get('sort', '-rate'), onsort: keepSort, href });
}

/** The longest part of a name that stands in every span: between the placeholders of its pattern. */
const spoken = (name) =>
  name
    .replaceAll('"', ' ')
    .split('<*>')
    .sort((one, other) => other.length - one.length)[0]
    .trim();

/** Spans a minute, or a second where there are many. */
export function rateOf(spans, seconds) {
  const second = spans / Math.max(1, seconds);
  if (second >= 1) return `${count(Number(second.toFixed(1)))}/s`;
  return `${Number((second * 60).toPrecision(2))}/min`;
}

/** The share that fails. */
export const failing = (row) =>
  row.errors ? h('span.bad', { title: `${row.errors} of ${row.spans}` }, `✕ ${percent(row.errors / row.spans)}`) : h('span.faint', null, '–');
