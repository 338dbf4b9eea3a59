//! What of a trace matters most.

use super::tree::Tree;
use crate::shapes::{LogRecord, Span, TraceContext};

/// Severity numbers of OpenTelemetry.
const WARNING: i32 = 13;
const ERROR: i32 = 17;

/// A span or a log record, by its place in the trace's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Span(usize),
    Log(usize),
}

/// Spans and logs of a trace by how much they matter.
#[derive(Debug)]
pub struct Order {
    /// Spans that are always shown: roots, failing ones, the one that was asked for.
    pub always: Vec<usize>,
    /// Everything else.
    pub rest: Vec<Entry>,
    /// Which spans have no parent; the earliest where all have one.
    pub roots: Vec<usize>,
}

impl Order {
    pub fn new(context: &TraceContext, tree: &Tree, focus: Option<usize>) -> Self {
        let spans = &context.spans;
        let mut roots: Vec<usize> =
            tree.order.iter().copied().filter(|at| spans[*at].parent_span_id.is_none()).collect();
        if roots.is_empty() {
            roots.extend(tree.order.first());
        }
        let mut is_always = vec![false; spans.len()];
        for at in roots.iter().copied().chain(focus) {
            is_always[at] = true;
        }
        for (at, span) in spans.iter().enumerate() {
            is_always[at] |= is_failing(span);
        }
        let leads = leading_to_failures(spans, tree);
        let below = below(focus, tree);
        let mut rest: Vec<(u8, Entry)> = Vec::new();
        for (at, leads) in leads.iter().enumerate().filter(|(at, _)| !is_always[*at]) {
            let weight = match leads {
                true => 2,
                false if below[at] => 1,
                false => 4,
            };
            rest.push((weight, Entry::Span(at)));
        }
        rest.extend(context.logs.iter().enumerate().map(|(at, log)| (weight_of(log), Entry::Log(at))));
        // Within a weight the longest span comes first, and logs by time after them.
        let long = |entry: Entry| match entry {
            Entry::Span(at) => (0, -spans[at].duration_ms, at),
            Entry::Log(at) => (1, 0.0, at),
        };
        rest.sort_by(|(weight, one), (other_weight, other)| {
            let (one, other) = (long(*one), long(*other));
            weight
                .cmp(other_weight)
                .then(one.0.cmp(&other.0))
                .then(one.1.total_cmp(&other.1))
                .then(one.2.cmp(&other.2))
        });
        let always = tree.order.iter().copied().filter(|at| is_always[*at]).collect();
        Self { always, rest: rest.into_iter().map(|(_, entry)| entry).collect(), roots }
    }
}

/// Whether a span failed.
pub fn is_failing(span: &Span) -> bool {
    span.status == "ERROR"
}

fn weight_of(log: &LogRecord) -> u8 {
    match log.severity_number {
        ERROR.. => 0,
        WARNING.. => 3,
        _ => 5,
    }
}

/// Which spans have a failing one below them.
fn leading_to_failures(spans: &[Span], tree: &Tree) -> Vec<bool> {
    let mut leads = vec![false; spans.len()];
    for at in tree.order.iter().rev() {
        if let Some(parent) = tree.parent[*at]
            && (leads[*at] || is_failing(&spans[*at]))
        {
            leads[parent] = true;
        }
    }
    leads
}

/// Which spans are below the one that was asked for.
fn below(focus: Option<usize>, tree: &Tree) -> Vec<bool> {
    let mut below = vec![false; tree.order.len()];
    for at in &tree.order {
        below[*at] = tree.parent[*at].is_some_and(|parent| below[parent] || Some(parent) == focus);
    }
    below
}
