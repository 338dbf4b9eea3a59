//! A unary call of gRPC: one framed message out, one framed message and a status back.
//!
//! It is written on HTTP/2 directly and not on a generic client, because the mapping to retries has to know what the
//! server said from what went wrong here, compression belongs on a thread of its own, and details that are not base64
//! must not panic.

use std::{str, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header, uri::PathAndQuery};
use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::Full;
use percent_encoding::percent_decode;
use tonic::Code;

use super::{settings::Compression, transport::Answer};
use crate::signal::Signal;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// A flag byte (is it compressed?) and the length of the message in four bytes.
const FRAME_BYTES: usize = 5;

/// Binary headers come with padding and without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The status of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Status {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) details: Vec<u8>,
}

/// The method of a signal on a server.
pub(super) fn method(endpoint: &Uri, signal: Signal) -> Uri {
    let mut parts = endpoint.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static(match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }));
    Uri::from_parts(parts).expect("an absolute URI with another path")
}

/// A call with a message that is already compressed.
pub(super) fn request(
    method: &Uri,
    headers: &HeaderMap,
    compression: Compression,
    limit: Duration,
    message: &Bytes,
) -> Request<Full<Bytes>> {
    let mut body = BytesMut::with_capacity(FRAME_BYTES + message.len());
    body.put_u8(u8::from(compression.encoding().is_some()));
    // Four gigabytes never come here: receivers take far less.
    body.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    body.put_slice(message);
    let mut request =
        Request::post(method.clone()).body(Full::new(body.freeze())).expect("a POST to a valid URI");
    let all = request.headers_mut();
    all.clone_from(headers);
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    all.insert(header::TE, HeaderValue::from_static("trailers"));
    if let Ok(value) = HeaderValue::try_from(format!("{}m", limit.as_millis())) {
        all.insert(TIMEOUT, value);
    }
    if let Some(encoding) = compression.encoding() {
        all.insert(ENCODING, HeaderValue::from_static(encoding));
    }
    request
}

/// The status of an answer. `None` when it was too large to be read to the end, where the status is.
pub(super) fn status(answer: &Answer) -> Option<Status> {
    if let Some(status) = written(&answer.trailers).or_else(|| written(&answer.headers)) {
        return Some(status);
    }
    answer.body.as_ref()?;
    let message = format!("the answer is not gRPC, its HTTP status is {}", answer.status);
    Some(Status { code: inferred(answer.status), message, details: Vec::new() })
}

/// What stands in headers or trailers.
fn written(headers: &HeaderMap) -> Option<Status> {
    let code = Code::from_bytes(headers.get(STATUS)?.as_bytes());
    let message = headers.get(MESSAGE).map(|value| percent_decode(value.as_bytes()).decode_utf8_lossy());
    let details = headers.get(DETAILS).and_then(|value| BASE64.decode(value.as_bytes()).ok());
    Some(Status {
        code,
        message: message.unwrap_or_default().into_owned(),
        details: details.unwrap_or_default(),
    })
}

/// The code for an answer of something that does not speak gRPC, as gRPC's `http-grpc-status-mapping` has it.
fn inferred(status: StatusCode) -> Code {
    match status {
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// The message in a body. `None` when it is compressed, which we do not offer to read, or not whole.
pub(super) fn unframe(body: &[u8]) -> Option<&[u8]> {
    let (frame, rest) = body.split_first_chunk::<FRAME_BYTES>()?;
    let [compressed, length @ ..] = *frame;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    if compressed == 0 { rest.get(..length) } else { None }
}

/// A code's name in the gRPC specification.
pub(super) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
