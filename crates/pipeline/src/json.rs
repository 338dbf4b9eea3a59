//! OTLP/JSON to OTLP protobuf.
//!
//! The rules are those of the OTLP specification, which differ from the JSON of protobuf: ids are hex, enums are
//! integers, unknown fields are ignored. 64-bit integers may be strings or numbers; null is the default everywhere. What can not be
//! read is an error that says where: nothing is left out in silence.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::signal::Signal;

mod common;
mod log;
mod metric;
mod scalar;
mod span;
#[cfg(test)]
mod tests;

use scalar::Nullable;

/// Characters of an error that are passed on.
const MESSAGE_CHARACTERS: usize = 300;

/// The body is not OTLP/JSON.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(pub String);

/// Converts the JSON of an `Export*ServiceRequest` to its protobuf.
///
/// # Errors
///
/// [`JsonError`] says what is wrong and where.
pub fn to_protobuf(signal: Signal, body: &[u8]) -> Result<Bytes, JsonError> {
    let bytes = match signal {
        Signal::Traces => {
            let Traces { resource_spans } = parse(signal, body)?;
            let groups = groups(resource_spans, body, "resourceSpans")?;
            ExportTraceServiceRequest { resource_spans: scalar::list(groups) }.encode_to_vec()
        }
        Signal::Metrics => {
            let Metrics { resource_metrics } = parse(signal, body)?;
            let groups = groups(resource_metrics, body, "resourceMetrics")?;
            ExportMetricsServiceRequest { resource_metrics: scalar::list(groups) }.encode_to_vec()
        }
        Signal::Logs => {
            let Logs { resource_logs } = parse(signal, body)?;
            let groups = groups(resource_logs, body, "resourceLogs")?;
            ExportLogsServiceRequest { resource_logs: scalar::list(groups) }.encode_to_vec()
        }
    };
    Ok(bytes.into())
}

type List<T> = Nullable<Vec<T>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Traces {
    resource_spans: Option<List<span::ResourceSpans>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    resource_metrics: Option<List<metric::ResourceMetrics>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logs {
    resource_logs: Option<List<log::ResourceLogs>>,
}

fn parse<T: DeserializeOwned>(signal: Signal, body: &[u8]) -> Result<T, JsonError> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(JsonError(format!(
            "the body is not an OTLP {signal} request in JSON: it is not an object"
        )));
    }
    serde_json::from_slice(body).map_err(|error| {
        let message: String = error.to_string().chars().take(MESSAGE_CHARACTERS).collect();
        JsonError(format!("the body is not an OTLP {signal} request in JSON: {message}"))
    })
}

/// The groups of a request. An object that has something else instead of them is not a request.
fn groups<T>(groups: Option<List<T>>, body: &[u8], key: &str) -> Result<Vec<T>, JsonError> {
    if let Some(groups) = groups {
        return Ok(groups.0);
    }
    let object: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    if object.is_empty() || object.contains_key(key) {
        return Ok(Vec::new());
    }
    Err(JsonError(format!("the body has no {key:?}: it is not an OTLP request for this path")))
}
