//! Words and parts of words, as BERT without case reads them.
//!
//! The rules are those of the reference tokenizer (<https://github.com/google-research/bert>, `tokenization.py`): control characters
//! go, letters lose case and accents, punctuation and Chinese characters stand alone, and each word is the fewest longest
//! parts of the vocabulary from left to right. A test compares it with the `tokenizers` library.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::EmbedError;

/// A longer word is unknown.
const LONGEST_WORD: usize = 100;

/// A vocabulary.
pub struct WordPiece {
    /// The parts that start a word, and those that go on in one.
    starts: HashMap<Box<str>, u32>,
    goes_on: HashMap<Box<str>, u32>,
    length: usize,
    unknown: u32,
    first: u32,
    last: u32,
}

impl WordPiece {
    /// From the lines of a `vocab.txt`.
    pub fn new(vocabulary: &str) -> Result<Self, EmbedError> {
        let (mut starts, mut goes_on, mut length) = (HashMap::new(), HashMap::new(), 0);
        for (number, line) in (0u32..).zip(vocabulary.lines()) {
            let (map, part) =
                line.strip_prefix("##").map_or((&mut starts, line), |part| (&mut goes_on, part));
            map.insert(part.into(), number);
            length += 1;
        }
        let special = |name: &str| {
            let missing = || EmbedError::Unsuitable(format!("its vocabulary has no `{name}`"));
            starts.get(name).copied().ok_or_else(missing)
        };
        let (unknown, first, last) = (special("[UNK]")?, special("[CLS]")?, special("[SEP]")?);
        Ok(Self { starts, goes_on, length, unknown, first, last })
    }

    /// Pieces in the vocabulary.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The pieces of `text` between the first and the last, `most` with those.
    pub fn encode(&self, text: &str, most: usize) -> Vec<u32> {
        let most = most.saturating_sub(1);
        let mut pieces = vec![self.first];
        let mut word = String::new();
        for character in text.chars().filter(|&character| !is_dropped(character)) {
            if pieces.len() >= most {
                break;
            }
            for character in character.to_lowercase().nfd().filter(|&character| !is_accent(character)) {
                if character.is_whitespace() {
                    self.end_word(&mut word, &mut pieces);
                } else if is_punctuation(character) || is_chinese(character) {
                    self.end_word(&mut word, &mut pieces);
                    word.push(character);
                    self.end_word(&mut word, &mut pieces);
                } else {
                    word.push(character);
                }
            }
        }
        self.end_word(&mut word, &mut pieces);
        pieces.truncate(most);
        pieces.push(self.last);
        pieces
    }

    /// Adds the parts of `word` and empties it.
    fn end_word(&self, word: &mut String, pieces: &mut Vec<u32>) {
        if word.is_empty() {
            return;
        }
        let before = pieces.len();
        if self.split(word, pieces).is_none() {
            pieces.truncate(before);
            pieces.push(self.unknown);
        }
        word.clear();
    }

    fn split(&self, word: &str, pieces: &mut Vec<u32>) -> Option<()> {
        if word.chars().nth(LONGEST_WORD).is_some() {
            return None;
        }
        let (mut map, mut rest) = (&self.starts, word);
        while !rest.is_empty() {
            let ends = rest.char_indices().map(|(at, character)| at + character.len_utf8());
            let (end, piece) = ends.rev().find_map(|end| map.get(&rest[..end]).map(|&piece| (end, piece)))?;
            pieces.push(piece);
            (map, rest) = (&self.goes_on, &rest[end..]);
        }
        Some(())
    }
}

fn is_dropped(character: char) -> bool {
    let kept = matches!(character, '\t' | '\n' | '\r');
    let other = character.general_category_group() == GeneralCategoryGroup::Other;
    character == '\u{fffd}' || (other && !kept)
}

fn is_accent(character: char) -> bool {
    character.general_category() == GeneralCategory::NonspacingMark
}

fn is_punctuation(character: char) -> bool {
    character.is_ascii_punctuation()
        || character.general_category_group() == GeneralCategoryGroup::Punctuation
}

fn is_chinese(character: char) -> bool {
    matches!(u32::from(character),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x2_0000..=0x2_A6DF | 0x2_A700..=0x2_B73F | 0x2_B740..=0x2_B81F
        | 0x2_B820..=0x2_CEAF | 0xF900..=0xFAFF | 0x2_F800..=0x2_FA1F)
}

#[cfg(all(test, feature = "bundled-model"))]
mod tests {
    use std::collections::BTreeMap;

    use super::WordPiece;

    #[test]
    fn pieces_are_those_of_the_tokenizers_library() {
        let pieces = WordPiece::new(include_str!("../../model/vocab.txt")).expect("a vocabulary");
        let expected: BTreeMap<String, Vec<u32>> =
            serde_json::from_str(include_str!("../../tests/data/pieces.json")).expect("pieces by text");
        for (text, expected) in expected {
            assert_eq!(pieces.encode(&text, 128), expected, "{text}");
        }
    }
}
