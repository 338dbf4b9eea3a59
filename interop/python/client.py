"""Sends traces, metrics and logs with the OpenTelemetry SDK for Python and its default settings.

usage: client.py PROTOCOL MANIFEST

PROTOCOL is grpc or http/protobuf, the endpoint is OTEL_EXPORTER_OTLP_ENDPOINT. What the SDK recorded is written to
MANIFEST as JSON, in the words of ../manifest.md.
"""

import base64
import json
import math
import sys
import time

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

SCOPE = ("interop.python", "1.2.3")
# OTLP numbers the kinds of spans from 1, the SDK from 0.
KIND_OFFSET = 1

ATTRIBUTES = {
    "text": "gr\u00fc\u00dfe \U0001f30d",
    "empty": "",
    "flag": True,
    "int": 42,
    "int.min": -(2**63),
    "int.max": 2**63 - 1,
    "double": 0.1,
    "double.whole": 3.0,
    "double.tiny": 5e-324,
    "texts": ["a", "b"],
    "ints": [1, 2, 3],
    "doubles": [1.0, 2.5],
    "flags": [True, False],
    "nothing": [],
}


def exporters(protocol):
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter(), OTLPMetricExporter(), OTLPLogExporter()


def record_spans(tracer, logger):
    with tracer.start_as_current_span("checkout", kind=SpanKind.SERVER, attributes=ATTRIBUTES) as root:
        root.add_event("cache miss", {"key": "user:1", "size": 12, "share": 0.5})
        root.add_event("no attributes")
        with tracer.start_as_current_span("SELECT orders", kind=SpanKind.CLIENT) as child:
            child.set_attribute("db.system.name", "postgresql")
            child.set_status(Status(StatusCode.OK))
        try:
            with tracer.start_as_current_span("pay", kind=SpanKind.CLIENT):
                record_logs(logger)
                raise ValueError("card declined: 4000 0000")
        except ValueError:
            root.set_status(Status(StatusCode.ERROR, "payment failed"))
    links = [Link(root.get_span_context(), {"why": "follows"}), Link(child.get_span_context())]
    with tracer.start_as_current_span("ship", kind=SpanKind.CONSUMER, links=links):
        with tracer.start_as_current_span("publish", kind=SpanKind.PRODUCER):
            time.sleep(0.001)


def record_logs(logger):
    logger.emit(
        timestamp=time.time_ns(),
        severity_number=SeverityNumber.ERROR,
        severity_text="ERROR",
        body="payment refused for order 17",
        attributes={**ATTRIBUTES, "nested": {"a": [1, "two", 3.0, {"b": None}]}, "raw": b"\x00\xff"},
    )
    logger.emit(severity_number=SeverityNumber.INFO, body={"message": "structured", "items": [1, 2.5, True]})
    logger.emit(
        timestamp=time.time_ns(),
        severity_number=SeverityNumber.WARN,
        body="an event",
        event_name="order.delayed",
        attributes={"minutes": 5},
    )


def record_metrics(meter, prefix):
    counter = meter.create_counter(f"{prefix}.counter", unit="1", description="orders")
    counter.add(1, {"status": "ok"})
    counter.add(2, {"status": "ok"})
    counter.add(5, {"status": "failed", "code": 500})
    up_down = meter.create_up_down_counter(f"{prefix}.updown", unit="{item}")
    up_down.add(10)
    up_down.add(-3)
    seconds = meter.create_counter(f"{prefix}.seconds", unit="s")
    seconds.add(0.5)
    histogram = meter.create_histogram(f"{prefix}.histogram", unit="ms", description="duration")
    for value in (0.4, 7.0, 12.5, 800.0, 20000.0):
        histogram.record(value, {"route": "/pay"})
    gauge = meter.create_gauge(f"{prefix}.gauge", unit="By")
    gauge.set(-17, {"pool": "a"})
    gauge.set(2.5, {"pool": "b"})


def plain(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$double": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, dict) or hasattr(value, "items"):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def span_json(span):
    return {
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "parent_span_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "name": span.name,
        "kind": span.kind.value + KIND_OFFSET,
        "status": span.status.status_code.value,
        "status_message": span.status.description,
        "start_time": str(span.start_time),
        "end_time": str(span.end_time),
        "attributes": plain(span.attributes),
        "events": [
            {"name": event.name, "time": str(event.timestamp), "attributes": plain(event.attributes)}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
                "attributes": plain(link.attributes),
            }
            for link in span.links
        ],
    }


def log_json(readable):
    record = readable.log_record
    return {
        "time": str(record.timestamp or record.observed_timestamp),
        "trace_id": f"{record.trace_id:032x}" if record.trace_id else None,
        "span_id": f"{record.span_id:016x}" if record.span_id else None,
        "severity_number": record.severity_number.value,
        "severity_text": record.severity_text,
        "event_name": record.event_name,
        "body": plain(record.body),
        "attributes": plain(record.attributes or {}),
    }


def metric_json(metric):
    kind = type(metric.data).__name__.lower()
    points = []
    for point in metric.data.data_points:
        entry = {"attributes": plain(point.attributes)}
        if kind == "histogram":
            entry |= {"count": point.count, "sum": point.sum, "min": point.min, "max": point.max}
            entry |= {"bounds": list(point.explicit_bounds), "bucket_counts": list(point.bucket_counts)}
        else:
            entry["value"] = point.value
        points.append(entry)
    temporality = getattr(metric.data, "aggregation_temporality", None)
    return {
        "name": metric.name,
        "kind": kind,
        "unit": metric.unit or None,
        "description": metric.description or None,
        "temporality": temporality.value if temporality else None,
        "monotonic": getattr(metric.data, "is_monotonic", None),
        "points": points,
    }


def main():
    protocol, manifest = sys.argv[1:]
    prefix = f"interop.python.{protocol.replace('/', '_')}"
    resource = Resource.create({"service.name": prefix, "service.version": "7", "deployment.replicas": 3})
    span_exporter, metric_exporter, log_exporter = exporters(protocol)

    spans, logs, metrics = InMemorySpanExporter(), InMemoryLogRecordExporter(), InMemoryMetricReader()
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(span_exporter))
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(metric_exporter), metrics])

    trace.set_tracer_provider(tracers)
    record_spans(tracers.get_tracer(*SCOPE), loggers.get_logger(*SCOPE))
    record_metrics(meters.get_meter(*SCOPE), prefix)

    reported = metrics.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    content = {
        "service": prefix,
        "resource": plain(resource.attributes),
        "scope": {"name": SCOPE[0], "version": SCOPE[1]},
        "spans": [span_json(span) for span in spans.get_finished_spans()],
        "logs": [log_json(record) for record in logs.get_finished_logs()],
        "metrics": [metric_json(metric) for metric in reported],
    }
    for provider in (tracers, loggers, meters):
        if not provider.force_flush():
            sys.exit(f"{type(provider).__name__} could not deliver everything")
        provider.shutdown()
    with open(manifest, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)


if __name__ == "__main__":
    main()
