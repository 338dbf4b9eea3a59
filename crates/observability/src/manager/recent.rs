//! The other end of the queue: what has gathered, and the newest log entries.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use crossbeam_queue::ArrayQueue;
use mahavishnu_pipeline::Batch;
use opentelemetry_proto::tonic::{logs::v1::LogRecord, metrics::v1::Metric, trace::v1::Span};

use super::{Record, request};
use crate::{settings::LogLevel, transformation::LogEntry};

/// Log entries that are kept to be looked at.
const RECENT_LOGS: usize = 1000;

/// Records of one request: some hundred kilobytes of usual ones.
const REQUEST_RECORDS: usize = 512;

/// What was taken out of the queue.
#[derive(Debug, Default)]
pub(super) struct Recent {
    ring: VecDeque<Arc<LogEntry>>,
    logs: Vec<Arc<LogEntry>>,
    metrics: Vec<Metric>,
    spans: Vec<Span>,
}

impl Recent {
    /// Takes what is in the queue, unless as much as it holds waits here already.
    pub(super) fn gather(&mut self, queue: &ArrayQueue<Record>) {
        while self.logs.len() + self.metrics.len() + self.spans.len() < queue.capacity() {
            match queue.pop() {
                None => return,
                Some(Record::Log(entry)) => self.log(entry),
                Some(Record::Metric(metric, at)) => {
                    let mut otel = metric.to_otel(at);
                    otel.unit = otel.name.ends_with(".duration").then(|| "s".to_owned());
                    self.metrics.push(otel.to_metric());
                }
                Some(Record::Span(span)) => self.spans.push(*span),
            }
        }
    }

    fn log(&mut self, entry: LogEntry) {
        let entry = Arc::new(entry);
        if self.ring.len() == RECENT_LOGS {
            self.ring.pop_front();
        }
        self.ring.push_back(Arc::clone(&entry));
        self.logs.push(entry);
    }

    /// Hands over what has gathered; the newest log entries stay to be looked at.
    pub(super) fn take(&mut self) -> Gathered {
        Gathered {
            logs: std::mem::take(&mut self.logs),
            metrics: std::mem::take(&mut self.metrics),
            spans: std::mem::take(&mut self.spans),
        }
    }

    /// The newest entries, newest first.
    pub(super) fn logs(
        &self,
        limit: usize,
        level: Option<LogLevel>,
        since: Option<SystemTime>,
    ) -> Vec<Arc<LogEntry>> {
        let wanted = |entry: &&Arc<LogEntry>| {
            level.is_none_or(|level| entry.level >= level)
                && since.is_none_or(|since| entry.timestamp >= since)
        };
        self.ring.iter().rev().filter(wanted).take(limit).cloned().collect()
    }
}

/// Records on their way out of the queue.
#[derive(Debug)]
pub(super) struct Gathered {
    logs: Vec<Arc<LogEntry>>,
    metrics: Vec<Metric>,
    spans: Vec<Span>,
}

impl Gathered {
    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.metrics.is_empty() && self.spans.is_empty()
    }

    /// Requests of a bounded number of records.
    pub(super) fn batches(self) -> Vec<Batch> {
        let mut batches = Vec::new();
        for logs in self.logs.chunks(REQUEST_RECORDS) {
            let records: Vec<LogRecord> = logs.iter().map(|entry| entry.to_log_record()).collect();
            batches.extend(request::logs(records));
        }
        for metrics in self.metrics.chunks(REQUEST_RECORDS) {
            batches.extend(request::metrics(metrics.to_vec()));
        }
        for spans in self.spans.chunks(REQUEST_RECORDS) {
            batches.extend(request::traces(spans.to_vec()));
        }
        batches
    }
}
