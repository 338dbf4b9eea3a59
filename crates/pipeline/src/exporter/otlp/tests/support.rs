//! Small servers that remember what they got and answer what they are told.

use std::{
    io::Read,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, Version},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use prost::Message;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::{
    Batch, ExportError, Exporter, Signal,
    exporter::otlp::{
        OtlpExporter, OtlpSettings, Protocol, Upstream,
        message::{Any, ExportResponse, PartialSuccess, ProtoDuration, RetryInfo, RpcStatus},
    },
};

/// A request that a server got.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) version: Version,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The protobuf in it, unframed and decompressed.
    pub(super) fn request(&self) -> Vec<u8> {
        if self.header("content-type") != "application/grpc" {
            return decompress(self.header("content-encoding"), &self.body);
        }
        assert_eq!(self.body.len() - 5, u32::from_be_bytes(self.body[1..5].try_into().unwrap()) as usize);
        let encoding = self.header("grpc-encoding");
        assert_eq!(self.body[0] == 1, !encoding.is_empty());
        decompress(encoding, &self.body[5..])
    }
}

fn decompress(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        "" => plain.extend_from_slice(bytes),
        "gzip" => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap()),
        "zstd" => drop(zstd::Decoder::new(bytes).unwrap().read_to_end(&mut plain).unwrap()),
        other => panic!("{other}"),
    }
    plain
}

type Script = Arc<dyn Fn(&Seen) -> Response<Body> + Send + Sync>;

/// A server on a port of its own.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(super) async fn http(script: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(script)).await
    }

    pub(super) async fn tls(
        config: ServerConfig,
        script: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(TlsAcceptor::from(Arc::new(config))), Arc::new(script)).await
    }

    async fn start(tls: Option<TlsAcceptor>, script: Script) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(answer).with_state((Arc::clone(&seen), script));
        Self { address: serve(router, tls).await, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.address)).unwrap()
    }

    /// An exporter of everything to this server, with the first timeout that comes to mind.
    pub(super) fn exporter(&self, protocol: Protocol) -> OtlpExporter {
        exporter(&Upstream::new(self.url(), protocol).unwrap())
    }
}

/// Serves a router on a port of its own, for as long as the test's runtime lives.
pub(super) async fn serve(router: Router, tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (router, tls) = (router.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => converse(socket, router).await,
                    Some(tls) => {
                        if let Ok(socket) = tls.accept(socket).await {
                            converse(socket, router).await;
                        }
                    }
                }
            });
        }
    });
    address
}

async fn converse(socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, router: Router) {
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ended = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router)).await;
}

async fn answer(
    State((seen, script)): State<(Arc<Mutex<Vec<Seen>>>, Script)>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = head.uri.path_and_query().unwrap().to_string();
    let one = Seen { version: head.version, path, headers: head.headers, body };
    let response = script(&one);
    seen.lock().unwrap().push(one);
    response
}

/// An HTTP answer.
pub(super) fn reply(status: u16, headers: &[(&'static str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    response
}

/// A gRPC answer of one message with the status in trailers.
pub(super) fn message(message: &[u8]) -> Response<Body> {
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let trailers: HeaderMap = [("grpc-status", "0")]
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
    let body = http_body_util::Full::new(Bytes::from(body)).with_trailers(std::future::ready(Some(Ok::<
        _,
        std::convert::Infallible,
    >(
        trailers,
    ))));
    reply(200, &[("content-type", "application/grpc")], Body::new(body))
}

/// What a server says that rejected some records.
pub(super) fn partial(rejected: i64, message: &str) -> Vec<u8> {
    let partial = PartialSuccess { rejected, error_message: message.to_owned() };
    ExportResponse { partial_success: Some(partial) }.encode_to_vec()
}

/// A `google.rpc.Status`, with a `RetryInfo` where a delay is given.
pub(super) fn rpc_status(message: &str, delay: Option<(i64, i32)>) -> Vec<u8> {
    let info = delay.map(|(seconds, nanos)| Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: RetryInfo { retry_delay: Some(ProtoDuration { seconds, nanos }) }.encode_to_vec(),
    });
    let other = Any { type_url: "type.googleapis.com/google.rpc.DebugInfo".to_owned(), value: vec![1] };
    let details = [Some(other), info].into_iter().flatten().collect();
    RpcStatus { code: 8, message: message.to_owned(), details }.encode_to_vec()
}

pub(super) fn exporter(base: &Upstream) -> OtlpExporter {
    OtlpExporter::new(&OtlpSettings::from_base(base).named("upstream").unwrap()).unwrap()
}

/// A batch of ten records whose bytes need not be telemetry: nothing here looks into them.
pub(super) fn batch(signal: Signal, bytes: impl Into<Bytes>) -> Batch {
    Batch::new(signal, bytes.into(), 10)
}

/// Exports one small batch and expects an error.
pub(super) async fn refusal(exporter: &OtlpExporter) -> ExportError {
    exporter.export(&[batch(Signal::Traces, "abc")]).await.expect_err("it does not take it")
}
