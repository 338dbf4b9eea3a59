//! No answer, or none that is HTTP: always tried again, with a sentence that says what to do.

use std::net::SocketAddr;

use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::support::{exporter, refusal};
use crate::{
    ExportError,
    exporter::otlp::{Protocol, Upstream},
};

/// A server that reads a little, writes these bytes and says that it has no more; without bytes it stays silent.
async fn raw(bytes: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let Some(bytes) = bytes else {
                kept.push(socket);
                continue;
            };
            tokio::spawn(async move {
                let _some = socket.read(&mut [0; 64]).await;
                let _sent = socket.write_all(bytes).await;
                let _ended = socket.shutdown().await;
                // A socket closed with bytes unread would take back what was written.
                let _rest = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
            });
        }
    });
    address
}

async fn sentence(url: &str, protocol: Protocol) -> String {
    let exporter = exporter(&Upstream::new(url.parse().unwrap(), protocol).unwrap());
    let ExportError::Unavailable { reason, retry_after: None } = refusal(&exporter).await else {
        panic!("retryable")
    };
    assert!(reason.starts_with(&format!("upstream at {url}: ")), "{reason}");
    assert!(!reason.contains('\n'));
    reason
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_given_up_after_the_timeout(
    #[values(Protocol::Grpc, Protocol::HttpProtobuf)] protocol: Protocol,
) {
    let url = format!("http://{}", raw(None).await);
    let reason = sentence(&url, protocol).await;
    assert!(reason.contains("no answer within 10s: see whether it is overloaded"), "{reason}");
}

#[rstest]
#[tokio::test]
async fn a_port_where_nothing_listens_is_named(
    #[values(Protocol::Grpc, Protocol::HttpProtobuf)] protocol: Protocol,
    #[values("http", "https")] scheme: &str,
) {
    // Bound and dropped: it was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("{scheme}://{address}");
    let base = Upstream::new(url.parse().unwrap(), protocol).unwrap();
    let base = if scheme == "https" { base.with_tls(super::tls::any_authority()) } else { base };
    let error = refusal(&exporter(&base)).await;
    assert!(error.is_retryable());
    assert!(error.to_string().contains("nothing listens there: start the server"), "{error}");
}

#[tokio::test]
async fn a_name_that_dns_does_not_know_is_named() {
    let reason = sentence("http://nobody.invalid:4318", Protocol::HttpProtobuf).await;
    assert!(reason.contains("its name is not known to DNS"), "{reason}");
}

#[rstest]
#[case::http(Protocol::HttpProtobuf, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")]
#[case::http_without_an_answer(Protocol::HttpProtobuf, b"")]
#[case::grpc_without_an_answer(Protocol::Grpc, b"")]
#[tokio::test]
async fn a_connection_that_breaks_is_tried_again(#[case] protocol: Protocol, #[case] bytes: &'static [u8]) {
    let reason = sentence(&format!("http://{}", raw(Some(bytes)).await), protocol).await;
    assert!(reason.contains("the connection broke ("), "{reason}");
}

#[rstest]
#[case::tls_alert(
    Protocol::HttpProtobuf,
    b"\x15\x03\x01\x00\x02\x02\x16",
    "write https:// if it wants TLS, or set the protocol to grpc"
)]
#[case::tls_alert(
    Protocol::Grpc,
    b"\x15\x03\x01\x00\x02\x02\x16",
    "write https:// if it wants TLS, or set the protocol to http/protobuf"
)]
#[case::http1_only(
    Protocol::Grpc,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "or set the protocol to http/protobuf"
)]
#[case::something_else(Protocol::HttpProtobuf, b"220 mail ESMTP\r\n", "does not speak plain HTTP there")]
#[tokio::test]
async fn another_protocol_is_recognised(
    #[case] protocol: Protocol,
    #[case] bytes: &'static [u8],
    #[case] advice: &str,
) {
    let reason = sentence(&format!("http://{}", raw(Some(bytes)).await), protocol).await;
    assert!(reason.contains(advice), "{reason}");
}

#[rstest]
#[case::hung_up(b"", "the server hung up on TLS: see whether it is up, or write http://")]
#[case::plain(b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak TLS there: write http://")]
#[tokio::test]
async fn tls_that_is_not_answered_is_recognised(
    #[case] bytes: &'static [u8],
    #[case] advice: &str,
    #[values(Protocol::Grpc, Protocol::HttpProtobuf)] protocol: Protocol,
) {
    let url = format!("https://{}", raw(Some(bytes)).await).parse().unwrap();
    let base = Upstream::new(url, protocol).unwrap().with_tls(super::tls::any_authority());
    let error = refusal(&exporter(&base)).await;
    assert!(error.is_retryable() && error.to_string().contains(advice), "{error}");
}
