//! A log record as a row of `otel.log_record`.

use std::borrow::Cow;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, any_value::Value},
    logs::v1::LogRecord,
};

use crate::{
    attributes::{write_attributes, write_value},
    encode::{
        copy::CopyBuffer,
        extra::Extra,
        span::{Meaning, Origin, span_id, trace_id},
    },
    time::UnixNanos,
};

/// The columns in the order in which [`encode_log`] pushes them.
pub(crate) const COPY_LOGS: &str = include_str!("../../queries/log/copy.sql");

const COLUMNS: i16 = 18;

/// When a record happened; where the source did not say, when it was observed or else `received`.
pub(crate) fn log_time(log: &LogRecord, received: UnixNanos) -> UnixNanos {
    let said = [log.time_unix_nano, log.observed_time_unix_nano].into_iter().find(|nanos| *nanos != 0);
    said.map_or(received, UnixNanos)
}

pub(crate) fn encode_log(
    rows: &mut CopyBuffer,
    log: &LogRecord,
    origin: Origin<'_>,
    meaning: Meaning,
    received: UnixNanos,
) {
    let mut extra = Extra::default();
    let time = log_time(log, received);
    if log.time_unix_nano == 0 {
        extra.number("time", 0);
    }
    let observed = Some(log.observed_time_unix_nano).filter(|nanos| *nanos != 0);
    let severity = extra.small("severity_number", log.severity_number);
    let severity_text = optional_text(&mut extra, "severity_text", &log.severity_text);
    let event_name = optional_text(&mut extra, "event_name", &log.event_name);
    let (message, body) = body(&mut extra, log.body.as_ref());
    extra.count("dropped_attributes_count", log.dropped_attributes_count);

    rows.begin_row(COLUMNS);
    rows.timestamptz(time);
    rows.optional(trace_id(&log.trace_id), CopyBuffer::uuid);
    rows.optional(span_id(&log.span_id), CopyBuffer::int8);
    rows.int4(origin.resource_id);
    rows.int4(origin.scope_id);
    rows.optional(observed.map(|nanos| nanos.wrapping_sub(time.0).cast_signed()), CopyBuffer::int8);
    rows.int4(log.flags.cast_signed());
    rows.int2(time.remainder_nanos());
    rows.int2(severity);
    rows.text(origin.service);
    rows.optional(severity_text.as_deref(), CopyBuffer::text);
    rows.optional(event_name.as_deref(), CopyBuffer::text);
    rows.optional(message.as_deref(), CopyBuffer::text);
    rows.optional(body, |rows, json| rows.jsonb(|out| out.extend_from_slice(&json)));
    rows.jsonb(|out| {
        if !log.attributes.is_empty() {
            write_attributes(out, &log.attributes);
        }
    });
    rows.jsonb(|out| extra.write(out));
    meaning.push(rows);
}

/// What a record says to people, for its pattern: its body, or else the name of its event.
pub(crate) fn log_text(log: &LogRecord) -> Option<Cow<'_, str>> {
    match log.body.as_ref().and_then(|body| body.value.as_ref().map(|value| (body, value))) {
        Some((_, Value::StringValue(text))) => Some(Cow::Borrowed(text)),
        None | Some(_) if !log.event_name.is_empty() => Some(Cow::Borrowed(&log.event_name)),
        None => None,
        Some((body, _)) => {
            let mut json = Vec::new();
            write_value(&mut json, body);
            Some(Cow::Owned(String::from_utf8_lossy(&json).into_owned()))
        }
    }
}

fn optional_text<'a>(extra: &mut Extra, field: &str, text: &'a str) -> Option<Cow<'a, str>> {
    (!text.is_empty()).then(|| extra.text(field, text))
}

/// The body as text for people, and as JSON where it is not a string.
fn body<'a>(extra: &mut Extra, body: Option<&'a AnyValue>) -> (Option<Cow<'a, str>>, Option<Vec<u8>>) {
    match body.and_then(|body| body.value.as_ref().map(|value| (body, value))) {
        None => (None, None),
        Some((_, Value::StringValue(text))) => (Some(extra.text("message", text)), None),
        Some((body, _)) => {
            let mut json = Vec::new();
            write_value(&mut json, body);
            // JSON escapes NUL, so it can stand in a text column.
            let text = String::from_utf8_lossy(&json).into_owned();
            (Some(Cow::Owned(text)), Some(json))
        }
    }
}
