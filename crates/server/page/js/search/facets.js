// What the traces found have in common, with counts; a click narrows the search to it.

import { colourOf } from '../colour.js';
import { h } from '../dom.js';
import { count } from '../format.js';

const SHOWN = 6;
const MOST_KEYS = 12;
const MOST_VALUES = 20;
const GLYPHS = { error: '✕ ', ok: '✓ ', unset: '· ' };

/** The column of facets. `narrow(key, value)` is called for one that was clicked. */
export function facets(counts, query, narrow) {
  const sections = [
    ['service', 'Service', counts.services], ['status', 'Status', counts.statuses], ['operation', 'Operation', counts.operations],
    ...(counts.attributes ?? []).slice(0, MOST_KEYS).map(({ key, values }) => [key, key, values]),
  ];
  const chosen = (key, value) => query.tokens.some((it) => it.key === key && it.value === value);
  return h('div.stack', null,
    sections.filter(([key, , values]) => says(key, values)).map(([key, title, values]) => section(key, title, values, chosen, narrow)),
    counts.of ? h('span.small.faint', null, `Counted in the latest ${count(counts.of)} traces`) : null);
}

/** A list of things that all came once (ids, names with a number) narrows to nothing. */
const says = (key, values) => values?.length && (key === 'service' || key === 'status' || values.length < 3 || values[0].count > 1);

function section(key, title, values, chosen, narrow) {
  const most = Math.max(...values.map((it) => it.count));
  const lines = values.map(({ value, count: of }, at) => line(key, value, of, most, at, chosen, narrow));
  const rest = lines.slice(SHOWN);
  const more = rest.length ? h('button.link.small', { type: 'button', onclick: () => { rest.forEach((it) => { it.hidden = false; }); more.remove(); } }, `${rest.length} more`) : null;
  return h('section.facet', { 'aria-label': title }, h('h2.cut', { title }, title), h('ul', null, lines), more);
}

function line(key, given, of, most, at, chosen, narrow) {
  const taken = key === 'status' ? given.toLowerCase() : given;
  const value = typeof taken === 'string' ? taken : JSON.stringify(taken);
  const pressed = chosen(key, value);
  const name = key === 'service' ? h(`span.svc.${colourOf(value)}`, null, h('span.cut', null, value || '(no name)'))
    : h(`span.cut${key === 'status' && taken === 'error' ? '.bad' : ''}`, null, key === 'status' ? GLYPHS[taken] ?? '' : '', value || '(empty)');
  return h('li', { hidden: at >= SHOWN && !pressed },
    h('button', { type: 'button', 'aria-pressed': String(pressed), title: `${key}: ${value}`, onclick: () => narrow(key, taken) },
      h('i', { 'aria-hidden': 'true', style: { width: `${(of / most) * 100}%` } }), name, h('span.num', null, count(of))));
}

/** The same counts from traces that were found, for where the server does not count. */
export function facetsOf(rows) {
  const attributes = new Map();
  for (const row of rows) {
    for (const [key, value] of Object.entries(row.attributes ?? {})) {
      if (typeof value === 'object' && value !== null) continue;
      if (!attributes.has(key)) attributes.set(key, []);
      attributes.get(key).push(value);
    }
  }
  const shared = [...attributes].map(([key, values]) => ({ key, values: tally(values) }))
    .filter(({ values }) => values.length > 1 && values.length <= MOST_VALUES && values[0].count > 1);
  return {
    services: tally(rows.map((row) => row.service)),
    operations: tally(rows.map((row) => row.name)).slice(0, MOST_VALUES),
    statuses: tally(rows.map((row) => ((row.errors ?? 0) > 0 || row.status === 'ERROR' ? 'error' : (row.status ?? 'unset').toLowerCase()))),
    attributes: shared,
  };
}

function tally(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, of]) => ({ value, count: of })).sort((one, other) => other.count - one.count);
}
