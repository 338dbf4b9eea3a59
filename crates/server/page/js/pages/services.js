// Services: who calls whom, how fast, how much of it fails.

import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { ago, count, counted, duration } from '../format.js';
import { further, holds, teach } from '../lists/empty.js';
import { keepSort, words } from '../lists/filters.js';
import { keepFocus } from '../region.js';
import { serviceMap } from '../services/map.js';
import { failing, panel, rateOf } from '../services/panel.js';
import { copyTable, table } from '../table.js';

const OPERATIONS = 200;

export function open(ctx) {
  ctx.title('Services');
  const find = words(ctx, 'find', 'Narrow by name');
  const found = h('span.dim.num', { role: 'status' });
  const map = ctx.region('Service map', { skeleton: 'chart' });
  const list = ctx.region('Services');
  const side = ctx.region('One service');
  let shown;
  let known = { services: new Map(), calls: [], traces: 0 };
  put(
    ctx.root,
    h(
      'div.pad.stack',
      null,
      h(
        'div.bar',
        null,
        h('h1', null, 'Services'),
        find.element,
        h('span.grow'),
        found,
        copyTable(() => shown),
      ),
      h('div.with-panel', null, h('div.stack', null, map, list), side),
    ),
  );
  const close = () => ctx.change({ service: null });
  ctx.keys({ Escape: () => (ctx.get('service') === null ? false : close()) }, [['Esc', 'Close the service']]);
  const draw = () => keepFocus(map, () => put(map, drawn(ctx, known, map)));
  let width = 0;
  const watcher = new ResizeObserver(() => {
    if (map.filled && Math.abs(map.clientWidth - width) > 8) {
      width = map.clientWidth;
      draw();
    }
  });
  watcher.observe(map);
  ctx.closed(() => watcher.disconnect());

  return async function update() {
    find.update();
    const { range } = ctx;
    const seconds = (range.to - range.from) / 1000;
    const chosen = ctx.get('service');
    const window = { since: range.since, until: range.until };
    side.hidden = chosen === null;
    ctx.root.querySelector('.with-panel').classList.toggle('open', chosen !== null);
    const asked = ctx.load(
      list,
      async (signal) => {
        const { data } = await ctx.ask(ctx.url('/services', window), { signal });
        return { data, empty: data.length ? null : await emptyState(ctx, signal) };
      },
      ({ data, empty }) => {
        known.services = new Map(data.map((it) => [it.name, it]));
        const text = (ctx.get('find') ?? '').toLowerCase();
        const rows = data.filter((it) => it.name.toLowerCase().includes(text));
        put(found, empty ? '' : counted(rows.length, 'service'));
        shown = serviceTable(ctx, rows, seconds, chosen);
        return empty ?? (rows.length ? h('div.scroll', null, shown) : further(ctx, 'No service has this name', ['find']));
      },
    );
    const mapped = ctx.load(
      map,
      async (signal) => [(await ctx.ask(ctx.url('/services/map', window), { signal })).data, await asked],
      ([answer]) => {
        known = { ...known, ...answer };
        width = map.clientWidth;
        return drawn(ctx, known, map);
      },
    );
    await Promise.all([
      mapped,
      chosen === null
        ? null
        : ctx.load(
            side,
            async (signal) => {
              const [operations] = await Promise.all([
                ctx.ask(ctx.url(`/services/${encodeURIComponent(chosen)}/operations`, { ...window, limit: OPERATIONS }), { signal }),
                mapped,
              ]);
              return operations.data;
            },
            (operations) =>
              panel(ctx, chosen, { service: known.services.get(chosen), calls: known.calls, operations, seconds, limit: OPERATIONS, close }),
          ),
    ]);
  };
}

function drawn(ctx, { calls, traces, services }, region) {
  const before = region.querySelector('.map');
  const at = before ? { left: before.scrollLeft, top: before.scrollTop } : null;
  if (!calls.length)
    return traces
      ? h(
          'p.note',
          null,
          `No service called another in the latest ${counted(traces, 'trace')}: a map is drawn from spans whose parent is of another service.`,
        )
      : h('div');
  const chosen = ctx.get('service');
  return h(
    'figure.map-figure',
    null,
    serviceMap({ calls, services, width: region.clientWidth, at, chosen, open: (name) => ctx.change({ service: name === chosen ? null : name }) }),
    h(
      'figcaption.small.dim',
      null,
      `Of the latest ${counted(traces, 'trace')}. Callers are at the left; a wider line is more calls, a redder one fails more. Point at a service to see its neighbours, click it for its operations.`,
    ),
  );
}

function serviceTable(ctx, rows, seconds, chosen) {
  const precise = rows.some((row) => row.p95_ms !== undefined);
  const time = (key, label, value, kind) => ({
    key,
    label,
    class: kind,
    right: true,
    value,
    cell: (row) => (row.spans ? duration(value(row)) : h('span.faint', null, '–')),
  });
  const columns = [
    { key: 'name', label: 'Service', go: true, class: 'wide', value: (row) => row.name, cell: (row) => serviceOf(row.name) },
    {
      key: 'rate',
      label: 'Rate',
      right: true,
      title: 'Spans a minute, or a second where there are many',
      value: (row) => row.spans,
      cell: (row) => (row.spans ? h('span', { title: counted(row.spans, 'span') }, rateOf(row.spans, seconds)) : h('span.faint', null, '–')),
    },
    {
      key: 'failing',
      label: 'Errors',
      right: true,
      title: 'The share of failing spans',
      value: (row) => (row.spans ? row.errors / row.spans : 0),
      cell: failingLink(ctx),
    },
    ...(precise
      ? [time('p50', 'p50', (row) => row.p50_ms, 'half'), time('p95', 'p95', (row) => row.p95_ms), time('p99', 'p99', (row) => row.p99_ms)]
      : [time('mean', 'Mean', (row) => row.mean_duration_ms)]),
    {
      key: 'logs',
      label: 'Logs',
      right: true,
      value: (row) => row.logs,
      cell: (row) => (row.logs ? h('a', { href: ctx.href('/logs', { service: row.name }) }, count(row.logs)) : h('span.faint', null, '–')),
    },
    { key: 'last', label: 'Last seen', right: true, value: (row) => row.last_seen ?? '', cell: (row) => ago(row.last_seen) },
  ];
  return table({
    label: 'Services',
    kind: 'services',
    columns,
    rows,
    sort: ctx.get('sort', '-rate'),
    onsort: keepSort,
    on: (row) => row.name === chosen,
    href: (row) => ctx.href('/services', { service: row.name, sort: ctx.get('sort') }),
  });
}

const failingLink = (ctx) => (row) => (row.errors ? h('a', { href: ctx.href('/errors', { service: row.name }) }, failing(row)) : failing(row));

async function emptyState(ctx, signal) {
  const { status, any } = await holds(ctx, signal, 'spans');
  if (!any && !status.storage?.logs) return teach(status, 'traces', 'No services yet');
  return further(ctx, `No service sent anything in ${ctx.range.words}`, ['find']);
}
