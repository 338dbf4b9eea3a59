//! What an answer means: the tables of the OTLP specification from HTTP status and gRPC code to taken, later and never.

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, StatusCode, header};
use prost::Message;
use tonic::Code;

use super::{
    client_grpc,
    message::{ExportResponse, RpcStatus},
    settings::Protocol,
    text::Secrets,
    transport::{Answer, MAX_ANSWER_BYTES},
};

/// The longest wait that we let an upstream impose: a mistaken date must not stop the flow for a year.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// What servers built with tonic say, under OUT_OF_RANGE, to a request over their limit. It is no smaller the next time.
const TONIC_TOO_LARGE: &str = "Error, decoded message length too large";

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It was taken, perhaps with some records rejected. Never to be sent again.
    Taken(Partial),
    /// It can be taken later.
    Later { reason: String, retry_after: Option<Duration> },
    /// It will never be taken.
    Never { reason: String },
    /// Nothing is taken until somebody changes the settings, ours or the upstream's.
    Unusable { reason: String },
    /// It failed over it; whether the records are at fault is not known.
    Failed { reason: String },
}

/// What an upstream that took a request has to say about it: both are empty when all is well.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Partial {
    pub(super) rejected: u64,
    /// Tamed.
    pub(super) message: String,
}

/// What an answer means. `now` is for a `Retry-After` that is a date.
pub(super) fn judge(protocol: Protocol, answer: &Answer, secrets: &Secrets, now: SystemTime) -> Verdict {
    match protocol {
        Protocol::HttpProtobuf => http(answer, secrets, now),
        Protocol::Grpc => grpc(answer, secrets, now),
    }
}

fn http(answer: &Answer, secrets: &Secrets, now: SystemTime) -> Verdict {
    let status = answer.status;
    if status.is_success() {
        return Verdict::Taken(partial(answer.body.as_deref().unwrap_or_default(), secrets));
    }
    let said = said_over_http(answer, secrets);
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Verdict::Later {
            reason: format!("it can not take anything now ({status}){said}"),
            retry_after: retry_after(&answer.headers, now),
        },
        _ => {
            let advice = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(NOT_ACCEPTED),
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                    Some("see whether the path of the endpoint and the protocol are right")
                }
                StatusCode::PAYLOAD_TOO_LARGE => Some("raise its limit, or have smaller batches sent to us"),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Some("set the compression to gzip or none"),
                _ if status.is_redirection() => Some("set the endpoint to where the redirect leads"),
                _ => None,
            };
            let reason = refused(&status.to_string(), advice, &said);
            match status {
                StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::NOT_FOUND
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::PROXY_AUTHENTICATION_REQUIRED => Verdict::Unusable { reason },
                _ if status.is_redirection() => Verdict::Unusable { reason },
                _ if status.is_server_error() => Verdict::Failed { reason },
                _ => Verdict::Never { reason },
            }
        }
    }
}

fn grpc(answer: &Answer, secrets: &Secrets, now: SystemTime) -> Verdict {
    let Some(status) = client_grpc::status(answer) else {
        return Verdict::Never { reason: format!("its answer is larger than {MAX_ANSWER_BYTES} bytes") };
    };
    if status.code == Code::Ok {
        let message = answer.body.as_deref().and_then(client_grpc::unframe).unwrap_or_default();
        return Verdict::Taken(partial(message, secrets));
    }
    let info = RpcStatus::decode(&status.details[..]).ok().and_then(|status| status.retry_info());
    let said = said(&status.message, secrets);
    let name = client_grpc::name(status.code);
    let later = match status.code {
        Code::OutOfRange => !status.message.starts_with(TONIC_TOO_LARGE),
        Code::Cancelled | Code::DeadlineExceeded | Code::Aborted | Code::Unavailable | Code::DataLoss => true,
        Code::ResourceExhausted => info.is_some(),
        _ => false,
    };
    if later {
        let delay = info.and_then(|info| info.delay()).map(|delay| delay.min(MAX_RETRY_AFTER));
        return Verdict::Later {
            reason: format!("it can not take anything now ({name}){said}"),
            // From a proxy, which answers without gRPC.
            retry_after: delay.or_else(|| retry_after(&answer.headers, now)),
        };
    }
    let advice = match status.code {
        Code::Unauthenticated | Code::PermissionDenied => Some(NOT_ACCEPTED),
        Code::Unimplemented => {
            Some("see whether the endpoint is one for OTLP/gRPC, and reads our compression")
        }
        Code::ResourceExhausted | Code::OutOfRange => {
            Some("raise its limit, or have smaller batches sent to us")
        }
        _ => None,
    };
    let reason = refused(name, advice, &said);
    match status.code {
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented => Verdict::Unusable { reason },
        Code::Internal | Code::Unknown | Code::FailedPrecondition => Verdict::Failed { reason },
        _ => Verdict::Never { reason },
    }
}

const NOT_ACCEPTED: &str = "set the header with its credentials (OTEL_EXPORTER_OTLP_HEADERS)";

fn refused(status: &str, advice: Option<&str>, said: &str) -> String {
    let advice = advice.map(|advice| format!(": {advice}")).unwrap_or_default();
    format!("it refused the records ({status}){advice}{said}")
}

/// What the upstream said, as the end of a sentence.
fn said(text: &str, secrets: &Secrets) -> String {
    let text = secrets.tame(text);
    if text.is_empty() { text } else { format!("; it says: {text}") }
}

/// What is in the body of an HTTP error: the message of a `google.rpc.Status`, or text.
fn said_over_http(answer: &Answer, secrets: &Secrets) -> String {
    let body = answer.body.as_deref().unwrap_or_default();
    let content_type = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim() {
        "application/x-protobuf" => {
            RpcStatus::decode(body).map(|status| said(&status.message, secrets)).unwrap_or_default()
        }
        "application/json" | "text/plain" => said(&String::from_utf8_lossy(body), secrets),
        _ => String::new(),
    }
}

/// The partial success in a response. One that can not be read says nothing: the records were taken all the same.
fn partial(response: &[u8], secrets: &Secrets) -> Partial {
    let Some(partial) = ExportResponse::decode(response).ok().and_then(|response| response.partial_success)
    else {
        return Partial::default();
    };
    Partial {
        rejected: u64::try_from(partial.rejected).unwrap_or(0),
        message: secrets.tame(&partial.error_message),
    }
}

/// `Retry-After`: seconds or an HTTP date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit are a long time.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(delay.min(MAX_RETRY_AFTER))
}
