//! One HTTP client for both protocols: a request out, a whole answer of limited size back.
//!
//! It follows no redirect and uses no proxy: what is in an endpoint is where the headers go.

use std::time::Duration;

use axum::http::{HeaderMap, Request, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::timeout;

use super::{
    failure::Failure,
    settings::{OtlpSettingsError, Protocol, Upstream, without_authorities},
};

/// Bytes of an answer at most: it is a number and a sentence.
pub(super) const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Idle connections kept for one server: as many as there are signals.
const IDLE_CONNECTIONS: usize = 3;

/// How long they are kept: under the minute after which load balancers forget them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// After so much silence during a request an HTTP/2 server is asked whether it is there.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// How long it has to answer.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Connections to servers. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// `None` when it was larger than [`MAX_ANSWER_BYTES`].
    pub(super) body: Option<Bytes>,
    pub(super) trailers: HeaderMap,
}

impl Transport {
    /// Connects when there is something to send.
    pub(super) fn new(upstream: &Upstream) -> Result<Self, OtlpSettingsError> {
        let config = if upstream.is_tls() { upstream.tls().client_config()? } else { without_authorities()? };
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
        let only_http2 = upstream.protocol() == Protocol::Grpc;
        let connector = if only_http2 {
            connector.enable_http2().wrap_connector(tcp)
        } else {
            connector.enable_all_versions().wrap_connector(tcp)
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .timer(TokioTimer::new())
            .http2_only(only_http2)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .build(connector);
        Ok(Self { client })
    }

    /// Sends a request and reads its answer, within `limit` from connecting to the end.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<Answer, Failure> {
        timeout(limit, self.exchange(request)).await.unwrap_or(Err(Failure::TimedOut(limit)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let answer = self.client.request(request).await.map_err(|error: legacy::Error| {
            if error.is_connect() {
                Failure::Connecting(error.into())
            } else {
                Failure::Talking(error.into())
            }
        })?;
        read(answer).await
    }
}

async fn read(answer: Response<hyper::body::Incoming>) -> Result<Answer, Failure> {
    let (head, mut incoming) = answer.into_parts();
    let mut answer =
        Answer { status: head.status, headers: head.headers, body: None, trailers: HeaderMap::new() };
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Failure::Talking(error.into()))?;
        match frame.into_data() {
            Ok(data) if body.len() + data.len() > MAX_ANSWER_BYTES => return Ok(answer),
            Ok(data) => body.extend_from_slice(&data),
            Err(frame) => answer.trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    answer.body = Some(body.freeze());
    Ok(answer)
}
