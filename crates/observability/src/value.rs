//! One value: as it was given, and as it was checked.

use std::borrow::Cow;

use mahavishnu_store::Location;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use crate::{
    endpoint::Endpoint,
    keys::{Key, Kind},
};

/// A value that is shown in a message is cut here: enough to recognise it.
const SHOWN_CHARACTERS: usize = 60;

/// The longest name of a host (RFC 1035).
const MAX_HOST_BYTES: usize = 253;

/// The longest name of a destination.
const MAX_NAME_BYTES: usize = 64;

/// What a value of a secret key is called where it is refused.
const HIDDEN: &str = "(not shown)";

/// A value as somebody gave it.
#[derive(Clone)]
pub(crate) enum Given {
    /// Text of a variable, a flag or a default, whatever the type.
    Text(String),
    /// A value of a file, which has a type.
    Typed(Value),
}

/// A value that its key allows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Checked {
    Switch(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    Storage(Location),
    Endpoint(Endpoint),
}

impl Given {
    /// Checks the value against what `kind` allows.
    pub(crate) fn check(&self, kind: Kind) -> Option<Checked> {
        match kind {
            Kind::Switch => self.switch().map(Checked::Switch),
            Kind::Choice(words) => {
                let word = words
                    .iter()
                    .find(|word| self.text().is_some_and(|text| word.eq_ignore_ascii_case(text)))?;
                Some(Checked::Text((*word).to_owned()))
            }
            Kind::Whole { least, most } => {
                self.whole().filter(|number| (least..=most).contains(number)).map(Checked::Whole)
            }
            Kind::Number { least, most } => {
                self.number().filter(|number| (least..=most).contains(number)).map(Checked::Number)
            }
            Kind::Text => {
                self.text().filter(|text| is_words(text)).map(|text| Checked::Text(text.to_owned()))
            }
            Kind::Names => {
                self.text().filter(|text| names(text).is_some()).map(|text| Checked::Text(text.to_owned()))
            }
            Kind::Hosts => {
                self.text().filter(|text| hosts(text).is_some()).map(|text| Checked::Text(text.to_owned()))
            }
            Kind::Pairs => {
                self.text().filter(|text| pairs(text).is_some()).map(|text| Checked::Text(text.to_owned()))
            }
            Kind::Storage => storage(self.text()?).map(Checked::Storage),
            Kind::Endpoint => Endpoint::parse(self.text()?).map(Checked::Endpoint),
            Kind::Address => {
                self.text().filter(|text| is_address(text)).map(|text| Checked::Text(text.to_owned()))
            }
        }
    }

    /// The value for a message: never that of a secret key, never what could be a secret in the wrong place.
    pub(crate) fn shown(&self, key: &Key) -> String {
        let value = match self {
            _ if key.secret => return HIDDEN.to_owned(),
            Self::Typed(Value::Object(_)) => return "a section".to_owned(),
            Self::Typed(Value::Array(_)) => return "a list".to_owned(),
            Self::Typed(Value::Null) => return "nothing".to_owned(),
            Self::Typed(Value::String(text)) => text.clone(),
            Self::Typed(value) => return value.to_string(),
            Self::Text(text) => text.clone(),
        };
        // Connection strings end up in the wrong place, with the password in front of the "@" or behind a "=".
        if may_hold_secret(&value) {
            return HIDDEN.to_owned();
        }
        let (cut, rest) = cut(&value);
        format!("{cut:?}{rest}")
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            Self::Typed(value) => value.as_str(),
        }
    }

    fn switch(&self) -> Option<bool> {
        match self {
            Self::Typed(value) => value.as_bool(),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
        }
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Self::Typed(value) => value.as_i64(),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Typed(value) => value.as_f64(),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

impl Checked {
    /// The value without secrets.
    pub(crate) fn shown(&self) -> Value {
        match self {
            Self::Switch(value) => (*value).into(),
            Self::Whole(value) => (*value).into(),
            Self::Number(value) => (*value).into(),
            Self::Text(value) => value.clone().into(),
            Self::Storage(location) => location.to_string().into(),
            Self::Endpoint(endpoint) => endpoint.to_string().into(),
        }
    }
}

/// What these names would be mistaken for: another destination, our own reader, or a part of a variable.
const TAKEN: [&str; 14] = [
    "postgresql",
    "otlp",
    "repeats",
    "traces",
    "metrics",
    "logs",
    "endpoint",
    "headers",
    "timeout",
    "compression",
    "protocol",
    "certificate",
    "client",
    "insecure",
];

/// The names of `name,name`, each once; `None` where it is something else.
pub(crate) fn names(text: &str) -> Option<Vec<String>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        let name = part.to_ascii_lowercase();
        let spelled = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let free = !TAKEN.contains(&name.as_str()) && !names.contains(&name);
        (spelled && free && name.len() <= MAX_NAME_BYTES).then(|| names.push(name))?;
    }
    Some(names)
}

/// The hosts of `host,host`, lower case and without ports; `None` where it is something else.
pub(crate) fn hosts(text: &str) -> Option<Vec<String>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            let spelled = part.bytes().all(allowed) || part.parse::<std::net::Ipv6Addr>().is_ok();
            (spelled && part.len() <= MAX_HOST_BYTES).then(|| part.to_ascii_lowercase())
        })
        .collect()
}

/// Names and values of `name=value,name=value`, percent-decoded; `None` where it is something else.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            let decode = |text: &str| percent_decode_str(text.trim()).decode_utf8().ok().map(Cow::into_owned);
            let name = decode(name).filter(|name| !name.is_empty())?;
            Some((name, decode(value)?))
        })
        .collect()
}

/// A name of somebody's for a message: on one line, not too long, and not a connection string in the wrong place.
pub(crate) fn shown_name(name: &str) -> String {
    if may_hold_secret(name) {
        return HIDDEN.to_owned();
    }
    let (cut, rest) = cut(name);
    format!("{}{rest}", cut.escape_debug())
}

/// Whether it could be a connection string or a part of one.
fn may_hold_secret(text: &str) -> bool {
    text.contains(['@', '='])
}

/// As much of a text as a message shows, and the sign that there is more.
fn cut(text: &str) -> (String, &'static str) {
    let cut: String = text.chars().take(SHOWN_CHARACTERS).collect();
    let rest = if cut.len() < text.len() { "..." } else { "" };
    (cut, rest)
}

fn is_words(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

fn storage(text: &str) -> Option<Location> {
    let whole = match text.strip_prefix("embedded:") {
        // A server's URL is no directory, and a directory is shown.
        Some(directory) => !directory.contains("://"),
        // A URL without "//" has no user and no password: all of it would be a path, which is shown.
        None => text.contains("://"),
    };
    let location = whole.then(|| Location::parse(text).ok()).flatten()?;
    match &location {
        Location::Server(url) if cuts_password(url) => None,
        _ => Some(location),
    }
}

/// Whether a password with a bare "/", "?" or "#" ended the host too early: in `u:12/x@h` the host is `u`, and half
/// of the password is a path, which is shown.
pub(crate) fn cuts_password(url: &Url) -> bool {
    url.path().contains('@')
        || url.fragment().is_some_and(|fragment| fragment.contains('@'))
        || url.query_pairs().any(|(name, _)| name.contains('@'))
}

/// Whether it is `HOST:PORT`; an IPv6 host stands in brackets.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_right = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            is_words(host) && !host.contains(char::is_whitespace) && !host.contains(['/', ':', '@', '[', ']'])
        }
    };
    host_is_right && port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_host_and_port() {
        for text in ["localhost:4317", "127.0.0.1:0", "[::1]:65535", "otel.example.com:1"] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "4317",
            ":4317",
            "localhost",
            "localhost:",
            "localhost:65536",
            "http://localhost:1",
            "::1:1",
            "h:+1",
            "a b:1",
            "a\tb:1",
            "a\0:1",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_database_is_a_url_or_a_directory() {
        for text in [
            "postgresql://u:p@h:1/d?sslmode=require",
            "postgres://h/d",
            "postgresql://u:12%2Fs3cret@h/d",
            "postgresql://h/d?user=somebody@example.com",
            "embedded:/home/somebody@example.com/otel",
            "embedded:/var/lib/otel",
            "embedded:data",
        ] {
            assert!(storage(text).is_some(), "{text}");
        }
        for text in [
            "",
            "embedded:",
            "postgresql:u:s3cret@h",
            "mysql://h/d",
            "host=h password=s3cret",
            "/var/lib/otel",
            "embedded:postgresql://u:s3cret@h/d",
            "postgresql:///u:s3cret@h/d",
            "postgresql://u:12/s3cret@h/d",
            "postgresql://u:12?s3cret@h/d",
            "postgresql://u:12#s3cret@h/d",
        ] {
            assert!(storage(text).is_none(), "{text}");
        }
    }

    #[test]
    fn words_are_on_one_line_and_not_blank() {
        assert!(is_words("all-MiniLM-L6-v2") && is_words("a model"));
        for text in ["", "  ", "a\nb", "a\0b", "\u{1b}[31m"] {
            assert!(!is_words(text), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_shown_on_one_line_and_cut_and_never_as_a_connection_string() {
        assert_eq!(shown_name("store_trace"), "store_trace");
        assert_eq!(shown_name("a\nb\u{1b}"), "a\\nb\\u{1b}");
        assert_eq!(shown_name(&"x".repeat(1000)), format!("{}...", "x".repeat(SHOWN_CHARACTERS)));
        for name in ["postgresql://u:s3cret@h/d", "password=s3cret"] {
            assert_eq!(shown_name(name), HIDDEN);
        }
    }

    #[test]
    fn text_that_may_hold_a_password_is_not_repeated_for_any_key() {
        let key = Key::find("log_level").expect("a key");
        for text in ["postgresql://u:s3cret@h/d", "password=s3cret"] {
            assert_eq!(Given::Text(text.to_owned()).shown(key), HIDDEN);
            assert_eq!(Given::Typed(text.into()).shown(key), HIDDEN);
        }
        assert_eq!(Given::Typed(serde_json::json!({"password": "s3cret"})).shown(key), "a section");
        assert_eq!(Given::Typed(serde_json::json!(["s3cret"])).shown(key), "a list");
    }

    #[test]
    fn a_long_value_is_cut() {
        let key = Key::find("log_level").expect("a key");
        assert_eq!(
            Given::Text("x".repeat(1000)).shown(key),
            format!("\"{}\"...", "x".repeat(SHOWN_CHARACTERS))
        );
    }
}
