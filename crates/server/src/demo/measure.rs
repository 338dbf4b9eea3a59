//! What the instruments of the services measured while the traces ran.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};

use super::{
    builder::{Recorded, Trace},
    random::SECOND,
    services::{GIT_HTTP, Instance, LLM_HTTP, LLM_PROVIDER, ORCHESTRATOR, Origin, PAYMENT_HTTP, Service},
    value::{attribute, integer_of, text_of},
};

/// An instrument that adds up what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    /// Counter of workflows.
    WorkflowsExecuted,
    /// Counter of repositories.
    RepositoriesProcessed,
    /// Counter of errors.
    Errors,
    /// Histogram of workflows, in seconds.
    WorkflowDuration,
    /// Histogram of repositories, in seconds.
    RepositoryDuration,
    /// Exponential histogram of requests that a server answered, in seconds.
    HttpServerDuration,
    /// Histogram of tokens per request to a model.
    TokenUsage,
}

/// One measurement.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// With what.
    pub instrument: Instrument,
    /// In which process.
    pub instance: Instance,
    /// By which library.
    pub origin: Origin,
    /// When.
    pub at: u64,
    /// The value; 1 for counters.
    pub value: f64,
    /// What tells it from other series of the instrument.
    pub labels: Vec<(&'static str, String)>,
    /// The trace in which it was measured.
    pub trace_id: Vec<u8>,
    /// The span in which it was measured.
    pub span_id: Vec<u8>,
}

impl Measurement {
    /// The labels as attributes.
    pub fn attributes(labels: &[(&'static str, String)]) -> Vec<KeyValue> {
        labels
            .iter()
            .map(|(key, value)| match (*key, value.parse::<i64>()) {
                ("http.response.status_code", Ok(status)) => attribute(key, status),
                _ => attribute(key, value.as_str()),
            })
            .collect()
    }
}

/// Everything measured in some traces.
pub fn measurements(traces: &[Trace]) -> Vec<Measurement> {
    let mut all = Vec::new();
    for trace in traces {
        for recorded in &trace.spans {
            measure(trace, recorded, &mut all);
        }
    }
    all
}

fn measure(trace: &Trace, recorded: &Recorded<Span>, all: &mut Vec<Measurement>) {
    let span = &recorded.record;
    let seconds = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / SECOND as f64;
    if span.parent_span_id.is_empty() {
        let adapter = label(span, "workflow.adapter");
        let labels = vec![adapter.clone(), label(span, "workflow.status")];
        all.push(measurement(recorded, Instrument::WorkflowsExecuted, 1.0, labels.clone()));
        all.push(measurement(recorded, Instrument::WorkflowDuration, seconds, labels));
        if failed(span) {
            all.push(measurement(
                recorded,
                Instrument::Errors,
                1.0,
                vec![label(span, "error.type"), adapter],
            ));
        }
    } else if span.name.starts_with("repo.process.") {
        let adapter = label(&trace.spans[0].record, "workflow.adapter");
        let status = if failed(span) { "failed" } else { "completed" };
        let status = ("repo.status", status.to_owned());
        all.push(measurement(recorded, Instrument::RepositoriesProcessed, 1.0, vec![adapter, status]));
        let path = label(span, "repo.path");
        all.push(measurement(recorded, Instrument::RepositoryDuration, seconds, vec![path]));
    } else if span.kind == i32::from(SpanKind::Server) {
        let status = integer_of(span, "http.response.status_code").unwrap_or_default().to_string();
        let labels = vec![
            label(span, "http.request.method"),
            label(span, "http.route"),
            ("http.response.status_code", status),
        ];
        all.push(measurement(recorded, Instrument::HttpServerDuration, seconds, labels));
    } else {
        tokens(recorded, all);
    }
}

/// The tokens of a request to a model.
fn tokens(recorded: &Recorded<Span>, all: &mut Vec<Measurement>) {
    for (key, kind) in [("gen_ai.usage.input_tokens", "input"), ("gen_ai.usage.output_tokens", "output")] {
        let Some(tokens) = integer_of(&recorded.record, key) else { continue };
        let labels = vec![
            label(&recorded.record, "gen_ai.system"),
            label(&recorded.record, "gen_ai.request.model"),
            ("gen_ai.token.type", kind.to_owned()),
        ];
        all.push(measurement(recorded, Instrument::TokenUsage, tokens as f64, labels));
    }
}

fn measurement(
    recorded: &Recorded<Span>,
    instrument: Instrument,
    value: f64,
    labels: Vec<(&'static str, String)>,
) -> Measurement {
    let origin = match recorded.instance.service {
        Service::Git => GIT_HTTP,
        Service::Payment => PAYMENT_HTTP,
        Service::Llm if instrument == Instrument::TokenUsage => LLM_PROVIDER,
        Service::Llm => LLM_HTTP,
        Service::Mahavishnu | Service::Postgres => ORCHESTRATOR,
    };
    Measurement {
        instrument,
        instance: recorded.instance,
        origin,
        at: recorded.record.end_time_unix_nano,
        value,
        labels,
        trace_id: recorded.record.trace_id.clone(),
        span_id: recorded.record.span_id.clone(),
    }
}

fn label(span: &Span, key: &'static str) -> (&'static str, String) {
    (key, text_of(span, key).unwrap_or_default().to_owned())
}

fn failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == i32::from(StatusCode::Error))
}
