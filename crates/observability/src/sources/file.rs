//! A settings file: YAML with our keys, or one sentence that says what is wrong and where.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::{Map, Value};
use serde_saphyr::{Error, UserMessageFormatter, options::DuplicateKeyPolicy};

use super::Said;
use crate::{
    error::Mistake,
    keys::{Key, Kind, is_section},
    origin::Origin,
    suggestion,
    value::{Given, shown_name},
};

/// All settings with a page of comment for each fit into a tenth of this.
const MOST_BYTES: u64 = 1024 * 1024;

/// Comment lines in a row; the parser's own limit of 32 is less than a section that is commented out.
const MOST_COMMENTS: usize = 100_000;

/// Adds what the file says; a file that does not exist says nothing.
pub(super) fn read(path: &Path, said: &mut Said) {
    let origin = Origin::File(path.to_owned());
    let text = match contents(path) {
        Ok(Some(text)) => text,
        Ok(None) => return,
        Err(reason) => return said.unreadable(origin, reason),
    };
    match parse(&text) {
        Ok(Value::Null) => {}
        Ok(Value::Object(tree)) => said.walk(tree, None, &origin),
        Ok(_) => said
            .unreadable(origin, "does not hold settings: write one \"key: value\" on each line".to_owned()),
        Err(reason) => said.unreadable(origin, reason),
    }
}

fn contents(path: &Path) -> Result<Option<String>, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > MOST_BYTES => {
            Err(format!("is larger than {MOST_BYTES} bytes: it can not be a settings file"))
        }
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err("is not UTF-8 text: save it as UTF-8".to_owned())
        }
        Err(error) => Err(format!("can not be read: {error}; mend it or take it away")),
    }
}

fn parse(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_buffered_comment_events: MOST_COMMENTS },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error
            .location()
            .map(|at| format!("line {}, column {}: ", at.line(), at.column()))
            .unwrap_or_default();
        format!("{place}{}", reason(&error))
    })
}

/// What is wrong, without the text of the file: it may hold a password.
fn reason(error: &Error) -> String {
    match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("\"{}\" is given twice: keep one", shown_name(key))
        }
        Error::DuplicateMappingKey { .. } => "a key is given twice: keep one".to_owned(),
        Error::MultipleDocuments { .. } => "a second YAML document begins: keep one".to_owned(),
        Error::UnknownAnchor { .. } => {
            "the alias behind \"*\" names nothing: put quotes around text that begins with \"*\"".to_owned()
        }
        Error::NonFiniteFloat { .. } => "a number is not finite: give a finite one".to_owned(),
        Error::ExternalMessage { msg, .. } => format!("this is not YAML: {msg}"),
        other => {
            let message = other.render_with_formatter(&UserMessageFormatter);
            format!("this is not YAML: {}", message.lines().next().unwrap_or_default())
        }
    }
}

impl Said {
    fn unreadable(&mut self, origin: Origin, remedy: String) {
        self.mistakes.push(Mistake { key: String::new(), given: None, origin, remedy });
    }

    fn walk(&mut self, tree: Map<String, Value>, section: Option<&str>, origin: &Origin) {
        for (word, value) in tree {
            let name = section.map_or_else(|| word.clone(), |section| format!("{section}.{word}"));
            // "a.b: 1" beside "a: {b: 2}" would be one key twice.
            let key = if word.contains('.') { None } else { Key::find(&name) };
            match (key, value) {
                // Of the optional key, nothing given is nothing said.
                (Some(key), Value::Null) if key.kind == Kind::Storage => {}
                (Some(key), value) => self.add(key, Given::Typed(value), origin.clone()),
                (None, value) if section.is_none() && is_section(&word) => self.section(&word, value, origin),
                (None, _) if word.contains('.') && Key::find(&name).is_some() => {
                    let remedy =
                        "is written with a dot: write the section, and the key indented below it".to_owned();
                    self.mistakes.push(Mistake { key: name, given: None, origin: origin.clone(), remedy });
                }
                (None, _) => self.unknown(&name, origin.clone(), suggestion::meant(&name)),
            }
        }
    }

    fn section(&mut self, name: &str, value: Value, origin: &Origin) {
        match value {
            Value::Object(tree) => self.walk(tree, Some(name), origin),
            // All keys of the section may be commented out.
            Value::Null => {}
            _ => {
                let remedy = "is a section: write its keys indented below it".to_owned();
                self.mistakes.push(Mistake {
                    key: name.to_owned(),
                    given: None,
                    origin: origin.clone(),
                    remedy,
                });
            }
        }
    }
}
