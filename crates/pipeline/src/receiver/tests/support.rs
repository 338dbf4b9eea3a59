//! A server with an exporter that does as it is told, and clients.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use mahavishnu_spool::{Durability, Options, Policy, Spool};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;

use crate::{
    Batch, Delivery, ExportError, Exporter, Intake, Ledger, Resilience, Signal,
    breaker::{BreakerSettings, CircuitBreaker},
    delivery::Route,
    receiver::{Limits, Listener, grpc::Raw, router},
    retry::RetrySettings,
};

/// The limit of most servers here: small, so that large is quickly made.
pub(super) const LIMIT: usize = 1024 * 1024;

/// Remembers what it got, and does as it is told.
#[derive(Debug, Default)]
pub(super) struct Destination {
    pub(super) got: Mutex<Vec<Batch>>,
    /// Whether it waits for `go`.
    pub(super) hangs: Mutex<bool>,
    pub(super) asked: Notify,
    pub(super) go: Notify,
}

impl Exporter for Destination {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        let hangs = *self.hangs.lock().unwrap();
        self.asked.notify_one();
        if hangs {
            self.go.notified().await;
        }
        self.got.lock().unwrap().extend_from_slice(batches);
        Ok(())
    }
}

/// One attempt, and a breaker that these tests do not open.
fn patient() -> Resilience {
    let settings = BreakerSettings::try_new(100, Duration::from_secs(1)).expect("allowed");
    Resilience {
        breaker: CircuitBreaker::new("test", settings),
        retry: RetrySettings::new(1, Duration::ZERO),
        seed: 0,
    }
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) destination: Arc<Destination>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) stop: CancellationToken,
    pub(super) serving: JoinHandle<()>,
    pub(super) spool: Spool,
    pub(super) delivery: Delivery,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::with(LIMIT, 64 * LIMIT).await
    }

    pub(super) async fn with(max_request_bytes: usize, capacity_bytes: usize) -> Self {
        let destination = Arc::new(Destination::default());
        let options = Options {
            directory: "unused".into(),
            durability: Durability::Memory,
            budget_bytes: capacity_bytes as u64,
            policy: Policy::Refuse,
            segment_bytes: capacity_bytes as u64,
            weigh: Intake::weigh,
        };
        let (spool, _nothing) = Spool::open(options, &["test"]).expect("a budget");
        let delivery =
            Delivery::start(&destination, &patient(), &spool, &Route::default()).expect("a reader");
        let intake = Intake::new(spool.clone(), None);
        let ledger = Arc::clone(intake.ledger());
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stop = CancellationToken::new();
        let serving =
            tokio::spawn(listener.serve(router(intake, Limits { max_request_bytes }), stop.clone()));
        Self { address, destination, ledger, spool, stop, serving, delivery }
    }

    /// What the destination has, once it has all that was accepted.
    pub(super) async fn got(&self) -> Vec<Batch> {
        self.delivery.destination().reached(&self.spool).await;
        self.destination.got.lock().unwrap().clone()
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.send("POST", path, headers, body).await
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let response = client.request(request.body(body.into()).unwrap()).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Sends protobuf over HTTP.
    pub(super) async fn protobuf(&self, signal: Signal, request: impl Into<Body>) -> Answer {
        self.post(&format!("/v1/{signal}"), &[("content-type", "application/x-protobuf")], request).await
    }

    /// Sends JSON over HTTP.
    pub(super) async fn json(&self, signal: Signal, request: impl Into<Body>) -> Answer {
        self.post(&format!("/v1/{signal}"), &[("content-type", "application/json")], request).await
    }

    /// Calls a method over gRPC.
    pub(super) async fn call(
        &self,
        path: &'static str,
        compression: Option<CompressionEncoding>,
        request: impl Into<Bytes>,
    ) -> Result<Bytes, tonic::Status> {
        let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", self.address));
        let channel = channel.unwrap().connect().await.expect("a connection");
        let mut client = tonic::client::Grpc::new(channel);
        if let Some(compression) = compression {
            client = client.send_compressed(compression);
        }
        client.ready().await.expect("ready");
        let path = axum::http::uri::PathAndQuery::from_static(path);
        client.unary(tonic::Request::new(request.into()), path, Raw).await.map(tonic::Response::into_inner)
    }

    /// A good request on either protocol arrives as ever.
    pub(super) async fn assert_undisturbed(&self) {
        let before = self.got().await.len();
        assert_eq!(self.protobuf(Signal::Traces, spans(vec![span()])).await.status, 200);
        let path = crate::receiver::grpc::path(Signal::Traces);
        self.call(path, None, spans(vec![span()])).await.expect("taken");
        assert_eq!(self.got().await.len(), before + 2);
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn content_type(&self) -> &str {
        self.header("content-type")
    }

    pub(super) fn json(&self) -> serde_json::Value {
        assert_eq!(self.content_type(), "application/json");
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The `google.rpc.Status` in the body: its code and message.
    pub(super) fn rpc_status(&self) -> (i32, String) {
        if self.content_type() == "application/json" {
            let json = self.json();
            let code = i32::try_from(json["code"].as_i64().expect("a code")).unwrap();
            return (code, json["message"].as_str().expect("a message").to_owned());
        }
        assert_eq!(self.content_type(), "application/x-protobuf");
        let status = crate::receiver::reply::RpcStatus::decode(&self.body[..]).expect("a status");
        (status.code, status.message)
    }
}

pub(super) fn span() -> Span {
    Span { trace_id: vec![1; 16], span_id: vec![2; 8], name: "GET /".to_owned(), ..Span::default() }
}

pub(super) fn spans(spans: Vec<Span>) -> Vec<u8> {
    let scope = ScopeSpans { spans, ..ScopeSpans::default() };
    let group = ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec()
}

pub(super) fn metrics(metrics: Vec<Metric>) -> Vec<u8> {
    let scope = ScopeMetrics { metrics, ..ScopeMetrics::default() };
    let group = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![group] }.encode_to_vec()
}

pub(super) fn logs(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope = ScopeLogs { log_records, ..ScopeLogs::default() };
    let group = ResourceLogs { scope_logs: vec![scope], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![group] }.encode_to_vec()
}

/// A good request of one record.
pub(super) fn request(signal: Signal) -> Vec<u8> {
    match signal {
        Signal::Traces => spans(vec![span()]),
        Signal::Metrics => {
            let gauge = Gauge { data_points: vec![NumberDataPoint::default()] };
            metrics(vec![Metric { data: Some(Data::Gauge(gauge)), ..Metric::default() }])
        }
        Signal::Logs => logs(vec![LogRecord::default()]),
    }
}

/// A request of about so many bytes.
pub(super) fn large(bytes: usize) -> Vec<u8> {
    spans(vec![Span { name: "x".repeat(bytes), ..span() }])
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
    let mut compressed = Vec::new();
    std::io::Read::read_to_end(&mut encoder, &mut compressed).unwrap();
    compressed
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}
