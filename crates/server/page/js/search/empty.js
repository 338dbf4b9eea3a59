// What is shown where nothing was found: how to send the first span, or how to look further.

import { h } from '../dom.js';
import { ago } from '../format.js';
import { teach } from '../lists/empty.js';
import { nothing } from '../region.js';

/** Looks whether there is anything at all, and says what to do. */
export async function emptyState(ctx, query, range, signal) {
  const { data } = await ctx.ask(ctx.url('/traces', { limit: 1 }), { signal });
  if (data.length) return further(ctx, query, range, data[0]);
  const status = await ctx.askOr({}, '/api/v1/status', { signal });
  return teach(status, 'traces', 'No telemetry yet');
}

function further(ctx, query, range, latest) {
  const choose = (name) =>
    h(
      'button.plain',
      { type: 'button', onclick: () => ctx.change({ range: name, since: null, until: null }) },
      `Look at ${name}`,
    );
  const filters = query.tokens.filter((it) => it.key);
  return nothing(
    query.text ? 'Nothing matches' : `No traces in ${range.words}`,
    h(
      'p.dim',
      null,
      'The latest trace of all came ',
      ago(latest.start_time),
      '.',
      filters.length ? ` The search is narrowed by ${filters.map((it) => it.source).join(' ')}.` : '',
    ),
    h(
      'div.bar',
      null,
      ['24h', '7d', '90d'].map(choose),
      filters.length
        ? h('button.plain', { type: 'button', onclick: () => ctx.change({ q: query.words }) }, 'Without filters')
        : null,
      query.words && filters.length === 0
        ? h('button.plain', { type: 'button', onclick: () => ctx.change({ q: null }) }, 'Show the latest traces')
        : null,
    ),
  );
}
