// One row per destination: breaker, lag, throughput, retries, last error.

import { spark } from '../chart.js';
import { h } from '../dom.js';
import { ago, count, counted, duration, quantity } from '../format.js';
import { keepSort } from '../lists/filters.js';
import { table } from '../table.js';
import { breakerWords, waitingOf } from './words.js';

/** The table. `rates` says how fast records go, `readAt` when the status was read. */
export function destinationTable(ctx, status, rates, readAt) {
  const rows = status.destinations ?? [];
  const knows = (key) => rows.some((row) => row[key] !== undefined);
  const columns = [
    { key: 'name', label: 'Destination', value: (row) => row.name, cell: (row) => h('b', null, row.name) },
    { key: 'breaker', label: 'State', class: 'state', value: (row) => row.breaker, cell: (row) => stateCell(row, readAt) },
    { key: 'waiting', label: 'Waits', right: true, title: 'Records that are in the spool for it', value: waitingOf, cell: (row) => waits(row) },
    knows('lag_seconds')
      ? {
          key: 'lag',
          label: 'Lag',
          right: true,
          title: 'How old the oldest record is that waits',
          value: (row) => row.lag_seconds ?? 0,
          cell: (row) =>
            row.lag_seconds ? h(row.lag_seconds > 10 ? 'span.slow' : 'span', null, duration(row.lag_seconds * 1000)) : h('span.faint', null, 'none'),
        }
      : null,
    {
      key: 'rate',
      label: 'Throughput',
      right: true,
      title: 'Records a second, over the last two minutes',
      value: (row) => rates.of(row.name)?.now ?? 0,
      cell: (row) => throughput(rates.of(row.name)),
    },
    knows('retries')
      ? {
          key: 'retries',
          label: 'Retries',
          right: true,
          title: 'Requests that were sent again since the start',
          value: (row) => row.retries ?? 0,
          cell: (row) => (row.retries ? count(row.retries) : h('span.faint', null, '0')),
        }
      : null,
    { key: 'error', label: 'Last error', class: 'wide', value: (row) => row.last_error ?? '', cell: (row) => errorCell(row) },
  ].filter(Boolean);
  return h('div.scroll', null, table({ label: 'Destinations', kind: 'destinations', columns, rows, sort: ctx.get('sort', ''), onsort: keepSort }));
}

function stateCell(row, readAt) {
  const element = h('span.breaker');
  const draw = () => {
    const left = row.next_trial_in_s === null || row.next_trial_in_s === undefined ? null : row.next_trial_in_s - (performance.now() - readAt) / 1000;
    const { glyph, words, kind } = breakerWords(row, left);
    element.className = `breaker ${kind}`;
    element.title = `The breaker is ${row.breaker.toLowerCase().replace('_', ' ')}`;
    element.textContent = `${glyph} ${words}`;
  };
  element.tick = draw;
  draw();
  return element;
}

/** Counts the seconds down, between two polls. */
export const tick = (root) => root.querySelectorAll('.breaker').forEach((it) => it.tick?.());

function waits(row) {
  const waiting = waitingOf(row);
  if (!waiting) return h('span.faint', null, 'none');
  return h('span', { title: `${counted(row.waiting_requests, 'request')}` }, counted(waiting, 'record'));
}

function throughput(rate) {
  if (!rate) return h('span.faint', { title: 'It takes two polls' }, '…');
  return h(
    'span.share',
    null,
    h('span', null, `${quantity(rate.now)}/s`),
    spark(rate.history, { width: 56, height: 16, label: `Records a second: ${rate.history.map(Math.round).join(', ')}` }),
  );
}

function errorCell(row) {
  if (!row.last_error) return h('span.faint', null, row.failures ? 'not said' : 'none');
  const text = typeof row.last_error === 'string' ? row.last_error : (row.last_error.message ?? JSON.stringify(row.last_error));
  const when = row.last_error_at ? [ago(row.last_error_at), ': '] : null;
  return h('span.error', { title: text, class: row.breaker === 'CLOSED' ? 'dim' : 'bad' }, when, text);
}
