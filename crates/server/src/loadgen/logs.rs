//! Log lines of a handful of patterns, most of them in a trace.

use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;

use super::{
    random::{int, mix, resource, scope, text},
    template::Marks,
};

/// Lines that belong to one trace.
const LINES_PER_TRACE: u64 = 8;

/// Nanoseconds from one line to the next.
const STEP: u64 = 1000;

/// Severity numbers of OTLP, and what they are called.
const INFO: (i32, &str) = (9, "INFO");
const WARN: (i32, &str) = (13, "WARN");
const ERROR: (i32, &str) = (17, "ERROR");

pub fn request(run: &str, seed: u64, records: u64, marks: &mut Marks) -> Vec<u8> {
    let log_records = (0..records).map(|index| line(index, mix(seed ^ index << 32), marks)).collect();
    let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() }];
    let group = ResourceLogs { resource: Some(resource(run, seed)), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![group] }.encode_to_vec()
}

fn line(index: u64, mixed: u64, marks: &mut Marks) -> LogRecord {
    let (user, items) = (mixed % 10_000, mixed % 20);
    let session = marks.hex(index);
    let (body, (severity_number, severity_text)) = match mixed % 50 {
        0 => (format!("card of user {user} was declined by the issuer, session {session}"), ERROR),
        1..=3 => (format!("retrying payment of session {session} after {items} seconds"), WARN),
        4..=19 => (format!("user {user} put {items} items into the cart, session {session}"), INFO),
        20..=34 => (format!("GET /api/cart/{user} answered 200 in {items} ms"), INFO),
        _ => (format!("session {session} of user {user} was refreshed"), INFO),
    };
    LogRecord {
        time_unix_nano: marks.time(index * STEP),
        observed_time_unix_nano: marks.time(index * STEP),
        severity_number,
        severity_text: severity_text.to_owned(),
        body: Some(AnyValue { value: Some(Value::StringValue(body)) }),
        attributes: vec![
            text("logger.name", "shop.cart"),
            text("thread.name", "worker"),
            int("thread.id", mixed % 64),
        ],
        trace_id: marks.trace(index / LINES_PER_TRACE),
        span_id: marks.span(index),
        ..LogRecord::default()
    }
}
