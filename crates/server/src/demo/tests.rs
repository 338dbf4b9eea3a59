//! The workload is what it says: valid, related, and failing in every way.

use std::collections::{HashMap, HashSet};

use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    logs::v1::LogRecord,
    metrics::v1::{Exemplar, Metric, metric::Data},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message;

use super::{
    PERIOD, TICK, Workload,
    random::SECOND,
    tick,
    value::{integer_of, text_of},
    workload,
};

const NOW: u64 = 1_764_000_000 * SECOND;
const SEEDS: [u64; 4] = [0, 1, 42, u64::MAX];

/// A workload that was decoded.
#[derive(Default)]
struct Decoded {
    spans: Vec<Span>,
    logs: Vec<LogRecord>,
    metrics: Vec<Metric>,
}

impl Decoded {
    fn new(requests: &[(Signal, bytes::Bytes)]) -> Self {
        let mut decoded = Self::default();
        for (signal, body) in requests {
            let body = body.clone();
            match signal {
                Signal::Traces => {
                    let request = ExportTraceServiceRequest::decode(body).expect("a trace request");
                    let resources = request.resource_spans.into_iter();
                    let scopes = resources.flat_map(|resource| resource.scope_spans);
                    decoded.spans.extend(scopes.flat_map(|scope| scope.spans));
                }
                Signal::Logs => {
                    let request = ExportLogsServiceRequest::decode(body).expect("a logs request");
                    let resources = request.resource_logs.into_iter();
                    let scopes = resources.flat_map(|resource| resource.scope_logs);
                    decoded.logs.extend(scopes.flat_map(|scope| scope.log_records));
                }
                Signal::Metrics => {
                    let request = ExportMetricsServiceRequest::decode(body).expect("a metrics request");
                    let resources = request.resource_metrics.into_iter();
                    let scopes = resources.flat_map(|resource| resource.scope_metrics);
                    decoded.metrics.extend(scopes.flat_map(|scope| scope.metrics));
                }
            }
        }
        decoded
    }

    fn traces(&self) -> HashMap<&[u8], Vec<&Span>> {
        let mut traces: HashMap<&[u8], Vec<&Span>> = HashMap::new();
        for span in &self.spans {
            traces.entry(&span.trace_id).or_default().push(span);
        }
        traces
    }

    fn exemplars(&self) -> Vec<&Exemplar> {
        let mut exemplars = Vec::new();
        for metric in &self.metrics {
            match metric.data.as_ref() {
                Some(Data::Histogram(data)) => {
                    exemplars.extend(data.data_points.iter().flat_map(|point| &point.exemplars));
                }
                Some(Data::ExponentialHistogram(data)) => {
                    exemplars.extend(data.data_points.iter().flat_map(|point| &point.exemplars));
                }
                _ => {}
            }
        }
        exemplars
    }
}

fn points(metric: &Metric) -> usize {
    match metric.data.as_ref().expect("a metric has data") {
        Data::Gauge(data) => data.data_points.len(),
        Data::Sum(data) => data.data_points.len(),
        Data::Histogram(data) => data.data_points.len(),
        Data::ExponentialHistogram(data) => data.data_points.len(),
        Data::Summary(data) => data.data_points.len(),
    }
}

fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == i32::from(StatusCode::Error))
}

fn throws(span: &Span, kind: &str) -> bool {
    text_of(span, "error.type") == Some(kind) && span.events.iter().any(|event| event.name == "exception")
}

/// Runs a check on the workloads of several seeds.
fn each(check: impl Fn(&Workload, &Decoded)) {
    for seed in SEEDS {
        println!("seed {seed}");
        let workload = workload(seed, NOW);
        let decoded = Decoded::new(&workload.requests);
        check(&workload, &decoded);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(workload(7, NOW).requests, workload(7, NOW).requests);
    assert_ne!(workload(7, NOW).requests, workload(8, NOW).requests);
    assert_eq!(tick(7, 3, NOW), tick(7, 3, NOW));
    assert_ne!(tick(7, 3, NOW), tick(7, 4, NOW));
}

#[test]
fn counts_are_what_was_encoded() {
    each(|workload, decoded| {
        assert_eq!(workload.traces, decoded.traces().len());
        assert_eq!(workload.spans, decoded.spans.len());
        assert_eq!(workload.logs, decoded.logs.len());
        assert_eq!(workload.points, decoded.metrics.iter().map(points).sum::<usize>());
        println!(
            "{} requests, {} bytes: {} traces, {} spans, {} logs, {} points",
            workload.requests.len(),
            workload.requests.iter().map(|request| request.1.len()).sum::<usize>(),
            workload.traces,
            workload.spans,
            workload.logs,
            workload.points
        );
    });
}

#[test]
fn ids_are_valid_and_unique() {
    each(|_, decoded| {
        let mut seen = HashSet::new();
        for span in &decoded.spans {
            assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
            assert!(
                span.trace_id.iter().any(|byte| *byte != 0) && span.span_id.iter().any(|byte| *byte != 0)
            );
            assert!(seen.insert(&span.span_id));
            assert!(!span.name.is_empty() && span.kind != i32::from(SpanKind::Unspecified));
            let keys: HashSet<&str> =
                span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
            assert_eq!(
                keys.len(),
                span.attributes.len(),
                "repeated attribute in {}: {:?}",
                span.name,
                span.attributes
            );
        }
    });
}

#[test]
fn traces_have_five_to_forty_spans_and_one_to_six_logs() {
    each(|_, decoded| {
        for (id, spans) in decoded.traces() {
            assert!((5..=40).contains(&spans.len()), "{} spans", spans.len());
            let logs = decoded.logs.iter().filter(|log| log.trace_id == id).count();
            assert!((1..=6).contains(&logs), "{logs} logs");
            assert_eq!(spans.iter().filter(|span| span.parent_span_id.is_empty()).count(), 1);
        }
        assert!(decoded.logs.iter().any(|log| log.trace_id.is_empty()));
    });
}

#[test]
fn only_the_killed_process_leaves_a_parent_missing() {
    each(|_, decoded| {
        for spans in decoded.traces().values() {
            let ids: HashSet<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
            let missing = |span: &&&Span| {
                !span.parent_span_id.is_empty() && !ids.contains(span.parent_span_id.as_slice())
            };
            let missing: HashSet<&[u8]> =
                spans.iter().filter(missing).map(|span| span.parent_span_id.as_slice()).collect();
            let killed = spans.iter().any(|span| throws(span, "httpx.RemoteProtocolError"));
            assert_eq!(missing.len(), usize::from(killed));
        }
    });
}

#[test]
fn children_lie_within_their_parents() {
    each(|_, decoded| {
        let spans: HashMap<&[u8], &Span> =
            decoded.spans.iter().map(|span| (span.span_id.as_slice(), span)).collect();
        for span in &decoded.spans {
            assert!(span.start_time_unix_nano < span.end_time_unix_nano, "{}", span.name);
            for event in &span.events {
                let within = span.start_time_unix_nano..=span.end_time_unix_nano;
                assert!(within.contains(&event.time_unix_nano), "{} in {}", event.name, span.name);
            }
            let Some(parent) = spans.get(span.parent_span_id.as_slice()) else { continue };
            assert_eq!(parent.trace_id, span.trace_id);
            assert!(
                parent.start_time_unix_nano <= span.start_time_unix_nano,
                "{} in {}",
                span.name,
                parent.name
            );
            assert!(parent.end_time_unix_nano >= span.end_time_unix_nano, "{} in {}", span.name, parent.name);
        }
    });
}

#[test]
fn times_lie_in_the_last_half_hour() {
    /// The longest workflow: it may begin before the half hour in which it ends.
    const LONGEST: u64 = 120 * SECOND;
    each(|_, decoded| {
        let within = NOW - PERIOD - LONGEST..=NOW;
        for span in &decoded.spans {
            assert!(within.contains(&span.start_time_unix_nano) && within.contains(&span.end_time_unix_nano));
        }
        for log in &decoded.logs {
            assert!(within.contains(&log.time_unix_nano) && within.contains(&log.observed_time_unix_nano));
        }
        let first =
            decoded.spans.iter().map(|span| span.start_time_unix_nano).min().expect("there are spans");
        let last = decoded.spans.iter().map(|span| span.end_time_unix_nano).max().expect("there are spans");
        assert!(last - first > PERIOD * 9 / 10);
    });
}

#[test]
fn logs_belong_to_spans() {
    each(|_, decoded| {
        let ids: HashMap<&[u8], &Span> =
            decoded.spans.iter().map(|span| (span.span_id.as_slice(), span)).collect();
        for log in decoded.logs.iter().filter(|log| !log.trace_id.is_empty()) {
            let span = ids.get(log.span_id.as_slice()).expect("the span of a log record was recorded");
            assert_eq!(span.trace_id, log.trace_id);
            assert!((span.start_time_unix_nano..=span.end_time_unix_nano).contains(&log.time_unix_nano));
        }
    });
}

#[test]
fn everything_goes_wrong_once() {
    each(|_, decoded| {
        let any = |check: &dyn Fn(&Span) -> bool| decoded.spans.iter().any(check);
        assert!(any(&|span| throws(span, "com.northwind.payments.CardDeclinedException")));
        assert!(any(&|span| throws(span, "RateLimitError")));
        assert!(any(&|span| throws(span, "APIConnectionTimeoutError")));
        assert!(any(&|span| throws(span, "psycopg.errors.DeadlockDetected")));
        assert!(any(&|span| text_of(span, "db.response.status_code") == Some("40P01")));
        assert!(any(&|span| throws(span, "httpx.RemoteProtocolError")));
        let refused = |status| {
            move |span: &Span| {
                span.name.ends_with("/fetch") && integer_of(span, "http.response.status_code") == Some(status)
            }
        };
        assert!(any(&refused(404)) && any(&refused(502)));
        let slow = |span: &Span| span.end_time_unix_nano - span.start_time_unix_nano > 6 * SECOND;
        assert!(any(&|span| text_of(span, "db.collection.name") == Some("findings") && slow(span)));
    });
}

#[test]
fn about_one_trace_in_seven_is_troubled() {
    each(|_, decoded| {
        let traces = decoded.traces();
        let troubled = traces.values().filter(|spans| spans.iter().any(|span| is_error(span))).count();
        assert!((14..=18).contains(&troubled), "{troubled} of {}", traces.len());
        let failed =
            decoded.spans.iter().filter(|span| span.parent_span_id.is_empty() && is_error(span)).count();
        assert!((11..=18).contains(&failed), "{failed} of {}", traces.len());
    });
}

#[test]
fn the_featured_trace_fails_and_has_logs() {
    each(|workload, decoded| {
        let id = const_hex::decode(&workload.featured_trace).expect("hexadecimal");
        let traces = decoded.traces();
        let spans = &traces[id.as_slice()];
        let root = spans.iter().find(|span| span.parent_span_id.is_empty()).expect("a root");
        assert!(is_error(root));
        assert!(spans.iter().any(|span| throws(span, "com.northwind.payments.CardDeclinedException")));
        let logs: Vec<&LogRecord> = decoded.logs.iter().filter(|log| log.trace_id == id).collect();
        assert!(logs.len() >= 3);
        assert!(logs.iter().any(|log| log.attributes.iter().any(|one| one.key == "exception.stacktrace")));
    });
}

#[test]
fn links_point_at_spans() {
    each(|_, decoded| {
        let ids: HashSet<&[u8]> = decoded.spans.iter().map(|span| span.span_id.as_slice()).collect();
        let links: Vec<_> = decoded.spans.iter().flat_map(|span| &span.links).collect();
        assert!(!links.is_empty());
        assert!(links.iter().all(|link| ids.contains(link.span_id.as_slice())));
        assert!(decoded.spans.iter().any(|span| !span.trace_state.is_empty()));
    });
}

#[test]
fn exemplars_point_at_spans() {
    each(|_, decoded| {
        let ids: HashSet<(&[u8], &[u8])> =
            decoded.spans.iter().map(|span| (span.trace_id.as_slice(), span.span_id.as_slice())).collect();
        let exemplars = decoded.exemplars();
        assert!(!exemplars.is_empty());
        assert!(exemplars.iter().all(|one| ids.contains(&(one.trace_id.as_slice(), one.span_id.as_slice()))));
    });
}

#[test]
fn metrics_have_the_names_and_kinds_of_the_contract() {
    each(|_, decoded| {
        let kinds: HashMap<&str, &Data> = decoded
            .metrics
            .iter()
            .map(|metric| (metric.name.as_str(), metric.data.as_ref().expect("a metric has data")))
            .collect();
        for name in
            ["mahavishnu.workflows.executed", "mahavishnu.repositories.processed", "mahavishnu.errors.count"]
        {
            assert!(matches!(kinds[name], Data::Sum(sum) if sum.is_monotonic), "{name}");
        }
        for name in ["mahavishnu.workflow.duration", "mahavishnu.repo.processing.duration"] {
            assert!(matches!(kinds[name], Data::Histogram(_)), "{name}");
        }
        assert!(matches!(kinds["process.memory.usage"], Data::Gauge(_)));
        assert!(matches!(kinds["http.server.request.duration"], Data::ExponentialHistogram(_)));
        assert!(matches!(kinds["go_gc_duration_seconds"], Data::Summary(_)));
    });
}

#[test]
fn ticks_bring_new_traces() {
    let before: HashSet<Vec<u8>> =
        Decoded::new(&workload(1, NOW).requests).spans.into_iter().map(|span| span.trace_id).collect();
    let mut seen = before;
    for n in 0..200 {
        let now = NOW + (n + 1) * TICK.as_nanos() as u64;
        let decoded = Decoded::new(&tick(1, n, now));
        let traces = decoded.traces();
        assert!((1..=3).contains(&traces.len()));
        assert!(decoded.spans.iter().all(|span| span.end_time_unix_nano <= now));
        assert!(traces.keys().all(|id| seen.insert(id.to_vec())), "a trace of tick {n} came before");
        assert!(!decoded.metrics.is_empty());
    }
}
