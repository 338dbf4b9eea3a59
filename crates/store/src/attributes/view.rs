//! The same JSON from values that stand in the bytes of a request.

use std::io::Write;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use mahavishnu_pipeline::wire::Odd;

use super::write::{SHORT_LIST, write_double, write_key, write_string};
use crate::encode::view::{Attribute, Value, items};

/// Writes attributes as one JSON value; an object unless the list can not be one.
pub(crate) fn write_attribute_views(out: &mut Vec<u8>, attributes: &[Attribute<'_>]) {
    if is_object(attributes) {
        out.push(b'{');
        for (index, attribute) in attributes.iter().enumerate() {
            write_key(out, index == 0, attribute.key());
            write_value_view(out, attribute.value());
        }
        out.push(b'}');
    } else {
        out.extend_from_slice(b"{\"$pairs\":[");
        for (index, attribute) in attributes.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"[" } else { b",[" });
            write_string(out, attribute.key());
            out.push(b',');
            write_value_view(out, attribute.value());
            out.push(b']');
        }
        out.extend_from_slice(b"]}");
    }
}

/// Writes one value.
pub(crate) fn write_value_view(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Empty => out.extend_from_slice(b"null"),
        Value::Text(text) => write_string(out, text),
        Value::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Value::Int(int) => write_int(out, int),
        Value::Double(double) => write_double(out, double),
        Value::Bytes(bytes) => {
            out.extend_from_slice(b"{\"$bytes\":\"");
            write!(out, "{}", Base64Display::new(bytes, &STANDARD)).expect("writing to a Vec does not fail");
            out.extend_from_slice(b"\"}");
        }
        Value::Index(index) => {
            out.extend_from_slice(b"{\"$strindex\":");
            write_int(out, index.into());
            out.push(b'}');
        }
        Value::Array(list) => {
            out.push(b'[');
            for (index, value) in list_of(list, Value::of).into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value_view(out, value);
            }
            out.push(b']');
        }
        Value::Pairs(list) => write_attribute_views(out, &list_of(list, Attribute::of)),
    }
}

/// What a list holds. The request was walked through to the last of these before: nothing odd is met here.
fn list_of<'a, T>(list: &'a [u8], read: fn(&'a [u8]) -> Result<T, Odd>) -> Vec<T> {
    items(list).unwrap_or_default().into_iter().filter_map(|item| read(item).ok()).collect()
}

fn write_int(out: &mut Vec<u8>, int: i64) {
    // Most are small.
    match u8::try_from(int) {
        Ok(digit @ 0..=9) => out.push(b'0' + digit),
        _ => write!(out, "{int}").expect("writing to a Vec does not fail"),
    }
}

/// Whether a JSON object of `jsonb` can hold these pairs, and be told from the objects that we write ourselves.
pub(crate) fn is_object(attributes: &[Attribute<'_>]) -> bool {
    if let [only] = attributes
        && only.key.starts_with(b"$")
    {
        return false;
    }
    if attributes.iter().any(|attribute| attribute.key.contains(&0)) {
        return false;
    }
    if attributes.len() <= SHORT_LIST {
        return (1..attributes.len())
            .all(|index| attributes[..index].iter().all(|earlier| earlier.key != attributes[index].key));
    }
    let mut keys: Vec<&[u8]> = attributes.iter().map(|attribute| attribute.key).collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}
