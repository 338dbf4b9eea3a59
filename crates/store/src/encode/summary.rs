//! What a batch says of each trace.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use mahavishnu_semantic::PatternId;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::{
    encode::{
        span::{Meaning, span_id, trace_id},
        view::SpanView,
    },
    time::UnixNanos,
};

/// Puts what a batch says of a trace into its row; see the file for the parameters.
pub(crate) const SUMMARISE: &str = include_str!("../../queries/trace/summarise.sql");

/// The part of a trace that one batch holds.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) start: UnixNanos,
    pub(crate) end: UnixNanos,
    pub(crate) spans: i32,
    pub(crate) errors: i32,
    /// Whether `root` has a parent: it stands in until a span without one comes.
    pub(crate) root_missing: bool,
    pub(crate) root_start: UnixNanos,
    pub(crate) root_span_id: i64,
    pub(crate) service: String,
    pub(crate) name: String,
    /// How many of its spans follow each pattern: a few, in the order in which they came.
    pub(crate) patterns: Vec<(i64, i32)>,
}

/// Patterns of one trace that are kept: what it is made of, not all that it holds.
const MOST_PATTERNS: usize = 256;

/// Summaries by trace id.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    traces: HashMap<[u8; 16], usize, RandomState>,
    summaries: Vec<([u8; 16], Summary)>,
    /// The trace of the span before: most spans of a trace come together.
    latest: usize,
}

impl Summaries {
    pub(crate) fn is_empty(&self) -> bool {
        self.summaries.is_empty()
    }

    /// All of them, always in the same order, so that two writers never wait for each other in a circle.
    pub(crate) fn into_sorted(mut self) -> Vec<([u8; 16], Summary)> {
        self.summaries.sort_unstable_by_key(|(trace, _)| *trace);
        for (_, summary) in &mut self.summaries {
            summary.patterns.sort_unstable();
        }
        self.summaries
    }

    /// Adds a span to the summary of its trace.
    pub(crate) fn add(&mut self, span: &SpanView<'_>, service: &str, meaning: Meaning) {
        let (Some(trace), Some(id)) = (trace_id(span.trace_id), span_id(span.span_id)) else { return };
        let summary = self.of(trace);
        let start = UnixNanos(span.start);
        // A span that was not ended, or ends before it starts, ends where it starts.
        let end = UnixNanos(span.end).max(start);
        let root_missing = !span.parent_span_id.is_empty();
        for PatternId(id) in [meaning.pattern, meaning.error].into_iter().flatten() {
            summary.count(id.cast_signed());
        }
        summary.start = summary.start.min(start);
        summary.end = summary.end.max(end);
        summary.spans += 1;
        summary.errors += i32::from(span.status == StatusCode::Error as i32);
        // The database compares microseconds, so we do too.
        let candidate = (root_missing, start.postgres_micros(), id);
        let current = (summary.root_missing, summary.root_start.postgres_micros(), summary.root_span_id);
        if candidate < current || summary.name.is_empty() && summary.service.is_empty() {
            (summary.root_missing, summary.root_start, summary.root_span_id) = (root_missing, start, id);
            service.clone_into(&mut summary.service);
            span.name.clone_into(&mut summary.name);
            if summary.name.as_bytes().contains(&0) {
                summary.name = summary.name.replace('\0', "\u{fffd}");
            }
        }
    }

    fn of(&mut self, trace: [u8; 16]) -> &mut Summary {
        let same = self.summaries.get(self.latest).is_some_and(|(latest, _)| *latest == trace);
        if !same {
            self.latest = *self.traces.entry(trace).or_insert(self.summaries.len());
            if self.latest == self.summaries.len() {
                self.summaries.push((trace, Summary::default()));
            }
        }
        &mut self.summaries[self.latest].1
    }
}

impl Default for Summary {
    /// Of no span yet.
    fn default() -> Self {
        Self {
            start: UnixNanos(u64::MAX),
            end: UnixNanos(0),
            spans: 0,
            errors: 0,
            root_missing: true,
            root_start: UnixNanos(u64::MAX),
            root_span_id: i64::MAX,
            service: String::new(),
            name: String::new(),
            patterns: Vec::new(),
        }
    }
}

impl Summary {
    fn count(&mut self, pattern: i64) {
        if self.patterns.len() >= MOST_PATTERNS {
            return;
        }
        match self.patterns.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, spans)) => *spans += 1,
            None => self.patterns.push((pattern, 1)),
        }
    }
}

impl Summary {
    /// Joins another part of the same trace, as the database does.
    pub(crate) fn join(&mut self, other: Self) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.spans += other.spans;
        self.errors += other.errors;
        let root = |it: &Self| (it.root_missing, it.root_start.postgres_micros(), it.root_span_id);
        if root(&other) < root(self) {
            (self.root_missing, self.root_start, self.root_span_id) =
                (other.root_missing, other.root_start, other.root_span_id);
            (self.service, self.name) = (other.service, other.name);
        }
    }
}
