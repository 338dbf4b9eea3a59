//! Bad input: one clear sentence, the right status, nothing else disturbed.

use axum::body::Body;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceResponse, common::v1::KeyValue, trace::v1::Span,
};
use prost::Message;
use rstest::rstest;

use super::support::{LIMIT, Server, gzip, large, request, span, spans, zstd};
use crate::{Signal, receiver::grpc::path};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

#[rstest]
#[case::truncated_protobuf(PROTOBUF, "", request(Signal::Traces)[..20].to_vec(), "not an OTLP traces request in protobuf")]
#[case::json_as_protobuf(PROTOBUF, "", b"{}".to_vec(), "not an OTLP traces request in protobuf")]
#[case::truncated_gzip(PROTOBUF, "gzip", gzip(&large(999))[..20].to_vec(), "can not be decompressed")]
#[case::no_gzip(PROTOBUF, "gzip", request(Signal::Traces), "can not be decompressed")]
#[case::no_zstd(PROTOBUF, "zstd", request(Signal::Traces), "can not be decompressed")]
#[case::truncated_zstd(PROTOBUF, "zstd", zstd(&large(999))[..20].to_vec(), "can not be decompressed")]
#[case::no_json(JSON, "", b"hello".to_vec(), "")]
#[case::truncated_json(JSON, "", br#"{"resourceSpans": ["#.to_vec(), "")]
#[case::json_that_is_not_otlp(JSON, "", br#"{"resourceSpans": 7}"#.to_vec(), "")]
#[case::a_list(JSON, "", b"[1, 2]".to_vec(), "")]
#[case::nothing_as_json(JSON, "", Vec::new(), "")]
#[tokio::test]
async fn bad_data_is_400_with_what_was_bad_in_the_form_of_the_request(
    #[case] content_type: &str,
    #[case] encoding: &str,
    #[case] body: Vec<u8>,
    #[case] what: &str,
) {
    let server = Server::start().await;
    let headers = [("content-type", content_type), ("content-encoding", encoding)];
    let answer = server.post("/v1/traces", &headers, body).await;
    assert_eq!((answer.status.as_u16(), answer.content_type()), (400, content_type));
    let (code, message) = answer.rpc_status();
    assert_eq!(code, 3);
    assert!(!message.is_empty() && message.contains(what) && message.len() < 500, "{message}");
    assert!(server.got().await.is_empty());
    server.assert_undisturbed().await;
}

#[rstest]
#[case::text("text/plain", "", "Content-Type")]
#[case::nearly("application/protobuf", "", "Content-Type")]
#[case::none("", "", "Content-Type")]
#[case::brotli(PROTOBUF, "br", "Content-Encoding")]
#[case::two(PROTOBUF, "gzip, zstd", "Content-Encoding")]
#[tokio::test]
async fn any_other_type_is_415(#[case] content_type: &str, #[case] encoding: &str, #[case] what: &str) {
    let server = Server::start().await;
    let headers = [("content-type", content_type), ("content-encoding", encoding)];
    let answer = server.post("/v1/traces", &headers, request(Signal::Traces)).await;
    assert_eq!(answer.status, 415);
    let (code, message) = answer.rpc_status();
    assert_eq!(code, 3);
    assert!(message.contains(what) && message.contains(": send "), "{message}");
    server.assert_undisturbed().await;
}

#[rstest]
#[case::plain("", large(LIMIT))]
#[case::far_over("", large(8 * LIMIT))]
#[case::gzip("gzip", gzip(&large(LIMIT)))]
#[case::gzip_bomb("gzip", gzip(&large(64 * LIMIT)))]
#[case::zstd_bomb("zstd", zstd(&large(64 * LIMIT)))]
#[tokio::test]
async fn a_body_over_the_limit_is_413(#[case] encoding: &str, #[case] body: Vec<u8>) {
    let server = Server::start().await;
    for body in [Body::from(body.clone()), in_pieces(&body)] {
        let headers = [("content-type", PROTOBUF), ("content-encoding", encoding)];
        let answer = server.post("/v1/traces", &headers, body).await;
        assert_eq!((answer.status.as_u16(), answer.content_type()), (413, PROTOBUF));
        let sentence = "the request is larger than 1048576 bytes: send smaller batches";
        assert_eq!(answer.rpc_status(), (8, sentence.to_owned()));
    }
    server.assert_undisturbed().await;
}

/// A body that does not say how long it is.
fn in_pieces(body: &[u8]) -> Body {
    let pieces: Vec<_> =
        body.chunks(64 * 1024).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[rstest]
#[case("")]
#[case("gzip")]
#[case("zstd")]
#[tokio::test]
async fn a_body_at_the_limit_is_taken(#[case] encoding: &str) {
    let body = large(1000 * 1000);
    let server = Server::with(body.len(), 64 * LIMIT).await;
    let body = match encoding {
        "gzip" => gzip(&body),
        "zstd" => zstd(&body),
        _ => body,
    };
    for body in [Body::from(body.clone()), in_pieces(&body)] {
        let headers = [("content-type", PROTOBUF), ("content-encoding", encoding)];
        assert_eq!(server.post("/v1/traces", &headers, body).await.status, 200);
    }
    assert_eq!(server.got().await.len(), 2);
}

#[tokio::test]
async fn a_window_of_zstd_larger_than_8_mib_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    std::io::Write::write_all(&mut encoder, &large(1000)).unwrap();
    let server = Server::start().await;
    let headers = [("content-type", PROTOBUF), ("content-encoding", "zstd")];
    let answer = server.post("/v1/traces", &headers, encoder.finish().unwrap()).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_span_with_100_000_attributes_is_rejected_and_its_neighbours_are_kept() {
    let server = Server::with(64 * LIMIT, 256 * LIMIT).await;
    let attribute = |n: usize| KeyValue { key: format!("key {n}"), ..KeyValue::default() };
    let bad = Span { attributes: (0..100_000).map(attribute).collect(), ..span() };
    let answer = server.protobuf(Signal::Traces, spans(vec![span(), bad])).await;
    assert_eq!(answer.status, 200);
    let partial = ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success.expect("partial");
    let reason = "1 span was rejected: \"GET /\" has 100000 attributes, and the limit is 4096";
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (1, reason));
    assert_eq!(server.got().await[0].request().as_ref(), spans(vec![span()]));
}

#[rstest]
#[case("GET")]
#[case("PUT")]
#[tokio::test]
async fn another_method_is_405(#[case] method: &str) {
    let server = Server::start().await;
    let answer = server.send(method, "/v1/traces", &[], Body::empty()).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    assert!(answer.rpc_status().1.contains("POST"));
}

#[rstest]
#[case("/v1/trace")]
#[case("/")]
#[case("/v1/traces/")]
#[tokio::test]
async fn an_unknown_path_is_404_and_says_which_there_are(#[case] path: &str) {
    let server = Server::start().await;
    let answer = server.post(path, &[("content-type", PROTOBUF)], Body::empty()).await;
    assert_eq!((answer.status.as_u16(), answer.content_type()), (404, PROTOBUF));
    assert!(answer.rpc_status().1.contains("/v1/traces, /v1/metrics or /v1/logs"));
}

#[tokio::test]
async fn truncated_protobuf_over_grpc_is_invalid_argument_with_what_was_bad() {
    let server = Server::start().await;
    let body = request(Signal::Traces)[..20].to_vec();
    let status = server.call(path(Signal::Traces), None, body).await.expect_err("truncated");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert!(status.message().starts_with("the body is not an OTLP traces request in protobuf: "));
    server.assert_undisturbed().await;
}

#[rstest]
#[case::not_gzip("gzip", b"\x01\0\0\0\x03abc".to_vec(), "3")]
#[case::no_encoding("identity", b"\x01\0\0\0\x03abc".to_vec(), "3")]
#[case::unknown_flag("identity", b"\x07\0\0\0\x03abc".to_vec(), "3")]
#[case::frame_broken_off("identity", b"\0\0\0\0\x63abc".to_vec(), "3")]
#[case::no_message("identity", Vec::new(), "3")]
#[case::unknown_encoding("br", b"\x01\0\0\0\x03abc".to_vec(), "12")]
#[case::announced_too_large("identity", b"\0\xff\xff\xff\xff".to_vec(), "8")]
#[tokio::test]
async fn broken_frames_of_grpc_have_a_final_status(
    #[case] encoding: &str,
    #[case] frame: Vec<u8>,
    #[case] code: &str,
) {
    let server = Server::start().await;
    let headers = [("content-type", "application/grpc"), ("grpc-encoding", encoding)];
    let answer = server.post(path(Signal::Traces), &headers, frame).await;
    assert_eq!((answer.status.as_u16(), answer.header("grpc-status")), (200, code));
    assert!(!answer.header("grpc-message").is_empty());
    server.assert_undisturbed().await;
}
