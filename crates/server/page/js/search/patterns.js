// Patterns that match a search: a short row above the traces.

import { spark } from '../chart.js';
import { serviceOf } from '../colour.js';
import { h } from '../dom.js';
import { count } from '../format.js';

const HOLE = /<[*A-Za-z_]+>/g;

/** An error without the package of its type, which says less than its message. */
export const brief = (text) => text.replace(/^(?:[a-z_$][\w$]*\.)+([A-Z][\w$]*)(?=: |$)/, '$1');

/** A template with its placeholders marked. */
export function template(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(HOLE)) {
    parts.push(text.slice(at, found.index), h('span.hole', null, found[0] === '<*>' ? '∗' : found[0].slice(1, -1)));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

/** The row. */
export function patternRow(ctx, hits) {
  if (!hits.length) return h('span.faint.small', null, 'No pattern matches');
  const card = (hit) =>
    h(
      'li',
      { title: `${hit.text}\n${hit.why}` },
      h(
        'a.hit',
        {
          href:
            hit.kind === 'error'
              ? ctx.href(`/errors/${hit.pattern_id}`)
              : ctx.href('/', { q: `pattern:${hit.pattern_id}` }),
        },
        h(
          'span.head',
          null,
          h('span.faint.small', null, hit.kind),
          serviceOf(hit.service),
          hit.trend ? spark(hit.trend, { width: 48, height: 14, fail: hit.errors > 0 }) : null,
          h('span.num.small', null, `${count(hit.count)}×`),
          h('span.faint.small.num', null, hit.score.toFixed(2)),
        ),
        h('span.cut.mono', null, template(hit.kind === 'error' ? brief(hit.text) : hit.text)),
      ),
    );
  return h('ul.hits', null, hits.map(card));
}
