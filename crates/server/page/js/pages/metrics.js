// Metrics: all at a glance; one over time, grouped and aggregated, with exemplars that lead to traces.

import { colourOf, serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { count, counted, duration } from '../format.js';
import { further, holds, teach } from '../lists/empty.js';
import { serviceSelect, words } from '../lists/filters.js';
import { chart, EXEMPLARS } from '../metrics/chart.js';
import { controls } from '../metrics/controls.js';
import { cards, metricTable } from '../metrics/overview.js';
import { lookOf } from '../metrics/plot.js';
import { seriesTable } from '../metrics/table.js';
import { nothing } from '../region.js';
import { copyTable } from '../table.js';

export function open(ctx) {
  const find = words(ctx, 'find', 'Narrow by name');
  const service = serviceSelect(ctx);
  const found = h('span.dim.num', { role: 'status' });
  const main = ctx.region('Metric', { skeleton: 'chart' });
  const list = ctx.region('All metrics');
  const title = h('h1', null, 'Metrics');
  const copies = copyTable(() => shown);
  let shown;
  let drawing = new AbortController();
  put(
    ctx.root,
    h(
      'div.pad.stack',
      null,
      h('div.bar', null, title, find.element, service.element, h('span.grow'), found, copies),
      h('div.metrics', null, list, main),
    ),
  );
  ctx.closed(() => drawing.abort());

  return async function update() {
    find.update();
    const name = ctx.get('name');
    ctx.title(name ?? 'Metrics');
    ctx.root.querySelector('.metrics').classList.toggle('one', name !== null);
    const listed = ctx.load(
      list,
      async (signal) => {
        const { data } = await ctx.ask(ctx.url('/metrics', { service: ctx.get('service') }), { signal });
        return { data, empty: data.length ? null : await emptyState(ctx, signal) };
      },
      ({ data, empty }) => {
        const text = (ctx.get('find') ?? '').toLowerCase();
        const metrics = data.filter((it) => it.name.toLowerCase().includes(text));
        put(found, empty ? '' : counted(metrics.length, 'metric'));
        main.hidden = Boolean(empty);
        if (empty) return empty;
        if (name !== null) return column(ctx, metrics, name);
        drawing.abort();
        drawing = new AbortController();
        shown = metricTable(ctx, metrics);
        return metrics.length
          ? h('div.stack', null, cards(ctx, metrics, drawing.signal), h('div.scroll', null, shown))
          : further(ctx, 'No metric has this name', ['find', 'service']);
      },
    );
    if (name === null) {
      put(main);
      main.filled = false;
    }
    await Promise.all([service.update(), listed, name === null ? null : one(name)]);
  };

  async function one(name) {
    const { range } = ctx;
    const address = ctx.url('/metrics/series', {
      name,
      service: ctx.get('service'),
      since: range.since,
      until: range.until,
      aggregate: ctx.get('aggregate'),
      group_by: ctx.get('group'),
      where: ctx.get('where'),
    });
    await ctx.load(
      main,
      async (signal) => {
        const [{ data }, metrics] = await Promise.all([ctx.ask(address, { signal }), ctx.askOr([], ctx.url('/metrics'), { signal })]);
        return { answer: data, about: metrics.find((it) => it.name === name) };
      },
      async ({ answer, about }) => {
        drawing.abort();
        drawing = new AbortController();
        const colourFor = (series, otherwise) =>
          ctx.get('group') === 'service' && typeof series.labels.service === 'string' ? colourOf(series.labels.service) : otherwise;
        const empty = !answer.series.some((it) => it.points.some(([, value]) => value !== null));
        const figure = empty
          ? none(ctx, about)
          : await chart(answer, {
              range,
              brush: ctx.setRange,
              signal: drawing.signal,
              colourFor,
              traceHref: (exemplar) => ctx.href(`/trace/${exemplar.trace_id}`, { span: exemplar.span_id }),
            });
        shown = seriesTable(ctx, answer, { lookFor: (at) => colourFor(answer.series[at], lookOf(at).colour), focusOn: (at) => figure.focusOn?.(at) });
        return detail(ctx, answer, about, figure, shown);
      },
    );
  }
}

function detail(ctx, answer, about, figure, table) {
  const notes = [
    `Steps of ${duration(answer.step_ms)}`,
    answer.left_out ? `${counted(answer.left_out, 'smaller group')} left out` : null,
    answer.complete === false ? 'The oldest points are missing: there are too many to read at once. A shorter time shows all.' : null,
    answer.exemplars.length ? `${counted(Math.min(answer.exemplars.length, EXEMPLARS), 'dot')}: measurements whose trace is known; click one to open it` : null,
  ].filter(Boolean);
  return h(
    'div.stack',
    null,
    h('div', null, h('h2.wrap', null, answer.name), h('p.dim.wrap', null, about?.description || '')),
    h(
      'div.bar.facts-line',
      null,
      h('span.dim', null, answer.type.replace('_', ' ')),
      answer.unit ? h('span', null, h('span.dim', null, 'unit '), h('span.mono.wrap', null, answer.unit)) : null,
      about
        ? h(
            'span.service-list',
            null,
            about.services.slice(0, 6).map(serviceOf),
            about.services.length > 6 ? h('span.faint', null, `and ${about.services.length - 6} more`) : null,
          )
        : null,
      about ? h('span.dim', null, counted(about.series, 'series', 'series')) : null,
    ),
    controls(ctx, answer),
    figure,
    h('p.small.dim', null, `${notes.join('. ')}.`),
    answer.series.length ? h('div.scroll', null, table) : null,
  );
}

/** The other metrics, beside the one that is shown. */
function column(ctx, metrics, name) {
  const link = (it) =>
    h(
      'li',
      null,
      h(
        'a.cut',
        {
          href: ctx.href('/metrics', { name: it.name, find: ctx.get('find'), service: ctx.get('service') }),
          title: it.name,
          data: { row: '' },
          'aria-current': it.name === name ? 'true' : null,
        },
        it.name || '(no name)',
      ),
    );
  return h(
    'nav',
    { 'aria-label': 'Metrics' },
    h('a.small', { href: ctx.href('/metrics', { service: ctx.get('service') }) }, '← All metrics'),
    h('ul.metric-column', null, metrics.map(link)),
    metrics.length ? null : h('p.note.small', null, `None of ${count(metrics.length)} has this name.`),
  );
}

const none = (ctx, about) =>
  nothing(
    about ? `No points in ${ctx.range.words}` : 'No metric has this name',
    h('p.dim', null, about?.last_time ? 'It has points at other times, or of other series.' : 'It may have been renamed: choose one of the list.'),
    h(
      'div.bar',
      null,
      ['24h', '7d', '90d']
        .filter((it) => it !== ctx.range.name)
        .map((it) => h('button.plain', { type: 'button', onclick: () => ctx.change({ range: it, since: null, until: null }) }, `Look at ${it}`)),
      ctx.get('where') || ctx.get('service')
        ? h('button.plain', { type: 'button', onclick: () => ctx.change({ where: null, service: null }) }, 'Of all series')
        : null,
    ),
  );

async function emptyState(ctx, signal) {
  const { status, any } = await holds(ctx, signal, 'points');
  if (!any) return teach(status, 'metrics', 'No metrics yet');
  return further(ctx, 'No metric of this service', ['service']);
}
