//! What a failing span or a log record says of its error.

use std::borrow::Cow;

use opentelemetry_proto::tonic::{logs::v1::SeverityNumber, trace::v1::status::StatusCode};

use crate::encode::view::{Attribute, EventView, LogView, SpanView, text_of};

/// The event in which a span keeps an exception (OpenTelemetry semantic conventions, "Exceptions").
const EXCEPTION: &str = "exception";

/// An error as its source describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Described<'a> {
    /// The type of the exception, or a code.
    pub(crate) kind: &'a str,
    pub(crate) message: Cow<'a, str>,
    pub(crate) stack: &'a str,
}

/// The error of a span that failed or recorded an exception.
pub(crate) fn span_error<'a>(span: &SpanView<'a>) -> Option<Described<'a>> {
    let failed = span.status == StatusCode::Error as i32;
    let mut events = span.events.iter().rev().filter_map(|event| EventView::of(event).ok());
    let exception = events.find(|event| event.name == EXCEPTION);
    if !failed && exception.is_none() {
        return None;
    }
    let mut described = exception.map(|event| exception_in(&event.attributes)).unwrap_or_default();
    if described.kind.is_empty() {
        described.kind = text_of(&span.attributes, "error.type");
    }
    if described.message.is_empty() {
        described.message = span.status_message.into();
    }
    if described.message.is_empty() && described.kind.is_empty() {
        described.message = format!("{} failed", span.name).into();
    }
    Some(described)
}

/// The error of a log record that carries an exception or is of severity ERROR or worse.
pub(crate) fn log_error<'a>(log: &LogView<'a>, text: Option<&Cow<'a, str>>) -> Option<Described<'a>> {
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

fn exception_in<'a>(attributes: &[Attribute<'a>]) -> Described<'a> {
    Described {
        kind: text_of(attributes, "exception.type"),
        message: text_of(attributes, "exception.message").into(),
        stack: text_of(attributes, "exception.stacktrace"),
    }
}
