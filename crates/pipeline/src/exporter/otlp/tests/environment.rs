//! The variables of the specification, and what can not be built.

use std::{collections::BTreeMap, io, path::Path, time::Duration};

use rstest::rstest;
use url::Url;

use crate::{
    Signal,
    exporter::otlp::{
        Compression, OtlpSettings, OtlpSettingsError, Protocol, TlsSettings, Upstream,
        settings::from_environment,
    },
};

const TLS_CERTIFICATE: &str = "/certificate.pem";
const TLS_KEY: &str = "/key.pem";

fn read(variables: &[(&str, &str)]) -> Result<OtlpSettings, Vec<OtlpSettingsError>> {
    read_with(None, variables)
}

fn read_with(
    endpoint: Option<&str>,
    variables: &[(&str, &str)],
) -> Result<OtlpSettings, Vec<OtlpSettingsError>> {
    let pair = |(key, value): &(&str, &str)| (format!("OTEL_EXPORTER_OTLP_{key}"), (*value).to_owned());
    let variables: Vec<_> = variables.iter().map(pair).collect();
    let made = rcgen::generate_simple_self_signed(vec!["me".to_owned()]).unwrap();
    let files = BTreeMap::from([
        (TLS_CERTIFICATE, made.cert.pem()),
        (TLS_KEY, made.signing_key.serialize_pem()),
        ("/empty", String::new()),
    ]);
    let read_file = |path: &Path| {
        let file = files.get(path.to_str().unwrap()).ok_or(io::ErrorKind::NotFound)?;
        Ok(file.clone().into_bytes())
    };
    from_environment(endpoint.map(|url| Url::parse(url).unwrap()).as_ref(), &variables, read_file)
}

fn mistakes(variables: &[(&str, &str)]) -> Vec<String> {
    read(variables).expect_err("mistakes").iter().map(ToString::to_string).collect()
}

fn where_to(settings: &OtlpSettings) -> [(String, Protocol); 3] {
    Signal::ALL.map(|signal| {
        let upstream = settings.upstream(signal);
        (upstream.endpoint().to_string(), upstream.protocol())
    })
}

#[rstest]
#[case::the_grpc_port("http://c:4317", Protocol::Grpc)]
#[case::another_port("https://c:9999", Protocol::Grpc)]
#[case::no_port("https://c", Protocol::Grpc)]
#[case::no_port_and_a_slash("https://c/", Protocol::Grpc)]
#[case::the_http_port("http://c:4318", Protocol::HttpProtobuf)]
#[case::a_path("https://c/otlp", Protocol::HttpProtobuf)]
#[case::a_path_on_the_grpc_port("http://c:4317/otlp", Protocol::HttpProtobuf)]
fn without_a_protocol_port_and_path_decide(#[case] endpoint: &str, #[case] protocol: Protocol) {
    let settings = read(&[("ENDPOINT", endpoint)]).unwrap();
    for (_, found) in where_to(&settings) {
        assert_eq!(found, protocol);
    }
}

#[test]
fn a_base_gets_the_path_of_the_signal_and_an_endpoint_of_a_signal_does_not() {
    let settings =
        read(&[("ENDPOINT", "https://c/otlp/"), ("LOGS_ENDPOINT", "http://other:9000/logs?a=b")]).unwrap();
    let http = Protocol::HttpProtobuf;
    let expected = ["https://c/otlp/v1/traces", "https://c/otlp/v1/metrics", "http://other:9000/logs?a=b"];
    assert_eq!(where_to(&settings), expected.map(|url| (url.to_owned(), http)));
}

#[test]
fn every_variable_has_a_form_for_one_signal_that_wins() {
    let settings = read(&[
        ("ENDPOINT", "https://c:4317"),
        ("METRICS_ENDPOINT", "https://m:1"),
        ("PROTOCOL", "grpc"),
        ("METRICS_PROTOCOL", "HTTP/protobuf"),
        ("COMPRESSION", "zstd"),
        ("METRICS_COMPRESSION", "none"),
        ("TIMEOUT", "1500"),
        ("METRICS_TIMEOUT", "1"),
        ("HEADERS", "a=1,b=2"),
        ("METRICS_HEADERS", "c=3"),
        ("CERTIFICATE", TLS_CERTIFICATE),
        ("METRICS_CLIENT_CERTIFICATE", TLS_CERTIFICATE),
        ("METRICS_CLIENT_KEY", TLS_KEY),
    ])
    .unwrap();
    let base = Upstream::new("https://c:4317".parse().unwrap(), Protocol::Grpc).unwrap();
    let traces = settings.upstream(Signal::Traces);
    assert_eq!(traces, settings.upstream(Signal::Logs));
    let expected = base
        .with_compression(Compression::Zstd)
        .with_timeout(Duration::from_millis(1500))
        .and_then(|upstream| upstream.with_header("a", "1")?.with_header("b", "2"))
        .unwrap()
        .with_tls(traces.tls().clone());
    assert_eq!(*traces, expected);
    let metrics = format!("{:?}", settings.upstream(Signal::Metrics));
    let expected = "Upstream { endpoint: \"https://m:1\", protocol: HttpProtobuf, compression: None, timeout: 1ms, \
                    headers: [\"c\"], tls: TlsSettings { own_authority: true, client_certificate: true } }";
    assert_eq!(metrics, expected);
    assert_ne!(*traces.tls(), TlsSettings::default());
}

#[test]
fn without_variables_the_defaults_of_the_specification_hold() {
    let settings = read_with(Some("http://c"), &[("TIMEOUT", ""), ("COMPRESSION", "  ")]).unwrap();
    let base = Upstream::new("http://c".parse().unwrap(), Protocol::Grpc).unwrap();
    assert_eq!(settings, OtlpSettings::from_base(&base));
    assert_eq!((base.timeout(), base.compression()), (Duration::from_secs(10), Compression::Gzip));
    assert_eq!(settings.name(), "otlp");
}

#[test]
fn a_given_endpoint_wins_over_the_variable_but_not_over_that_of_a_signal() {
    let variables = [("ENDPOINT", "not looked at"), ("TRACES_ENDPOINT", "http://t:4318/x")];
    let settings = read_with(Some("http://c:4318"), &variables).unwrap();
    let endpoints = where_to(&settings).map(|(endpoint, _)| endpoint);
    assert_eq!(endpoints, ["http://t:4318/x", "http://c:4318/v1/metrics", "http://c:4318/v1/logs"]);
}

#[rstest]
#[case::percent("api-key=a%2Cb%20c", &[("api-key", "a,b c")])]
#[case::spaces(" a = 1 , b=2,, ", &[("a", "1"), ("b", "2")])]
#[case::equals("authorization=Basic dTpw==", &[("authorization", "Basic dTpw==")])]
#[case::empty("a=", &[("a", "")])]
#[case::the_last_holds("a=1,A=2", &[("a", "2")])]
fn headers_are_a_list_with_percent_encoding(#[case] list: &str, #[case] expected: &[(&str, &str)]) {
    let settings = read(&[("ENDPOINT", "http://c"), ("HEADERS", list)]).unwrap();
    let headers = settings.upstream(Signal::Logs).headers();
    let found: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(found, expected);
}

#[rstest]
#[case(&[], "there is no endpoint: set OTEL_EXPORTER_OTLP_ENDPOINT, or one for each signal")]
#[case(&[("TRACES_ENDPOINT", "http://c")], "there is no endpoint: set OTEL_EXPORTER_OTLP_ENDPOINT, or one for each signal")]
#[case(&[("ENDPOINT", "c")], "OTEL_EXPORTER_OTLP_ENDPOINT: the endpoint is not a URL: write http://host:port or https://host:port")]
#[case(&[("ENDPOINT", "c:4317")], "OTEL_EXPORTER_OTLP_ENDPOINT: the endpoint does not begin with http:// or https:// and a host: write one of them before the host")]
#[case(&[("ENDPOINT", "http://c/v1/traces"), ("PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_ENDPOINT: gRPC has no path or query: leave it out of the endpoint, or set the protocol to http/protobuf")]
#[case(&[("ENDPOINT", "http://c"), ("PROTOCOL", "http/json")], "OTEL_EXPORTER_OTLP_PROTOCOL: http/json is read by our receivers but not sent: use http/protobuf")]
#[case(&[("ENDPOINT", "http://c"), ("PROTOCOL", "http")], "OTEL_EXPORTER_OTLP_PROTOCOL: the protocol is not one we speak: use grpc or http/protobuf")]
#[case(&[("ENDPOINT", "http://c"), ("COMPRESSION", "deflate")], "OTEL_EXPORTER_OTLP_COMPRESSION: the compression is not one we know: use gzip, zstd or none")]
#[case(&[("ENDPOINT", "http://c"), ("TIMEOUT", "10s")], "OTEL_EXPORTER_OTLP_TIMEOUT: the timeout is not from 1 millisecond to 1 hour: give it in milliseconds, such as 10000")]
#[case(&[("ENDPOINT", "http://c"), ("LOGS_TIMEOUT", "0")], "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: the timeout is not from 1 millisecond to 1 hour: give it in milliseconds, such as 10000")]
#[case(&[("ENDPOINT", "http://c"), ("TIMEOUT", "3600001")], "OTEL_EXPORTER_OTLP_TIMEOUT: the timeout is not from 1 millisecond to 1 hour: give it in milliseconds, such as 10000")]
#[case(&[("ENDPOINT", "http://c"), ("HEADERS", "a=1,sesame")], "OTEL_EXPORTER_OTLP_HEADERS: entry 2 of the headers is not name=value: encode commas in a value as %2C")]
#[case(&[("ENDPOINT", "http://c"), ("HEADERS", "ses ame=1")], "OTEL_EXPORTER_OTLP_HEADERS: entry 1 of the headers is not name=value: encode commas in a value as %2C")]
#[case(&[("ENDPOINT", "http://c"), ("HEADERS", "a=%0Asesame")], "OTEL_EXPORTER_OTLP_HEADERS: entry 1 of the headers is not name=value: encode commas in a value as %2C")]
#[case(&[("ENDPOINT", "http://c"), ("HEADERS", "Content-Type=x")], "OTEL_EXPORTER_OTLP_HEADERS: the header content-type is set by the protocol itself: leave it out")]
#[case(&[("ENDPOINT", "http://c"), ("CERTIFICATE", "/nowhere")], "OTEL_EXPORTER_OTLP_CERTIFICATE: the file can not be read: entity not found")]
#[case(&[("ENDPOINT", "http://c"), ("CERTIFICATE", "/empty")], "OTEL_EXPORTER_OTLP_CERTIFICATE: the certificate of the authority can not be read: give certificates in PEM")]
#[case(&[("ENDPOINT", "http://c"), ("CLIENT_KEY", TLS_KEY)], "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: a client certificate and its key belong together: set both or none")]
#[case(&[("ENDPOINT", "http://c"), ("CLIENT_KEY", TLS_CERTIFICATE), ("CLIENT_CERTIFICATE", TLS_CERTIFICATE)], "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: the client certificate and its key can not be used: give both in PEM, and the key of this certificate")]
fn a_mistake_is_said_once_with_its_variable(#[case] variables: &[(&str, &str)], #[case] sentence: &str) {
    assert_eq!(mistakes(variables), [sentence]);
}

#[test]
fn all_mistakes_are_said_and_no_value_is() {
    let said = mistakes(&[
        ("ENDPOINT", "http://sesame:sesame@c/sesame?sesame#sesame"),
        ("TRACES_ENDPOINT", "sesame://sesame@c"),
        ("METRICS_ENDPOINT", "http://c:99999/sesame"),
        ("HEADERS", "sesame"),
        ("TIMEOUT", "sesame"),
        ("COMPRESSION", "sesame"),
        ("LOGS_COMPRESSION", "sesame"),
        ("PROTOCOL", "sesame"),
        ("CERTIFICATE", "/sesame"),
    ]);
    assert!(said.len() == 7, "{said:?}");
    assert!(!said.join(" ").contains("sesame"), "{said:?}");
}

#[rstest]
#[case("")]
#[case(" ")]
#[case("a\nb")]
#[case("\u{e9}")]
#[case(&"x".repeat(65))]
fn a_name_that_can_not_be_shown_is_refused(#[case] name: &str) {
    let upstream = Upstream::new("http://c".parse().unwrap(), Protocol::Grpc).unwrap();
    assert_eq!(OtlpSettings::from_base(&upstream).named(name), Err(OtlpSettingsError::Name));
}

#[test]
fn headers_that_can_not_be_sent_are_refused() {
    let upstream = Upstream::new("http://c".parse().unwrap(), Protocol::Grpc).unwrap();
    for (name, value) in
        [("a b", "x"), ("", "x"), ("a", "\u{e9}"), ("a", "\r\nb: c"), ("grpc-timeout", "1n"), ("TE", "x")]
    {
        assert!(upstream.clone().with_header(name, value).is_err(), "{name}: {value}");
    }
    let many = (0..64).fold(upstream, |upstream, n| upstream.with_header(&format!("a{n}"), "x").unwrap());
    let more = many.clone().with_header("b", "x");
    assert_eq!(more, Err(OtlpSettingsError::TooManyHeaders { most: 64 }));
    assert!(many.with_header("a0", "y").is_ok());
}
