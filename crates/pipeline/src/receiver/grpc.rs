//! OTLP/gRPC: the three export services, over a codec that hands over the bytes as they came.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::State, routing::post};
use bytes::{Buf, BufMut, Bytes};

use tonic::{
    Code, Request, Response, Status,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, UnaryService},
};
use tower::Service;

use super::Receiver;
use crate::signal::Signal;

/// `grpc.health.v1.HealthCheckResponse` with status SERVING.
const SERVING: &[u8] = &[0x08, 0x01];

pub(super) fn router(receiver: Receiver) -> Router {
    Signal::ALL
        .into_iter()
        .fold(Router::new(), |router, signal| {
            let serve = move |State(receiver): State<Receiver>, request: axum::http::Request<Body>| async move {
                let limit = receiver.limits.max_request_bytes;
                answer(Export { receiver, signal }, limit, request).await
            };
            router.route(path(signal), post(serve))
        })
        .route(
            "/grpc.health.v1.Health/Check",
            post(|request: axum::http::Request<Body>| answer(Health, MAX_HEALTH_BYTES, request)),
        )
        .with_state(receiver)
}

/// The name of a service; nobody's is longer.
const MAX_HEALTH_BYTES: usize = 1024;

pub(super) fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

async fn answer<S>(
    service: S,
    limit: usize,
    request: axum::http::Request<Body>,
) -> axum::http::Response<tonic::body::Body>
where
    S: UnaryService<Bytes, Response = Bytes>,
{
    let response = Grpc::new(Raw)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(limit)
        .unary(service, request)
        .await;
    match grpc_code(&response) {
        // Ours: it says when to come again.
        _ if response.headers().contains_key("grpc-status-details-bin") => response,
        // What tonic says of a message over the limit, before and after decompression. Clients would send the first
        // again and again.
        Some(Code::OutOfRange | Code::ResourceExhausted) => Status::resource_exhausted(format!(
            "the request is larger than {limit} bytes: send smaller batches"
        ))
        .into_http(),
        // What tonic says of a message that it can not unframe or decompress.
        Some(Code::Internal) => {
            Status::invalid_argument("the message can not be read: its frame or its compression is broken")
                .into_http()
        }
        _ => response,
    }
}

fn grpc_code(response: &axum::http::Response<tonic::body::Body>) -> Option<Code> {
    response.headers().get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

#[derive(Clone, Debug)]
struct Export {
    receiver: Receiver,
    signal: Signal,
}

impl Service<Request<Bytes>> for Export {
    type Response = Response<Bytes>;
    type Error = Status;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Answer {
        let (receiver, signal) = (self.receiver.clone(), self.signal);
        Box::pin(async move {
            let outcome = receiver.take(signal, request.into_inner()).await;
            outcome.into_grpc().map(|bytes| Response::new(bytes.into()))
        })
    }
}

/// Says that we serve, whichever service is asked for: this process serves all of them or is not there.
#[derive(Clone, Copy, Debug)]
struct Health;

impl Service<Request<Bytes>> for Health {
    type Response = Response<Bytes>;
    type Error = Status;
    type Future = std::future::Ready<Result<Response<Bytes>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        std::future::ready(Ok(Response::new(Bytes::from_static(SERVING))))
    }
}

/// Messages as they are: decoding them is the check's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raw;

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
