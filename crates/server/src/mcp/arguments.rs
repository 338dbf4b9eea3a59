//! What a tool may be given: one table per tool, from which its schema, its checks and its errors follow.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use crate::cli::Moment;

/// One argument of a tool.
#[derive(Debug)]
pub struct Argument {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// What it is for, with its unit.
    pub meaning: &'static str,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number, with what it is unless given.
    Whole {
        least: usize,
        most: usize,
        default: usize,
    },
    /// A number that may have a fraction.
    Number {
        least: f64,
        most: f64,
    },
    /// How long ago, or a time.
    Moment,
    /// An object with simple values.
    Pairs,
    /// A list of anything.
    List,
    /// An OTLP request.
    Object,
}

impl Kind {
    /// What is allowed, to follow "give".
    fn allowed(self) -> String {
        match self {
            Self::Text => "some text".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Whole { least, most, .. } => format!("a whole number from {least} to {most}"),
            Self::Number { least, most } => format!("a number from {least} to {most}"),
            Self::Moment => {
                "how long ago (30s, 15m, 2h, 7d) or a time (2026-11-23T10:00Z, 2026-11-23)".to_owned()
            }
            Self::Pairs => {
                "an object such as {\"http.method\": \"GET\"}, its values without commas".to_owned()
            }
            Self::List => "a list, such as [1, \"two\"]".to_owned(),
            Self::Object => "an object".to_owned(),
        }
    }

    /// The value in its normal form, where it is one.
    fn check(self, value: &Value) -> Option<Value> {
        match self {
            Self::Text => value.as_str().filter(|text| !text.trim().is_empty()).map(Value::from),
            Self::Choice(words) => {
                let given = value.as_str()?;
                words.iter().find(|word| word.eq_ignore_ascii_case(given)).map(|word| (*word).into())
            }
            Self::Whole { least, most, .. } => {
                let number = whole(value)?;
                (least..=most).contains(&number).then(|| number.into())
            }
            Self::Number { least, most } => {
                let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
                (least..=most).contains(&number).then(|| number.into())
            }
            Self::Moment => {
                value.as_str()?.trim().parse::<Moment>().ok().map(|moment| moment.to_string().into())
            }
            Self::Pairs => {
                value.as_object().filter(|pairs| pairs.iter().all(writable)).map(|_| value.clone())
            }
            Self::List => value.is_array().then(|| value.clone()),
            Self::Object => value.is_object().then(|| value.clone()),
        }
    }

    fn schema(self) -> Map<String, Value> {
        let schema = match self {
            Self::Text | Self::Moment => json!({"type": "string"}),
            Self::Choice(words) => json!({"type": "string", "enum": words}),
            // A default that is not allowed stands for none.
            Self::Whole { least, most, default } if default < least => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Self::Whole { least, most, default } => {
                json!({"type": "integer", "minimum": least, "maximum": most, "default": default})
            }
            Self::Number { least, most } => json!({"type": "number", "minimum": least, "maximum": most}),
            Self::Pairs => {
                json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}})
            }
            Self::List => json!({"type": "array", "items": {}}),
            Self::Object => json!({"type": "object"}),
        };
        schema.as_object().cloned().unwrap_or_default()
    }
}

/// The query writes pairs as `key=value` with commas between.
fn writable((key, value): (&String, &Value)) -> bool {
    let simple = |text: &str| !text.contains(',');
    !key.is_empty()
        && simple(key)
        && !key.contains('=')
        && match value {
            Value::String(text) => simple(text),
            Value::Number(_) | Value::Bool(_) => true,
            _ => false,
        }
}

/// Models write 10, 10.0 and "10" for the same.
fn whole(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => match number.as_u64() {
            Some(number) => usize::try_from(number).ok(),
            None => number
                .as_f64()
                .filter(|number| number.fract() == 0.0 && *number >= 0.0)
                .map(|number| number as usize),
        },
        _ => None,
    }
}

pub const fn optional(name: &'static str, kind: Kind, meaning: &'static str) -> Argument {
    Argument { name, kind, required: false, meaning }
}

pub const fn required(name: &'static str, kind: Kind, meaning: &'static str) -> Argument {
    Argument { name, kind, required: true, meaning }
}

/// The JSON Schema of a tool's arguments.
pub fn schema(arguments: &[Argument]) -> Map<String, Value> {
    let property = |argument: &Argument| {
        let mut schema = argument.kind.schema();
        schema.insert("description".to_owned(), argument.meaning.into());
        (argument.name.to_owned(), Value::Object(schema))
    };
    let properties: Map<String, Value> = arguments.iter().map(property).collect();
    let required: Vec<&str> =
        arguments.iter().filter(|argument| argument.required).map(|argument| argument.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// Arguments that were checked against their table.
#[derive(Clone, Debug)]
pub struct Given {
    table: &'static [Argument],
    values: Map<String, Value>,
}

impl Given {
    /// Checks what was given; null is as if it were not.
    pub fn check(table: &'static [Argument], given: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut values = Map::new();
        for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let Some(argument) = table.iter().find(|argument| argument.name == name) else {
                let names: Vec<&str> = table.iter().map(|argument| argument.name).collect();
                return Err(Refusal::argument(
                    name,
                    value,
                    &format!("is not an argument here: there are {}", names.join(", ")),
                ));
            };
            let checked = argument.kind.check(value).ok_or_else(|| {
                Refusal::argument(name, value, &format!("is not allowed: give {}", argument.kind.allowed()))
            })?;
            values.insert(name.clone(), checked);
        }
        match table.iter().find(|argument| argument.required && !values.contains_key(argument.name)) {
            None => Ok(Self { table, values }),
            Some(missing) => Err(Refusal::wrong(format!(
                "the argument {} is missing: give {} ({})",
                missing.name,
                missing.kind.allowed(),
                missing.meaning
            ))),
        }
    }

    /// A text, a choice or a moment as it was given.
    pub fn text(&self, name: &str) -> Option<String> {
        self.values.get(name)?.as_str().map(str::to_owned)
    }

    /// A whole number, or its default.
    pub fn whole(&self, name: &str) -> usize {
        let default = self.table.iter().find(|argument| argument.name == name).map(|argument| argument.kind);
        match (self.values.get(name).and_then(whole), default) {
            (Some(given), _) => given,
            (None, Some(Kind::Whole { default, .. })) => default,
            (None, _) => 0,
        }
    }

    pub fn moment(&self, name: &str) -> Option<Moment> {
        self.values.get(name)?.as_str()?.parse().ok()
    }

    /// The pairs as the API takes them: `key=value` with commas between.
    pub fn pairs(&self, name: &str) -> Option<String> {
        let pair = |(key, value): (&String, &Value)| match value {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        };
        let pairs = self.values.get(name)?.as_object()?;
        (!pairs.is_empty()).then(|| pairs.iter().map(pair).collect::<Vec<_>>().join(","))
    }

    pub fn list(&self, name: &str) -> Vec<Value> {
        self.values.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Refuses what says nothing here, so that nobody believes it did.
    pub fn without(&self, names: &[&str], why: &str) -> Result<(), Refusal> {
        let found = names.iter().find_map(|name| self.values.get(*name).map(|value| (*name, value)));
        found.map_or(Ok(()), |(name, value)| Err(Refusal::argument(name, value, why)))
    }

    /// Whether the tool takes an argument of this name.
    pub fn takes(&self, name: &str) -> bool {
        self.table.iter().any(|argument| argument.name == name)
    }

    /// All of it, to be asked again.
    pub fn again(&self) -> Map<String, Value> {
        self.values.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: &[Argument] = &[
        required("id", Kind::Text, "the id"),
        optional("limit", Kind::Whole { least: 1, most: 10, default: 5 }, "how many"),
        optional("since", Kind::Moment, "from when"),
        optional("status", Kind::Choice(&["ok", "error"]), "how it ended"),
        optional("attributes", Kind::Pairs, "what it has"),
    ];

    fn check(given: &Value) -> Result<Given, String> {
        Given::check(TABLE, given.as_object().expect("an object")).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_wrong_argument_is_named_with_what_is_allowed() {
        let said = |given: &Value| check(given).expect_err("refused");
        assert_eq!(said(&json!({})), "the argument id is missing: give some text (the id)");
        assert_eq!(
            said(&json!({"id": "x", "limit": 11})),
            "the argument limit (11) is not allowed: give a whole number from 1 to 10"
        );
        assert_eq!(
            said(&json!({"id": "x", "status": "failed"})),
            "the argument status (\"failed\") is not allowed: give one of ok, error"
        );
        assert_eq!(
            said(&json!({"id": "x", "ids": [1]})),
            "the argument ids ([1]) is not an argument here: there are id, limit, since, status, attributes"
        );
        assert!(said(&json!({"id": "x", "since": "yesterday"})).contains("15m"));
        assert!(said(&json!({"id": "x", "attributes": {"a": "b,c"}})).contains("without commas"));
    }

    #[test]
    fn what_models_write_is_understood() {
        let given = check(
            &json!({"id": "x", "limit": "7", "since": "2h", "status": "ERROR", "attributes": {"a": 1, "b": "c"}}),
        );
        let given = given.expect("allowed");
        assert_eq!((given.whole("limit"), given.text("status")), (7, Some("error".to_owned())));
        assert_eq!(given.pairs("attributes"), Some("a=1,b=c".to_owned()));
        assert!(given.moment("since").is_some());
        let given = check(&json!({"id": "x", "limit": 7.0, "since": null})).expect("allowed");
        assert_eq!((given.whole("limit"), given.moment("since")), (7, None));
        assert_eq!(check(&json!({"id": "x"})).expect("allowed").whole("limit"), 5);
    }

    #[test]
    fn the_schema_says_types_limits_and_defaults() {
        let schema = Value::Object(schema(TABLE));
        assert_eq!(schema["required"], json!(["id"]));
        assert_eq!(
            schema["properties"]["limit"],
            json!({"type": "integer", "minimum": 1, "maximum": 10, "default": 5, "description": "how many"})
        );
    }
}
