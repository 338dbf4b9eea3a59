// What is shown where nothing was found: how to send the first span, or how to look further.

import { h } from '../dom.js';
import { ago } from '../format.js';
import { command } from '../notice.js';
import { nothing } from '../region.js';

/** Looks whether there is anything at all, and says what to do. */
export async function emptyState(ctx, query, range, signal) {
  const { data } = await ctx.ask(ctx.url('/traces', { limit: 1 }), { signal });
  if (data.length) return further(ctx, query, range, data[0]);
  const status = await ctx.askOr({}, '/api/v1/status', { signal });
  return teach(status.addresses ?? { http: 'http://localhost:4318', grpc: 'http://localhost:4317' });
}

function further(ctx, query, range, latest) {
  const choose = (name) => h('button.plain', { type: 'button', onclick: () => ctx.change({ range: name, since: null, until: null }) }, `Look at ${name}`);
  const filters = query.tokens.filter((it) => it.key);
  return nothing(query.text ? 'Nothing matches' : `No traces in ${range.words}`,
    h('p.dim', null, 'The latest trace of all came ', ago(latest.start_time), '.',
      filters.length ? ` The search is narrowed by ${filters.map((it) => it.source).join(' ')}.` : ''),
    h('div.bar', null, ['24h', '7d', '90d'].map(choose),
      filters.length ? h('button.plain', { type: 'button', onclick: () => ctx.change({ q: query.words }) }, 'Without filters') : null,
      query.words && filters.length === 0 ? h('button.plain', { type: 'button', onclick: () => ctx.change({ q: null }) }, 'Show the latest traces') : null));
}

function teach({ http, grpc }) {
  const hex = (length) => [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const span = `{"traceId": "${hex(16)}", "spanId": "${hex(8)}", "name": "hello", "kind": 1,
  "startTimeUnixNano": "'$(date +%s%N)'", "endTimeUnixNano": "'$(date +%s%N)'"}`;
  const curl = `curl ${http}/v1/traces -H 'Content-Type: application/json' -d '{"resourceSpans": [{"resource": {"attributes": [
  {"key": "service.name", "value": {"stringValue": "hello"}}]}, "scopeSpans": [{"spans": [
  ${span}]}]}]}'`;
  const lesson = nothing('No telemetry yet',
    h('p.dim', null, 'Send a first span from a terminal; this page shows it a moment later:'), command(curl),
    h('p.dim', null, 'An application with an OpenTelemetry SDK needs one variable (gRPC; for HTTP it is the address above):'),
    command(`export OTEL_EXPORTER_OTLP_ENDPOINT=${grpc}`),
    h('p.dim', null, 'Or look at an example workload on a database of its own:'), command('mahavishnu-otel demo'));
  // Charts and facets of nothing would only be in the way.
  lesson.bare = true;
  return lesson;
}
