// New log records as they come: server-sent events, or questions every two seconds where the server does not send them.

import { ask, url } from '../api.js';

const POLL_MS = 2000;
const POLL_LIMIT = 500;

/**
 * Follows the records behind `filters`, until `signal` ends. `take(logs)` gets new ones, the newest first; `skipped(count)`
 * hears of those that came faster than they could be sent; `state(words)` says how it is: '' where all is well.
 */
export function follow(filters, { from, signal, take, skipped, state }) {
  // The stream knows these filters; what it does not know is asked for.
  const { pattern_id: pattern, attributes, ...known } = filters;
  if (pattern || attributes) { poll(filters, { from, signal, take, state }); return; }
  const source = new EventSource(url('/tail', { signal: 'logs', ...known }));
  let opened = false;
  let last = from;
  const seen = (logs) => {
    for (const log of logs) if (log.timestamp > last) last = log.timestamp;
    take(logs);
  };
  source.addEventListener('open', async () => {
    opened = true;
    state('');
    // What came before the stream was open, or while it was cut.
    try {
      const { data } = await ask(url('/logs', { ...filters, since: last, limit: POLL_LIMIT }), { signal, quiet: true });
      seen(data);
    } catch { /* The stream goes on; the list of the page says what is wrong. */ }
  });
  source.addEventListener('log', (event) => seen([JSON.parse(event.data)]));
  source.addEventListener('skipped', (event) => skipped(JSON.parse(event.data).count));
  source.addEventListener('error', () => {
    if (signal.aborted) return;
    if (opened) { state('The stream was cut; it joins again by itself.'); return; }
    // It never opened: this server has no stream, or no place for one more.
    source.close();
    poll(filters, { from, signal, take, state });
  });
  signal.addEventListener('abort', () => source.close());
}

async function poll(filters, { from, signal, take, state }) {
  let since = from;
  let seen = new Set();
  while (!signal.aborted) {
    try {
      const { data } = await ask(url('/logs', { ...filters, since, limit: POLL_LIMIT }), { signal, quiet: true });
      state('');
      const fresh = data.filter((log) => !seen.has(keyOf(log)));
      if (fresh.length) take(fresh);
      if (data.length) {
        since = data[0].timestamp;
        // Records of the same moment come again.
        seen = new Set(data.filter((log) => log.timestamp === since).map(keyOf));
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      state('There is no answer now; it is asked again.');
    }
    await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
  }
}

/** What tells two records apart. */
export const keyOf = (log) => `${log.timestamp} ${log.service} ${log.span_id ?? ''} ${log.message ?? ''}`;

/** Newest first, to the nanosecond: as texts, which are all of one length; a number of milliseconds has no room for them. */
export const newest = (one, other) => (one.timestamp === other.timestamp ? 0 : one.timestamp < other.timestamp ? 1 : -1);
