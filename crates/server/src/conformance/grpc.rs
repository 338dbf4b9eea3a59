//! OTLP/gRPC: the three services, compression, limits and errors.

use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::{Check, Outcome, bodies, check, target::GrpcAnswer};

/// Codes of gRPC.
const OK: i32 = 0;
const INVALID_ARGUMENT: i32 = 3;
const RESOURCE_EXHAUSTED: i32 = 8;
const UNIMPLEMENTED: i32 = 12;

fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

pub(super) fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    for signal in Signal::ALL {
        checks.push(check(format!("gRPC: {signal}"), "OK, no partial success", move |target| {
            Box::pin(
                async move { taken(&target.call(method(signal), None, &bodies::ordinary(signal)).await?) },
            )
        }));
        checks.push(check(format!("gRPC: {signal}, an empty request"), "OK", move |target| {
            Box::pin(async move { taken(&target.call(method(signal), None, &[]).await?) })
        }));
    }
    let traces = || bodies::ordinary(Signal::Traces);
    checks.extend([
        check("gRPC: gzip", "OK", move |target| {
            let body = bodies::gzip(&traces());
            Box::pin(async move { taken(&target.call(method(Signal::Traces), Some("gzip"), &body).await?) })
        }),
        check("gRPC: zstd", "OK", move |target| {
            let body = bodies::zstd(&traces());
            Box::pin(async move { taken(&target.call(method(Signal::Traces), Some("zstd"), &body).await?) })
        }),
        check("gRPC: no protobuf", "INVALID_ARGUMENT", |target| {
            Box::pin(async {
                code(&target.call(method(Signal::Traces), None, bodies::MALFORMED).await?, INVALID_ARGUMENT)
            })
        }),
        check("gRPC: 65 MiB in a small gzip", "RESOURCE_EXHAUSTED without RetryInfo", |target| {
            Box::pin(async {
                let answer = target.call(method(Signal::Logs), Some("gzip"), &bodies::too_large()).await?;
                code(&answer, RESOURCE_EXHAUSTED)?;
                if answer.details { Err("RESOURCE_EXHAUSTED with details".to_owned()) } else { Ok(()) }
            })
        }),
        check("gRPC: another method", "UNIMPLEMENTED", |target| {
            Box::pin(async {
                let unknown = "/opentelemetry.proto.collector.trace.v1.TraceService/Nothing";
                code(&target.call(unknown, None, &[]).await?, UNIMPLEMENTED)
            })
        }),
        check("gRPC: the health service", "OK, SERVING", |target| {
            Box::pin(async {
                let answer = target.call("/grpc.health.v1.Health/Check", None, &[]).await?;
                code(&answer, OK)?;
                if answer.message[..] == [8, 1] { Ok(()) } else { Err("OK, and not SERVING".to_owned()) }
            })
        }),
    ]);
    checks
}

fn code(answer: &GrpcAnswer, expected: i32) -> Outcome {
    match answer.status {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(format!("status {found}")),
        None => Err("an answer that is not gRPC".to_owned()),
    }
}

fn taken(answer: &GrpcAnswer) -> Outcome {
    code(answer, OK)?;
    match ExportTraceServiceResponse::decode(&answer.message[..]).map(|response| response.partial_success) {
        Ok(None) => Ok(()),
        Ok(Some(partial)) => Err(format!("a partial success: {partial:?}")),
        Err(_) => Err("OK without an OTLP response".to_owned()),
    }
}
