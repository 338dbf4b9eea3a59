//! Traces of workflows and of the repositories they process.

use std::{
    collections::HashMap,
    sync::PoisonError,
    time::{Duration, SystemTime},
};

use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::SpanKind, status::StatusCode};
use tracing::warn;

use super::{ObservabilityManager, Record};
use crate::transformation::{AttributeValue, Attributes, Metric, key_value, nanos};

/// Spans that are open at the same time: a workflow that never ends must not cost memory for ever.
const OPEN_SPANS: usize = 10_000;

/// What is started and not ended.
#[derive(Debug, Default)]
pub(super) struct Workflows {
    workflows: HashMap<String, Open>,
    repositories: HashMap<(String, String), Open>,
}

#[derive(Debug)]
struct Open {
    span: Span,
    started: SystemTime,
    adapter: String,
}

impl Workflows {
    /// Workflows that were started and not ended.
    pub(super) fn len(&self) -> usize {
        self.workflows.len()
    }

    fn has_room(&self) -> bool {
        self.workflows.len() + self.repositories.len() < OPEN_SPANS
    }
}

impl ObservabilityManager {
    /// Opens the span `workflow.{workflow_id}`, and says the id of its trace in hex: log entries that are given it
    /// belong to the trace.
    pub fn start_workflow_trace(&self, workflow_id: &str, adapter: &str, task_type: &str) -> String {
        let started = SystemTime::now();
        let start_s = i64::try_from(nanos(started) / 1_000_000_000).unwrap_or(i64::MAX);
        let attributes: Attributes = vec![
            ("workflow.id".to_owned(), workflow_id.into()),
            ("workflow.adapter".to_owned(), adapter.into()),
            ("workflow.task_type".to_owned(), task_type.into()),
            ("workflow.start_time".to_owned(), start_s.into()),
        ];
        let trace_id = fastrand::u128(1..).to_be_bytes();
        let span = span(trace_id.to_vec(), format!("workflow.{workflow_id}"), started, attributes);
        let mut open = self.shared.workflows.lock().unwrap_or_else(PoisonError::into_inner);
        if open.has_room() {
            let opened = Open { span, started, adapter: adapter.to_owned() };
            open.workflows.insert(workflow_id.to_owned(), opened);
        } else {
            drop(open);
            warn!(workflow_id, limit = OPEN_SPANS, "workflow-not-traced: end the workflows that are over");
        }
        const_hex::encode(trace_id)
    }

    /// Ends the span of the workflow and records its duration. A status of `failed` or `error` makes it one that
    /// failed.
    pub fn end_workflow_trace(&self, workflow_id: &str, status: &str) {
        let mut open = self.shared.workflows.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = open.workflows.remove(workflow_id);
        open.repositories.retain(|(workflow, _), _| workflow != workflow_id);
        drop(open);
        let Some(Open { mut span, started, adapter }) = ended else {
            warn!(workflow_id, "workflow-not-open: start its trace first");
            return;
        };
        let now = SystemTime::now();
        let failed = status.eq_ignore_ascii_case("failed") || status.eq_ignore_ascii_case("error");
        let code = if failed { StatusCode::Error } else { StatusCode::Ok };
        span.status = Some(Status { code: code.into(), ..Status::default() });
        span.attributes.push(key_value(("workflow.status".to_owned(), status.into())));
        let labels: Attributes = vec![
            ("workflow.id".to_owned(), workflow_id.into()),
            ("workflow.status".to_owned(), status.into()),
            ("workflow.adapter".to_owned(), AttributeValue::String(adapter)),
        ];
        let seconds = now.duration_since(started).unwrap_or_default().as_secs_f64();
        self.finish(span, now);
        self.record(Metric::new("mahavishnu.workflows.executed", 1.0, labels.clone()));
        if failed {
            self.record(Metric::new("mahavishnu.errors.count", 1.0, labels.clone()));
        }
        self.histogram("mahavishnu.workflow.duration", seconds, labels);
    }

    /// Opens the span `repo.process.{last component of the path}`, a child of the workflow's.
    pub fn start_repo_trace(&self, repo_path: &str, workflow_id: &str) {
        let started = SystemTime::now();
        let attributes: Attributes = labels(repo_path, workflow_id);
        let last = repo_path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
        let mut open = self.shared.workflows.lock().unwrap_or_else(PoisonError::into_inner);
        let parent = open.workflows.get(workflow_id).map(|workflow| workflow.span.clone());
        let trace_id = parent
            .as_ref()
            .map_or_else(|| fastrand::u128(1..).to_be_bytes().to_vec(), |it| it.trace_id.clone());
        let mut span = span(trace_id, format!("repo.process.{last}"), started, attributes);
        span.parent_span_id = parent.map(|it| it.span_id).unwrap_or_default();
        if open.has_room() {
            let key = (workflow_id.to_owned(), repo_path.to_owned());
            open.repositories.insert(key, Open { span, started, adapter: String::new() });
        } else {
            drop(open);
            warn!(workflow_id, limit = OPEN_SPANS, "workflow-not-traced: end the workflows that are over");
        }
    }

    /// Records how long a repository took, and ends its span where one is open.
    pub fn record_repo_processing_time(&self, repo_path: &str, workflow_id: &str, duration: Duration) {
        let key = (workflow_id.to_owned(), repo_path.to_owned());
        let mut open = self.shared.workflows.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = open.repositories.remove(&key);
        drop(open);
        if let Some(Open { span, started, .. }) = ended {
            self.finish(span, started.checked_add(duration).unwrap_or(started));
        }
        let labels = labels(repo_path, workflow_id);
        self.record(Metric::new("mahavishnu.repositories.processed", 1.0, labels.clone()));
        self.histogram("mahavishnu.repo.processing.duration", duration.as_secs_f64(), labels);
    }

    fn finish(&self, mut span: Span, end: SystemTime) {
        if self.shared.tracing_enabled {
            span.end_time_unix_nano = nanos(end);
            self.shared.push(Record::Span(Box::new(span)));
        }
    }
}

fn labels(repo_path: &str, workflow_id: &str) -> Attributes {
    vec![("repo.path".to_owned(), repo_path.into()), ("workflow.id".to_owned(), workflow_id.into())]
}

fn span(trace_id: Vec<u8>, name: String, started: SystemTime, attributes: Attributes) -> Span {
    Span {
        trace_id,
        span_id: fastrand::u64(1..).to_be_bytes().to_vec(),
        name,
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: nanos(started),
        attributes: attributes.into_iter().map(key_value).collect(),
        ..Span::default()
    }
}
