// The first page: traces by words, ids, phrases and `key:value`; without any, the latest.

import { bucketsOf, histogram } from '../chart.js';
import { h, put } from '../dom.js';
import { count, millis } from '../format.js';
import { copyTable } from '../table.js';
import { emptyState } from '../search/empty.js';
import { facets, facetsOf } from '../search/facets.js';
import { parse, toggle, without } from '../search/query.js';
import { patternRow } from '../search/patterns.js';
import { failing, rootOf, traceTable } from '../search/results.js';

const LIMIT = 100;
const PATTERNS = 5;
const BARS = 60;

export function open(ctx) {
  ctx.title('');
  const taken = h('div.chips.taken', { 'aria-label': 'What the words were taken for' });
  const found = h('span.dim.num', { role: 'status' });
  const chart = ctx.region('Traces over time', { skeleton: 'chart' });
  const patterns = ctx.region('Patterns that match');
  const side = ctx.region('Facets');
  const list = ctx.region('Traces');
  // How many there are in all, for where not all are listed.
  const total = h('span');
  let shown;
  const fold = h(
    'details.facets',
    { open: matchMedia('(min-width: 721px)').matches },
    h('summary', null, 'Narrow'),
    side,
  );
  put(
    ctx.root,
    h('h1.gone', null, 'Search'),
    h(
      'div.pad.stack',
      null,
      h(
        'div.bar',
        null,
        taken,
        h('span.grow'),
        found,
        copyTable(() => shown),
      ),
      chart,
      patterns,
      h('div.search', null, fold, list),
    ),
  );

  return async function update() {
    const query = parse(ctx.get('q', ''));
    const range = ctx.range;
    ctx.title(query.text);
    put(taken, chips(ctx, query));
    const filters = { ...query.filters, since: range.since, until: range.until };
    const look = (changed) => ctx.change({ q: changed });
    const narrow = (key, value) => look(toggle(query.text, key, value));
    const context = { ctx, query, range, filters, narrow };
    patterns.hidden = !query.words;
    await Promise.all([
      results(context, { list, found, chart, side, total }, (element) => {
        shown = element;
      }),
      query.words ? put(total, ' best traces') : overview(context, chart, side, total),
      query.words ? matching(context, patterns) : null,
    ]);
  };
}

/** The list of traces; with words it is also what the histogram and the facets count. */
async function results({ ctx, query, range, filters, narrow }, { list, found, chart, side, total }, show) {
  const address = query.words
    ? ctx.url('/search', { ...filters, q: query.words, limit: LIMIT })
    : ctx.url('/traces', { ...filters, limit: LIMIT });
  await ctx.load(
    list,
    async (signal) => {
      const answer = await ctx.ask(address, { signal });
      const empty = answer.data.length ? null : await emptyState(ctx, query, range, signal);
      return { ...answer, empty };
    },
    ({ data, next, empty }) => {
      if (query.words) {
        const times = data.map((it) => ({ time: millis(rootOf(it).start_time), failing: failing(it) }));
        put(chart, histogram({ ...bucketsOf(times, range, BARS), brush: ctx.setRange }));
        put(side, facets(facetsOf(data), query, narrow));
        chart.filled = side.filled = true;
      }
      // Charts and facets of nothing would only be in the way.
      ctx.root.classList.toggle('bare', Boolean(empty?.classList.contains('lesson')));
      if (empty) {
        put(found, '');
        return empty;
      }
      const rows = [...data];
      const view = h('div.stack');
      const draw = (more) => {
        const element = traceTable(ctx, query, rows);
        show(element);
        const cut = more || (query.words && rows.length >= LIMIT);
        put(
          found,
          query.words || !cut ? '' : 'Newest ',
          `${count(rows.length)}${cut ? '' : rows.length === 1 ? ' trace' : ' traces'}`,
          cut ? total : null,
        );
        put(view, h('div.scroll', null, element), more ? moreButton(ctx, more, rows, draw) : null);
      };
      draw(next);
      return view;
    },
  );
}

function moreButton(ctx, address, rows, draw) {
  const button = h(
    'button.plain',
    {
      type: 'button',
      onclick: async () => {
        button.disabled = true;
        try {
          const { data, next } = await ctx.ask(address);
          rows.push(...data);
          draw(next);
        } catch (error) {
          button.disabled = false;
          if (error.name !== 'AbortError') button.textContent = `${error.message} Try again`;
        }
      },
    },
    'Show older traces',
  );
  return h('div', null, button);
}

/** Histogram and facets as the server counts them. */
async function overview({ ctx, query, range, filters, narrow }, chart, side, total) {
  const latest = (signal) => ctx.ask(ctx.url('/traces', { ...filters, limit: 1000 }), { signal }).then((it) => it.data);
  const histogramOf = async (signal) => {
    const until = range.until ?? new Date(range.to).toISOString();
    const answer = await ctx.askOr(null, ctx.url('/traces/histogram', { ...filters, until, buckets: BARS }), {
      signal,
    });
    if (answer)
      return {
        start: millis(answer.start),
        step: answer.step_ms,
        buckets: answer.buckets.map((it) => [it.traces, it.errors]),
        guessed: answer.share < 1,
      };
    const times = (await latest(signal)).map((it) => ({ time: millis(it.start_time), failing: failing(it) }));
    return bucketsOf(times, range, BARS);
  };
  const facetsFor = async (signal) =>
    (await ctx.askOr(null, ctx.url('/traces/facets', filters), { signal })) ?? facetsOf(await latest(signal));
  await Promise.all([
    ctx.load(chart, histogramOf, (bars) => {
      const all = bars.buckets.reduce((sum, [traces]) => sum + traces, 0);
      put(total, ` of ${bars.guessed ? 'about ' : ''}${count(all)} traces`);
      return histogram({ ...bars, brush: ctx.setRange });
    }),
    ctx.load(side, facetsFor, (counts) => facets(counts, query, narrow)),
  ]);
}

async function matching({ ctx, query }, region) {
  await ctx.load(
    region,
    (signal) =>
      ctx
        .ask(ctx.url('/patterns/search', { q: query.words, service: query.filters.service, limit: PATTERNS }), {
          signal,
        })
        .then((it) => it.data),
    (hits) => patternRow(ctx, hits),
  );
}

/** What the words of the box were taken for; each can be taken away. */
function chips(ctx, query) {
  if (!query.tokens.length) return h('span.dim', null, `Latest traces of ${ctx.range.words}`);
  const chip = (token) =>
    h(
      'span.chip',
      { title: token.explained },
      h('span.faint', null, token.kind),
      h('b', null, token.shown),
      h(
        'button',
        {
          type: 'button',
          'aria-label': `Without ${token.shown}`,
          title: 'Take it away',
          onclick: () => ctx.change({ q: without(query, token) }),
        },
        '×',
      ),
    );
  return query.tokens.map(chip);
}
