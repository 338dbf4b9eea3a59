//! OTLP/HTTP: `POST /v1/traces`, `/v1/metrics`, `/v1/logs`, in protobuf and JSON by Content-Type.

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};

use super::{
    Receiver, blocking_when_large, body,
    reply::{Form, Outcome},
};
use crate::{json, signal::Signal};

const WRONG_METHOD: &str = "OTLP/HTTP takes POST requests\n";
const WRONG_PATH: &str = "OTLP/HTTP has the paths /v1/traces, /v1/metrics and /v1/logs\n";

pub(super) fn router(receiver: Receiver) -> Router {
    Signal::ALL
        .into_iter()
        .fold(Router::new(), |router, signal| {
            let take = move |State(receiver): State<Receiver>, headers: HeaderMap, body: Body| async move {
                export(&receiver, signal, &headers, body).await
            };
            let wrong_method = || async { (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], WRONG_METHOD) };
            router.route(&format!("/v1/{signal}"), post(take).fallback(wrong_method))
        })
        .fallback(|headers: HeaderMap| async move { not_found(&headers) })
        .with_state(receiver)
}

async fn export(receiver: &Receiver, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let Some(form) = form(headers) else {
        let reason = "the Content-Type is not one we read: send application/x-protobuf or application/json";
        return Outcome::UnknownType(reason.to_owned()).into_http(signal, Form::Json);
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

fn form(headers: &HeaderMap) -> Option<Form> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" => Some(Form::Protobuf),
        "application/json" => Some(Form::Json),
        _ => None,
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
    (StatusCode::NOT_FOUND, WRONG_PATH).into_response()
}
