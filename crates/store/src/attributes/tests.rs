use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use proptest::prelude::*;

use super::{read::attributes_from_json, write::write_attributes};

fn key_value(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value }), ..KeyValue::default() }
}

fn written(attributes: &[KeyValue]) -> String {
    let mut out = Vec::new();
    write_attributes(&mut out, attributes);
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn read_back(attributes: &[KeyValue]) -> Vec<KeyValue> {
    attributes_from_json(&serde_json::from_str(&written(attributes)).expect("JSON"))
}

#[test]
fn an_int_and_a_double_of_the_same_value_stay_apart() {
    let text = written(&[
        key_value("int", Some(Value::IntValue(1))),
        key_value("double", Some(Value::DoubleValue(1.0))),
        key_value("large", Some(Value::DoubleValue(-9_223_372_036_854_775_808.0))),
    ]);
    assert_eq!(text, r#"{"int":1,"double":1.0,"large":-9223372036854775808.0}"#);
}

#[test]
fn what_json_can_not_say_is_an_object_with_one_key() {
    let text = written(&[
        key_value("bytes", Some(Value::BytesValue(vec![1, 2]))),
        key_value("nan", Some(Value::DoubleValue(f64::NAN))),
        key_value("nul", Some(Value::StringValue("a\0\\b".to_owned()))),
        key_value("none", None),
    ]);
    assert_eq!(
        text,
        r#"{"bytes":{"$bytes":"AQI="},"nan":{"$double":"NaN"},"nul":{"$text":"a\\0\\\\b"},"none":null}"#
    );
    assert_eq!(written(&[key_value("$x", None)]), r#"{"$pairs":[["$x",null]]}"#);
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let text = prop_oneof![any::<String>(), "[a\\\\\0$]{0,4}", Just("$bytes".to_owned())];
    let leaf = prop_oneof![
        Just(None),
        text.prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|flag| Some(Value::BoolValue(flag))),
        any::<i64>().prop_map(|int| Some(Value::IntValue(int))),
        any::<f64>().prop_map(|double| Some(Value::DoubleValue(double))),
        any::<Vec<u8>>().prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }),
            attributes(inner)
                .prop_map(|values| AnyValue { value: Some(Value::KvlistValue(KeyValueList { values })) }),
        ]
    })
}

fn attributes(value: impl Strategy<Value = AnyValue>) -> impl Strategy<Value = Vec<KeyValue>> {
    let key = prop_oneof!["[a-c]", "[$\0\\\\a]{0,3}", any::<String>(), Just("$bytes".to_owned())];
    let pair =
        (key, value).prop_map(|(key, value)| KeyValue { key, value: Some(value), ..KeyValue::default() });
    proptest::collection::vec(pair, 0..5)
}

/// Doubles by their bits, so that NaN equals itself and the zeros differ; pairs of objects by key.
fn canonical(attributes: &[KeyValue]) -> Vec<String> {
    let mut lines: Vec<String> = attributes
        .iter()
        .map(|attribute| format!("{:?}={}", attribute.key, canonical_value(attribute.value.as_ref())))
        .collect();
    lines.sort();
    lines
}

fn canonical_value(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::DoubleValue(double)) if double.is_nan() => "NaN".to_owned(),
        Some(Value::DoubleValue(double)) => format!("double {:x}", double.to_bits()),
        Some(Value::KvlistValue(list)) => format!("{:?}", canonical(&list.values)),
        Some(Value::ArrayValue(array)) => {
            format!("{:?}", array.values.iter().map(|value| canonical_value(Some(value))).collect::<Vec<_>>())
        }
        other => format!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn any_tree_of_attributes_survives(attributes in attributes(any_value())) {
        prop_assert_eq!(canonical(&read_back(&attributes)), canonical(&attributes));
    }
}
