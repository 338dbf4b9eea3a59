//! The rules that records of every signal keep.

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// Lists within lists of an attribute value. No SDK makes more than a few; decoders and databases recurse.
pub const MAX_DEPTH: usize = 32;

/// Entries of one list of attributes. SDKs stop at 128; this leaves room for those who raised it.
pub const MAX_ATTRIBUTES: usize = 4096;

/// Characters of a record's name in a sentence about it.
const NAME_CHARACTERS: usize = 100;

/// Why an id is not one, if it is not.
pub(super) fn id(what: &str, id: &[u8], length: usize) -> Option<String> {
    if id.len() != length {
        Some(format!("has {what} of {} bytes instead of {length}", id.len()))
    } else if id.iter().all(|byte| *byte == 0) {
        Some(format!("has {what} of zeros only"))
    } else {
        None
    }
}

/// The same for an id that may be left out.
pub(super) fn optional_id(what: &str, id: &[u8], length: usize) -> Option<String> {
    (!id.is_empty() && id.len() != length)
        .then(|| format!("has {what} of {} bytes instead of {length} or none", id.len()))
}

/// Why attributes can not be kept, if they can not.
pub(super) fn attributes(what: &str, attributes: &[KeyValue]) -> Option<String> {
    list(what, attributes, MAX_DEPTH)
}

/// The same for a value by itself.
pub(super) fn value(what: &str, value: Option<&AnyValue>) -> Option<String> {
    nested(what, value, MAX_DEPTH)
}

/// The same for what a group of records shares.
pub(super) fn resource(resource: Option<&Resource>) -> Option<String> {
    resource.and_then(|resource| attributes("resource attributes", &resource.attributes))
}

/// The same for what a group of records shares.
pub(super) fn scope(scope: Option<&InstrumentationScope>) -> Option<String> {
    scope.and_then(|scope| attributes("scope attributes", &scope.attributes))
}

fn list(what: &str, attributes: &[KeyValue], depth: usize) -> Option<String> {
    if attributes.len() > MAX_ATTRIBUTES {
        return Some(format!("has {} {what}, and the limit is {MAX_ATTRIBUTES}", attributes.len()));
    }
    attributes.iter().find_map(|attribute| nested(what, attribute.value.as_ref(), depth))
}

fn nested(what: &str, value: Option<&AnyValue>, depth: usize) -> Option<String> {
    match value?.value.as_ref()? {
        Value::ArrayValue(_) | Value::KvlistValue(_) if depth == 0 => {
            Some(format!("has {what} nested more than {MAX_DEPTH} deep"))
        }
        Value::ArrayValue(array) => {
            array.values.iter().find_map(|value| nested(what, Some(value), depth - 1))
        }
        Value::KvlistValue(pairs) => list(what, &pairs.values, depth - 1),
        _ => None,
    }
}

/// A name from telemetry, fit to stand in a sentence.
pub(super) fn quoted(name: &str) -> String {
    let clipped: String = name.chars().take(NAME_CHARACTERS).collect();
    format!("\"{}\"", clipped.escape_debug())
}
