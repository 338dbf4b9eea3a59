//! Sends traces, metrics and logs with the OpenTelemetry SDK for Rust and its default settings.
//!
//! `mahavishnu-interop PROTOCOL MANIFEST`: the protocol is `grpc` or `http/protobuf`, the endpoint is
//! `OTEL_EXPORTER_OTLP_ENDPOINT`. What the SDK recorded is written to the manifest as JSON, in the words of
//! `../manifest.md`.

mod manifest;
mod record;

use anyhow::{Context, Result, bail};
use opentelemetry::{
    InstrumentationScope, KeyValue, logs::LoggerProvider as _, metrics::MeterProvider as _,
    trace::TracerProvider as _,
};
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter};
use opentelemetry_sdk::{
    Resource,
    logs::{InMemoryLogExporter, SdkLoggerProvider},
    metrics::{InMemoryMetricExporter, SdkMeterProvider},
    trace::{InMemorySpanExporter, SdkTracerProvider},
};

/// One exporter per signal.
type Exporters = (SpanExporter, MetricExporter, LogExporter);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [protocol, path] = arguments.as_slice() else { bail!("usage: mahavishnu-interop PROTOCOL MANIFEST") };
    // The HTTP client of this workspace is built without a choice of its own, and does not exist without one.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    // The gRPC client needs a runtime around it; the HTTP client blocks, and must not be made inside one.
    let runtime = tokio::runtime::Runtime::new()?;
    let content = match protocol.as_str() {
        "grpc" => {
            let _entered = runtime.enter();
            send(protocol, grpc()?)?
        }
        "http/protobuf" => send(protocol, http()?)?,
        other => bail!("no such protocol: {other}"),
    };
    std::fs::write(path, serde_json::to_vec_pretty(&content)?)
        .with_context(|| format!("{path} can not be written"))
}

fn grpc() -> Result<Exporters> {
    Ok((
        SpanExporter::builder().with_tonic().build()?,
        MetricExporter::builder().with_tonic().build()?,
        LogExporter::builder().with_tonic().build()?,
    ))
}

fn http() -> Result<Exporters> {
    Ok((
        SpanExporter::builder().with_http().build()?,
        MetricExporter::builder().with_http().build()?,
        LogExporter::builder().with_http().build()?,
    ))
}

/// Records into the exporters and into memory, delivers, and says what was recorded.
fn send(protocol: &str, exporters: Exporters) -> Result<serde_json::Value> {
    let service = format!("interop.rust.{}", protocol.replace('/', "_"));
    let version = [KeyValue::new("service.version", "7"), KeyValue::new("deployment.replicas", 3)];
    let resource = Resource::builder().with_service_name(service.clone()).with_attributes(version).build();
    let (span_exporter, metric_exporter, log_exporter) = exporters;
    let (spans, metrics, logs) =
        (InMemorySpanExporter::default(), InMemoryMetricExporter::default(), InMemoryLogExporter::default());
    let tracers = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(span_exporter)
        .with_simple_exporter(spans.clone())
        .build();
    let loggers = SdkLoggerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(log_exporter)
        .with_simple_exporter(logs.clone())
        .build();
    let meters = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_periodic_exporter(metric_exporter)
        .with_periodic_exporter(metrics.clone())
        .build();

    let scope = InstrumentationScope::builder("interop.rust").with_version("1.2.3").build();
    record::spans(&tracers.tracer_with_scope(scope.clone()), &loggers.logger_with_scope(scope.clone()));
    record::metrics(&meters.meter_with_scope(scope), &service);

    tracers.force_flush().context("spans were not delivered")?;
    loggers.force_flush().context("logs were not delivered")?;
    meters.force_flush().context("metrics were not delivered")?;
    let logs: Vec<_> = logs.get_emitted_logs()?.into_iter().map(|log| log.record).collect();
    let content = manifest::manifest(
        &service,
        &resource,
        spans.get_finished_spans()?,
        &logs,
        &metrics.get_finished_metrics()?,
    )?;
    tracers.shutdown()?;
    loggers.shutdown()?;
    meters.shutdown()?;
    Ok(content)
}
