//! An HTTP request between two services: the span of the client and, inside it, the span of the server.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::{
    builder::{SpanKey, TraceBuilder},
    failures::Exception,
    services::Origin,
};

/// Where a request goes.
pub struct Route {
    /// Who asks.
    pub client: Origin,
    /// Who answers.
    pub server: Origin,
    /// The HTTP method.
    pub method: &'static str,
    /// The name of the server in the network.
    pub host: &'static str,
    /// Its port.
    pub port: i64,
    /// The path with placeholders.
    pub template: &'static str,
}

/// How a call ended.
pub struct Answer {
    /// When.
    pub end: u64,
    /// The HTTP status; none where the connection broke.
    pub status: Option<i64>,
    /// What the caller makes of a failure.
    pub error: Option<Exception>,
}

impl Answer {
    /// A success.
    pub fn ok(end: u64) -> Self {
        Self { end, status: Some(200), error: None }
    }

    /// A failure with an HTTP status.
    pub fn failed(end: u64, status: i64, error: Exception) -> Self {
        Self { end, status: Some(status), error: Some(error) }
    }
}

/// Sends a request at a time; `serve` does the server's work inside the server's span.
pub fn request(
    trace: &mut TraceBuilder,
    parent: SpanKey,
    at: u64,
    route: &Route,
    path: &str,
    serve: impl FnOnce(&mut TraceBuilder, SpanKey, u64) -> Answer,
) -> Answer {
    let client = trace.open(route.client, Some(parent), SpanKind::Client, route.method, at);
    trace.set(client, "http.request.method", route.method);
    trace.set(client, "url.full", format!("http://{}:{}{path}", route.host, route.port));
    trace.set(client, "server.address", route.host);
    trace.set(client, "server.port", route.port);

    let arrival = at + trace.random.latency(0.7);
    let name = format!("{} {}", route.method, route.template);
    let server = trace.open(route.server, Some(client), SpanKind::Server, name, arrival);
    trace.set(server, "http.request.method", route.method);
    trace.set(server, "http.route", route.template);
    trace.set(server, "url.path", path);
    trace.set(server, "url.scheme", "http");
    trace.set(server, "server.address", route.host);
    trace.set(server, "network.protocol.version", "1.1");
    trace.set(server, "client.address", format!("10.42.{}.{}", arrival % 4, 16 + arrival % 200));

    let work = arrival + trace.random.latency(0.4);
    let mut answer = serve(trace, server, work);
    let sent = answer.end + trace.random.latency(0.3);
    trace.close(server, sent);
    answer.end = sent + trace.random.latency(0.6);
    trace.close(client, answer.end);
    report(trace, client, server, &answer);
    answer
}

/// Sets what the semantic conventions say of an answer; a 4xx is an error of the client's span only.
fn report(trace: &mut TraceBuilder, client: SpanKey, server: SpanKey, answer: &Answer) {
    let Some(status) = answer.status else {
        if let Some(error) = &answer.error {
            trace.throw(client, answer.end, error);
        }
        return;
    };
    trace.set(client, "http.response.status_code", status);
    trace.set(server, "http.response.status_code", status);
    if status >= 400 {
        trace.fail(client, &status.to_string(), "");
    }
    if status >= 500 {
        trace.fail(server, &status.to_string(), "");
    }
}
