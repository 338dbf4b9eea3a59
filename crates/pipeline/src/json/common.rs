//! Attributes, resources and scopes.

use opentelemetry_proto::tonic::{
    common::v1 as otlp, common::v1::any_value::Value, resource::v1::Resource as OtlpResource,
};
use serde::{Deserialize, Deserializer, de::Error};

use super::scalar::{Base64, Nullable, Number, list};

#[derive(Debug, Default)]
pub(super) struct AnyValue(otlp::AnyValue);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneOf {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Number<i64>>,
    double_value: Option<Number<f64>>,
    bytes_value: Option<Base64>,
    array_value: Option<Values<AnyValue>>,
    kvlist_value: Option<Values<KeyValue>>,
}

#[derive(Deserialize)]
struct Values<T> {
    #[serde(default = "Nullable::default")]
    values: Nullable<Vec<T>>,
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(one) = Option::<OneOf>::deserialize(deserializer)? else { return Ok(Self::default()) };
        let mut values = [
            one.string_value.map(Value::StringValue),
            one.bool_value.map(Value::BoolValue),
            one.int_value.map(|value| Value::IntValue(value.0)),
            one.double_value.map(|value| Value::DoubleValue(value.0)),
            one.bytes_value.map(|value| Value::BytesValue(value.0)),
            one.array_value.map(|array| {
                Value::ArrayValue(otlp::ArrayValue {
                    values: array.values.0.into_iter().map(|value| value.0).collect(),
                })
            }),
            one.kvlist_value
                .map(|pairs| Value::KvlistValue(otlp::KeyValueList { values: list(pairs.values.0) })),
        ]
        .into_iter()
        .flatten();
        let value = values.next();
        match values.next() {
            None => Ok(Self(otlp::AnyValue { value })),
            Some(_) => Err(D::Error::custom("a value has more than one type")),
        }
    }
}

impl From<AnyValue> for otlp::AnyValue {
    fn from(value: AnyValue) -> Self {
        value.0
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyValue {
    key: Nullable<String>,
    value: AnyValue,
}

impl From<KeyValue> for otlp::KeyValue {
    fn from(pair: KeyValue) -> Self {
        Self { key: pair.key.0, value: Some(pair.value.0), ..Self::default() }
    }
}

/// Attributes of anything.
pub(super) type Attributes = Nullable<Vec<KeyValue>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Resource {
    attributes: Attributes,
    dropped_attributes_count: Number<u32>,
    entity_refs: Nullable<Vec<EntityRef>>,
}

impl From<Resource> for OtlpResource {
    fn from(resource: Resource) -> Self {
        Self {
            attributes: list(resource.attributes.0),
            dropped_attributes_count: resource.dropped_attributes_count.0,
            entity_refs: list(resource.entity_refs.0),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EntityRef {
    schema_url: Nullable<String>,
    r#type: Nullable<String>,
    id_keys: Nullable<Vec<String>>,
    description_keys: Nullable<Vec<String>>,
}

impl From<EntityRef> for otlp::EntityRef {
    fn from(entity: EntityRef) -> Self {
        Self {
            schema_url: entity.schema_url.0,
            r#type: entity.r#type.0,
            id_keys: entity.id_keys.0,
            description_keys: entity.description_keys.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Scope {
    name: Nullable<String>,
    version: Nullable<String>,
    attributes: Attributes,
    dropped_attributes_count: Number<u32>,
}

impl From<Scope> for otlp::InstrumentationScope {
    fn from(scope: Scope) -> Self {
        Self {
            name: scope.name.0,
            version: scope.version.0,
            attributes: list(scope.attributes.0),
            dropped_attributes_count: scope.dropped_attributes_count.0,
        }
    }
}
