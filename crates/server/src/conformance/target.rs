//! The server that is checked: sending to it, and what comes back.

use anyhow::{Context, Result, anyhow, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use reqwest::Url;

/// An answer is read up to this: the limit that the specification sets for it.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Where OTLP/gRPC is by convention, and OTLP/HTTP.
const GRPC_PORT: u16 = 4317;
const HTTP_PORT: u16 = 4318;

/// The server that is checked.
#[derive(Clone, Debug)]
pub struct Target {
    http: Url,
    client: reqwest::Client,
    grpc: Option<Url>,
    grpc_client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back over HTTP.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) retry_after: bool,
    pub(super) body: Bytes,
}

/// What came back over gRPC.
#[derive(Clone, Debug)]
pub(super) struct GrpcAnswer {
    pub(super) status: Option<i32>,
    pub(super) message: Bytes,
    /// Whether it says when to come again.
    pub(super) details: bool,
}

impl Target {
    /// A server with OTLP/HTTP at this address, and OTLP/gRPC at that one. Where HTTP is at port 4318 and nobody says
    /// where gRPC is, it is at 4317.
    pub fn new(http: &str, grpc: Option<&str>) -> Result<Self> {
        let address = |text: &str| {
            Url::parse(text)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
                .ok_or_else(|| anyhow!("an address is a URL, as in http://localhost:4318"))
        };
        let http = address(http)?;
        let grpc = match grpc {
            Some(grpc) => Some(address(grpc)?),
            None if http.port() == Some(HTTP_PORT) => {
                let mut grpc = http.clone();
                grpc.set_port(Some(GRPC_PORT)).map_err(|()| anyhow!("the target has no port"))?;
                Some(grpc)
            }
            None => None,
        };
        ensure!(
            grpc.as_ref().is_none_or(|grpc| grpc.scheme() == "http"),
            "gRPC over TLS can not be checked yet: give --grpc an http:// address"
        );
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("HTTP can not be set up")?;
        let grpc_client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        Ok(Self { http, client, grpc, grpc_client })
    }

    /// Where gRPC is checked, if it is.
    pub fn grpc(&self) -> Option<&Url> {
        self.grpc.as_ref()
    }

    /// One request over HTTP.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        let url = self.http.join(path).map_err(|error| error.to_string())?;
        let method = method.parse().map_err(|_| "no method".to_owned())?;
        let mut request = self.client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.map_err(|_| "no answer: the connection broke".to_owned())?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header("content-type").unwrap_or_default().to_owned();
        let (status, retry_after) = (answer.status().as_u16(), header("retry-after").is_some());
        let body = Limited::new(reqwest::Body::from(answer), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|_| "an answer of more than 4 MiB, or one that broke off".to_owned())?;
        Ok(Answer { status, content_type, retry_after, body: body.to_bytes() })
    }

    /// One call over gRPC: `message` in one frame.
    pub(super) async fn call(
        &self,
        method: &str,
        encoding: Option<&str>,
        message: &[u8],
    ) -> Result<GrpcAnswer, String> {
        let Some(url) = &self.grpc else { return Err("no gRPC address".to_owned()) };
        let url = url.join(method).map_err(|error| error.to_string())?;
        let mut frame = vec![u8::from(encoding.is_some())];
        frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        frame.extend_from_slice(message);
        let mut request = hyper::Request::post(url.as_str())
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(encoding) = encoding {
            request = request.header("grpc-encoding", encoding);
        }
        let request = request.body(Full::new(Bytes::from(frame))).map_err(|error| error.to_string())?;
        let answer = self.grpc_client.request(request).await.map_err(|_| "no answer".to_owned())?;
        let headers = answer.headers().clone();
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|_| "an answer of more than 4 MiB, or one that broke off".to_owned())?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let find = |name: &str| trailers.get(name).or_else(|| headers.get(name));
        let status = find("grpc-status").and_then(|value| value.to_str().ok()?.parse().ok());
        let details = find("grpc-status-details-bin").is_some();
        let bytes = body.to_bytes();
        let message = if bytes.len() > 5 { bytes.slice(5..) } else { Bytes::new() };
        Ok(GrpcAnswer { status, message, details })
    }
}
