//! An OTLP platform that misbehaves as it is told, and remembers what it took.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
    routing::post,
};
use bytes::Bytes;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest, common::v1::any_value::Value,
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Well,
    Down,
    Hangs,
    Slow,
    Fails,
    Busy,
    /// Takes the request and breaks the connection instead of answering.
    Resets,
}

#[derive(Debug)]
struct Inner {
    mode: Mutex<Mode>,
    received: Mutex<HashMap<String, usize>>,
}

/// The platform.
pub struct Upstream {
    inner: Arc<Inner>,
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Starts one that behaves well.
    pub async fn start(_seed: u64) -> Result<Self> {
        let inner = Arc::new(Inner { mode: Mutex::new(Mode::Well), received: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = Some(serve(listener, &inner));
        Ok(Self { inner, address, serving })
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How often it took each record.
    pub fn received(&self) -> HashMap<String, usize> {
        self.inner.received.lock().expect("not poisoned").clone()
    }

    /// From now on it behaves like this.
    pub async fn behave(&mut self, mode: Mode) -> Result<()> {
        *self.inner.mode.lock().expect("not poisoned") = mode;
        if mode == Mode::Down {
            if let Some(serving) = self.serving.take() {
                serving.abort();
                let _aborted = serving.await;
            }
        } else if self.serving.is_none() {
            let mut listener = TcpListener::bind(self.address).await;
            for _ in 0..100 {
                if listener.is_ok() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                listener = TcpListener::bind(self.address).await;
            }
            self.serving = Some(serve(listener.context("its port is taken")?, &self.inner));
        }
        Ok(())
    }

    /// It behaves well again.
    pub async fn heal(&mut self) -> Result<()> {
        self.behave(Mode::Well).await
    }
}

fn serve(listener: TcpListener, inner: &Arc<Inner>) -> JoinHandle<()> {
    let router = Router::new().route("/v1/logs", post(take)).with_state(Arc::clone(inner));
    tokio::spawn(async move {
        let _until_aborted = axum::serve(listener, router).await;
    })
}

async fn take(State(inner): State<Arc<Inner>>, body: Bytes) -> Response<Body> {
    let mode = *inner.mode.lock().expect("not poisoned");
    let answer =
        |status: StatusCode| Response::builder().status(status).body(Body::empty()).expect("a response");
    match mode {
        Mode::Well | Mode::Down => {}
        Mode::Hangs => tokio::time::sleep(Duration::from_secs(30)).await,
        Mode::Slow => tokio::time::sleep(Duration::from_millis(300)).await,
        Mode::Fails => return answer(StatusCode::INTERNAL_SERVER_ERROR),
        Mode::Busy => {
            let mut busy = answer(StatusCode::TOO_MANY_REQUESTS);
            busy.headers_mut().insert("retry-after", "1".parse().expect("digits"));
            return busy;
        }
        Mode::Resets => {
            remember(&inner, body);
            let broken = futures_util::stream::iter([
                Ok::<_, std::io::Error>(Bytes::from_static(b"h")),
                Err(std::io::ErrorKind::ConnectionReset.into()),
            ]);
            let mut response = answer(StatusCode::OK);
            *response.body_mut() = Body::from_stream(broken);
            return response;
        }
    }
    remember(&inner, body);
    answer(StatusCode::OK)
}

fn remember(inner: &Inner, body: Bytes) {
    let request = ExportLogsServiceRequest::decode(body).expect("an OTLP request");
    let mut received = inner.received.lock().expect("not poisoned");
    let records =
        request.resource_logs.into_iter().flat_map(|it| it.scope_logs).flat_map(|it| it.log_records);
    for record in records {
        if let Some(Value::StringValue(text)) = record.body.and_then(|body| body.value) {
            *received.entry(text).or_default() += 1;
        }
    }
}
