//! One connection to an OTLP server, over HTTP or gRPC without TLS.

use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, StatusCode, Uri, body::Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

/// An answer is read up to this: it is a number and a sentence.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// A server without room is asked again after this, unless it says when; and at most so often.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const MOST_TRIES: u64 = 100;

/// In front of a message of gRPC: a flag and the length in four bytes.
const FRAME_BYTES: usize = 5;

/// Codes of gRPC: taken, and come again.
const OK: &str = "0";
const COME_AGAIN: [&str; 2] = ["8", "14"];

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Grpc,
}

/// Sends requests over one connection.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    protocol: Protocol,
    uri: Uri,
}

/// What the server said to a request that it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub rejected: u64,
    pub sent_again: u64,
}

/// What one try came to.
enum Try {
    Taken { rejected: u64 },
    Later(Option<Duration>, String),
}

impl Sender {
    /// Sends requests of this signal to the server at `target`.
    ///
    /// # Errors
    ///
    /// When the target is not an address of plain HTTP.
    pub fn new(target: &str, protocol: Protocol, signal: Signal) -> Result<Self> {
        let base: Uri = target.parse().context("--target takes a URL, as in http://localhost:4318")?;
        ensure!(
            base.scheme_str() == Some("http") && base.authority().is_some(),
            "--target takes an http:// address: loadgen speaks no TLS"
        );
        let path = match protocol {
            Protocol::Http => format!("/v1/{signal}"),
            Protocol::Grpc => method(signal).to_owned(),
        };
        let mut parts = base.into_parts();
        parts.path_and_query = Some(path.parse()?);
        Ok(Self { client: client(protocol), protocol, uri: Uri::from_parts(parts)? })
    }

    /// The same on a connection of its own.
    pub fn another(&self) -> Result<Self> {
        Ok(Self { client: client(self.protocol), protocol: self.protocol, uri: self.uri.clone() })
    }

    /// Sends a request until the server takes it.
    ///
    /// # Errors
    ///
    /// When it can not be reached, refuses the request for good, or has no room for too long.
    pub async fn send(&self, body: Bytes) -> Result<Answer> {
        let body = match self.protocol {
            Protocol::Http => body,
            Protocol::Grpc => framed(&body),
        };
        let mut last = String::new();
        for sent_again in 0..MOST_TRIES {
            let request = self.request(body.clone())?;
            let answer = self.client.request(request).await.map_err(|error| self.unanswered(error.into()))?;
            let tried = match self.protocol {
                Protocol::Http => over_http(answer).await?,
                Protocol::Grpc => over_grpc(answer).await?,
            };
            match tried {
                Try::Taken { rejected } => return Ok(Answer { rejected, sent_again }),
                Try::Later(pause, said) => {
                    last = said;
                    tokio::time::sleep(pause.unwrap_or(PAUSE).min(LONGEST_PAUSE)).await;
                }
            }
        }
        bail!("the server had no room for a request in {MOST_TRIES} tries, and said last: {last}")
    }

    fn unanswered(&self, error: Error) -> Error {
        let cause = error.root_cause();
        anyhow!(
            "{} does not answer ({cause}): give --target the address of an OTLP server that runs",
            self.uri
        )
    }

    fn request(&self, body: Bytes) -> Result<Request<Full<Bytes>>> {
        let request = Request::post(self.uri.clone());
        let request = match self.protocol {
            Protocol::Http => request.header("content-type", "application/x-protobuf"),
            Protocol::Grpc => request.header("content-type", "application/grpc").header("te", "trailers"),
        };
        Ok(request.body(Full::new(body))?)
    }
}

fn client(protocol: Protocol) -> Client<HttpConnector, Full<Bytes>> {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    Client::builder(TokioExecutor::new()).http2_only(protocol == Protocol::Grpc).build(tcp)
}

fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

fn framed(message: &Bytes) -> Bytes {
    let mut frame = BytesMut::with_capacity(FRAME_BYTES + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

async fn over_http(answer: Response<Incoming>) -> Result<Try> {
    let status = answer.status();
    let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|_| anyhow::anyhow!("an answer broke off"))?.to_bytes();
    match status {
        StatusCode::OK => Ok(Try::Taken { rejected: rejected(&body) }),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Ok(Try::Later(after.map(Duration::from_secs), status.to_string())),
        status => bail!("the server answered {status}: {}", String::from_utf8_lossy(&body).escape_debug()),
    }
}

async fn over_grpc(answer: Response<Incoming>) -> Result<Try> {
    let headers = answer.headers().clone();
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|_| anyhow::anyhow!("an answer broke off"))?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    let find =
        |name: &str| trailers.get(name).or_else(|| headers.get(name)).and_then(|value| value.to_str().ok());
    let (status, said) = (find("grpc-status").unwrap_or("none"), find("grpc-message").unwrap_or_default());
    if status == OK {
        let message = body.to_bytes();
        return Ok(Try::Taken { rejected: rejected(message.get(FRAME_BYTES..).unwrap_or_default()) });
    }
    if COME_AGAIN.contains(&status) {
        return Ok(Try::Later(None, said.to_owned()));
    }
    bail!("the server answered with gRPC status {status}: {}", said.escape_debug())
}

/// The answers of all signals have the same fields under the same numbers.
fn rejected(body: &[u8]) -> u64 {
    let answer = ExportTraceServiceResponse::decode(body).unwrap_or_default();
    answer.partial_success.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or(0))
}
