//! What a text asks of the messages of records.
//!
//! The words of a message stand in the format of its set or in what the record holds itself. So the sets are asked first which of the
//! words they have; a record of a set must hold the others.

use std::collections::BTreeSet;

use tokio_postgres::{Row, types::ToSql};

use super::windows::Index;
use crate::{error::StoreError, query::like};

/// Letters and digits of a piece, as `otel.own_words` divides words.
const PIECE: usize = 4;

/// Fewer letters that begin a second piece are not looked for in the index: too many pieces begin with them.
const LEAST_OF_PIECE: usize = 3;

/// What a message must hold.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// A text query of PostgreSQL over the words of a message.
    pub(crate) query: Option<String>,
    /// LIKE patterns: for what is no word, and for each word, since most messages without it are told by this at a tenth of the cost
    /// of dividing them into words.
    pub(crate) likes: Option<Vec<String>>,
    words: BTreeSet<Word>,
    /// Nothing is asked but words that begin so.
    plain: bool,
}

/// A word that a message must hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    text: String,
    /// A word that begins so is enough.
    begins: bool,
}

/// Where the messages that hold the words are: parameters of the conditions `may_have_text` and `has_text`.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// Sets whose records have the text for sure.
    pub(crate) sure: Vec<i64>,
    /// Sets whose format has all words.
    sets: Vec<i64>,
    patterns: Vec<i64>,
    /// LIKE patterns; the own message of a record of any other set is like one of them.
    own_likes: Option<Vec<String>>,
    /// A query over `otel.own_words` that finds the records of other sets.
    own_query: Option<String>,
}

/// Sets whose formats have the same of the words.
#[derive(Debug, Default)]
struct Holders {
    /// Those that they do not have.
    missing: Vec<Word>,
    sets: Vec<i64>,
    patterns: Vec<i64>,
}

impl Sought {
    /// The last two parameters of a statement, by how it finds records.
    pub(crate) fn parameters(&self, by: Index) -> [&(dyn ToSql + Sync); 2] {
        match by {
            Index::Time => [&self.sets, &self.own_likes],
            Index::Words => [&self.patterns, &self.own_query],
        }
    }

    /// Whether a record of this set was found by the format of the set alone.
    pub(super) fn has(&self, set: Option<i64>) -> bool {
        set.is_some_and(|set| self.sets.contains(&set))
    }

    fn new(words: &Words, holders: Vec<Holders>) -> Self {
        let (full, partial): (Vec<Holders>, Vec<Holders>) =
            holders.into_iter().partition(|holders| holders.missing.is_empty());
        let full = full.into_iter().next().unwrap_or_default();
        // Those that have none of them, and records of no set.
        let none = Holders { missing: words.words.iter().cloned().collect(), ..Holders::default() };
        let others: Vec<Holders> = partial.into_iter().chain([none]).collect();
        let longest = |holders: &Holders| holders.missing.iter().max_by_key(|word| word.text.len()).cloned();
        let own: BTreeSet<Word> = others.iter().filter_map(longest).collect();
        Self {
            sure: if words.plain { full.sets.clone() } else { Vec::new() },
            sets: full.sets,
            patterns: full.patterns,
            own_likes: Some(own.iter().map(|word| like(&word.text)).collect()),
            own_query: Some(own_query(&words.words, &others)),
        }
    }
}

/// What the records of these sets hold, none of which has all words, as a query over `otel.own_words`: each word that no set has,
/// and one of any that are more than a set has.
fn own_query(words: &BTreeSet<Word>, holders: &[Holders]) -> String {
    let has = |holders: &Holders, word: &Word| !holders.missing.contains(word);
    let (shared, own): (Vec<&Word>, Vec<&Word>) =
        words.iter().partition(|word| holders.iter().any(|holders| has(holders, word)));
    let of_one = |holders: &Holders| shared.iter().filter(|word| has(holders, word)).count();
    let most = holders.iter().map(of_one).max().unwrap_or(0);
    let any = |words: &[&Word]| {
        let words: Vec<String> = words.iter().map(|word| format!("({})", word.query())).collect();
        format!("({})", words.join(" | "))
    };
    let clauses: Vec<String> = own.chunks(1).chain(shared.chunks_exact(most + 1)).map(any).collect();
    clauses.join(" & ")
}

impl Holders {
    fn of(row: &Row, words: &Words) -> Result<Self, StoreError> {
        let held: Vec<i32> = row.try_get("words")?;
        let missing = words.words.iter().zip(0..).filter(|(_, number)| !held.contains(number));
        Ok(Self {
            missing: missing.map(|(word, _)| word.clone()).collect(),
            sets: row.try_get("sets")?,
            patterns: row.try_get("patterns")?,
        })
    }
}

impl Word {
    /// As a query over whole words.
    fn whole(&self) -> String {
        format!("'{}'{}", self.text, if self.begins { ":*" } else { "" })
    }

    /// As a query over `otel.own_words`, which finds more than this word.
    fn query(&self) -> String {
        let pieces = pieces(&self.text);
        let last = pieces.len() - 1;
        let mut queries = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            if index < last || piece.ends || !self.begins {
                queries.push(format!("'{}'", piece.text));
            } else if last == 0 || piece.text.chars().count() >= LEAST_OF_PIECE {
                queries.push(format!("'{}':*", piece.text));
            }
        }
        queries.join(" & ")
    }
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let mut asked = Self { plain: true, ..Self::default() };
        let (mut queries, mut likes) = (Vec::new(), Vec::new());
        for (at, part) in text.split('"').enumerate() {
            let quoted = at % 2 == 1;
            if quoted && !part.trim().is_empty() {
                asked.plain = false;
                let words = words(part);
                if !words.is_empty() {
                    queries.push(format!("'{}'", words.join(" ")));
                }
                asked.add(&words, false);
                likes.push(like(part));
            } else if !quoted {
                for part in part.split_whitespace() {
                    let words = words(part);
                    asked.plain &= words == [part];
                    if words.is_empty() {
                        likes.push(like(part));
                    } else {
                        likes.extend(words.iter().map(|word| like(word)));
                        queries.push(format!("'{}':*", words.join(" ")));
                    }
                    asked.add(&words, true);
                }
            }
        }
        asked.query = (!queries.is_empty()).then(|| queries.join(" & "));
        asked.likes = (!likes.is_empty()).then_some(likes);
        asked
    }

    /// Adds words that stand in this order, of which the last may be the begin of one.
    fn add(&mut self, words: &[&str], begins: bool) {
        for (index, word) in words.iter().enumerate() {
            let begins = begins && index + 1 == words.len();
            self.words.insert(Word { text: (*word).to_owned(), begins });
        }
    }

    /// Whether there is a word among what is asked.
    pub(crate) fn any(&self) -> bool {
        !self.words.is_empty()
    }

    /// Each word as a query, in the order in which [`Self::sought`] counts them, and a query for any of them.
    pub(crate) fn queries(&self) -> (Vec<String>, String) {
        let each: Vec<String> = self.words.iter().map(Word::whole).collect();
        let any = each.join(" | ");
        (each, any)
    }

    /// Where they are, as the rows of `attribute_set/with_words.sql` say.
    pub(crate) fn sought(&self, rows: &[Row]) -> Result<Sought, StoreError> {
        let holders = rows.iter().map(|row| Holders::of(row, self)).collect::<Result<_, _>>()?;
        Ok(Sought::new(self, holders))
    }
}

/// A part of a word that the index has.
#[derive(Debug, PartialEq)]
struct Piece<'a> {
    text: &'a str,
    /// However the word goes on, this piece does not.
    ends: bool,
}

/// The pieces of a word: of letters and digits of ASCII that stand together the first four and the next four, where there are more
/// than four.
fn pieces(word: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(character) = word[at..].chars().next() {
        let run = word[at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        if run > PIECE {
            let (first, second) = (at + PIECE, at + run.min(2 * PIECE));
            pieces.push(Piece { text: &word[start..first], ends: true });
            pieces.push(Piece { text: &word[first..second], ends: run >= 2 * PIECE });
            start = at + run;
        }
        at += run.max(character.len_utf8());
    }
    if start < word.len() {
        pieces.push(Piece { text: &word[start..], ends: false });
    }
    pieces
}

/// The words of a text, as `otel.log_words` divides it.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect()
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
        assert!(!words.plain);
        let likes = ["%declin%", "%user%", "%id%", "%42%", "%card was%", "%--%", "%it%", "%s%"];
        assert_eq!(words.likes, Some(likes.map(str::to_owned).to_vec()));
        let nothing = Words::of("  \"\" ");
        assert!(nothing.query.is_none() && nothing.likes.is_none() && !nothing.any());
    }

    fn query(text: &str, begins: bool) -> String {
        Word { text: text.to_owned(), begins }.query()
    }

    #[test]
    fn the_index_has_the_first_two_pieces_of_a_word() {
        assert_eq!(query("decline", true), "'decl' & 'ine':*");
        assert_eq!(query("declin", true), "'decl'", "two letters tell too little");
        assert_eq!(query("declin", false), "'decl' & 'in'");
        assert_eq!(query("user", true), "'user':*", "a letter that is not ASCII may follow");
        assert_eq!(query("65af03ac7", true), "'65af' & '03ac'");
        assert_eq!(query("65af0", true), "'65af'");
        assert_eq!(query("7", true), "'7':*");
        assert_eq!(query("caf\u{e9}12345", false), "'caf\u{e9}1234' & '5'", "where PostgreSQL divides it");
        assert_eq!(query("abcdefghij\u{e9}kl", true), "'abcd' & 'efgh' & '\u{e9}kl':*");
        assert_eq!(query("\u{6771}\u{4eac}", true), "'\u{6771}\u{4eac}':*");
    }

    #[test]
    fn what_a_set_does_not_have_its_records_must_hold() {
        let words = Words::of("user 4217 session");
        let word = |text: &str| Word { text: text.to_owned(), begins: true };
        let holders = |missing: &[&str], sets: &[i64]| Holders {
            missing: missing.iter().map(|text| word(text)).collect(),
            sets: sets.to_vec(),
            patterns: vec![7],
        };
        let all = vec![holders(&["4217"], &[255, 16]), holders(&[], &[3]), holders(&["4217", "user"], &[1])];
        let sought = Sought::new(&words, all);
        assert_eq!((sought.sure, sought.sets, sought.patterns), (vec![3], vec![3], vec![7]));
        assert_eq!(sought.own_query.as_deref(), Some("(('4217':*))"));
        assert_eq!(sought.own_likes, Some(["%4217%", "%session%", "%user%"].map(str::to_owned).to_vec()));
        let one_each = vec![holders(&["4217", "user"], &[1]), holders(&["4217", "session"], &[2])];
        let sought = Sought::new(&words, one_each);
        assert_eq!(
            sought.own_query.as_deref(),
            Some("(('4217':*)) & (('sess' & 'ion':*) | ('user':*))"),
            "no set has both"
        );
        let phrase = Words::of("\"user 4217\"");
        let sought = Sought::new(&phrase, vec![holders(&[], &[3])]);
        assert_eq!((sought.sure, sought.sets), (vec![], vec![3]), "the phrase may stand otherwise");
    }
}
