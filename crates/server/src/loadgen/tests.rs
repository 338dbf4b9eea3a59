//! What the load is, and that it is the same each time.

use std::collections::HashSet;

use axum::Router;
use bytes::Bytes;
use mahavishnu_pipeline::{Signal, check::check};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use tokio::net::TcpListener;

use super::{
    Load, Plan, Template,
    arrived::Api,
    request,
    sender::{Protocol, Sender},
};

/// What an SDK sends at once.
const BATCH: u64 = 512;

fn load(signal: Signal, count: u64) -> Load {
    Load { signal, seed: 7, batch: BATCH, connections: 1, rate: None, count: Some(count), duration: None }
}

fn spans(number: u64, now: u64) -> Vec<Span> {
    spans_of(7, number, now)
}

fn spans_of(seed: u64, number: u64, now: u64) -> Vec<Span> {
    let load = Load { seed, ..load(Signal::Traces, BATCH) };
    let template = Template::new(|marks| request(&load, number, BATCH, marks));
    let request = ExportTraceServiceRequest::decode(template.fill(seed, number, now)).expect("decodable");
    request
        .resource_spans
        .into_iter()
        .flat_map(|group| group.scope_spans)
        .flat_map(|scope| scope.spans)
        .collect()
}

#[test]
fn every_record_of_every_signal_is_kept_and_no_mark_is_left() {
    for signal in Signal::ALL {
        let template = Template::new(|marks| request(&load(signal, BATCH), 3, BATCH, marks));
        let bytes = template.fill(7, 3, 1_700_000_000_000_000_000);
        assert!(!bytes.windows(4).any(|window| window == [0xf4, 0x8f, 0xbf, 0xbf]), "{signal}");
        let checked = check(signal, bytes).expect("well formed");
        assert_eq!((checked.batch.records() as u64, checked.reason.as_str()), (BATCH, ""), "{signal}");
    }
}

#[test]
fn spans_come_eight_to_a_trace_of_365_bytes_two_in_a_hundred_failing() {
    let (mut traces, mut ids, mut failing, mut bytes) = (HashSet::new(), HashSet::new(), 0, 0);
    let all: Vec<Span> = (0..16).flat_map(|number| spans(number, 1_700_000_000_000_000_000)).collect();
    for span in &all {
        traces.insert(span.trace_id.clone());
        assert!(ids.insert(span.span_id.clone()));
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        assert_eq!(span.attributes.len(), 12);
        failing += usize::from(!span.events.is_empty());
        bytes += span.encoded_len();
    }
    assert_eq!(all.len(), traces.len() * 8);
    assert!(all.iter().all(|span| span.parent_span_id.is_empty() || ids.contains(&span.parent_span_id)));
    let (share, size) = (failing as f64 / all.len() as f64, bytes / all.len());
    assert!((0.015..0.025).contains(&share), "{share}");
    assert!((340..400).contains(&size), "{size}");
}

#[test]
fn one_seed_is_one_load() {
    assert_eq!(spans(5, 9), spans(5, 9));
    assert_ne!(spans(5, 9), spans(6, 9));
}

#[test]
fn loads_of_neighbouring_seeds_share_no_id() {
    let (mut traces, mut ids) = (HashSet::new(), HashSet::new());
    for seed in 0..4 {
        for span in (0..16).flat_map(|number| spans_of(seed, number, 9)) {
            traces.insert(span.trace_id);
            assert!(ids.insert(span.span_id), "seed {seed}");
        }
    }
    assert_eq!(ids.len(), traces.len() * 8);
}

#[test]
fn the_count_is_exact() {
    let plan = Plan::new(load(Signal::Logs, 1100), std::sync::Arc::default());
    let mut records = Vec::new();
    while let Some((number, count, _)) = plan.next() {
        let bytes = plan.template(number, count).fill(7, number, 1);
        records.push(check(Signal::Logs, bytes).expect("well formed").batch.records());
        assert_eq!(records.last(), Some(&(count as usize)));
    }
    assert_eq!(records, [512, 512, 76]);
}

#[tokio::test]
async fn a_target_where_nothing_listens_is_told_in_one_sentence() {
    for protocol in [Protocol::Http, Protocol::Grpc] {
        let sender = Sender::new("http://127.0.0.1:1", protocol, Signal::Logs).expect("an address");
        let error = format!("{:#}", sender.send(Bytes::new()).await.expect_err("nobody"));
        assert!(error.starts_with("http://127.0.0.1:1/"), "{error}");
        assert!(error.contains(" does not answer (Connection refused"), "{error}");
        assert!(error.ends_with("): give --target the address of an OTLP server that runs"), "{error}");
    }
}

/// The address of a server that says this to every question.
async fn saying(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let router = Router::new().fallback(move || async move { text });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn an_address_where_no_mahavishnu_otel_answers_is_refused_in_one_sentence() {
    // Another test of this process may have done it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let counts = async |url: &str| {
        let counts = Api::new(url).expect("an address").counts(Signal::Traces).await;
        counts.map_err(|error| format!("{error:#}"))
    };
    let ours = saying("mahavishnu_otel_exporter_sent_spans_total{destination=\"otlp\"} 7\n").await;
    assert_eq!(counts(&ours).await.expect("ours").len(), 1);

    let foreign = counts(&saying("process_cpu_seconds_total 1\n").await).await.expect_err("another program");
    assert_eq!(foreign, "what answers at --api is no mahavishnu-otel: give the address of its API");
    let dead = counts("http://127.0.0.1:1").await.expect_err("nobody");
    assert_eq!(
        dead,
        "nothing listens at the address of --api: start `mahavishnu-otel serve`, or give the address of its API"
    );
}
