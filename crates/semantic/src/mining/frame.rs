//! A text as what its pattern says and the values between.

use xxhash_rust::xxh3::Xxh3;

use super::pattern::Token;

/// What the texts of a pattern have in common, letter by letter, with values between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What is before, between and behind the values: one more than there are values. None but the first and the last is
    /// empty.
    literals: Vec<Box<str>>,
    digest: u64,
}

impl Frame {
    pub(super) fn of(tokens: &[Token]) -> Self {
        let (mut literals, mut literal) = (Vec::new(), String::new());
        for (index, token) in tokens.iter().enumerate() {
            let piece = token.piece();
            if piece.space && index > 0 {
                literal.push(' ');
            }
            match token {
                Token::Word { text, .. } => literal.push_str(text),
                Token::Value { .. } => literals.push(std::mem::take(&mut literal).into_boxed_str()),
            }
        }
        literals.push(literal.into_boxed_str());
        let mut hasher = Xxh3::new();
        for literal in &literals {
            hasher.update(&(literal.len() as u64).to_le_bytes());
            hasher.update(literal.as_bytes());
        }
        Self { digest: hasher.digest(), literals }
    }

    /// What stands before, between and behind the values: one more than there are values.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.literals.iter().map(AsRef::as_ref)
    }

    /// A digest of the literals.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The values of this text, where it is the literals with values between; none of them is empty, and no word (of letters and
    /// digits) is part of both a value and a literal.
    ///
    /// A text of the pattern may be none of its frame: templates do not keep how much space is between two words, or a size in
    /// brackets.
    #[must_use]
    pub fn values<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (first, rest) = self.literals.split_first()?;
        let Some((last, between)) = rest.split_last() else {
            return (**first == *text).then(Vec::new);
        };
        let mut left = text.strip_prefix(&**first)?.strip_suffix(&**last)?;
        let mut values = Vec::with_capacity(rest.len());
        for literal in between {
            let (value, after) = left.split_once(&**literal)?;
            values.push(value);
            left = after;
        }
        values.push(left);
        let whole = |(index, value): (usize, &&str)| {
            let before = self.literals[index].bytes().last();
            let after = self.literals[index + 1].bytes().next();
            let cut = is_of_word(before) && is_of_word(value.bytes().next())
                || is_of_word(after) && is_of_word(value.bytes().last());
            !value.is_empty() && !cut
        };
        values.iter().enumerate().all(whole).then_some(values)
    }
}

/// Whether this byte may be of a word; all of a letter beyond ASCII are taken for it.
fn is_of_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::super::Miner;

    /// The values of the last text, when all were mined.
    fn values<'a>(texts: &[&str], text: &'a str) -> Option<Vec<&'a str>> {
        let mut miner = Miner::new("log\nshop");
        let last = texts.iter().map(|text| miner.mine(text).pattern).last().expect("one");
        miner.pattern(last).expect("mined").frame().values(text)
    }

    #[test]
    fn values_are_what_is_between_the_words_of_the_pattern() {
        let text = "user 42 put 3 items into the cart, session 65af03ac715ebb9a";
        assert_eq!(values(&[text], text), Some(vec!["42", "3", "65af03ac715ebb9a"]));
        assert_eq!(values(&["GET /a/1 in 5 ms"], "GET /a/1 in 5 ms"), Some(vec!["/a/1", "5 ms"]));
        assert_eq!(values(&["started"], "started"), Some(vec![]));
        assert_eq!(values(&["12 left"], "12 left"), Some(vec!["12"]));
    }

    #[test]
    fn a_text_that_is_not_letter_by_letter_its_pattern_has_no_values() {
        let pattern = &["user 42 is gone"];
        assert_eq!(values(pattern, "user 43 is gone"), Some(vec!["43"]));
        for text in ["user  is gone", "user 43 is gone ", "user 43  was gone", " user 43 is gone", "user", ""]
        {
            assert_eq!(values(pattern, text), None, "{text}");
        }
    }

    #[test]
    fn a_word_is_never_cut() {
        // The brackets with what is in them are one value; "abc" stands beside it, and in it.
        let pattern = &["done [7]abc, 8 left"];
        assert_eq!(values(pattern, "done [8]abc, 9 left"), Some(vec!["[8]", "9"]));
        assert_eq!(values(pattern, "done [zabc, 9]abc, 8 left"), None);
        assert_eq!(values(pattern, "done \u{e9}abc, 8 left"), None);
    }
}
