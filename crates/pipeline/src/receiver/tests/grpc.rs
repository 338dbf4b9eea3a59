//! What OTLP/gRPC promises.

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceResponse, trace::v1::Span};
use prost::Message;
use rstest::rstest;
use tonic::{Code, codec::CompressionEncoding};

use super::support::{LIMIT, Server, large, request, span, spans};
use crate::{Signal, receiver::grpc::path};

const GZIP: Option<CompressionEncoding> = Some(CompressionEncoding::Gzip);
const ZSTD: Option<CompressionEncoding> = Some(CompressionEncoding::Zstd);

#[rstest]
#[case::plain(None)]
#[case::gzip(GZIP)]
#[case::zstd(ZSTD)]
#[tokio::test]
async fn every_signal_is_taken_in_every_compression(#[case] compression: Option<CompressionEncoding>) {
    let server = Server::start().await;
    for signal in Signal::ALL {
        let answer = server.call(path(signal), compression, request(signal)).await.expect("taken");
        assert!(answer.is_empty(), "partial_success is unset on full success");
    }
    let got = server.got().await;
    assert_eq!(got.len(), 3);
    for (batch, signal) in got.iter().zip(Signal::ALL) {
        assert_eq!((batch.signal(), batch.request().as_ref()), (signal, request(signal).as_slice()));
    }
}

#[tokio::test]
async fn an_empty_request_is_a_success() {
    let server = Server::start().await;
    let answer = server.call(path(Signal::Logs), None, Vec::new()).await.expect("taken");
    assert!(answer.is_empty() && server.got().await.is_empty());
}

#[tokio::test]
async fn a_partial_success_carries_the_number_and_the_reason() {
    let server = Server::start().await;
    let bad = Span { trace_id: vec![1; 3], ..span() };
    let answer = server.call(path(Signal::Traces), None, spans(vec![bad, span()])).await.expect("taken");
    let partial = ExportTraceServiceResponse::decode(answer).unwrap().partial_success.expect("partial");
    let reason = "1 span was rejected: \"GET /\" has a trace id of 3 bytes instead of 16";
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (1, reason));
    assert_eq!(server.got().await[0].records(), 1);
}

#[rstest]
#[case::plain(None)]
#[case::gzip(GZIP)]
#[case::zstd(ZSTD)]
#[tokio::test]
async fn over_the_limit_is_resource_exhausted_without_retry_info(
    #[case] compression: Option<CompressionEncoding>,
) {
    let server = Server::start().await;
    let status = server.call(path(Signal::Traces), compression, large(LIMIT)).await.expect_err("too large");
    assert_eq!((status.code(), status.details()), (Code::ResourceExhausted, &[][..]));
    assert_eq!(status.message(), "the request is larger than 1048576 bytes: send smaller batches");
    server.assert_undisturbed().await;
}

#[tokio::test]
async fn full_is_resource_exhausted_with_retry_info() {
    let server = Server::with(LIMIT, 500).await;
    *server.destination.hangs.lock().unwrap() = true;
    let mut answer = Ok(bytes::Bytes::new());
    for _ in 0..50 {
        if answer.is_err() {
            break;
        }
        answer = server.call(path(Signal::Traces), None, request(Signal::Traces)).await;
    }
    let status = answer.expect_err("full");
    assert_eq!(status.code(), Code::ResourceExhausted);
    // google.rpc.Status{8, message, [Any{type_url, RetryInfo{Duration{5}}}]}
    let any = [b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04".as_slice(), b"\x0a\x02\x08\x05"]
        .concat();
    let message = status.message().as_bytes();
    let expected = [
        &[0x08, 0x08, 0x12, u8::try_from(message.len()).unwrap()],
        message,
        &[0x1a, u8::try_from(any.len()).unwrap()],
        &any,
    ]
    .concat();
    assert_eq!(status.details(), expected);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let server = Server::start().await;
    let unknown = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
    let status = server.call(unknown, None, Vec::new()).await.expect_err("unknown");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn the_health_service_says_that_we_serve() {
    let server = Server::start().await;
    let service = b"\x0a\x04otlp".as_slice();
    let answer = server.call("/grpc.health.v1.Health/Check", None, service).await.expect("healthy");
    assert_eq!(answer.as_ref(), b"\x08\x01");
}
