// What stands where a list is empty: how to send what it lists, or where to look further.

import { h } from '../dom.js';
import { command } from '../notice.js';
import { nothing } from '../region.js';

const SECONDS = '$(date +%s)000000000';

/** Requests that need nothing but curl. */
const FIRST = {
  logs: (http) =>
    request(
      http,
      'logs',
      `{"resourceLogs": [{"resource": ${RESOURCE}, "scopeLogs": [{"logRecords": [
  {"timeUnixNano": "'${SECONDS}'", "severityNumber": 9, "body": {"stringValue": "hello"}}]}]}]}`,
    ),
  metrics: (http) =>
    request(
      http,
      'metrics',
      `{"resourceMetrics": [{"resource": ${RESOURCE}, "scopeMetrics": [{"metrics": [
  {"name": "hello.temperature", "unit": "Cel", "gauge": {"dataPoints": [{"timeUnixNano": "'${SECONDS}'", "asDouble": 21.5}]}}]}]}]}`,
    ),
  traces: (http) => span(http),
  errors: (http) => span(http, ', "status": {"code": 2, "message": "hello failed"}'),
};
const RESOURCE = '{"attributes": [{"key": "service.name", "value": {"stringValue": "hello"}}]}';

const span = (http, more = '') =>
  request(
    http,
    'traces',
    `{"resourceSpans": [{"resource": ${RESOURCE}, "scopeSpans": [{"spans": [
  {"traceId": "${hex(16)}", "spanId": "${hex(8)}", "name": "hello", "kind": 2,
  "startTimeUnixNano": "'${SECONDS}'", "endTimeUnixNano": "'$(date +%s%N)'"${more}}]}]}]}`,
  );

const request = (http, path, body) => `curl ${http}/v1/${path} -H 'Content-Type: application/json' -d '${body}'`;
const hex = (length) => [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Whether the database holds any of a signal: `traces`, `logs` or `points`. Unknown counts as held. */
export async function holds(ctx, signal, what) {
  const status = await ctx.askOr({}, '/api/v1/status', { signal });
  return { status, any: (status.storage?.[what] ?? 1) > 0 };
}

/** How the first is sent. `what` is 'errors', 'logs', 'metrics' or 'traces'. While it stands there the page asks again by itself. */
export function teach(status, what, title, ...words) {
  const { http, grpc } = status.addresses ?? { http: 'http://localhost:4318', grpc: 'http://localhost:4317' };
  const lesson = nothing(
    title,
    words,
    h('p.dim', null, 'Send one from a terminal; this page shows it a moment later:'),
    command(FIRST[what](http)),
    h('p.dim', null, 'An application with an OpenTelemetry SDK needs one variable (gRPC; for HTTP it is the address above):'),
    command(`export OTEL_EXPORTER_OTLP_ENDPOINT=${grpc}`),
    h('p.dim', null, 'Or look at an example workload on a database of its own:'),
    command('mahavishnu-otel demo'),
  );
  lesson.classList.add('lesson');
  return lesson;
}

/** Nothing in this time or behind these filters: what can be widened. `filters` are parameters that narrow. */
export function further(ctx, title, filters, ...words) {
  const set = filters.filter((key) => ctx.get(key) !== null);
  const longer = ['24h', '7d', '90d'].filter((name) => name !== ctx.range.name);
  return nothing(
    title,
    words,
    set.length ? h('p.dim', null, `The list is narrowed by ${set.map((key) => `${key.replace(/_id$/, '')} ${ctx.get(key)}`).join(', ')}.`) : null,
    h(
      'div.bar',
      null,
      longer.map((name) =>
        h('button.plain', { type: 'button', onclick: () => ctx.change({ range: name, since: null, until: null }) }, `Look at ${name}`),
      ),
      set.length
        ? h('button.plain', { type: 'button', onclick: () => ctx.change(Object.fromEntries(set.map((key) => [key, null]))) }, 'Without filters')
        : null,
    ),
  );
}
