//! The settings file as a JSON Schema, for editors.

use serde_json::{Map, Value, json};

use crate::{
    keys::{KEYS, Key, Kind},
    value::{Checked, Given},
};

/// The JSON Schema (draft 2020-12) of `settings/mahavishnu.yaml` and `settings/local.yaml`.
#[must_use]
pub fn schema() -> Value {
    let mut properties = Map::new();
    for key in KEYS {
        match key.name.split_once('.') {
            None => {
                properties.insert(key.name.to_owned(), property(key));
            }
            Some((section, name)) => {
                let section = properties.entry(section).or_insert_with(
                    || json!({"type": ["object", "null"], "additionalProperties": false, "properties": {}}),
                );
                section["properties"][name] = property(key);
            }
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "MahavishnuSettings",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties,
    })
}

fn property(key: &Key) -> Value {
    let mut property = match key.kind {
        Kind::Switch => json!({"type": "boolean"}),
        Kind::Choice(words) => json!({"type": "string", "enum": words}),
        Kind::Whole { least, most } => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Number { least, most } => json!({"type": "number", "minimum": least, "maximum": most}),
        Kind::Text => json!({"type": "string", "minLength": 1}),
        Kind::Hosts => json!({"type": "string", "pattern": "^[A-Za-z0-9,._: -]*$"}),
        Kind::Names => json!({"type": "string", "pattern": "^[A-Za-z0-9, -]*$"}),
        Kind::Pairs => json!({"type": "string", "pattern": "^$|="}),
        Kind::Storage => {
            json!({"type": ["string", "null"], "pattern": "^(postgresql://|postgres://|embedded:.)"})
        }
        Kind::Endpoint => json!({"type": "string", "format": "uri", "pattern": "^https?://"}),
        Kind::Address => json!({"type": "string", "pattern": "^.+:[0-9]{1,5}$"}),
    };
    property["description"] = key.meaning.into();
    // A default with a password in it is no secret, but a schema is copied around: it has the masked form.
    property["default"] =
        Given::Text(key.default.to_owned()).check(key.kind).as_ref().map_or(Value::Null, Checked::shown);
    if key.secret {
        property["writeOnly"] = true.into();
    }
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_place_type_range_and_default() {
        let schema = schema();
        for key in KEYS {
            let pointer = format!("/properties/{}", key.name.replace('.', "/properties/"));
            let property = schema.pointer(&pointer).expect(key.name);
            assert_eq!(property["description"], key.meaning);
            assert!(!property["default"].is_null(), "{}", key.name);
        }
        let attempts = &schema["properties"]["otel_storage_retry_max_attempts"];
        assert_eq!(
            (&attempts["minimum"], &attempts["maximum"], &attempts["default"]),
            (&json!(0), &json!(10), &json!(3))
        );
        assert_eq!(schema["properties"]["observability"]["additionalProperties"], false);
    }
}
