// Sends traces, metrics and logs with the OpenTelemetry SDK for JavaScript and its default settings.
//
// usage: node client.mjs PROTOCOL MANIFEST
//
// PROTOCOL is grpc, http/protobuf or http/json, the endpoint is OTEL_EXPORTER_OTLP_ENDPOINT. What the SDK recorded is
// written to MANIFEST as JSON, in the words of ../manifest.md.

import { writeFileSync } from "node:fs";

import { SpanKind, SpanStatusCode, ValueType, context, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";

const SCOPE = ["interop.javascript", "1.2.3"];
// OTLP numbers the kinds of spans and the temporalities from 1, the SDK from 0.
const KIND_OFFSET = 1;
const TEMPORALITY_OFFSET = 1;
const PACKAGES = { grpc: "grpc", "http/protobuf": "proto", "http/json": "http" };

const ATTRIBUTES = {
  text: "gr\u00fc\u00dfe \u{1f30d}",
  empty: "",
  flag: true,
  int: 42,
  "int.safe": Number.MAX_SAFE_INTEGER,
  "int.negative": -7,
  double: 0.1,
  "double.tiny": 5e-324,
  texts: ["a", "b"],
  ints: [1, 2, 3],
  mixed: [1, 2.5],
  flags: [true, false],
  nothing: [],
};

async function exporters(protocol) {
  const load = (signal) => import(`@opentelemetry/exporter-${signal}-otlp-${PACKAGES[protocol]}`);
  const [traces, metrics, logs] = await Promise.all(["trace", "metrics", "logs"].map(load));
  return [new traces.OTLPTraceExporter(), new metrics.OTLPMetricExporter(), new logs.OTLPLogExporter()];
}

function recordSpans(tracer, logger) {
  let first;
  tracer.startActiveSpan("checkout", { kind: SpanKind.SERVER, attributes: ATTRIBUTES }, (root) => {
    first = root.spanContext();
    root.addEvent("cache miss", { key: "user:1", size: 12, share: 0.5 });
    root.addEvent("no attributes");
    tracer.startActiveSpan("SELECT orders", { kind: SpanKind.CLIENT }, (child) => {
      child.setAttribute("db.system.name", "postgresql");
      child.setStatus({ code: SpanStatusCode.OK });
      child.end();
    });
    tracer.startActiveSpan("pay", { kind: SpanKind.CLIENT }, (child) => {
      recordLogs(logger);
      child.recordException(new TypeError("card declined: 4000 0000"));
      child.setStatus({ code: SpanStatusCode.ERROR, message: "payment failed" });
      child.end();
    });
    root.end();
  });
  const links = [{ context: first, attributes: { why: "follows" } }, { context: first }];
  tracer.startActiveSpan("ship", { kind: SpanKind.CONSUMER, links }, (span) => {
    tracer.startSpan("publish", { kind: SpanKind.PRODUCER }).end();
    span.end();
  });
}

function recordLogs(logger) {
  logger.emit({
    timestamp: Date.now(),
    severityNumber: SeverityNumber.ERROR,
    severityText: "ERROR",
    body: "payment refused for order 17",
    attributes: { ...ATTRIBUTES, nested: { a: [1, "two", 3.5, { b: null }] }, raw: new Uint8Array([0, 255]) },
  });
  logger.emit({ severityNumber: SeverityNumber.INFO, body: { message: "structured", items: [1, 2.5, true] } });
  logger.emit({
    severityNumber: SeverityNumber.WARN,
    body: "an event",
    eventName: "order.delayed",
    attributes: { minutes: 5 },
  });
}

function recordMetrics(meter, prefix) {
  const counter = meter.createCounter(`${prefix}.counter`, {
    unit: "1",
    description: "orders",
    valueType: ValueType.INT,
  });
  counter.add(1, { status: "ok" });
  counter.add(2, { status: "ok" });
  counter.add(5, { status: "failed", code: 500 });
  const upDown = meter.createUpDownCounter(`${prefix}.updown`, { unit: "{item}", valueType: ValueType.INT });
  upDown.add(10);
  upDown.add(-3);
  meter.createCounter(`${prefix}.seconds`, { unit: "s" }).add(0.5);
  const histogram = meter.createHistogram(`${prefix}.histogram`, { unit: "ms", description: "duration" });
  for (const value of [0.4, 7, 12.5, 800, 20000]) histogram.record(value, { route: "/pay" });
  const gauge = meter.createGauge(`${prefix}.gauge`, { unit: "By" });
  gauge.record(-17, { pool: "a" });
  gauge.record(2.5, { pool: "b" });
}

const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

function plain(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(plain);
  if (value === undefined || value === null) return null;
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

const spanJson = (span) => ({
  trace_id: span.spanContext().traceId,
  span_id: span.spanContext().spanId,
  parent_span_id: span.parentSpanContext?.spanId ?? null,
  name: span.name,
  kind: span.kind + KIND_OFFSET,
  status: span.status.code,
  status_message: span.status.message ?? null,
  start_time: nanos(span.startTime),
  end_time: nanos(span.endTime),
  attributes: plain(span.attributes),
  events: span.events.map((event) => ({
    name: event.name,
    time: nanos(event.time),
    attributes: plain(event.attributes ?? {}),
  })),
  links: span.links.map((link) => ({
    trace_id: link.context.traceId,
    span_id: link.context.spanId,
    attributes: plain(link.attributes ?? {}),
  })),
});

const logJson = (record) => ({
  time: nanos(record.hrTime),
  trace_id: record.spanContext?.traceId ?? null,
  span_id: record.spanContext?.spanId ?? null,
  severity_number: record.severityNumber,
  severity_text: record.severityText ?? null,
  event_name: record.eventName ?? null,
  body: plain(record.body),
  attributes: plain(record.attributes),
});

function metricJson(metric) {
  const kinds = { [DataPointType.HISTOGRAM]: "histogram", [DataPointType.GAUGE]: "gauge", [DataPointType.SUM]: "sum" };
  const kind = kinds[metric.dataPointType];
  const point = ({ attributes, value }) => {
    if (kind !== "histogram") {
      const isDouble = metric.descriptor.valueType === ValueType.DOUBLE;
      return { attributes, value: isDouble ? { $double: String(value) } : value };
    }
    const { count, sum, min, max, buckets } = value;
    return { attributes, count, sum, min, max, bounds: buckets.boundaries, bucket_counts: buckets.counts };
  };
  return {
    name: metric.descriptor.name,
    kind,
    unit: metric.descriptor.unit || null,
    description: metric.descriptor.description || null,
    temporality: kind === "gauge" ? null : metric.aggregationTemporality + TEMPORALITY_OFFSET,
    monotonic: kind === "sum" ? metric.isMonotonic : null,
    points: metric.dataPoints.map(point),
  };
}

const [protocol, manifest] = process.argv.slice(2);
const prefix = `interop.javascript.${protocol.replace("/", "_")}`;
const resource = defaultResource().merge(
  resourceFromAttributes({ "service.name": prefix, "service.version": "7", "deployment.replicas": 3 }),
);
const [spanExporter, metricExporter, logExporter] = await exporters(protocol);
const spans = new InMemorySpanExporter();
const logs = new InMemoryLogRecordExporter();
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const tracers = new NodeTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(spanExporter), new SimpleSpanProcessor(spans)],
});
tracers.register();
const loggers = new LoggerProvider({
  resource,
  processors: [
    new BatchLogRecordProcessor({ exporter: logExporter }),
    new SimpleLogRecordProcessor({ exporter: logs }),
  ],
});
const meters = new MeterProvider({
  resource,
  readers: [metricExporter, metrics].map((exporter) => new PeriodicExportingMetricReader({ exporter })),
});

recordSpans(trace.getTracer(...SCOPE), loggers.getLogger(...SCOPE));
recordMetrics(meters.getMeter(...SCOPE), prefix);
for (const provider of [tracers, loggers, meters]) await provider.forceFlush();
const content = {
  service: prefix,
  resource: plain(resource.attributes),
  scope: { name: SCOPE[0], version: SCOPE[1] },
  spans: spans.getFinishedSpans().map(spanJson),
  logs: logs.getFinishedLogRecords().map(logJson),
  metrics: metrics.getMetrics()[0].scopeMetrics[0].metrics.map(metricJson),
};
writeFileSync(manifest, JSON.stringify(content, null, 1));
for (const provider of [tracers, loggers, meters]) await provider.shutdown();
context.disable();
