// All metrics at a glance: a small chart of each, drawn when it comes into sight.

import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { ago, count } from '../format.js';
import { keepSort } from '../lists/filters.js';
import { table } from '../table.js';
import { columnsOf, heights, inks, lineOf, lookOf, onTheme, uPlot, valueOf } from './plot.js';

const CARD = { height: 88, steps: 60, fewPoints: 8 };
const AT_A_TIME = 3;

/** The cards. Whatever is asked for ends with `signal`. */
export function cards(ctx, metrics, signal) {
  const waiting = [];
  let running = 0;
  const next = () => {
    while (running < AT_A_TIME && waiting.length) {
      running += 1;
      waiting
        .shift()()
        .finally(() => {
          running -= 1;
          next();
        });
    }
  };
  const watcher = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        waiting.push(() => fill(ctx, target, signal));
      }
      next();
    },
    { rootMargin: '200px' },
  );
  signal.addEventListener('abort', () => watcher.disconnect());
  return h(
    'ul.metric-cards',
    null,
    metrics.map((metric) => {
      const card = h(
        'li',
        null,
        h(
          'a.metric-card',
          {
            href: ctx.href('/metrics', { name: metric.name, service: ctx.get('service') }),
            data: { row: '' },
            title: metric.description || metric.name,
          },
          h('span.head', null, h('b.cut.grow', null, metric.name || '(no name)'), h('b.num.value')),
          h('span.small.dim.cut', null, `${metric.type.replace('_', ' ')}${metric.unit && metric.unit !== '1' ? `, ${metric.unit.replaceAll(/[{}]/g, '')}` : ''}`),
          h('span.small-plot'),
        ),
      );
      card.metric = metric;
      watcher.observe(card);
      return card;
    }),
  );
}

async function fill(ctx, card, signal) {
  const { range } = ctx;
  const plot = card.querySelector('.small-plot');
  try {
    const step = Math.max(1000, Math.ceil((range.to - range.from) / CARD.steps));
    const address = ctx.url('/metrics/series', {
      name: card.metric.name,
      service: ctx.get('service'),
      since: range.since,
      until: range.until,
      step_ms: step,
    });
    const answer = await ctx.askOr(null, address, { signal });
    if (!answer || signal.aborted) return;
    const Plot = await uPlot();
    const last = answer.series[0]?.points.findLast(([, value]) => value !== null);
    put(card.querySelector('.value'), last ? valueOf(answer, last[1]) : '');
    card.querySelector('.dim').append(`, ${answer.aggregate}`);
    if (!last) {
      put(plot, h('span.faint.small', null, 'No points in this time'));
      return;
    }
    let drawn;
    const draw = () => {
      drawn?.destroy();
      const colours = inks();
      const data = columnsOf(answer);
      drawn = new Plot(
        {
          width: plot.clientWidth || 200,
          height: CARD.height,
          ms: 1,
          legend: { show: false },
          cursor: { show: false },
          padding: [4, 0, 4, 0],
          axes: [{ show: false }, { show: false }],
          scales: { x: { time: true, range: () => [range.from, range.to] }, y: { range: heights(answer.type) } },
          series: [{}, ...answer.series.map((_, at) => ({ stroke: colours.series[lookOf(at).colour], ...lineOf(data[0], data[at + 1], 1.5, CARD.fewPoints) }))],
        },
        data,
        plot,
      );
    };
    draw();
    onTheme(draw, signal);
    signal.addEventListener('abort', () => drawn.destroy());
  } catch (error) {
    if (error.name !== 'AbortError') put(plot, h('span.small.slow.wrap', null, `⚠ ${error.message}`));
  }
}

/** The list of them all. */
export function metricTable(ctx, metrics) {
  const columns = [
    {
      key: 'name',
      label: 'Metric',
      go: true,
      class: 'wide',
      value: (row) => row.name,
      cell: (row) => h('span.cut.block', { title: row.description || row.name }, row.name || '(no name)'),
    },
    { key: 'type', label: 'Type', value: (row) => row.type, cell: (row) => h('span.dim.small', null, row.type.replace('_', ' ')) },
    { key: 'unit', label: 'Unit', value: (row) => row.unit ?? '', cell: (row) => h('span.mono.cut.unit', { title: row.unit }, row.unit ?? '') },
    {
      key: 'services',
      label: 'Services',
      value: (row) => row.services.length,
      cell: (row) =>
        h(
          'span.service-list',
          null,
          row.services.slice(0, 2).map(serviceOf),
          row.services.length > 2 ? h('span.faint', { title: row.services.join('\n') }, `and ${row.services.length - 2} more`) : null,
        ),
    },
    { key: 'series', label: 'Series', right: true, value: (row) => row.series, cell: (row) => count(row.series) },
    { key: 'last', label: 'Last point', right: true, value: (row) => row.last_time ?? '', cell: (row) => ago(row.last_time) },
  ];
  return table({
    label: 'Metrics',
    kind: 'metrics',
    columns,
    rows: metrics,
    sort: ctx.get('sort', 'name'),
    onsort: keepSort,
    href: (row) => ctx.href('/metrics', { name: row.name, service: ctx.get('service') }),
  });
}
