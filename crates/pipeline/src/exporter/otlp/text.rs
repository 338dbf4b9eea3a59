//! Text that an upstream sent: hostile until it was cut, cleaned and freed of our secrets.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Characters of such a text that we repeat: enough for a sentence.
const MAX_CHARS: usize = 200;

/// Secrets shorter than this are left in a text: hiding each `1` would make it unreadable.
const MIN_SECRET_BYTES: usize = 4;

/// What stands where a secret stood.
const HIDDEN: &str = "[hidden]";

/// What stands where a character stood that would move the cursor or turn the text round.
const REPLACEMENT: char = '?';

/// The values that must never be seen in a text.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The secrets in header values: each value, each word of it, because `Bearer abc` is also known as `abc`, and the
    /// password in what `Basic` encodes.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut secrets: Vec<String> = Vec::new();
        for value in values {
            secrets.push(value.to_owned());
            for word in value.split_whitespace() {
                secrets.push(word.to_owned());
                let plain = BASE64_STANDARD.decode(word).ok().and_then(|plain| String::from_utf8(plain).ok());
                if let Some((_, password)) = plain.as_deref().and_then(|plain| plain.split_once(':')) {
                    secrets.push(password.to_owned());
                }
            }
        }
        secrets.retain(|secret| secret.len() >= MIN_SECRET_BYTES);
        // The longest first, so that no part of one is left over.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self(secrets)
    }

    /// A text of an upstream as we may repeat it.
    pub(super) fn tame(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN);
            }
        }
        let mut characters = text.trim().chars().map(|c| if is_unseen(c) { REPLACEMENT } else { c });
        let mut tamed: String = characters.by_ref().take(MAX_CHARS).collect();
        if characters.next().is_some() {
            tamed.push_str("...");
        }
        tamed
    }
}

/// Control characters, and those of Unicode that join, separate or turn round without being seen.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, Secrets};

    #[test]
    fn control_characters_are_replaced_and_long_texts_cut() {
        let none = Secrets::default();
        assert_eq!(none.tame(" a\nb\u{1b}[31mc\u{202e}d "), "a?b?[31mc?d");
        assert_eq!(none.tame(&"\u{e9}".repeat(MAX_CHARS)), "\u{e9}".repeat(MAX_CHARS));
        assert_eq!(none.tame(&"x".repeat(MAX_CHARS + 1)), "x".repeat(MAX_CHARS) + "...");
    }

    #[test]
    fn secrets_are_hidden_whole_and_in_words_before_the_cut() {
        let secrets = Secrets::of(["Bearer abcdefgh", "1", "abcd", "Basic bWU6aHVudGVyMg=="]);
        assert_eq!(
            secrets.tame("no Bearer abcdefgh, no abcdefgh, 1 abcd, hunter2"),
            "no [hidden], no [hidden], 1 [hidden], [hidden]"
        );
        let cut_within = "x".repeat(MAX_CHARS - 3) + "abcdefgh";
        assert!(!secrets.tame(&cut_within).contains("abc"));
    }
}
