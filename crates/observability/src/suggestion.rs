//! What was probably meant by a key that does not exist.

use crate::keys::KEYS;

/// Changed characters up to which two names look alike: a slip of the finger, not another word.
const MOST_CHANGES: usize = 3;

/// The key that looks most like `name`, or stands by that name in a section.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let in_section = KEYS.iter().find(|key| key.name.split_once('.').is_some_and(|(_, last)| last == name));
    if let Some(key) = in_section {
        return Some(key.name);
    }
    KEYS.iter()
        .map(|key| (changes(&name, key.name), key.name))
        .min()
        // A short name is not like another because little of it has to change.
        .filter(|(changes, _)| *changes <= MOST_CHANGES.min(name.len() / 3))
        .map(|(_, name)| name)
}

/// How many characters must be put in, taken out or replaced to make one of the other (Levenshtein).
fn changes(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, character) in one.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, wanted) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted() {
        for (one, other, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("abc", "abc", 0)]
        {
            assert_eq!(changes(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_looks_like_a_key_is_suggested_and_nothing_else() {
        for (name, expected) in [
            ("store_trace", Some("store_traces")),
            ("otel_storage_backnd", Some("otel_storage_backend")),
            ("observability_otlp_endpoint", Some("observability.otlp_endpoint")),
            ("otlp_endpoint", Some("observability.otlp_endpoint")),
            ("Log_Level", Some("log_level")),
            ("workflows", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(meant(name), expected, "{name}");
        }
    }
}
