// Log records: dense lines, the newest first, live when asked; their patterns beside them.

import { histogram } from '../chart.js';
import { h, put } from '../dom.js';
import { count, counted, millis, percent, shortId } from '../format.js';
import { further, holds, teach } from '../lists/empty.js';
import { chip, serviceSelect, words } from '../lists/filters.js';
import { Lines } from '../logs/lines.js';
import { patternColumn } from '../logs/patterns.js';
import { follow } from '../logs/tail.js';

const LIMIT = 200;
const BARS = 60;
const PATTERNS = 40;
const MOST_PATTERNS = 500;
const LEVELS = [
  ['', 'All levels'],
  ['debug', 'DEBUG and above'],
  ['info', 'INFO and above'],
  ['warn', 'WARNING and above'],
  ['error', 'ERROR and above'],
  ['fatal', 'CRITICAL'],
];
const SEVERITY = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
const NARROWING = ['q', 'level', 'service', 'pattern_id', 'trace_id', 'attributes'];

export function open(ctx) {
  ctx.title('Logs');
  const find = words(ctx, 'q', 'Words in the message');
  const service = serviceSelect(ctx);
  const level = h(
    'select',
    { 'aria-label': 'Level', onchange: () => ctx.change({ level: level.value || null }) },
    LEVELS.map(([value, word]) => h('option', { value }, word)),
  );
  const set = h('div.chips');
  const found = h('span.dim.num', { role: 'status' });
  const chart = ctx.region('Log records over time', { skeleton: 'chart' });
  const list = ctx.region('Log records');
  const side = ctx.region('Patterns');
  const lines = new Lines(ctx, {
    older: async (address) => {
      const { data, next } = await ctx.ask(address);
      lines.append(data, next);
      say();
    },
  });
  const say = () => put(found, lines.logs.length ? `${counted(lines.logs.length, 'line')}${lines.foot.firstChild ? ', and more' : ''}` : '');
  const fold = h('details.facets', { open: matchMedia('(min-width: 721px)').matches }, h('summary', null, 'Patterns'), side);
  put(
    ctx.root,
    h(
      'div.pad.stack',
      null,
      h(
        'div.bar',
        null,
        h('h1', null, 'Logs'),
        find.element,
        level,
        service.element,
        set,
        h('span.grow'),
        found,
        h('button.plain.copies', { type: 'button', title: 'Copy the lines as text', onclick: () => lines.copy() }, 'Copy'),
      ),
      chart,
      h('div.logs', null, list, fold),
    ),
  );
  ctx.keys({ p: () => lines.toggle() }, [['p', 'Pause and go on, while it is live']]);
  const stream = live(ctx, lines, say);
  let shown = '';

  return async function update() {
    const filters = filtersOf(ctx);
    const { range } = ctx;
    find.update();
    level.value = ctx.get('level', '');
    put(set, chips(ctx));
    const key = JSON.stringify([filters, ctx.get('range'), ctx.get('since'), ctx.get('until')]);
    const goesOn = ctx.get('live') === '1' && stream.key === key && shown === key;
    if (!goesOn) stream.stop();
    const listed = goesOn
      ? Promise.resolve()
      : records(ctx, filters, lines, list, say).then((ok) => {
          shown = ok ? key : '';
          if (ok && ctx.get('live') === '1') stream.start(key, filters);
        });
    // Patterns are counted over the time and the service alone; what narrows further leaves those of the lines that are listed.
    const narrowed = Boolean(filters.text || filters.min_severity || filters.trace_id || filters.attributes);
    await Promise.all([
      service.update(),
      listed,
      overTime(ctx, filters, range, chart),
      ctx.load(
        side,
        (signal) =>
          ctx
            .ask(ctx.url('/patterns', { kind: 'log', service: filters.service, since: range.since, until: range.until, limit: narrowed ? MOST_PATTERNS : PATTERNS }), { signal })
            .then(async ({ data }) => {
              await listed;
              return narrowed ? among(data, lines.logs) : data;
            }),
        (patterns) => patternColumn(ctx, patterns, narrowed),
      ),
    ]);
  };
}

/** The patterns of these lines, with how many of them have each, the most frequent first. */
function among(patterns, logs) {
  const counts = new Map();
  for (const { pattern_id: id } of logs) counts.set(id, (counts.get(id) ?? 0) + 1);
  return patterns
    .filter((it) => counts.has(it.pattern_id))
    .map((it) => ({ ...it, count: counts.get(it.pattern_id), errors: 0, trend: null }))
    .sort((one, other) => other.count - one.count);
}

function filtersOf(ctx) {
  return {
    text: ctx.get('q'),
    min_severity: SEVERITY[ctx.get('level')] ?? null,
    service: ctx.get('service'),
    pattern_id: ctx.get('pattern_id'),
    trace_id: ctx.get('trace_id'),
    attributes: ctx.get('attributes'),
  };
}

/** Asks for the lines; gives whether they came. */
async function records(ctx, filters, lines, list, say) {
  const { since, until } = ctx.range;
  const address = ctx.url('/logs', { ...filters, since, until, limit: LIMIT });
  return ctx.load(
    list,
    async (signal) => {
      const { data, next } = await ctx.ask(address, { signal });
      return { data, next, empty: data.length ? null : await emptyState(ctx, signal) };
    },
    ({ data, next, empty }) => {
      lines.reset(data, next, (filters.text ?? '').split(/\s+/).filter(Boolean));
      say();
      // While it is live, the first line may come at any moment.
      return empty ? h('div', null, lines.element, empty) : lines.element;
    },
  );
}

async function overTime(ctx, filters, range, chart) {
  const until = range.until ?? new Date(range.to).toISOString();
  await ctx.load(
    chart,
    (signal) => ctx.ask(ctx.url('/logs/histogram', { ...filters, since: range.since, until, buckets: BARS }), { signal }).then((it) => it.data),
    ({ start, step_ms: step, buckets, share }) => [
      histogram({ start: millis(start), step, buckets: buckets.map((it) => [it.records, it.errors]), brush: ctx.setRange, word: 'record' }),
      share < 1 ? h('p.small.faint', null, `Estimated from ${percent(share)} of the records.`) : null,
    ],
  );
}

/** The stream of new lines, which goes on over updates of the page. */
function live(ctx, lines, say) {
  let stop = null;
  const stream = {
    key: '',
    stop() {
      stop?.abort();
      stop = null;
      stream.key = '';
      lines.paused = false;
      lines.live(null);
    },
    start(key, filters) {
      stop?.abort();
      stop = new AbortController();
      stream.key = key;
      lines.live('');
      follow(filters, {
        from: lines.logs[0]?.timestamp ?? new Date().toISOString(),
        signal: stop.signal,
        take: (logs) => {
          lines.element.parentElement?.querySelector(':scope > .empty')?.remove();
          lines.take(logs);
          say();
        },
        skipped: (more) => lines.live(`${count(more)} lines came faster than this page reads and were left out here; they are stored.`),
        state: (words) => lines.live(words),
      });
    },
  };
  ctx.closed(() => stop?.abort());
  return stream;
}

function chips(ctx) {
  return [
    ['pattern_id', shortId],
    ['trace_id', shortId],
    ['attributes', (it) => it],
  ]
    .filter(([key]) => ctx.get(key) !== null)
    .map(([key, shown]) => chip(ctx, key, shown(ctx.get(key)), ctx.get(key)));
}

async function emptyState(ctx, signal) {
  const { status, any } = await holds(ctx, signal, 'logs');
  if (!any) return teach(status, 'logs', 'No log records yet');
  return further(ctx, ctx.get('q') ? 'No line has all these words' : `No log records in ${ctx.range.words}`, NARROWING);
}
