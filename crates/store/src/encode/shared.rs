//! Resources and scopes, which many records share: interned once, by a digest of what they say.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
};
use prost::Message;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::{
    attributes::{write_array, write_attributes, write_key, write_string},
    encode::extra::Extra,
};

/// The service of a resource that names none, as the resource semantic conventions have it.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// A row of `otel.resource`.
#[derive(Debug)]
pub(crate) struct ResourceRow {
    pub(crate) digest: Uuid,
    pub(crate) service: String,
    pub(crate) attributes: Option<String>,
    pub(crate) schema_url: Option<String>,
    pub(crate) extra: Option<String>,
}

/// A row of `otel.scope`.
#[derive(Debug)]
pub(crate) struct ScopeRow {
    pub(crate) digest: Uuid,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) attributes: Option<String>,
    pub(crate) schema_url: Option<String>,
    pub(crate) extra: Option<String>,
}

/// What tells a resource from every other.
pub(crate) fn resource_digest(resource: Option<&Resource>, schema_url: &str) -> Uuid {
    digest(resource.map(Message::encode_to_vec).unwrap_or_default(), schema_url)
}

/// What tells a scope from every other.
pub(crate) fn scope_digest(scope: Option<&InstrumentationScope>, schema_url: &str) -> Uuid {
    digest(scope.map(Message::encode_to_vec).unwrap_or_default(), schema_url)
}

fn digest(mut content: Vec<u8>, schema_url: &str) -> Uuid {
    let length = content.len() as u64;
    content.extend_from_slice(schema_url.as_bytes());
    // The length keeps content and URL apart.
    content.extend_from_slice(&length.to_le_bytes());
    Uuid::from_u128(xxh3_128(&content))
}

/// `service.name`, as a text column can hold it.
pub(crate) fn service_name(resource: Option<&Resource>) -> String {
    let name = resource
        .iter()
        .flat_map(|resource| &resource.attributes)
        .find(|attribute| attribute.key == "service.name")
        .and_then(|attribute| match &attribute.value {
            Some(AnyValue { value: Some(Value::StringValue(name)) }) if !name.is_empty() => {
                Some(name.as_str())
            }
            _ => None,
        })
        .unwrap_or(UNKNOWN_SERVICE);
    // The original is in the attributes.
    Extra::default().text("service", name).into_owned()
}

pub(crate) fn resource_row(resource: Option<&Resource>, schema_url: &str) -> ResourceRow {
    let mut extra = Extra::default();
    if let Some(resource) = resource {
        extra.count("dropped_attributes_count", resource.dropped_attributes_count);
        if !resource.entity_refs.is_empty() {
            extra.put("entity_refs", |out| {
                write_array(out, &resource.entity_refs, |out, entity| {
                    out.push(b'{');
                    write_key(out, true, "schema_url");
                    write_string(out, &entity.schema_url);
                    write_key(out, false, "type");
                    write_string(out, &entity.r#type);
                    write_key(out, false, "id_keys");
                    write_array(out, &entity.id_keys, |out, key| write_string(out, key));
                    write_key(out, false, "description_keys");
                    write_array(out, &entity.description_keys, |out, key| write_string(out, key));
                    out.push(b'}');
                });
            });
        }
    }
    let schema = non_empty(extra.text("schema_url", schema_url).into_owned());
    ResourceRow {
        digest: resource_digest(resource, schema_url),
        service: service_name(resource),
        attributes: attributes_json(
            resource.map(|resource| resource.attributes.as_slice()).unwrap_or_default(),
        ),
        schema_url: schema,
        extra: extra.into_json(),
    }
}

pub(crate) fn scope_row(scope: Option<&InstrumentationScope>, schema_url: &str) -> ScopeRow {
    let mut extra = Extra::default();
    let (name, version) =
        scope.map(|scope| (scope.name.as_str(), scope.version.as_str())).unwrap_or_default();
    if let Some(scope) = scope {
        extra.count("dropped_attributes_count", scope.dropped_attributes_count);
    }
    ScopeRow {
        digest: scope_digest(scope, schema_url),
        name: extra.text("name", name).into_owned(),
        version: non_empty(extra.text("version", version).into_owned()),
        attributes: attributes_json(scope.map(|scope| scope.attributes.as_slice()).unwrap_or_default()),
        schema_url: non_empty(extra.text("schema_url", schema_url).into_owned()),
        extra: extra.into_json(),
    }
}

/// Attributes as the text of a `jsonb`; none where the list is empty.
pub(crate) fn attributes_json(attributes: &[KeyValue]) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    write_attributes(&mut out, attributes);
    Some(String::from_utf8(out).expect("JSON that we wrote is UTF-8"))
}

pub(crate) fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
