//! JSON to OTLP values.

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use serde_json::Value as Json;

/// Reads what was written as attributes. Anything that was not is no attributes.
#[must_use]
pub fn attributes_from_json(json: &Json) -> Vec<KeyValue> {
    match json {
        Json::Object(object) => match object.get("$pairs") {
            Some(Json::Array(pairs)) if object.len() == 1 => pairs.iter().filter_map(pair).collect(),
            _ => object.iter().map(|(key, value)| key_value(key.clone(), value)).collect(),
        },
        _ => Vec::new(),
    }
}

/// Reads what was written as a value.
#[must_use]
pub fn value_from_json(json: &Json) -> AnyValue {
    let value = match json {
        Json::Null => None,
        Json::Bool(flag) => Some(Value::BoolValue(*flag)),
        Json::Number(number) => Some(match number.as_i64() {
            Some(int) => Value::IntValue(int),
            None => Value::DoubleValue(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Json::String(text) => Some(Value::StringValue(text.clone())),
        Json::Array(items) => {
            Some(Value::ArrayValue(ArrayValue { values: items.iter().map(value_from_json).collect() }))
        }
        Json::Object(object) => Some(match object.iter().next() {
            Some((key, value)) if object.len() == 1 && key.starts_with('$') => special(key, value, json),
            _ => Value::KvlistValue(KeyValueList { values: attributes_from_json(json) }),
        }),
    };
    AnyValue { value }
}

fn special(key: &str, value: &Json, whole: &Json) -> Value {
    match (key, value) {
        ("$bytes", Json::String(text)) => Value::BytesValue(STANDARD.decode(text).unwrap_or_default()),
        ("$double", Json::String(text)) => Value::DoubleValue(match text.as_str() {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "-0" => -0.0,
            _ => f64::NAN,
        }),
        ("$text", Json::String(text)) => Value::StringValue(unescape(text)),
        ("$strindex", Json::Number(number)) => Value::StringValueStrindex(
            number.as_i64().and_then(|index| i32::try_from(index).ok()).unwrap_or_default(),
        ),
        _ => Value::KvlistValue(KeyValueList { values: attributes_from_json(whole) }),
    }
}

fn pair(json: &Json) -> Option<KeyValue> {
    let [key, value] = json.as_array()?.as_slice() else { return None };
    match value_from_json(key).value? {
        Value::StringValue(key) => Some(key_value(key, value)),
        _ => None,
    }
}

fn key_value(key: String, value: &Json) -> KeyValue {
    KeyValue { key, value: Some(value_from_json(value)), ..KeyValue::default() }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(if characters.next() == Some('0') { '\0' } else { '\\' }),
            other => plain.push(other),
        }
    }
    plain
}
