//! Records as they stand in the bytes of a request, borrowed: nothing is copied until it is written into its row.
//!
//! Whoever reads a request so has seen to it that it is plain ([`plain`]): no field that there is one of stands twice, and
//! every text is UTF-8. What is met all the same that is not, is [`Odd`].

use std::borrow::Cow;

use bytes::Bytes;
use mahavishnu_pipeline::{
    Batch, Signal,
    wire::{Fields, Odd, Value as Wire, short_bytes, short_pair},
};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::{DecodeError, Message};

mod log;
mod span;

pub(crate) use log::LogView;
pub(crate) use span::{EventView, LinkView, SpanView};

/// A value of an attribute, or a body.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    /// None at all, or one of no kind.
    #[default]
    Empty,
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    /// Its `ArrayValue`.
    Array(&'a [u8]),
    /// Its `KeyValueList`.
    Pairs(&'a [u8]),
    Index(i32),
}

/// A key and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Attribute<'a> {
    /// UTF-8; most keys are those of a layout that is known, and are compared as they are.
    pub(crate) key: &'a [u8],
    /// Its `AnyValue`: most values are in a set that is known, and need not be looked into.
    any: &'a [u8],
    /// The `KeyValue` as it came.
    pub(crate) bytes: &'a [u8],
}

/// What a group of records shares: a resource or a scope, and its schema.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shared<'a> {
    pub(crate) message: Option<&'a [u8]>,
    pub(crate) schema_url: &'a str,
}

/// `ResourceSpans`, `ScopeSpans` and their like: what is shared, and what it is shared by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group<'a> {
    pub(crate) shared: Shared<'a>,
    pub(crate) members: Vec<&'a [u8]>,
}

/// The request in a form that can be read so: most are; the others are decoded and encoded again.
pub(crate) fn plain(batch: &Batch) -> Result<Cow<'_, Bytes>, DecodeError> {
    let request = batch.request();
    if batch.is_plain() {
        return Ok(Cow::Borrowed(request));
    }
    let bytes = request.clone();
    Ok(Cow::Owned(match batch.signal() {
        Signal::Traces => ExportTraceServiceRequest::decode(bytes)?.encode_to_vec().into(),
        Signal::Logs => ExportLogsServiceRequest::decode(bytes)?.encode_to_vec().into(),
        Signal::Metrics => bytes,
    }))
}

/// The groups of a request, each a message.
pub(crate) fn groups(request: &[u8]) -> Result<Vec<&[u8]>, Odd> {
    let (mut fields, mut groups) = (Fields::of(request), Vec::new());
    while let Some(field) = fields.next()? {
        if let (1, Wire::Bytes(group)) = field {
            groups.push(group);
        }
    }
    Ok(groups)
}

impl<'a> Group<'a> {
    /// A group of groups, or of records.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Odd> {
        let (mut fields, mut group) = (Fields::of(bytes), Self::default());
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(message)) => group.shared.message = Some(message),
                (2, Wire::Bytes(member)) => group.members.push(member),
                (3, Wire::Bytes(url)) => group.shared.schema_url = text(url)?,
                _ => {}
            }
        }
        Ok(group)
    }
}

impl<'a> Attribute<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Odd> {
        if let Some((key, any)) = short_pair(bytes) {
            return Ok(Self { key, any, bytes });
        }
        let (mut fields, mut attribute) = (Fields::of(bytes), Self { key: &[], any: &[], bytes });
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(key)) => attribute.key = key,
                (2, Wire::Bytes(value)) => attribute.any = value,
                _ => {}
            }
        }
        Ok(attribute)
    }

    pub(crate) fn key(&self) -> &'a str {
        // The request was walked through before: it is UTF-8.
        text(self.key).unwrap_or_default()
    }

    pub(crate) fn value(&self) -> Value<'a> {
        // The request was walked through before: it is a value.
        Value::of(self.any).unwrap_or_default()
    }
}

impl<'a> Value<'a> {
    /// What an `AnyValue` holds.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Odd> {
        if let Some((bytes, [])) = short_bytes(bytes, 1) {
            return Ok(Self::Text(text(bytes)?));
        }
        let (mut fields, mut value) = (Fields::of(bytes), Self::Empty);
        while let Some(field) = fields.next()? {
            value = match field {
                (1, Wire::Bytes(bytes)) => Self::Text(text(bytes)?),
                (2, Wire::Varint(flag)) => Self::Bool(flag != 0),
                (3, Wire::Varint(int)) => Self::Int(int.cast_signed()),
                (4, Wire::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (5, Wire::Bytes(list)) => Self::Array(list),
                (6, Wire::Bytes(list)) => Self::Pairs(list),
                (7, Wire::Bytes(bytes)) => Self::Bytes(bytes),
                (8, Wire::Varint(index)) => Self::Index(int32(index)),
                _ => continue,
            };
        }
        Ok(value)
    }
}

/// The messages of a list.
pub(crate) fn items(list: &[u8]) -> Result<Vec<&[u8]>, Odd> {
    groups(list)
}

/// The value of a text among attributes; empty where there is none.
pub(crate) fn text_of<'a>(attributes: &[Attribute<'a>], key: &str) -> &'a str {
    match attributes.iter().find(|attribute| attribute.key == key.as_bytes()).map(Attribute::value) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// A text that was found to be one.
fn text(bytes: &[u8]) -> Result<&str, Odd> {
    std::str::from_utf8(bytes).map_err(|_| Odd)
}

/// An `int32` or an enumeration: decoders take the lower half of a longer one.
fn int32(varint: u64) -> i32 {
    varint as i32
}

/// A `uint32`, likewise.
fn uint32(varint: u64) -> u32 {
    varint as u32
}
