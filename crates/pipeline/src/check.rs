//! Is this request well formed, and which of its records can not be kept?
//!
//! A request that can not be decoded is malformed as a whole. A record that breaks a rule of OTLP or a limit of ours
//! is taken out and named; the rest of its request goes on. Most requests are fine, and that is found without decoding
//! them (`walk`); the others are decoded into objects.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message;

use crate::{batch::Batch, signal::Signal};

mod deep;
mod log;
mod metric;
mod rules;
mod span;
#[cfg(test)]
mod tests;
mod walk;

pub use rules::{MAX_ATTRIBUTES, MAX_DEPTH};

/// Characters of a decoder's message that are passed on.
const MESSAGE_CHARACTERS: usize = 200;

/// A request that was decoded, without the records that can not be kept.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What remains; it may hold no record.
    pub batch: Batch,
    /// Records left out.
    pub rejected: u64,
    /// Which and why, in a sentence; empty where nothing was left out.
    pub reason: String,
}

/// The request is not OTLP protobuf.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// What was found in a request.
#[derive(Debug, Default)]
struct Findings {
    kept: usize,
    rejected: u64,
    /// Of the first record that was rejected.
    first: Option<String>,
    /// Metrics without any data: nothing is lost, but somebody should know.
    metrics_without_data: u64,
    /// The name of the first of them.
    first_without_data: Option<String>,
}

impl Findings {
    /// Counts a record; says whether it can be kept.
    fn record(&mut self, fault: Option<String>, name: impl FnOnce() -> String) -> bool {
        match fault {
            None => {
                self.kept += 1;
                true
            }
            Some(fault) => {
                self.rejected += 1;
                self.first.get_or_insert_with(|| format!("{} {fault}", name()));
                false
            }
        }
    }

    /// Counts records of which only the name is known.
    fn reject(&mut self, records: u64, culprit: impl FnOnce() -> String) {
        self.rejected += records;
        self.first.get_or_insert_with(culprit);
    }

    fn metric_without_data(&mut self, name: &str) {
        self.metrics_without_data += 1;
        self.first_without_data.get_or_insert_with(|| rules::quoted(name));
    }

    fn reason(&self, signal: Signal) -> String {
        let mut reason = match (&self.first, self.rejected) {
            (None, _) => String::new(),
            (Some(first), 1) => format!("1 {} was rejected: {first}", signal.record()),
            (Some(first), count) => format!("{count} {}s were rejected; the first: {first}", signal.record()),
        };
        if let Some(name) = &self.first_without_data {
            let separator = if reason.is_empty() { "" } else { "; " };
            let metrics = match self.metrics_without_data {
                1 => format!("metric {name} has"),
                count => format!("{count} metrics have, the first of them {name},"),
            };
            reason.push_str(separator);
            reason.push_str(&metrics);
            reason.push_str(" no data that we know");
        }
        reason
    }
}

/// Checks a request of protobuf.
///
/// # Errors
///
/// [`Malformed`] when it can not be decoded; the sentence says what was bad.
pub fn check(signal: Signal, request: Bytes) -> Result<Checked, Malformed> {
    match walk::records(signal, &request) {
        Some(records) => {
            let batch = Batch::new(signal, request, records).plain();
            Ok(Checked { batch, rejected: 0, reason: String::new() })
        }
        None => decode(signal, request),
    }
}

/// Whether the bytes of a request can be read field by field, as [`crate::wire`] does: nothing is wrong with it, and
/// no field that there is one of stands twice.
#[must_use]
pub fn is_plain(signal: Signal, request: &[u8]) -> bool {
    walk::records(signal, request).is_some()
}

/// Checks a request with which something may be wrong.
fn decode(signal: Signal, request: Bytes) -> Result<Checked, Malformed> {
    match signal {
        Signal::Traces => sift::<ExportTraceServiceRequest>(signal, request, span::sift),
        Signal::Metrics => sift::<ExportMetricsServiceRequest>(signal, request, metric::sift),
        Signal::Logs => sift::<ExportLogsServiceRequest>(signal, request, log::sift),
    }
}

/// Decodes, takes out what can not be kept, and encodes again only where something was taken out.
fn sift<M: Message + Default>(
    signal: Signal,
    request: Bytes,
    take_out: impl FnOnce(&mut M, &mut Findings),
) -> Result<Checked, Malformed> {
    let mut findings = Findings::default();
    let mut decoded = match M::decode(&request[..]) {
        Err(error) if deep::is_why(&error) => deep::without(signal, &request, &mut findings),
        decoded => decoded,
    }
    .map_err(|error| {
        let message: String = error.to_string().chars().take(MESSAGE_CHARACTERS).collect();
        Malformed(format!("the body is not an OTLP {signal} request in protobuf: {message}"))
    })?;
    take_out(&mut decoded, &mut findings);
    let request = if findings.rejected == 0 { request } else { decoded.encode_to_vec().into() };
    Ok(Checked {
        batch: Batch::new(signal, request, findings.kept),
        rejected: findings.rejected,
        reason: findings.reason(signal),
    })
}
