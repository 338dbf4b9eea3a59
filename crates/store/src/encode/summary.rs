//! What a batch says of each trace.

use std::collections::BTreeMap;

use mahavishnu_semantic::PatternId;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use crate::{
    encode::span::{Meaning, span_id, trace_id},
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
    /// How many of its spans follow each pattern.
    pub(crate) patterns: BTreeMap<i64, i32>,
}

/// Patterns of one trace that are kept: what it is made of, not all that it holds.
const MOST_PATTERNS: usize = 256;

/// Summaries by trace id: always in the same order, so that two writers never wait for each other in a circle.
pub(crate) type Summaries = BTreeMap<[u8; 16], Summary>;

pub(crate) fn add_span(summaries: &mut Summaries, span: &Span, service: &str, meaning: Meaning) {
    let (Some(trace), Some(id)) = (trace_id(&span.trace_id), span_id(&span.span_id)) else { return };
    let start = UnixNanos(span.start_time_unix_nano);
    // A span that was not ended, or ends before it starts, ends where it starts.
    let end = UnixNanos(span.end_time_unix_nano).max(start);
    let root_missing = !span.parent_span_id.is_empty();
    let error = span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32);
    let summary = summaries.entry(trace).or_insert_with(|| Summary {
        start,
        end,
        spans: 0,
        errors: 0,
        root_missing: true,
        root_start: UnixNanos(u64::MAX),
        root_span_id: i64::MAX,
        service: String::new(),
        name: String::new(),
        patterns: BTreeMap::new(),
    });
    for PatternId(id) in [meaning.pattern, meaning.error].into_iter().flatten() {
        if summary.patterns.len() < MOST_PATTERNS {
            *summary.patterns.entry(id.cast_signed()).or_default() += 1;
        }
    }
    summary.start = summary.start.min(start);
    summary.end = summary.end.max(end);
    summary.spans += 1;
    summary.errors += i32::from(error);
    // The database compares microseconds, so we do too.
    let candidate = (root_missing, start.postgres_micros(), id);
    let current = (summary.root_missing, summary.root_start.postgres_micros(), summary.root_span_id);
    if candidate < current || summary.name.is_empty() && summary.service.is_empty() {
        (summary.root_missing, summary.root_start, summary.root_span_id) = (root_missing, start, id);
        service.clone_into(&mut summary.service);
        summary.name = span.name.replace('\0', "\u{fffd}");
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
