//! Attributes and other values of OTLP, from Rust values.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    trace::v1::Span,
};

/// What an attribute or the body of a log record can be made of.
pub trait IntoValue {
    /// The value as OTLP has it.
    fn into_value(self) -> AnyValue;
}

/// An attribute.
pub fn attribute(key: &str, value: impl IntoValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value.into_value()), ..KeyValue::default() }
}

/// The text of an attribute of a span.
pub fn text_of<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The whole number in an attribute of a span.
pub fn integer_of(span: &Span, key: &str) -> Option<i64> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

impl IntoValue for Value {
    fn into_value(self) -> AnyValue {
        AnyValue { value: Some(self) }
    }
}

impl IntoValue for &str {
    fn into_value(self) -> AnyValue {
        Value::StringValue(self.to_owned()).into_value()
    }
}

impl IntoValue for String {
    fn into_value(self) -> AnyValue {
        Value::StringValue(self).into_value()
    }
}

impl IntoValue for bool {
    fn into_value(self) -> AnyValue {
        Value::BoolValue(self).into_value()
    }
}

impl IntoValue for i64 {
    fn into_value(self) -> AnyValue {
        Value::IntValue(self).into_value()
    }
}

impl IntoValue for u64 {
    fn into_value(self) -> AnyValue {
        Value::IntValue(i64::try_from(self).unwrap_or(i64::MAX)).into_value()
    }
}

impl IntoValue for f64 {
    fn into_value(self) -> AnyValue {
        Value::DoubleValue(self).into_value()
    }
}

impl IntoValue for &[&str] {
    fn into_value(self) -> AnyValue {
        let values = self.iter().map(|text| text.into_value()).collect();
        Value::ArrayValue(ArrayValue { values }).into_value()
    }
}

impl IntoValue for Vec<KeyValue> {
    fn into_value(self) -> AnyValue {
        Value::KvlistValue(KeyValueList { values: self }).into_value()
    }
}
