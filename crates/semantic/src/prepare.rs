//! From the text of a program to the words a person would use.
//!
//! An embedding model has read prose. In telemetry words are joined (`getUserById`, `auth_failure`, `org.example.Store`);
//! taken apart, the model knows them.

/// The placeholder of a mined pattern.
const PLACEHOLDER: &str = "<*>";

/// What joins words where no person would.
const JOINTS: [char; 10] = ['_', '.', '/', '-', '=', ':', '(', ')', '[', ']'];

/// The words of `text` with one blank between them: identifiers are split, placeholders left out.
///
/// A text of nothing else stays as it is.
///
/// ```
/// use mahavishnu_semantic::prepare;
///
/// assert_eq!(prepare("PaymentService.chargeCard failed: card_declined id=<*> (attempt <*>)"),
///     "Payment Service charge Card failed card declined id attempt");
/// ```
#[must_use]
pub fn prepare(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + text.len() / 8);
    let in_word = |character: char| !character.is_whitespace() && !JOINTS.contains(&character);
    for run in text.split(PLACEHOLDER).flat_map(|part| part.split(|character| !in_word(character))) {
        add(run, &mut words);
    }
    if words.is_empty() { text.trim().to_owned() } else { words }
}

/// Adds the words of an identifier.
fn add(run: &str, words: &mut String) {
    if !run.is_empty() && !words.is_empty() {
        words.push(' ');
    }
    let mut before: Option<char> = None;
    let mut characters = run.chars().peekable();
    while let Some(character) = characters.next() {
        if before.is_some_and(|before| starts_word(before, character, characters.peek().copied())) {
            words.push(' ');
        }
        words.push(character);
        before = Some(character);
    }
}

/// `userName` has a word at `N`, and `HTTPServer` at `S`.
fn starts_word(before: char, character: char, after: Option<char>) -> bool {
    let inside = before.is_uppercase() && after.is_some_and(char::is_lowercase);
    character.is_uppercase() && (before.is_lowercase() || inside)
}

#[cfg(test)]
mod tests {
    use super::prepare;

    #[test]
    fn identifiers_become_words() {
        assert_eq!(
            prepare("HTTPServerError at org.example.UserStore#find_byId"),
            "HTTP Server Error at org example User Store#find by Id"
        );
    }

    #[test]
    fn placeholders_are_left_out() {
        assert_eq!(
            prepare("GET /orders/<*> -> 503 in <*>ms, don't retry"),
            "GET orders > 503 in ms, don't retry"
        );
    }

    #[test]
    fn a_text_without_words_stays() {
        assert_eq!(prepare(" <*>/<*> "), "<*>/<*>");
        assert_eq!(prepare(""), "");
    }
}
