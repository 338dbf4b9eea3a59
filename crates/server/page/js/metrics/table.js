// The series of a chart as a table: what each says last, least, on the average and most.

import { h } from '../dom.js';
import { table } from '../table.js';
import { keepSort } from '../lists/filters.js';
import { only } from './controls.js';
import { nameOf, valueOf } from './plot.js';

/** The table; `lookFor(at)` is the class of a series' colour, `focusOn(at)` lets its line stand out. */
export function seriesTable(ctx, answer, { lookFor, focusOn }) {
  const rows = answer.series.map((it, at) => {
    const values = it.points.map(([, value]) => value).filter((value) => value !== null);
    const sum = values.reduce((all, value) => all + value, 0);
    return { at, labels: it.labels, name: nameOf(it.labels), last: values.at(-1) ?? null, least: values.length ? Math.min(...values) : null, mean: values.length ? sum / values.length : null, most: values.length ? Math.max(...values) : null };
  });
  const amount = (key, label, title) => ({ key, label, title, right: true, value: (row) => row[key] ?? -Infinity, cell: (row) => valueOf(answer, row[key]) });
  const columns = [
    { key: 'name', label: 'Series', class: 'wide', value: (row) => row.name, cell: (row) => series(ctx, row, lookFor(row.at)) },
    amount('last', 'Last'), amount('least', 'Min', 'The least of all steps'), amount('mean', 'Mean', 'The mean of all steps'), amount('most', 'Max', 'The most of all steps'),
  ];
  return table({ label: 'Series', kind: 'series', columns, rows, sort: ctx.get('sort', ''), onsort: keepSort,
    more: (row) => ({ onpointerenter: () => focusOn(row.at), onpointerleave: () => focusOn(-1), onfocusin: () => focusOn(row.at), onfocusout: () => focusOn(-1) }) });
}

function series(ctx, row, look) {
  const pairs = Object.entries(row.labels);
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  // A key with these signs can not be written in a list of pairs.
  const can = (key) => !/[=,]/.test(key);
  return h('span.series-name', null, h(`i.mark.${look}`, { 'aria-hidden': 'true' }),
    pairs.length ? pairs.map(([key, value]) => (can(key)
      ? h('button.link.cut', { type: 'button', title: `Only ${key} = ${text(value)}`, onclick: () => only(ctx, key, value) }, pairs.length > 1 ? h('span.faint', null, `${key.split('.').at(-1)} `) : null, text(value) || '(empty)')
      : h('span.cut', { title: `${key} = ${text(value)}` }, text(value)))) : 'all series');
}
