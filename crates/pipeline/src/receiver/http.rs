//! OTLP/HTTP: `POST /v1/traces`, `/v1/metrics`, `/v1/logs`, in protobuf and JSON by Content-Type.

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::Response,
    routing::post,
};

use super::{
    Receiver, blocking_when_large, body,
    reply::{Form, Outcome},
};
use crate::{json, signal::Signal};

const WRONG_METHOD: &str = "OTLP/HTTP takes POST requests only";
const WRONG_PATH: &str =
    "there is nothing at this path: send OTLP/HTTP to /v1/traces, /v1/metrics or /v1/logs";

pub(super) fn router(receiver: Receiver) -> Router {
    Signal::ALL
        .into_iter()
        .fold(Router::new(), |router, signal| {
            let take = move |State(receiver): State<Receiver>, headers: HeaderMap, body: Body| async move {
                export(&receiver, signal, &headers, body).await
            };
            let wrong_method = |headers: HeaderMap| async move {
                refuse(&headers, Outcome::WrongMethod(WRONG_METHOD.to_owned()))
            };
            router.route(&format!("/v1/{signal}"), post(take).fallback(wrong_method))
        })
        .fallback(|headers: HeaderMap| async move { not_found(&headers) })
        .with_state(receiver)
}

async fn export(receiver: &Receiver, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let Some(form) = Form::of(headers) else {
        let reason = "the Content-Type is not one we read: send application/x-protobuf or application/json";
        return refuse(headers, Outcome::UnknownType(reason.to_owned()));
    };
    let outcome = match request(receiver, signal, form, headers, body).await {
        Ok(request) => receiver.take(signal, request).await,
        Err(outcome) => outcome,
    };
    outcome.into_http(signal, form)
}

/// The request in protobuf.
async fn request(
    receiver: &Receiver,
    signal: Signal,
    form: Form,
    headers: &HeaderMap,
    body: Body,
) -> Result<bytes::Bytes, Outcome> {
    let bytes = body::read(headers, body, receiver.limits.max_request_bytes).await?;
    match form {
        Form::Protobuf => Ok(bytes),
        Form::Json => blocking_when_large(bytes, move |bytes| json::to_protobuf(signal, &bytes))
            .await
            .map_err(|error| Outcome::Malformed(error.to_string())),
    }
}

/// A gRPC client is told in its own protocol that there is no such method.
fn not_found(headers: &HeaderMap) -> Response {
    let grpc = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    if grpc {
        return tonic::Status::unimplemented("there is no such OTLP service or method").into_http::<Body>();
    }
    refuse(headers, Outcome::NoSuchPath(WRONG_PATH.to_owned()))
}

/// In the request's form where it is one of ours.
fn refuse(headers: &HeaderMap, outcome: Outcome) -> Response {
    outcome.into_http_error(Form::of(headers).unwrap_or(Form::Json))
}
