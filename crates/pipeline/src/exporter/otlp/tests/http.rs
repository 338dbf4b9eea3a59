//! OTLP/HTTP: what is sent, and what every answer means.

use std::time::{Duration, SystemTime};

use rstest::rstest;

use super::support::{Server, batch, exporter, partial, refusal, reply, rpc_status};
use crate::{
    ExportError, Exporter, Signal,
    exporter::otlp::{Compression, OtlpExporter, OtlpSettings, Protocol, Upstream, join::MAX_REQUEST_BYTES},
};

#[rstest]
#[case::gzip(Compression::Gzip, "gzip")]
#[case::zstd(Compression::Zstd, "zstd")]
#[case::none(Compression::None, "")]
#[tokio::test]
async fn the_same_bytes_arrive_under_every_compression(
    #[case] compression: Compression,
    #[case] encoding: &str,
    #[values(3, 100_000)] size: usize,
) {
    let server = Server::http(|_| reply(200, &[], "")).await;
    let upstream = Upstream::new(server.url(), Protocol::HttpProtobuf).unwrap();
    let exporter = exporter(&upstream.with_compression(compression));
    let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect();
    exporter.export(&[batch(Signal::Logs, bytes.clone())]).await.unwrap();
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(seen.request(), bytes);
    assert_eq!(seen.header("content-encoding"), encoding);
    assert_eq!(seen.header("content-type"), "application/x-protobuf");
    assert_eq!(seen.path, "/v1/logs");
}

#[tokio::test]
async fn batches_of_a_signal_are_joined_and_large_ones_travel_in_several_requests() {
    let server = Server::http(|_| reply(200, &[], "")).await;
    let half = vec![b'x'; MAX_REQUEST_BYTES / 2];
    let batches = [
        batch(Signal::Traces, half.clone()),
        batch(Signal::Logs, "l"),
        batch(Signal::Traces, half.clone()),
        batch(Signal::Traces, "t"),
        batch(Signal::Metrics, "m"),
        batch(Signal::Logs, "L"),
    ];
    server.exporter(Protocol::HttpProtobuf).export(&batches).await.unwrap();
    let got: Vec<_> = server.seen().iter().map(|seen| (seen.path.clone(), seen.request())).collect();
    let expected = [
        ("/v1/traces", [half.clone(), half].concat()),
        ("/v1/traces", b"t".to_vec()),
        ("/v1/logs", b"lL".to_vec()),
        ("/v1/metrics", b"m".to_vec()),
    ];
    assert_eq!(got, expected.map(|(path, bytes)| (path.to_owned(), bytes)));
}

#[tokio::test]
async fn an_export_of_nothing_sends_nothing() {
    let server = Server::http(|_| reply(500, &[], "")).await;
    server.exporter(Protocol::HttpProtobuf).export(&[]).await.unwrap();
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn the_first_failure_ends_the_call_and_nothing_is_remembered() {
    let server = Server::http(|seen| reply(if seen.path == "/v1/logs" { 503 } else { 200 }, &[], "")).await;
    let exporter = server.exporter(Protocol::HttpProtobuf);
    let batches = [Signal::Traces, Signal::Logs, Signal::Metrics].map(|signal| batch(signal, "x"));
    for _ in 0..2 {
        assert!(exporter.export(&batches).await.expect_err("logs are not taken").is_retryable());
    }
    let paths: Vec<_> = server.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/v1/traces", "/v1/logs", "/v1/traces", "/v1/logs"]);
}

#[tokio::test]
async fn headers_are_sent_with_every_request() {
    let server = Server::http(|_| reply(200, &[], "")).await;
    let mut url = server.url();
    url.set_username("me").unwrap();
    url.set_password(Some("p%40ss")).unwrap();
    url.set_path("base/");
    url.set_query(Some("key=1"));
    let upstream = Upstream::new(url, Protocol::HttpProtobuf).unwrap();
    exporter(&upstream.with_header("X-Tenant", "a=b c").unwrap())
        .export(&[batch(Signal::Metrics, "x")])
        .await
        .unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.header("x-tenant"), "a=b c");
    assert_eq!(seen.header("authorization"), "Basic bWU6cEBzcw==");
    assert_eq!(seen.path, "/base/v1/metrics?key=1");
}

#[tokio::test]
async fn an_endpoint_of_one_signal_is_used_as_it_is() {
    let (one, other) =
        (Server::http(|_| reply(200, &[], "")).await, Server::http(|_| reply(200, &[], "")).await);
    let upstream = |signal| {
        let server = if signal == Signal::Logs { &other } else { &one };
        Upstream::new(server.url().join("/as/it/is").unwrap(), Protocol::HttpProtobuf).unwrap()
    };
    let exporter = OtlpExporter::new(&OtlpSettings::from_each(upstream)).unwrap();
    exporter.export(&[batch(Signal::Traces, "t"), batch(Signal::Logs, "l")]).await.unwrap();
    for (server, bytes) in [(one, "t"), (other, "l")] {
        let [seen] = &server.seen()[..] else { panic!("one request") };
        assert_eq!((seen.path.as_str(), &seen.request()[..]), ("/as/it/is", bytes.as_bytes()));
    }
}

#[rstest]
#[tokio::test]
async fn only_429_502_503_and_504_are_tried_again(
    #[values(
        204, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 415, 422, 425,
        429, 431, 499, 500, 501, 502, 503, 504, 505, 507, 511, 599
    )]
    status: u16,
) {
    let server = Server::http(move |_| reply(status, &[("location", "http://localhost:1/")], "")).await;
    let result = server.exporter(Protocol::HttpProtobuf).export(&[batch(Signal::Traces, "abc")]).await;
    match result {
        Ok(()) => assert_eq!(status, 204),
        Err(ExportError::Unavailable { reason, retry_after: None }) => {
            assert!([429, 502, 503, 504].contains(&status), "{reason}");
        }
        Err(
            error @ (ExportError::Refused { .. } | ExportError::Unusable { .. } | ExportError::Failed { .. }),
        ) => {
            let failed = matches!(error, ExportError::Failed { .. });
            assert_eq!(failed, status >= 500, "whether the records are at fault is not known");
            let unusable = [300, 301, 302, 304, 307, 308, 401, 403, 404, 405].contains(&status);
            assert_eq!(matches!(error, ExportError::Unusable { .. }), unusable, "{status}");
            let reason = error.to_string();
            assert!(![204, 429, 502, 503, 504].contains(&status), "{reason}");
            let start = format!("upstream at http://{}: it refused the records ({status}", server.address);
            assert!(reason.starts_with(&start), "{reason}");
        }
        Err(other) => panic!("{other:?}"),
    }
    assert_eq!(server.seen().len(), 1, "sent once, not again and not elsewhere");
}

#[rstest]
#[case::seconds("7", Some(7))]
#[case::zero("0", Some(0))]
#[case::far_too_long("99999999999999999999999", Some(3600))]
#[case::a_date_gone_by("Sun, 06 Nov 1994 08:49:37 GMT", Some(0))]
#[case::a_date_of_rfc_850("Sunday, 06-Nov-94 08:49:37 GMT", Some(0))]
#[case::a_distant_date("Fri, 31 Dec 9999 23:59:59 GMT", Some(3600))]
#[case::negative("-1", None)]
#[case::a_fraction("1.5", None)]
#[case::nonsense("soon", None)]
#[case::nothing("", None)]
#[tokio::test]
async fn retry_after_is_obeyed(#[case] value: &'static str, #[case] seconds: Option<u64>) {
    let server = Server::http(move |_| reply(503, &[("retry-after", value)], "")).await;
    let ExportError::Unavailable { retry_after, .. } =
        refusal(&server.exporter(Protocol::HttpProtobuf)).await
    else {
        panic!("retryable")
    };
    assert_eq!(retry_after, seconds.map(Duration::from_secs));
}

#[tokio::test]
async fn retry_after_as_a_date_is_the_time_until_then() {
    let then = SystemTime::now() + Duration::from_secs(600);
    let server =
        Server::http(move |_| reply(429, &[("retry-after", &httpdate::fmt_http_date(then))], "")).await;
    let ExportError::Unavailable { retry_after: Some(after), .. } =
        refusal(&server.exporter(Protocol::HttpProtobuf)).await
    else {
        panic!("retryable")
    };
    assert!((500..=600).contains(&after.as_secs()), "{after:?}");
}

#[tokio::test]
async fn a_partial_success_is_counted_and_never_sent_again() {
    let server = Server::http(|seen| {
        let rejected = if seen.path == "/v1/logs" { 3 } else { 0 };
        reply(200, &[("content-type", "application/x-protobuf")], partial(rejected, "too\nold"))
    })
    .await;
    let exporter = server.exporter(Protocol::HttpProtobuf);
    exporter.export(&[batch(Signal::Logs, "a"), batch(Signal::Traces, "b")]).await.unwrap();
    exporter.export(&[batch(Signal::Logs, "c")]).await.unwrap();
    assert_eq!(Signal::ALL.map(|signal| exporter.rejected(signal)), [0, 0, 6]);
    assert_eq!(server.seen().len(), 3);
}

#[rstest]
#[case::garbage(b"\xff\xff\xff".to_vec())]
#[case::html(b"<html>".to_vec())]
#[case::negative(partial(-5, ""))]
#[case::far_too_long(vec![0; 3 << 20])]
#[tokio::test]
async fn what_was_taken_is_taken_whatever_the_answer_says(#[case] body: Vec<u8>) {
    let server = Server::http(move |_| reply(200, &[], body.clone())).await;
    let exporter = server.exporter(Protocol::HttpProtobuf);
    exporter.export(&[batch(Signal::Traces, "abc")]).await.unwrap();
    assert_eq!(exporter.rejected(Signal::Traces), 0);
}

#[rstest]
#[case::status("application/x-protobuf", rpc_status("no such\ntenant", None), "; it says: no such?tenant")]
#[case::text("text/plain; charset=utf-8", b" go away ".to_vec(), "; it says: go away")]
#[case::json("application/json", b"{\"message\":\"no\"}".to_vec(), "; it says: {\"message\":\"no\"}")]
#[case::html("text/html", b"<h1>No</h1>".to_vec(), "(400 Bad Request)")]
#[case::not_what_it_says("application/x-protobuf", b"\xff".to_vec(), "(400 Bad Request)")]
#[case::long("text/plain", vec![b'x'; 2000], "xxx...")]
#[tokio::test]
async fn what_the_server_says_is_repeated_tamed(
    #[case] content_type: &'static str,
    #[case] body: Vec<u8>,
    #[case] end: &str,
) {
    let server = Server::http(move |_| reply(400, &[("content-type", content_type)], body.clone())).await;
    let reason = refusal(&server.exporter(Protocol::HttpProtobuf)).await.to_string();
    assert!(reason.ends_with(end), "{reason}");
    assert!(reason.len() < 400, "{reason}");
}

#[rstest]
#[case(401, "set the header with its credentials")]
#[case(403, "set the header with its credentials")]
#[case(404, "see whether the path of the endpoint and the protocol are right")]
#[case(308, "set the endpoint to where the redirect leads")]
#[tokio::test]
async fn a_refusal_says_what_to_do(#[case] status: u16, #[case] advice: &str) {
    let server = Server::http(move |_| reply(status, &[], "")).await;
    let reason = refusal(&server.exporter(Protocol::HttpProtobuf)).await.to_string();
    assert!(reason.contains(advice), "{reason}");
}

#[tokio::test]
async fn no_secret_is_in_debug_or_in_errors_even_when_the_server_repeats_it() {
    let server = Server::http(|seen| {
        let said =
            format!("I know {:?} and {} and hunter2 and {}", seen.headers, seen.header("x-key"), seen.path);
        reply(400, &[("content-type", "text/plain")], said.replace("x-key", "").replace('"', ""))
    })
    .await;
    let mut url = server.url();
    url.set_username("me").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    url.set_query(Some("token=in-the-query"));
    let upstream = Upstream::new(url, Protocol::HttpProtobuf).unwrap();
    let upstream = upstream.with_header("x-key", "sesame-1").unwrap();
    let settings = OtlpSettings::from_base(&upstream);
    let exporter = OtlpExporter::new(&settings).unwrap();
    let error = refusal(&exporter).await;
    let shown = format!("{error} {error:?} {upstream:?} {settings:?} {exporter:?}");
    assert!(shown.contains("I know"), "{shown}");
    for secret in ["sesame-1", "hunter2", "in-the-query", "bWU6aHVudGVyMg"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
