//! OTLP/HTTP: content types, compression, limits and errors.

use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::{
    Check, Outcome, bodies, check,
    target::{Answer, Target},
};

pub(super) const PROTOBUF: &str = "application/x-protobuf";
pub(super) const JSON: &str = "application/json";

/// `google.rpc.Status`, as far as it is looked at.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

pub(super) fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    for signal in Signal::ALL {
        let name = format!("HTTP: {signal} in protobuf");
        checks.push(check(name, "200, no partial success, in protobuf", move |target| {
            Box::pin(async move { taken(&post(target, signal, bodies::ordinary(signal)).await?) })
        }));
        let name = format!("HTTP: {signal}, an empty request");
        checks.push(check(name, "200", move |target| {
            Box::pin(async move { taken(&post(target, signal, Vec::new()).await?) })
        }));
    }
    checks.extend([
        check("HTTP: gzip", "200", |target| {
            Box::pin(async { taken(&encoded(target, "gzip", bodies::gzip(&traces())).await?) })
        }),
        check("HTTP: zstd", "200", |target| {
            Box::pin(async { taken(&encoded(target, "zstd", bodies::zstd(&traces())).await?) })
        }),
        check("HTTP: identity", "200", |target| {
            Box::pin(async { taken(&encoded(target, "identity", traces()).await?) })
        }),
        check("HTTP: every kind of metric", "200, no partial success", |target| {
            Box::pin(async { taken(&post(target, Signal::Metrics, bodies::every_metric()).await?) })
        }),
        check("HTTP: every kind of attribute, events, links", "200, no partial success", |target| {
            Box::pin(async { taken(&post(target, Signal::Traces, bodies::every_attribute()).await?) })
        }),
        check(
            "HTTP: a record that can not be kept",
            "200 with rejected_spans 1 and why, or all taken",
            |target| Box::pin(partial(target)),
        ),
        check("HTTP: another content type", "415", |target| {
            Box::pin(async { status(&typed(target, "text/plain", traces()).await?, 415) })
        }),
        check("HTTP: another path", "404", |target| {
            Box::pin(async {
                status(
                    &target.send("POST", "/v1/nothing", &[("content-type", PROTOBUF)], traces()).await?,
                    404,
                )
            })
        }),
        check("HTTP: another method", "405", |target| {
            Box::pin(async { status(&target.send("GET", "/v1/traces", &[], Vec::new()).await?, 405) })
        }),
        check("HTTP: no protobuf", "400 with google.rpc.Status in protobuf", |target| {
            Box::pin(async { refused(&post(target, Signal::Traces, bodies::MALFORMED.to_vec()).await?) })
        }),
        check("HTTP: broken gzip", "400 with google.rpc.Status in protobuf", |target| {
            Box::pin(async { refused(&encoded(target, "gzip", b"no gzip".to_vec()).await?) })
        }),
        check("HTTP: 65 MiB in a small gzip", "413, not to be sent again", |target| {
            Box::pin(async {
                let headers = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
                let answer = target.send("POST", "/v1/logs", &headers, bodies::too_large()).await?;
                status(&answer, 413)?;
                if answer.retry_after { Err("413 with Retry-After".to_owned()) } else { Ok(()) }
            })
        }),
    ]);
    checks
}

fn traces() -> Vec<u8> {
    bodies::ordinary(Signal::Traces)
}

async fn post(target: &Target, signal: Signal, body: Vec<u8>) -> Result<Answer, String> {
    target.send("POST", &format!("/v1/{signal}"), &[("content-type", PROTOBUF)], body).await
}

async fn typed(target: &Target, content_type: &str, body: Vec<u8>) -> Result<Answer, String> {
    target.send("POST", "/v1/traces", &[("content-type", content_type)], body).await
}

async fn encoded(target: &Target, encoding: &str, body: Vec<u8>) -> Result<Answer, String> {
    let headers = [("content-type", PROTOBUF), ("content-encoding", encoding)];
    target.send("POST", "/v1/traces", &headers, body).await
}

/// Whether the status is this one.
pub(super) fn status(answer: &Answer, expected: u16) -> Outcome {
    if answer.status == expected { Ok(()) } else { Err(format!("{}", answer.status)) }
}

/// Whether the answer is of this type.
pub(super) fn content_type(answer: &Answer, expected: &str) -> Outcome {
    let found = answer.content_type.split(';').next().unwrap_or_default().trim();
    if found == expected { Ok(()) } else { Err(format!("{} in {found:?}", answer.status)) }
}

/// The response's partial success has the same fields for every signal.
fn response(answer: &Answer) -> Result<ExportTraceServiceResponse, String> {
    ExportTraceServiceResponse::decode(&answer.body[..])
        .map_err(|_| "200 without an OTLP response".to_owned())
}

fn taken(answer: &Answer) -> Outcome {
    status(answer, 200)?;
    content_type(answer, PROTOBUF)?;
    match response(answer)?.partial_success {
        None => Ok(()),
        Some(partial) => Err(format!("a partial success: {partial:?}")),
    }
}

async fn partial(target: &Target) -> Outcome {
    let answer = post(target, Signal::Traces, bodies::one_good_one_bad()).await?;
    status(&answer, 200)?;
    match response(&answer)?.partial_success {
        None => Ok(()),
        Some(partial) if partial.rejected_spans == 1 && !partial.error_message.is_empty() => Ok(()),
        Some(partial) => Err(format!("a partial success: {partial:?}")),
    }
}

fn refused(answer: &Answer) -> Outcome {
    status(answer, 400)?;
    content_type(answer, PROTOBUF)?;
    match RpcStatus::decode(&answer.body[..]) {
        Ok(status) if !status.message.is_empty() => Ok(()),
        _ => Err("400 without google.rpc.Status".to_owned()),
    }
}
