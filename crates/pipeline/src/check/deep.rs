//! Records nested so deep that the decoder gives up, and with them their request.
//!
//! The decoder counts messages within messages, wherever they are, up to a hundred; a list of pairs within a list of
//! pairs is three. Here a request is taken apart without looking into its records, and those that can not be decoded
//! are left out. This is slow, and happens only after the decoder gave up.

use bytes::Bytes;
use prost::{DecodeError, Message};

use super::{Findings, MAX_DEPTH, rules};
use crate::signal::Signal;

/// `Export*ServiceRequest`, the same for every signal.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    groups: Vec<Group>,
}

/// `ResourceSpans` and its like.
#[derive(Clone, PartialEq, Message)]
struct Group {
    #[prost(bytes = "bytes", optional, tag = "1")]
    resource: Option<Bytes>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<Scope>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

/// `ScopeSpans` and its like.
#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(bytes = "bytes", optional, tag = "1")]
    scope: Option<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    records: Vec<Bytes>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

/// Of a `Span`, what tells which it is.
#[derive(Clone, PartialEq, Message)]
struct SpanName {
    #[prost(string, tag = "5")]
    name: String,
}

/// Of a `LogRecord`.
#[derive(Clone, PartialEq, Message)]
struct LogName {
    #[prost(string, tag = "12")]
    event_name: String,
}

/// Of a `Metric`: its name and, of whatever kind, its points.
#[derive(Clone, PartialEq, Message)]
struct MetricName {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Points>,
    #[prost(message, optional, tag = "7")]
    sum: Option<Points>,
    #[prost(message, optional, tag = "9")]
    histogram: Option<Points>,
    #[prost(message, optional, tag = "10")]
    exponential_histogram: Option<Points>,
    #[prost(message, optional, tag = "11")]
    summary: Option<Points>,
}

#[derive(Clone, PartialEq, Message)]
struct Points {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    points: Vec<Bytes>,
}

impl MetricName {
    fn points(&self) -> usize {
        [&self.gauge, &self.sum, &self.histogram, &self.exponential_histogram, &self.summary]
            .into_iter()
            .flatten()
            .map(|kind| kind.points.len())
            .sum()
    }
}

/// Whether the decoder gave up for the depth.
pub(super) fn is_why(error: &DecodeError) -> bool {
    error.to_string().contains("recursion limit reached")
}

/// The request without the records that are too deep; they are entered in the findings.
pub(super) fn without<M: Message + Default>(
    signal: Signal,
    request: &Bytes,
    findings: &mut Findings,
) -> Result<M, DecodeError> {
    let mut request = Request::decode(request.clone())?;
    for group in &mut request.groups {
        // Each part is tried alone in its place: together, a large resource would be decoded for every record.
        let resource = Group { resource: group.resource.clone(), ..Group::default() };
        let lost = is_too_deep::<M>(resource);
        for scope in &mut group.scopes {
            let shared = Scope { scope: scope.scope.clone(), ..Scope::default() };
            let lost = lost || is_too_deep::<M>(shared.into());
            scope.records.retain(|record| {
                let single = Scope { records: vec![record.clone()], ..Scope::default() };
                let keep = !lost && !is_too_deep::<M>(single.into());
                if !keep {
                    reject(signal, record, findings);
                }
                keep
            });
        }
        // A resource or a scope that is too deep has lost all its records, and goes too.
        group.scopes.retain(|scope| !scope.records.is_empty());
    }
    request.groups.retain(|group| !group.scopes.is_empty());
    // What else is wrong with it is found here.
    M::decode(&request.encode_to_vec()[..])
}

impl From<Scope> for Group {
    fn from(scope: Scope) -> Self {
        Self { scopes: vec![scope], ..Self::default() }
    }
}

fn is_too_deep<M: Message + Default>(group: Group) -> bool {
    let request = Request { groups: vec![group] }.encode_to_vec();
    M::decode(&request[..]).is_err_and(|error| is_why(&error))
}

fn reject(signal: Signal, record: &Bytes, findings: &mut Findings) {
    let record = record.clone();
    let (count, name) = match signal {
        Signal::Traces => (1, SpanName::decode(record).map(|span| span.name)),
        Signal::Logs => (1, LogName::decode(record).map(|log| log.event_name)),
        Signal::Metrics => {
            let metric = MetricName::decode(record);
            (metric.as_ref().map_or(1, |metric| metric.points().max(1)), metric.map(|metric| metric.name))
        }
    };
    findings.reject(count as u64, || {
        let name = rules::quoted(&name.unwrap_or_default());
        let subject = if signal == Signal::Metrics { format!("a point of {name}") } else { name };
        format!("{subject} has values nested more than {MAX_DEPTH} deep")
    });
}
