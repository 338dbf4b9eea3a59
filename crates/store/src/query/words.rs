//! What people look for in a message, as PostgreSQL's text search understands it.

use super::like;

/// What a message must hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Words {
    /// A text query of PostgreSQL over the words of a message.
    pub(super) query: Option<String>,
    /// LIKE patterns for what is no word.
    pub(super) likes: Option<Vec<String>>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let (mut queries, mut likes) = (Vec::new(), Vec::new());
        for (at, part) in text.split('"').enumerate() {
            let quoted = at % 2 == 1;
            if quoted && !part.trim().is_empty() {
                queries.extend(lexemes(part).map(|words| format!("'{words}'")));
                likes.push(like(part));
            } else if !quoted {
                for word in part.split_whitespace() {
                    match lexemes(word) {
                        Some(words) => queries.push(format!("'{words}':*")),
                        None => likes.push(like(word)),
                    }
                }
            }
        }
        Self {
            query: (!queries.is_empty()).then(|| queries.join(" & ")),
            likes: (!likes.is_empty()).then_some(likes),
        }
    }
}

/// The words of a text with a blank between them, as `otel.log_words` divides it; none where there is none.
fn lexemes(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_words_and_a_quoted_phrase_stands_as_it_is() {
        let words = Words::of(r#"declin user_id=42 "card was" -- it's"#);
        assert_eq!(
            words.query.as_deref(),
            Some("'declin':* & 'user id 42':* & 'card was' & 'it s':*"),
            "no quote of the question reaches the query"
        );
        assert_eq!(words.likes, Some(vec!["%card was%".to_owned(), "%--%".to_owned()]));
        assert_eq!(Words::of("  \"\" "), Words::default(), "nothing is asked for");
    }
}
