//! OTLP values to JSON.

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use std::io::Write;

/// Lists up to this length are searched for a key that stands twice by looking at every pair.
pub(super) const SHORT_LIST: usize = 16;

/// From here on a double has no digits after the point, and no exponent is needed below it to tell it from an int.
const INTEGRAL_FROM: f64 = 1e22;

/// Writes attributes as one JSON value; an object unless the list can not be one.
pub(crate) fn write_attributes(out: &mut Vec<u8>, attributes: &[KeyValue]) {
    if is_object(attributes) {
        out.push(b'{');
        for (index, attribute) in attributes.iter().enumerate() {
            write_key(out, index == 0, &attribute.key);
            write_option(out, attribute.value.as_ref());
        }
        out.push(b'}');
    } else {
        out.extend_from_slice(b"{\"$pairs\":");
        write_array(out, attributes, |out, attribute| {
            out.push(b'[');
            write_string(out, &attribute.key);
            out.push(b',');
            write_option(out, attribute.value.as_ref());
            out.push(b']');
        });
        out.push(b'}');
    }
}

/// Writes one value.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &AnyValue) {
    match &value.value {
        None => out.extend_from_slice(b"null"),
        Some(Value::StringValue(text)) => write_string(out, text),
        Some(Value::BoolValue(flag)) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Some(Value::IntValue(int)) => write_display(out, int),
        Some(Value::DoubleValue(double)) => write_double(out, *double),
        Some(Value::BytesValue(bytes)) => {
            out.extend_from_slice(b"{\"$bytes\":\"");
            write_display(out, &Base64Display::new(bytes, &STANDARD));
            out.extend_from_slice(b"\"}");
        }
        Some(Value::ArrayValue(array)) => write_array(out, &array.values, write_value),
        Some(Value::KvlistValue(list)) => write_attributes(out, &list.values),
        Some(Value::StringValueStrindex(index)) => {
            out.extend_from_slice(b"{\"$strindex\":");
            write_display(out, index);
            out.push(b'}');
        }
    }
}

/// Writes an array of what `write` writes.
pub(crate) fn write_array<T>(out: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Writes `"key":`, with a comma before it unless it is the first.
pub(crate) fn write_key(out: &mut Vec<u8>, first: bool, key: &str) {
    if !first {
        out.push(b',');
    }
    write_quoted(out, key);
    out.push(b':');
}

/// Writes a string, or its escaped form where it holds NUL.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) || !text.as_bytes().contains(&0) {
        return write_quoted(out, text);
    }
    out.extend_from_slice(b"{\"$text\":");
    write_quoted(out, &text.replace('\\', "\\\\").replace('\0', "\\0"));
    out.push(b'}');
}

/// Writes a double so that it is read as one.
pub(crate) fn write_double(out: &mut Vec<u8>, double: f64) {
    if !double.is_finite() || (double == 0.0 && double.is_sign_negative()) {
        let name = match double {
            _ if double.is_nan() => "NaN",
            _ if double == f64::INFINITY => "Infinity",
            _ if double == f64::NEG_INFINITY => "-Infinity",
            _ => "-0",
        };
        out.extend_from_slice(b"{\"$double\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\"}");
    } else if double.fract() == 0.0 && double.abs() < INTEGRAL_FROM {
        write_display(out, &format_args!("{double:.1}"));
    } else {
        write_display(out, &format_args!("{double:?}"));
    }
}

fn write_option(out: &mut Vec<u8>, value: Option<&AnyValue>) {
    match value {
        Some(value) => write_value(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_display(out: &mut Vec<u8>, value: &dyn std::fmt::Display) {
    write!(out, "{value}").expect("writing to a Vec does not fail");
}

fn write_quoted(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    serde_json::to_writer(out, text).expect("writing a string to a Vec does not fail");
}

/// Whether a text stands in JSON as it is. All bytes are looked at without a branch: so the compiler takes many at once.
fn is_plain(text: &str) -> bool {
    let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    !text.bytes().fold(false, |any, byte| any | escaped(byte))
}

/// Whether a JSON object of `jsonb` can hold these pairs, and be told from the objects that we write ourselves.
fn is_object(attributes: &[KeyValue]) -> bool {
    if let [only] = attributes
        && only.key.starts_with('$')
    {
        return false;
    }
    if attributes.iter().any(|attribute| attribute.key.as_bytes().contains(&0)) {
        return false;
    }
    if attributes.len() <= SHORT_LIST {
        return (1..attributes.len())
            .all(|index| attributes[..index].iter().all(|earlier| earlier.key != attributes[index].key));
    }
    let mut keys: Vec<&str> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}
