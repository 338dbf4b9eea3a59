// How a metric is looked at: what is said of each step, by which label, only of which series.

import { h, put } from '../dom.js';
import { pairOf, pairsOf } from '../lists/pairs.js';

const WORDS = { rate: ['rate', 'How much in a second'], sum: ['sum', 'How much in each step'], avg: ['avg', 'The mean'], min: ['min', 'The least'], max: ['max', 'The most'],
  count: ['count', 'How many'], p50: ['p50', 'Half are no larger'], p95: ['p95', '95 of 100 are no larger'], p99: ['p99', '99 of 100 are no larger'] };

/** What a kind of metric can be asked for. */
const OF_KIND = {
  gauge: ['avg', 'min', 'max', 'sum', 'p50', 'p95', 'p99', 'count'], sum: ['rate', 'sum', 'avg', 'min', 'max', 'count'], level: ['avg', 'min', 'max', 'sum', 'p50', 'p95', 'p99', 'count'],
  histogram: ['p50', 'p95', 'p99', 'avg', 'min', 'max', 'rate', 'sum', 'count'], exponential_histogram: ['p50', 'p95', 'p99', 'avg', 'min', 'max', 'rate', 'sum', 'count'], summary: ['rate', 'sum', 'avg', 'count'],
};

/** A sum that can fall is a level; the server chooses a mean for it, and this tells. */
const kindOf = (answer) => (answer.type === 'sum' && answer.aggregate === 'avg' ? 'level' : answer.type);

/** The controls, made new for every answer: labels are those that its series have. */
export function controls(ctx, answer) {
  const choices = OF_KIND[kindOf(answer)] ?? OF_KIND.gauge;
  const buttons = (choices.includes(answer.aggregate) ? choices : [answer.aggregate, ...choices]).map((name) =>
    h('button', { type: 'button', title: WORDS[name]?.[1], 'aria-pressed': String(name === answer.aggregate), onclick: () => ctx.change({ aggregate: name }) }, WORDS[name]?.[0] ?? name));
  const group = h('select', { 'aria-label': 'Group by', onchange: () => ctx.change({ group: group.value || null }) });
  const chosen = ctx.get('group', '');
  const labels = [...new Set(['service', ...answer.labels])];
  if (chosen && chosen !== '*' && !labels.includes(chosen)) labels.push(chosen);
  put(group, h('option', { value: '' }, 'Not grouped'), labels.map((label) => h('option', { value: label }, `by ${label.length > 60 ? `${label.slice(0, 60)}…` : label}`)), h('option', { value: '*' }, 'every series'));
  group.value = chosen;
  return h('div.bar', null, h('div.switch', { role: 'group', 'aria-label': 'Aggregate' }, buttons), group,
    h('div.chips', null, whereOf(ctx).map(([key, value]) => h('span.chip', { title: `Only series whose ${key} is ${value}` }, h('span.faint', null, key), h('b', null, String(value)),
      h('button', { type: 'button', 'aria-label': `Without ${key}`, title: 'Take it away', onclick: () => only(ctx, key, null) }, '×')))));
}

/** The labels that series must have, from the address. */
export const whereOf = (ctx) => pairsOf(ctx.get('where'));

/** Only series with this label; null takes it away. */
export function only(ctx, key, value) {
  if (key === 'service') { ctx.change({ service: value }); return; }
  const others = whereOf(ctx).filter(([other]) => other !== key);
  const pairs = value === null ? others : [...others, [key, value]];
  ctx.change({ where: pairs.map(([name, wanted]) => pairOf(name, wanted)).join(',') || null });
}
