// The patterns of the lines, beside them: a click leaves only the lines of one.

import { spark } from '../chart.js';
import { h } from '../dom.js';
import { count } from '../format.js';
import { template } from '../search/patterns.js';
import { serviceOf } from '../colour.js';

/** The column; `listed` says that it counts the lines beside it, and not all of the time. */
export function patternColumn(ctx, patterns, listed) {
  const chosen = ctx.get('pattern_id');
  if (!patterns.length) return h('p.note.small', null, listed ? 'No line, no pattern.' : 'No pattern has been seen in this time.');
  const item = (pattern) =>
    h(
      'li',
      null,
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(pattern.pattern_id === chosen),
          title: `${pattern.text}\n\nFor example: ${pattern.example}`,
          onclick: () => ctx.change({ pattern_id: pattern.pattern_id === chosen ? null : pattern.pattern_id }),
        },
        h(
          'span.head',
          null,
          serviceOf(pattern.service),
          pattern.trend ? spark(pattern.trend, { width: 64, height: 14, fail: pattern.errors > 0 }) : null,
          pattern.errors ? h('span.bad.num', { title: `${pattern.errors} of level ERROR` }, `✕ ${count(pattern.errors)}`) : null,
          h('span.num', null, count(pattern.count)),
        ),
        h('span.text.mono', null, template(pattern.text)),
      ),
    );
  return h(
    'div',
    null,
    h(
      'div.bar',
      null,
      h('h2.grow', null, 'Patterns', listed ? h('span.small.dim.plainly', null, ' of these lines') : null),
      h('a.small', { href: ctx.href('/patterns', { kind: 'log', service: ctx.get('service') }) }, 'All'),
    ),
    h('ul.pattern-column', null, patterns.map(item)),
  );
}
