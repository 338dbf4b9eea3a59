//! What happened to a request, as the answer of either protocol: one table for HTTP status and gRPC code.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use prost::Message;

use crate::{intake::Refusal, signal::Signal};

/// What happened to a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// All but the rejected records are stored; the message says which were rejected, or warns.
    Taken { rejected: u64, message: String },
    /// It is not OTLP; the same bytes will never be.
    Malformed(String),
    /// It is larger than the limit.
    TooLarge(String),
    /// Its Content-Type or Content-Encoding is not one we read.
    UnknownType(String),
    /// There is nothing at its path.
    NoSuchPath(String),
    /// Its path takes another method.
    WrongMethod(String),
    /// Its sender fell silent before it was complete.
    TooSlow(String),
    /// There is no room: come again after a while.
    Full { reason: String, retry_after: Duration },
    /// Come again after a while.
    Busy { reason: String, retry_after: Duration },
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full { reason, retry_after } => Self::Full { reason, retry_after },
            Refusal::Busy { reason, retry_after } => Self::Busy { reason, retry_after },
            Refusal::Unacceptable { reason } => Self::Malformed(reason),
        }
    }
}

/// The form of an HTTP answer: that of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Protobuf,
    Json,
}

impl Form {
    /// The form that a Content-Type names, whatever its parameters are.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<ProtoDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct ProtoDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// `Export*PartialSuccess`: the same fields under the same numbers for every signal.
#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `Export*ServiceResponse`: likewise.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

impl Outcome {
    /// The table: HTTP status and gRPC code of every outcome.
    fn codes(&self) -> (StatusCode, tonic::Code) {
        match self {
            Self::Taken { .. } => (StatusCode::OK, tonic::Code::Ok),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, tonic::Code::InvalidArgument),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, tonic::Code::ResourceExhausted),
            Self::UnknownType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, tonic::Code::InvalidArgument),
            Self::NoSuchPath(_) => (StatusCode::NOT_FOUND, tonic::Code::Unimplemented),
            Self::WrongMethod(_) => (StatusCode::METHOD_NOT_ALLOWED, tonic::Code::Unimplemented),
            Self::TooSlow(_) => (StatusCode::REQUEST_TIMEOUT, tonic::Code::DeadlineExceeded),
            Self::Full { .. } => (StatusCode::TOO_MANY_REQUESTS, tonic::Code::ResourceExhausted),
            Self::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, tonic::Code::Unavailable),
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Taken { message, .. } => message,
            Self::Malformed(reason)
            | Self::TooLarge(reason)
            | Self::UnknownType(reason)
            | Self::NoSuchPath(reason)
            | Self::WrongMethod(reason)
            | Self::TooSlow(reason)
            | Self::Full { reason, .. }
            | Self::Busy { reason, .. } => reason,
        }
    }

    /// The answer over HTTP.
    pub(super) fn into_http(self, signal: Signal, form: Form) -> Response {
        let body = match (&self, form) {
            (Self::Taken { .. }, Form::Protobuf) => self.export_response(),
            (Self::Taken { .. }, Form::Json) => self.export_response_json(signal),
            _ => return self.into_http_error(form),
        };
        (StatusCode::OK, [(header::CONTENT_TYPE, form.content_type())], body).into_response()
    }

    /// The answer over HTTP to what was not taken: a `google.rpc.Status`.
    pub(super) fn into_http_error(self, form: Form) -> Response {
        let (status, code) = self.codes();
        let body = match form {
            Form::Protobuf => self.rpc_status(code).encode_to_vec(),
            Form::Json => {
                serde_json::json!({"code": code as i32, "message": self.message()}).to_string().into_bytes()
            }
        };
        let mut response = (status, [(header::CONTENT_TYPE, form.content_type())], body).into_response();
        let headers = response.headers_mut();
        match &self {
            Self::Full { retry_after, .. } | Self::Busy { retry_after, .. } => {
                // Whole seconds; none at all would be no delay.
                let seconds = retry_after.as_millis().div_ceil(1000).max(1);
                let value = HeaderValue::from_str(&seconds.to_string()).expect("digits are a header value");
                headers.insert(header::RETRY_AFTER, value);
            }
            Self::WrongMethod(_) => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            Self::UnknownType(_) => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd, identity"));
            }
            _ => {}
        }
        response
    }

    /// The answer over gRPC.
    pub(super) fn into_grpc(self) -> Result<Vec<u8>, tonic::Status> {
        let (_, code) = self.codes();
        match &self {
            Self::Taken { .. } => Ok(self.export_response()),
            Self::Full { .. } | Self::Busy { .. } => {
                let details = self.rpc_status(code).encode_to_vec().into();
                Err(tonic::Status::with_details(code, self.message(), details))
            }
            _ => Err(tonic::Status::new(code, self.message())),
        }
    }

    fn rpc_status(&self, code: tonic::Code) -> RpcStatus {
        let details = match self {
            Self::Full { retry_after, .. } | Self::Busy { retry_after, .. } => {
                let retry_delay = ProtoDuration {
                    seconds: i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX),
                    nanos: retry_after.subsec_nanos().cast_signed(),
                };
                let info = RetryInfo { retry_delay: Some(retry_delay) };
                vec![Any {
                    type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
                    value: info.encode_to_vec(),
                }]
            }
            _ => Vec::new(),
        };
        RpcStatus { code: code as i32, message: self.message().to_owned(), details }
    }

    fn partial_success(&self) -> Option<PartialSuccess> {
        match self {
            Self::Taken { rejected, message } if *rejected > 0 || !message.is_empty() => {
                Some(PartialSuccess {
                    rejected: i64::try_from(*rejected).unwrap_or(i64::MAX),
                    error_message: message.clone(),
                })
            }
            _ => None,
        }
    }

    fn export_response(&self) -> Vec<u8> {
        ExportResponse { partial_success: self.partial_success() }.encode_to_vec()
    }

    fn export_response_json(&self, signal: Signal) -> Vec<u8> {
        let rejected = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Metrics => "rejectedDataPoints",
            Signal::Logs => "rejectedLogRecords",
        };
        let body = match self.partial_success() {
            None => serde_json::json!({}),
            Some(partial) => serde_json::json!({"partialSuccess": {
                // 64-bit integers are strings in the JSON of protobuf.
                rejected: partial.rejected.to_string(),
                "errorMessage": partial.error_message,
            }}),
        };
        body.to_string().into_bytes()
    }
}
