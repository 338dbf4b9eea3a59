//! What ended, as spans and metrics.

use std::time::SystemTime;

use opentelemetry_proto::tonic::{
    metrics::v1::{Metric as OtlpMetric, metric::Data},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};

use super::workflow::{EndedRepository, EndedSpan, EndedWorkflow, Open, last_component};
use crate::transformation::{AttributeValue, Attributes, Metric, MetricKind, key_value, nanos};

/// Upper bounds of the buckets of a duration in seconds: those that OpenTelemetry advises for durations of HTTP, and
/// on to an hour.
const DURATION_BOUNDS: [f64; 20] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0, 300.0,
    600.0, 1800.0, 3600.0,
];

/// Spans and metrics that something that ended makes; which of them are wanted.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) spans: Vec<Span>,
    pub(super) metrics: Vec<OtlpMetric>,
    pub(super) tracing: bool,
    pub(super) measuring: bool,
}

impl Made {
    /// Nothing yet.
    pub(super) fn new(tracing: bool, measuring: bool) -> Self {
        Self { spans: Vec::new(), metrics: Vec::new(), tracing, measuring }
    }

    /// A span of a program's own.
    pub(super) fn program_span(&mut self, ended: EndedSpan) {
        let EndedSpan { span, ended, name, attributes, failed } = ended;
        let code = if failed { StatusCode::Error } else { StatusCode::Unset };
        self.span(name.into_owned(), span, ended, attributes, code);
    }

    /// A workflow's span, count and duration.
    pub(super) fn workflow(&mut self, ended: EndedWorkflow) {
        let EndedWorkflow { span: open, ended, workflow_id, adapter, task_type, status } = ended;
        let start_s = i64::try_from(nanos(open.started) / 1_000_000_000).unwrap_or(i64::MAX);
        let said = status.as_deref().unwrap_or_default();
        let failed = said.eq_ignore_ascii_case("failed") || said.eq_ignore_ascii_case("error");
        let mut attributes: Attributes = vec![
            ("workflow.id".into(), (&*workflow_id).into()),
            ("workflow.adapter".into(), adapter.as_str().into()),
            ("workflow.task_type".into(), task_type.into()),
            ("workflow.start_time".into(), start_s.into()),
        ];
        attributes.extend(status.iter().map(|status| ("workflow.status".into(), status.as_str().into())));
        let code = match &status {
            None => StatusCode::Unset,
            Some(_) if failed => StatusCode::Error,
            Some(_) => StatusCode::Ok,
        };
        self.span(format!("workflow.{workflow_id}"), open, ended, attributes, code);
        let Some(status) = status else { return };
        let labels: Attributes = vec![
            ("workflow.id".into(), (&*workflow_id).into()),
            ("workflow.status".into(), status.into()),
            ("workflow.adapter".into(), AttributeValue::String(adapter)),
        ];
        self.metric(Metric::new("mahavishnu.workflows.executed", 1.0, labels.clone()), ended);
        if failed {
            self.metric(Metric::new("mahavishnu.errors.count", 1.0, labels.clone()), ended);
        }
        let seconds = ended.duration_since(open.started).unwrap_or_default().as_secs_f64();
        self.duration("mahavishnu.workflow.duration", seconds, labels, ended);
    }

    /// A repository's span, count and duration.
    pub(super) fn repository(&mut self, ended: EndedRepository) {
        let EndedRepository { span, ended, workflow_id, repo_path, duration } = ended;
        let name = format!("repo.process.{}", last_component(&repo_path));
        let labels: Attributes =
            vec![("repo.path".into(), repo_path.into()), ("workflow.id".into(), (&*workflow_id).into())];
        if let Some(open) = span {
            self.span(name, open, ended, labels.clone(), StatusCode::Unset);
        }
        if let Some(duration) = duration {
            self.metric(Metric::new("mahavishnu.repositories.processed", 1.0, labels.clone()), ended);
            self.duration("mahavishnu.repo.processing.duration", duration.as_secs_f64(), labels, ended);
        }
    }

    /// A metric at this time.
    pub(super) fn metric(&mut self, metric: Metric, at: SystemTime) {
        if self.measuring {
            self.metrics.push(metric.to_otel(at).to_metric());
        }
    }

    fn duration(&mut self, name: &'static str, seconds: f64, labels: Attributes, at: SystemTime) {
        if !self.measuring {
            return;
        }
        let metric = Metric { name: name.into(), kind: MetricKind::Histogram, value: seconds, labels };
        let mut otel = metric.to_otel(at);
        otel.unit = Some("s".to_owned());
        let mut metric = otel.to_metric();
        if let Some(Data::Histogram(histogram)) = &mut metric.data {
            for point in &mut histogram.data_points {
                point.explicit_bounds = DURATION_BOUNDS.to_vec();
                point.bucket_counts = vec![0; DURATION_BOUNDS.len() + 1];
                point.bucket_counts[DURATION_BOUNDS.partition_point(|bound| *bound < seconds)] = 1;
            }
        }
        self.metrics.push(metric);
    }

    fn span(&mut self, name: String, open: Open, end: SystemTime, attributes: Attributes, code: StatusCode) {
        if !self.tracing {
            return;
        }
        self.spans.push(Span {
            trace_id: open.trace_id.to_be_bytes().to_vec(),
            span_id: open.span_id.to_be_bytes().to_vec(),
            parent_span_id: open.parent.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
            name,
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanos(open.started),
            end_time_unix_nano: nanos(end.max(open.started)),
            attributes: attributes.into_iter().map(key_value).collect(),
            status: Some(Status { code: code.into(), ..Status::default() }),
            ..Span::default()
        });
    }
}
