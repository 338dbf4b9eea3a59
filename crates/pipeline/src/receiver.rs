//! OTLP over HTTP and gRPC, both on every port (OTLP specification 1.11).
//!
//! | module | answers |
//! |---|---|
//! | `http` | `POST /v1/traces`, `/v1/metrics`, `/v1/logs` in protobuf and JSON |
//! | `grpc` | the three export services and the health service |
//! | `body` | a request's bytes, decompressed up to a limit |
//! | `reply` | what happened, as the answer of either protocol |
//! | [`listener`] | the socket, and stopping |
//!
//! A receiver checks a request, hands it to the intake and waits; it never calls an exporter.

use axum::Router;
use bytes::Bytes;

use crate::{check::check, intake::Intake, signal::Signal};

mod body;
mod grpc;
mod http;
pub mod listener;
mod reply;
#[cfg(test)]
mod tests;

pub use listener::Listener;

use reply::Outcome;

/// What is taken at most: the limit of a request after decompression that the specification suggests.
const MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

/// Bounds on what comes in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one request, after decompression.
    pub max_request_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_request_bytes: MAX_REQUEST_BYTES }
    }
}

/// What every receiver needs.
#[derive(Clone, Debug)]
struct Receiver {
    intake: Intake,
    limits: Limits,
}

/// OTLP over HTTP and gRPC, in front of an intake.
pub fn router(intake: Intake, limits: Limits) -> Router {
    let receiver = Receiver { intake, limits };
    http::router(receiver.clone()).merge(grpc::router(receiver))
}

impl Receiver {
    /// Takes a request of protobuf and waits until it is in the log.
    async fn take(&self, signal: Signal, request: Bytes) -> Outcome {
        let checking = blocking_when_large(request, move |request| check(signal, request));
        let checked = match checking.await {
            Ok(checked) => checked,
            Err(malformed) => return Outcome::Malformed(malformed.0),
        };
        self.intake.ledger().rejected(signal, checked.rejected);
        if checked.batch.records() > 0
            && let Err(refusal) = self.intake.submit(checked.batch).await
        {
            return refusal.into();
        }
        Outcome::Taken { rejected: checked.rejected, message: checked.reason }
    }
}

/// Requests above this size are decoded on a thread of their own, so that they hold up no other.
const LARGE_BYTES: usize = 256 * 1024;

async fn blocking_when_large<T, R>(input: T, work: impl FnOnce(T) -> R + Send + 'static) -> R
where
    T: AsRef<[u8]> + Send + 'static,
    R: Send + 'static,
{
    if input.as_ref().len() <= LARGE_BYTES { work(input) } else { on_a_thread(move || work(input)).await }
}

async fn on_a_thread<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
