//! A log record as a row of `otel.log_record`.

use std::borrow::Cow;

use crate::{
    attributes::write_value_view,
    encode::{
        copy::CopyBuffer,
        extra::Extra,
        span::{Meaning, Origin, attributes, span_id, trace_id, write_own_values},
        view::{Attribute, LogView, Value},
    },
    export::{Column, Division},
    time::UnixNanos,
};

/// The columns in the order in which [`encode_log`] pushes them.
pub(crate) const COPY_LOGS: &str = include_str!("../../queries/log/copy.sql");

const COLUMNS: i16 = 19;

/// When a record happened; where the source did not say, when it was observed or else `received`.
pub(crate) fn log_time(log: &LogView<'_>, received: UnixNanos) -> UnixNanos {
    let said = [log.time, log.observed_time].into_iter().find(|nanos| *nanos != 0);
    said.map_or(received, UnixNanos)
}

/// Between the values of a message in the column `message`.
pub(crate) const VALUE_SEPARATOR: char = '\u{1f}';

/// Between them and the values of attributes.
pub(crate) const ATTRIBUTES_SEPARATOR: char = '\u{1e}';

/// How a record is divided between its row and the set that the row names.
#[derive(Clone, Debug)]
pub(crate) struct LogDivision<'a> {
    pub(crate) division: Division,
    /// The values of its message, where it is of the set's format.
    pub(crate) values: Option<Vec<&'a str>>,
}

impl LogDivision<'_> {
    /// The set that has what the row does not.
    pub(crate) fn set(&self) -> i64 {
        self.division.set
    }

    /// What the row holds of message and attributes, where the set has the rest of the message.
    fn own_text(&self, attributes: &[Attribute<'_>]) -> Option<String> {
        let values = self.values.as_ref().filter(|_| !self.division.holds_column(Column::Message))?;
        let mut text = values.join(VALUE_SEPARATOR.encode_utf8(&mut [0; 4]));
        if self.division.own != 0 {
            text.push(ATTRIBUTES_SEPARATOR);
            let mut json = text.into_bytes();
            write_own_values(&mut json, attributes, self.division);
            text = String::from_utf8(json).expect("JSON that we wrote is UTF-8");
        }
        Some(text)
    }
}

/// Nanoseconds from the time of a record to when it was observed; `None` where the source did not say.
pub(crate) fn observed_delta(log: &LogView<'_>, time: UnixNanos) -> Option<i64> {
    (log.observed_time != 0).then(|| log.observed_time.wrapping_sub(time.0).cast_signed())
}

pub(crate) fn encode_log(
    rows: &mut CopyBuffer,
    log: &LogView<'_>,
    origin: Origin<'_>,
    meaning: Meaning,
    division: Option<&LogDivision<'_>>,
    received: UnixNanos,
) {
    let mut extra = Extra::default();
    let time = log_time(log, received);
    if log.time == 0 {
        extra.number("time", 0);
    }
    let severity = extra.small("severity_number", log.severity_number);
    let severity_text = optional_text(&mut extra, "severity_text", log.severity_text);
    let event_name = optional_text(&mut extra, "event_name", log.event_name);
    let (message, body) = body(&mut extra, log.body);
    let own_text = division.and_then(|division| division.own_text(&log.attributes)).map(Cow::Owned);
    let has_own_text = own_text.is_some();
    extra.count("dropped_attributes_count", log.dropped_attributes);
    let division = division.map(|log| log.division);
    let own = |column| division.is_none_or(|division| division.holds_column(column));

    rows.begin_row(COLUMNS);
    rows.timestamptz(time);
    rows.optional(trace_id(log.trace_id), CopyBuffer::uuid);
    rows.optional(span_id(log.span_id), CopyBuffer::int8);
    rows.int4(origin.resource_id);
    rows.optional(own(Column::Scope).then_some(origin.scope_id), CopyBuffer::int4);
    rows.optional(observed_delta(log, time).filter(|_| own(Column::Observed)), CopyBuffer::int8);
    rows.optional(own(Column::Flags).then_some(log.flags.cast_signed()), CopyBuffer::int4);
    rows.int2(time.remainder_nanos());
    rows.int2(severity);
    rows.text(origin.service);
    rows.optional(severity_text.as_deref().filter(|_| own(Column::SeverityText)), CopyBuffer::text);
    rows.optional(event_name.as_deref(), CopyBuffer::text);
    rows.optional(own_text.or(message).as_deref(), CopyBuffer::text);
    rows.optional(body, |rows, json| rows.jsonb(|out| out.extend_from_slice(&json)));
    if has_own_text {
        rows.null();
    } else {
        attributes(rows, &log.attributes, division);
    }
    rows.jsonb(|out| extra.write(out));
    meaning.push(rows);
    rows.optional(division.map(|division| division.set), CopyBuffer::int8);
}

/// What a record says to people, for its pattern: its body, or else the name of its event.
pub(crate) fn log_text<'a>(log: &LogView<'a>) -> Option<Cow<'a, str>> {
    match log.body {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        _ if !log.event_name.is_empty() => Some(Cow::Borrowed(log.event_name)),
        Value::Empty => None,
        value => Some(Cow::Owned(String::from_utf8_lossy(&json(value)).into_owned())),
    }
}

fn optional_text<'a>(extra: &mut Extra, field: &str, text: &'a str) -> Option<Cow<'a, str>> {
    (!text.is_empty()).then(|| extra.text(field, text))
}

/// The body as text for people, and as JSON where it is not a string.
fn body<'a>(extra: &mut Extra, body: Value<'a>) -> (Option<Cow<'a, str>>, Option<Vec<u8>>) {
    match body {
        Value::Empty => (None, None),
        Value::Text(text) => (Some(extra.text("message", text)), None),
        value => {
            let json = json(value);
            // JSON escapes NUL, so it can stand in a text column.
            let text = String::from_utf8_lossy(&json).into_owned();
            (Some(Cow::Owned(text)), Some(json))
        }
    }
}

fn json(value: Value<'_>) -> Vec<u8> {
    let mut json = Vec::new();
    write_value_view(&mut json, value);
    json
}
