//! What a question wants exactly as it stands there.

/// Quoted phrases, ids and codes of a question.
///
/// A code is a word with a digit and a letter (`E1234`, `ORA-00942`, a hex id), or all in capitals with `_` (`CARD_DECLINED`),
/// or a number of three digits or more.
pub(super) fn wanted(text: &str) -> Vec<&str> {
    let mut wanted = Vec::new();
    for (number, part) in text.split('"').enumerate() {
        if number % 2 == 1 {
            wanted.extend(Some(part.trim()).filter(|phrase| !phrase.is_empty()));
        } else {
            let marks = |character: char| !character.is_alphanumeric();
            wanted.extend(
                part.split_whitespace().map(|word| word.trim_matches(marks)).filter(|word| is_code(word)),
            );
        }
    }
    wanted
}

fn is_code(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().any(char::is_alphabetic);
    let capitals =
        word.contains('_') && word.chars().all(|it| it.is_uppercase() || it.is_ascii_digit() || it == '_');
    let number = digits >= 3 && word.chars().all(|it| it.is_ascii_digit());
    capitals || number || (digits > 0 && letters && word.chars().count() >= 4)
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn phrases_ids_and_codes_are_wanted_exactly() {
        assert_eq!(wanted(r#"timeout "could not connect" ORA-00942"#), ["could not connect", "ORA-00942"]);
        assert_eq!(wanted("4bf92f3577b34da6a3ce929d0e0e4736?"), ["4bf92f3577b34da6a3ce929d0e0e4736"]);
        assert_eq!(wanted("payment CARD_DECLINED, 503"), ["CARD_DECLINED", "503"]);
        assert!(wanted("why did the payment fail in 3 cases").is_empty());
        assert!(wanted("\"\"").is_empty());
    }
}
