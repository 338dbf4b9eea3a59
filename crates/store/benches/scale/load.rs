//! A day of telemetry, always the same.

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use mahavishnu_pipeline::{Batch, Exporter, Signal, check::check};
use mahavishnu_store::PostgresExporter;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;

use crate::words::{below, mixed, often_small, vocabulary};

/// 2026-11-24T00:00:00Z.
pub const START: u64 = 1_795_478_400_000_000_000;
pub const DAY: u64 = 86_400_000_000_000;

pub const SERVICES: usize = 20;
pub const SPAN_NAMES: usize = 1000;
pub const LOG_PATTERNS: usize = 4000;
pub const METRICS: usize = 50;

/// Every trace has 8 spans, every hundredth 100.
const SPANS: usize = 8;
pub const LARGE_EVERY: u64 = 100;
pub const LARGE: usize = 100;

const TRACES_AT_ONCE: u64 = 100;
const LOGS_AT_ONCE: u64 = 1000;
const POINTS: u64 = 1_000_000;
const SERIES_OF_METRIC: u64 = 20;

/// A delivery that has something to catch up with takes more at once.
const REQUESTS_AT_ONCE: usize = 10;

/// Lanes of the exporter.
const LANES: usize = 2;

#[derive(Debug)]
pub struct Load {
    pub records: usize,
    pub traces: u64,
    pub templates: Vec<Vec<&'static str>>,
    names: Vec<String>,
}

impl Load {
    pub fn new(records: usize) -> Self {
        let words = vocabulary();
        let of = |seed: u64, length: usize| -> Vec<&'static str> {
            (0..length as u64).map(|at| words[below(seed * 31 + at, words.len())]).collect()
        };
        let templates = (0..LOG_PATTERNS as u64).map(|at| of(at, 5 + below(at, 5))).collect();
        let names = (0..SPAN_NAMES as u64).map(|at| of(1_000_000 + at, 3).join(" ")).collect();
        let mean = (SPANS * (LARGE_EVERY as usize - 1) + LARGE) / LARGE_EVERY as usize;
        Self { records, traces: (records / mean) as u64, templates, names }
    }

    /// Stores everything, by two lanes as a server does.
    pub async fn store(&self, exporter: &PostgresExporter) -> Result<()> {
        let spans = (0..self.traces.div_ceil(TRACES_AT_ONCE)).map(Part::Spans);
        let logs = (0..(self.records as u64).div_ceil(LOGS_AT_ONCE)).map(Part::Logs);
        let points = (0..self.points().div_ceil(LOGS_AT_ONCE)).map(Part::Points);
        let parts: Vec<Part> = spans.chain(logs).chain(points).collect();
        stream::iter(parts.chunks(REQUESTS_AT_ONCE))
            .map(|parts| async move {
                let batches: Vec<Batch> =
                    tokio::task::block_in_place(|| parts.iter().map(|part| self.batch(*part)).collect());
                exporter.export(&batches).await
            })
            .buffer_unordered(LANES)
            .try_collect::<()>()
            .await?;
        Ok(())
    }

    fn points(&self) -> u64 {
        POINTS.min(self.records as u64)
    }

    fn batch(&self, part: Part) -> Batch {
        let (signal, request) = match part {
            Part::Spans(at) => (Signal::Traces, self.spans(at)),
            Part::Logs(at) => (Signal::Logs, self.logs(at)),
            Part::Points(at) => (Signal::Metrics, self.metrics(at)),
        };
        check(signal, request.into()).expect("well formed").batch
    }

    pub fn trace_id(trace: u64) -> [u8; 16] {
        (u128::from(mixed(trace)) << 64 | u128::from(mixed(trace + 1))).max(1).to_be_bytes()
    }

    /// When a trace began: they are spread over the day.
    pub fn begins(&self, trace: u64) -> u64 {
        START + DAY / self.traces.max(1) * trace
    }

    fn spans(&self, at: u64) -> Vec<u8> {
        let mut of_service: Vec<Vec<Span>> = vec![Vec::new(); SERVICES];
        let traces = at * TRACES_AT_ONCE..((at + 1) * TRACES_AT_ONCE).min(self.traces);
        for trace in traces {
            let count = if trace.is_multiple_of(LARGE_EVERY) { LARGE } else { SPANS };
            for number in 0..count {
                let seed = trace * 1000 + number as u64;
                let name = often_small(trace + number as u64 * 7919, SPAN_NAMES);
                of_service[name % SERVICES].push(self.span(trace, number, name, mixed(seed)));
            }
        }
        let resource_spans = of_service.into_iter().enumerate().map(|(service, spans)| ResourceSpans {
            resource: resource(service),
            scope_spans: vec![ScopeSpans { spans, ..Default::default() }],
            ..Default::default()
        });
        ExportTraceServiceRequest { resource_spans: resource_spans.collect() }.encode_to_vec()
    }

    fn span(&self, trace: u64, number: usize, name: usize, seed: u64) -> Span {
        let start = self.begins(trace) + number as u64 * 1_000_000;
        let failed = seed.is_multiple_of(50);
        let id = |number: usize| (trace * 1000 + number as u64 + 1).to_be_bytes().to_vec();
        let message = format!("{} of {} failed", self.names[name], seed % 100_000);
        Span {
            trace_id: Self::trace_id(trace).to_vec(),
            span_id: id(number),
            parent_span_id: if number == 0 { Vec::new() } else { id(number / 2) },
            name: self.names[name].clone(),
            kind: 2,
            start_time_unix_nano: start,
            end_time_unix_nano: start + 1_000_000 + seed % 100_000_000,
            attributes: vec![
                text("http.request.method", "GET"),
                text("url.path", &format!("/orders/{}", seed % 1_000_000)),
                text("user.id", &format!("u{}", seed % 50_000)),
            ],
            events: if failed { vec![exception(start, &message, name)] } else { Vec::new() },
            status: failed.then(|| Status { code: 2, message: message.clone() }),
            ..Default::default()
        }
    }

    fn logs(&self, at: u64) -> Vec<u8> {
        let mut of_service: Vec<Vec<LogRecord>> = vec![Vec::new(); SERVICES];
        let records = self.records as u64;
        for number in at * LOGS_AT_ONCE..((at + 1) * LOGS_AT_ONCE).min(records) {
            let template = often_small(number, LOG_PATTERNS);
            let seed = mixed(number);
            let time = START + DAY / records * number;
            let trace = (u128::from(number) * u128::from(self.traces) / u128::from(records)) as u64;
            of_service[template % SERVICES].push(LogRecord {
                time_unix_nano: time,
                severity_number: if seed.is_multiple_of(40) { 17 } else { 9 },
                body: any(&format!(
                    "{} {} ref {}",
                    self.templates[template].join(" "),
                    seed % 10_000,
                    Self::reference(number)
                )),
                attributes: vec![text("thread.name", &format!("worker-{}", seed % 8))],
                trace_id: Self::trace_id(trace).to_vec(),
                span_id: (trace * 1000 + 1).to_be_bytes().to_vec(),
                ..Default::default()
            });
        }
        let resource_logs = of_service.into_iter().enumerate().map(|(service, log_records)| ResourceLogs {
            resource: resource(service),
            scope_logs: vec![ScopeLogs { log_records, ..Default::default() }],
            ..Default::default()
        });
        ExportLogsServiceRequest { resource_logs: resource_logs.collect() }.encode_to_vec()
    }

    /// A number that one log record has and hardly another.
    pub fn reference(number: u64) -> u64 {
        mixed(number + 77) % 1_000_000_000_000
    }

    fn metrics(&self, at: u64) -> Vec<u8> {
        let points = self.points();
        let metrics = (at * LOGS_AT_ONCE..((at + 1) * LOGS_AT_ONCE).min(points)).map(|number| Metric {
            name: format!("load.metric.{}", number % METRICS as u64),
            data: Some(Data::Gauge(Gauge {
                data_points: vec![NumberDataPoint {
                    time_unix_nano: START + DAY / points * number,
                    attributes: vec![text(
                        "host",
                        &format!("h{}", number / METRICS as u64 % SERIES_OF_METRIC),
                    )],
                    value: Some(number_data_point::Value::AsDouble(mixed(number) as f64)),
                    ..Default::default()
                }],
            })),
            ..Default::default()
        });
        let scope_metrics = vec![ScopeMetrics { metrics: metrics.collect(), ..Default::default() }];
        let resource_metrics =
            vec![ResourceMetrics { resource: resource(0), scope_metrics, ..Default::default() }];
        ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
    }
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Spans(u64),
    Logs(u64),
    Points(u64),
}

pub fn service(number: usize) -> String {
    format!("service-{number:02}")
}

fn any(value: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) })
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: any(value), ..Default::default() }
}

fn resource(number: usize) -> Option<Resource> {
    Some(Resource { attributes: vec![text("service.name", &service(number))], ..Default::default() })
}

fn exception(time: u64, message: &str, name: usize) -> Event {
    Event {
        time_unix_nano: time,
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", &format!("Error{}", name % 100)),
            text("exception.message", message),
        ],
        ..Default::default()
    }
}
