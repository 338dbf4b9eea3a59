//! OTLP/gRPC: what is sent, and what every status means.

use std::time::Duration;

use axum::{body::Body, http::Response};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::{Buf, BufMut, Bytes};
use rstest::rstest;
use tonic::{
    Code, Request, Status,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::Grpc,
};

use super::support::{Server, batch, exporter, message, partial, refusal, reply, rpc_status, serve};
use crate::{
    ExportError, Exporter, Signal,
    exporter::otlp::{Compression, Protocol, Upstream, client_grpc::name},
};

const GRPC: (&str, &str) = ("content-type", "application/grpc");

#[rstest]
#[case::gzip(Compression::Gzip, "gzip")]
#[case::zstd(Compression::Zstd, "zstd")]
#[case::none(Compression::None, "")]
#[tokio::test]
async fn the_same_bytes_arrive_under_every_compression(
    #[case] compression: Compression,
    #[case] encoding: &str,
    #[values(0, 3, 100_000)] size: usize,
) {
    let server = Server::http(|_| message(b"")).await;
    let upstream = Upstream::new(server.url(), Protocol::Grpc).unwrap();
    let exporter = exporter(&upstream.with_compression(compression).with_header("x-key", "k").unwrap());
    let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect();
    exporter.export(&[batch(Signal::Logs, bytes.clone())]).await.unwrap();
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(seen.request(), bytes);
    assert_eq!(seen.header("grpc-encoding"), encoding);
    assert_eq!(seen.header("grpc-timeout"), "10000m");
    assert_eq!(seen.header("te"), "trailers");
    assert_eq!(seen.header("x-key"), "k");
    assert_eq!(seen.version, axum::http::Version::HTTP_2);
}

#[rstest]
#[case(Signal::Traces, "/opentelemetry.proto.collector.trace.v1.TraceService/Export")]
#[case(Signal::Metrics, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")]
#[case(Signal::Logs, "/opentelemetry.proto.collector.logs.v1.LogsService/Export")]
#[tokio::test]
async fn every_signal_has_its_service(#[case] signal: Signal, #[case] path: &str) {
    let server = Server::http(|_| message(b"")).await;
    server.exporter(Protocol::Grpc).export(&[batch(signal, "a"), batch(signal, "b")]).await.unwrap();
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!((seen.path.as_str(), &seen.request()[..]), (path, &b"ab"[..]));
}

/// Every code, whether it is tried again, and whether it is with a `RetryInfo` of 1.5 seconds.
#[rstest]
#[case(Code::Cancelled, true, true)]
#[case(Code::Unknown, false, false)]
#[case(Code::InvalidArgument, false, false)]
#[case(Code::DeadlineExceeded, true, true)]
#[case(Code::NotFound, false, false)]
#[case(Code::AlreadyExists, false, false)]
#[case(Code::PermissionDenied, false, false)]
#[case(Code::ResourceExhausted, false, true)]
#[case(Code::FailedPrecondition, false, false)]
#[case(Code::Aborted, true, true)]
#[case(Code::OutOfRange, true, true)]
#[case(Code::Unimplemented, false, false)]
#[case(Code::Internal, false, false)]
#[case(Code::Unavailable, true, true)]
#[case(Code::DataLoss, true, true)]
#[case(Code::Unauthenticated, false, false)]
#[tokio::test]
async fn every_code_means_what_the_specification_says(
    #[case] code: Code,
    #[case] alone: bool,
    #[case] with_retry_info: bool,
) {
    let plain = move |_: &_| Status::new(code, "because\nof it").into_http::<Body>();
    let info = move |_: &_| {
        Status::with_details(code, "later", rpc_status("later", Some((1, 500_000_000))).into())
            .into_http::<Body>()
    };
    for (server, expected, delay) in [
        (Server::http(plain).await, alone, None),
        (Server::http(info).await, with_retry_info, Some(Duration::from_millis(1500))),
    ] {
        let error = refusal(&server.exporter(Protocol::Grpc)).await;
        assert_eq!(error.is_retryable(), expected, "{error}");
        assert!(error.to_string().contains(&format!("({})", name(code))), "{error}");
        if let ExportError::Unavailable { retry_after, .. } = error {
            assert_eq!(retry_after, delay);
        } else if delay.is_none() {
            assert!(error.to_string().ends_with("; it says: because?of it"), "{error}");
        }
        assert_eq!(server.seen().len(), 1, "sent once");
    }
}

#[rstest]
#[case::negative((-1, 0), Duration::ZERO)]
#[case::far_too_long((i64::MAX, 0), Duration::from_secs(3600))]
#[tokio::test]
async fn a_delay_stays_within_bounds(#[case] delay: (i64, i32), #[case] expected: Duration) {
    let details = rpc_status("", Some(delay));
    let answer =
        move |_: &_| Status::with_details(Code::Unavailable, "", details.clone().into()).into_http::<Body>();
    let server = Server::http(answer).await;
    let ExportError::Unavailable { retry_after, .. } = refusal(&server.exporter(Protocol::Grpc)).await else {
        panic!("retryable")
    };
    assert_eq!(retry_after, Some(expected));
}

#[rstest]
#[case::with_padding(BASE64_STANDARD.encode(rpc_status("", Some((2, 0)))), true)]
#[case::not_base64("%%%".to_owned(), false)]
#[case::not_a_status(BASE64_STANDARD.encode([0xff; 7]), false)]
#[tokio::test]
async fn details_that_can_not_be_read_are_none(#[case] details: String, #[case] retryable: bool) {
    let answer =
        move |_: &_| reply(200, &[GRPC, ("grpc-status", "8"), ("grpc-status-details-bin", &details)], "");
    let server = Server::http(answer).await;
    let error = refusal(&server.exporter(Protocol::Grpc)).await;
    assert_eq!(error.is_retryable(), retryable, "{error}");
}

#[rstest]
#[case(400, false)]
#[case(401, false)]
#[case(403, false)]
#[case(404, false)]
#[case(429, true)]
#[case(500, false)]
#[case(502, true)]
#[case(503, true)]
#[case(504, true)]
#[case(200, false)]
#[case(302, false)]
#[tokio::test]
async fn an_answer_without_grpc_is_judged_by_its_http_status(#[case] status: u16, #[case] retryable: bool) {
    let server = Server::http(move |_| reply(status, &[("retry-after", "9")], "<html>")).await;
    let error = refusal(&server.exporter(Protocol::Grpc)).await;
    assert_eq!(error.is_retryable(), retryable, "{error}");
    assert!(
        error.to_string().contains(&format!("the answer is not gRPC, its HTTP status is {status}")),
        "{error}"
    );
    if let ExportError::Unavailable { retry_after, .. } = error {
        assert_eq!(retry_after, Some(Duration::from_secs(9)));
    }
}

#[tokio::test]
async fn a_request_too_large_for_a_tonic_server_is_final() {
    let text = "Error, decoded message length too large: found 9 bytes, the limit is: 1 bytes";
    let server = Server::http(move |_| Status::out_of_range(text).into_http::<Body>()).await;
    let error = refusal(&server.exporter(Protocol::Grpc)).await;
    assert!(!error.is_retryable() && error.to_string().contains("raise its limit"), "{error}");
}

#[rstest]
#[case(Code::Unauthenticated)]
#[case(Code::PermissionDenied)]
#[tokio::test]
async fn credentials_that_are_not_accepted_are_named(#[case] code: Code) {
    let server = Server::http(move |_| Status::new(code, "").into_http::<Body>()).await;
    let error = refusal(&server.exporter(Protocol::Grpc)).await.to_string();
    let advice =
        format!("({}): set the header with its credentials (OTEL_EXPORTER_OTLP_HEADERS)", name(code));
    assert!(error.ends_with(&advice), "{error}");
}

#[tokio::test]
async fn a_partial_success_is_counted_and_never_sent_again() {
    let server = Server::http(|_| message(&partial(4, "duplicates"))).await;
    let exporter = server.exporter(Protocol::Grpc);
    exporter.export(&[batch(Signal::Metrics, "x")]).await.unwrap();
    assert_eq!(Signal::ALL.map(|signal| exporter.rejected(signal)), [0, 4, 0]);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_off() {
    let server = Server::http(|_| message(&vec![0; 3 << 20])).await;
    let error = refusal(&server.exporter(Protocol::Grpc)).await;
    assert!(error.to_string().contains("its answer is larger than"), "{error}");
}

/// A server as tonic makes them.
#[rstest]
#[tokio::test]
async fn a_tonic_server_understands_us(
    #[values(Compression::Gzip, Compression::Zstd, Compression::None)] compression: Compression,
) {
    async fn echo(request: axum::extract::Request) -> Response<tonic::body::Body> {
        let service = tower::service_fn(|request: Request<Bytes>| async move {
            assert_eq!(request.get_ref()[..], [7; 100_000]);
            Ok::<_, Status>(tonic::Response::new(Bytes::from(partial(2, "some"))))
        });
        Grpc::new(Raw)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .unary(service, request)
            .await
    }
    let address = serve(axum::Router::new().fallback(echo), None).await;
    let url = format!("http://{address}").parse().unwrap();
    let exporter = exporter(&Upstream::new(url, Protocol::Grpc).unwrap().with_compression(compression));
    exporter.export(&[batch(Signal::Logs, vec![7; 100_000])]).await.unwrap();
    assert_eq!(exporter.rejected(Signal::Logs), 2);
}

#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
