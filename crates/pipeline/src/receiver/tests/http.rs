//! What OTLP/HTTP promises.

use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    metrics::v1::Metric,
    trace::v1::Span,
};
use prost::Message;
use rstest::rstest;
use serde_json::json;

use super::support::{LIMIT, Server, gzip, large, metrics, request, span, spans, zstd};
use crate::Signal;

#[rstest]
#[case(Signal::Traces)]
#[case(Signal::Metrics)]
#[case(Signal::Logs)]
#[tokio::test]
async fn protobuf_is_taken_at_the_path_of_its_signal_and_answered_in_protobuf(#[case] signal: Signal) {
    let server = Server::start().await;
    let answer = server.protobuf(signal, request(signal)).await;
    assert_eq!((answer.status.as_u16(), answer.content_type()), (200, "application/x-protobuf"));
    assert!(answer.body.is_empty(), "partial_success is unset on full success");
    let got = server.got().await;
    assert_eq!((got[0].signal(), got[0].records()), (signal, 1));
    assert_eq!(got[0].request().as_ref(), request(signal), "the bytes arrive as they were sent");
}

#[rstest]
#[case("application/json")]
#[case("application/json; charset=utf-8")]
#[case("Application/JSON;charset=UTF-8")]
#[tokio::test]
async fn json_is_taken_on_the_same_port_and_answered_in_json(#[case] content_type: &str) {
    let server = Server::start().await;
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174", "name": "GET /"},
    ]}]}]});
    let answer = server.post("/v1/traces", &[("content-type", content_type)], body.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})));
    let got = ExportTraceServiceRequest::decode(&server.got().await[0].request()[..]).unwrap();
    let got = &got.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((got.trace_id[0], got.span_id[0], got.name.as_str()), (0x5b, 0xee, "GET /"));
}

#[rstest]
#[case::identity("identity", large(2000))]
#[case::gzip("gzip", gzip(&large(2000)))]
#[case::gzip_large("gzip", gzip(&large(LIMIT / 2)))]
#[case::zstd("zstd", zstd(&large(2000)))]
#[case::zstd_large("zstd", zstd(&large(LIMIT / 2)))]
#[tokio::test]
async fn gzip_zstd_and_identity_are_accepted(#[case] encoding: &str, #[case] body: Vec<u8>) {
    let server = Server::start().await;
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", encoding)];
    assert_eq!(server.post("/v1/traces", &headers, body).await.status, 200);
    let name =
        ExportTraceServiceRequest::decode(&server.got().await[0].request()[..]).unwrap().resource_spans[0]
            .scope_spans[0]
            .spans[0]
            .name
            .len();
    assert!(name == 2000 || name == LIMIT / 2);
}

#[tokio::test]
async fn http_2_without_tls_is_spoken_too() {
    let server = Server::start().await;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .http2_only(true)
        .build_http::<axum::body::Body>();
    let request = axum::http::Request::post(format!("http://{}/v1/logs", server.address))
        .header("content-type", "application/x-protobuf")
        .body(request(Signal::Logs).into())
        .unwrap();
    assert_eq!(client.request(request).await.expect("an answer").status(), 200);
}

#[rstest]
#[case::protobuf("application/x-protobuf", "", "")]
#[case::protobuf_gzip("application/x-protobuf", "", "gzip")]
#[case::json("application/json", "{}", "")]
#[case::no_records("application/json", r#"{"resourceSpans":[{"scopeSpans":[]}]}"#, "")]
#[tokio::test]
async fn an_empty_request_is_a_success(
    #[case] content_type: &str,
    #[case] body: &'static str,
    #[case] encoding: &str,
) {
    let server = Server::start().await;
    let headers = [("content-type", content_type), ("content-encoding", encoding)];
    let answer = server.post("/v1/traces", &headers, body).await;
    assert_eq!((answer.status.as_u16(), answer.content_type()), (200, content_type));
    assert!(server.got().await.is_empty());
}

#[tokio::test]
async fn a_partial_success_carries_the_number_and_the_reason() {
    let server = Server::start().await;
    let bad = || Span { trace_id: vec![1; 3], ..span() };
    let answer = server.protobuf(Signal::Traces, spans(vec![bad(), span(), bad()])).await;
    assert_eq!(answer.status, 200);
    let partial = ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success.expect("partial");
    let reason = "2 spans were rejected; the first: \"GET /\" has a trace id of 3 bytes instead of 16";
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (2, reason));
    assert_eq!(server.got().await[0].request().as_ref(), spans(vec![span()]));
    let entry = server.ledger.received(Signal::Traces);
    assert_eq!((entry.accepted, entry.refused, entry.rejected), (1, 0, 2));
}

#[rstest]
#[case(Signal::Traces, json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "010203"}]}]}]}), "rejectedSpans")]
#[case(Signal::Logs, json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"spanId": "01"}]}]}]}), "rejectedLogRecords")]
#[case(Signal::Metrics, json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [
    {"asInt": 1, "exemplars": [{"asInt": 1, "spanId": "01"}]}]}}]}]}]}), "rejectedDataPoints")]
#[tokio::test]
async fn a_partial_success_in_json_has_its_number_as_a_string(
    #[case] signal: Signal,
    #[case] body: serde_json::Value,
    #[case] field: &str,
) {
    let server = Server::start().await;
    let answer = server.json(signal, body.to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["partialSuccess"][field], "1", "{}", answer.json());
    assert!(answer.json()["partialSuccess"]["errorMessage"].as_str().unwrap().contains("rejected"));
    assert!(server.got().await.is_empty());
}

#[tokio::test]
async fn a_warning_is_a_message_with_zero_rejected() {
    let server = Server::start().await;
    let body = metrics(vec![Metric { name: "odd".to_owned(), ..Metric::default() }]);
    let answer = server.protobuf(Signal::Metrics, body).await;
    let partial = ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success.expect("partial");
    assert_eq!(
        (partial.rejected_spans, partial.error_message.as_str()),
        (0, "metric \"odd\" has no data that we know")
    );
}

#[tokio::test]
async fn when_the_spool_is_full_the_answer_is_429_with_retry_after() {
    let server = Server::with(LIMIT, 1000).await;
    *server.destination.hangs.lock().unwrap() = true;
    let first = server.protobuf(Signal::Traces, large(900)).await;
    assert_eq!(first.status, 200, "what has its place is kept");
    let second = server.json(Signal::Logs, r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":
        {"stringValue":"a text that is long enough not to fit beside the first request of nine hundred bytes"}}]}]}]}"#);
    let second = second.await;
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (429, "5"));
    let (code, message) = second.rpc_status();
    assert_eq!(code, 8);
    assert!(message.contains("fills the spool") && message.contains("send again later"), "{message}");
    assert_eq!(server.ledger.received(Signal::Logs).refused, 1);
}

#[tokio::test]
async fn a_server_that_stops_is_503_with_retry_after() {
    let server = Server::start().await;
    server.spool.seal();
    let answer = server.protobuf(Signal::Traces, request(Signal::Traces)).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    assert_eq!(answer.rpc_status(), (14, "the server is stopping: send again later".to_owned()));
}

#[tokio::test]
async fn nobody_waits_for_a_destination() {
    let server = Server::start().await;
    *server.destination.hangs.lock().unwrap() = true;
    assert_eq!(server.protobuf(Signal::Traces, request(Signal::Traces)).await.status, 200);
    let destination = server.delivery.destination();
    assert_eq!(destination.ledger(Signal::Traces).waiting, 1);
    server.destination.asked.notified().await;
    server.destination.go.notify_one();
    assert_eq!(server.got().await.len(), 1);
    assert_eq!(destination.ledger(Signal::Traces).stored, 1);
}

#[tokio::test]
async fn answers_stay_small_whatever_was_sent() {
    let server = Server::with(64 * LIMIT, 256 * LIMIT).await;
    let bad = Span { span_id: vec![], name: "\u{1b}".repeat(5 * LIMIT), ..span() };
    let answer = server.protobuf(Signal::Traces, spans(vec![bad])).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.is_empty() && answer.body.len() < 4096, "{} bytes", answer.body.len());
}
