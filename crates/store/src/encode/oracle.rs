//! Rows from objects, as they were made before records were read from the bytes: what the rows must still be.

use std::borrow::Cow;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, SeverityNumber},
    trace::v1::{
        Span,
        span::{Event, Link},
        status::StatusCode,
    },
};

use crate::{
    attributes::{write_attributes, write_key, write_string, write_value},
    encode::{
        copy::CopyBuffer,
        error::Described,
        extra::Extra,
        span::{Meaning, Origin, span_id, trace_id},
    },
    time::UnixNanos,
};

const EXCEPTION: &str = "exception";

pub(crate) fn encode_span(rows: &mut CopyBuffer, span: &Span, origin: Origin<'_>, meaning: Meaning) {
    let (Some(trace), Some(id)) = (trace_id(&span.trace_id), span_id(&span.span_id)) else { return };
    let mut extra = Extra::default();
    let start = UnixNanos(span.start_time_unix_nano);
    let name = extra.text("name", &span.name);
    let status = span.status.as_ref();
    let message = status.map(|status| status.message.as_str()).filter(|message| !message.is_empty());
    let message = message.map(|message| extra.text("status_message", message));
    let kind = extra.small("kind", span.kind);
    let status = extra.small("status", status.map_or(0, |status| status.code));
    extra.string("trace_state", &span.trace_state);
    extra.count("dropped_attributes_count", span.dropped_attributes_count);
    extra.count("dropped_events_count", span.dropped_events_count);
    extra.count("dropped_links_count", span.dropped_links_count);

    rows.begin_row(22);
    rows.uuid(trace);
    rows.int8(id);
    rows.optional(span_id(&span.parent_span_id), CopyBuffer::int8);
    rows.timestamptz(start);
    // The difference wraps, so that start and duration give back any end.
    rows.int8(span.end_time_unix_nano.wrapping_sub(span.start_time_unix_nano).cast_signed());
    rows.int4(origin.resource_id);
    rows.int4(origin.scope_id);
    rows.int2(start.remainder_nanos());
    rows.int2(kind);
    rows.int2(status);
    rows.int4(span.flags.cast_signed());
    rows.text(origin.service);
    rows.text(&name);
    rows.optional(message.as_deref(), CopyBuffer::text);
    rows.jsonb(|out| {
        if !span.attributes.is_empty() {
            write_attributes(out, &span.attributes);
        }
    });
    rows.jsonb_array(&span.events, write_event);
    rows.jsonb_array(&span.links, write_link);
    rows.jsonb(|out| extra.write(out));
    meaning.push(rows);
    rows.null();
    rows.null();
}

fn write_event(out: &mut Vec<u8>, event: &Event) {
    out.push(b'{');
    write_key(out, true, "time");
    out.extend_from_slice(event.time_unix_nano.to_string().as_bytes());
    write_key(out, false, "name");
    write_string(out, &event.name);
    if !event.attributes.is_empty() {
        write_key(out, false, "attributes");
        write_attributes(out, &event.attributes);
    }
    write_count(out, "dropped_attributes_count", event.dropped_attributes_count);
    out.push(b'}');
}

fn write_link(out: &mut Vec<u8>, link: &Link) {
    out.push(b'{');
    write_key(out, true, "trace_id");
    write_string(out, &const_hex::encode(&link.trace_id));
    write_key(out, false, "span_id");
    write_string(out, &const_hex::encode(&link.span_id));
    if !link.trace_state.is_empty() {
        write_key(out, false, "trace_state");
        write_string(out, &link.trace_state);
    }
    if !link.attributes.is_empty() {
        write_key(out, false, "attributes");
        write_attributes(out, &link.attributes);
    }
    write_count(out, "dropped_attributes_count", link.dropped_attributes_count);
    write_count(out, "flags", link.flags);
    out.push(b'}');
}

fn write_count(out: &mut Vec<u8>, key: &str, value: u32) {
    if value != 0 {
        write_key(out, false, key);
        out.extend_from_slice(value.to_string().as_bytes());
    }
}

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

    rows.begin_row(19);
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
    rows.null();
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

/// The error of a span that failed or recorded an exception.
pub(crate) fn span_error(span: &Span) -> Option<Described<'_>> {
    let status = span.status.as_ref();
    let failed = status.is_some_and(|status| status.code == StatusCode::Error as i32);
    let exception = span.events.iter().rev().find(|event| event.name == EXCEPTION);
    if !failed && exception.is_none() {
        return None;
    }
    let mut described = exception.map(|event| exception_in(&event.attributes)).unwrap_or_default();
    if described.kind.is_empty() {
        described.kind = text_of(&span.attributes, "error.type");
    }
    if described.message.is_empty() {
        described.message = status.map_or("", |status| status.message.as_str()).into();
    }
    if described.message.is_empty() && described.kind.is_empty() {
        described.message = format!("{} failed", span.name).into();
    }
    Some(described)
}

/// The error of a log record that carries an exception or is of severity ERROR or worse.
pub(crate) fn log_error<'a>(log: &'a LogRecord, text: Option<&Cow<'a, str>>) -> Option<Described<'a>> {
    let mut described = exception_in(&log.attributes);
    let severe = log.severity_number >= SeverityNumber::Error as i32;
    if !severe && described.kind.is_empty() && described.message.is_empty() && described.stack.is_empty() {
        return None;
    }
    if described.message.is_empty() {
        described.message = text.cloned().unwrap_or_default();
    }
    Some(described)
}

fn exception_in(attributes: &[KeyValue]) -> Described<'_> {
    Described {
        kind: text_of(attributes, "exception.type"),
        message: text_of(attributes, "exception.message").into(),
        stack: text_of(attributes, "exception.stacktrace"),
    }
}

fn text_of<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()) {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => text,
        _ => "",
    }
}
