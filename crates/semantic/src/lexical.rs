//! Which texts hold the words of a question, and how much does that say?
//!
//! Stems (Porter, "An algorithm for suffix stripping", 1980) weighed by how rare they are (Sparck Jones, "A statistical
//! interpretation of term specificity and its application in retrieval", 1972). Computed here and not in the database, since
//! an embedded one has no dictionaries.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

/// Stems of one text at most.
const MOST: usize = 256;

/// Words that stand in any text.
const COMMON: [&str; 64] = [
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "how", "i", "if", "in", "is", "it", "its", "me", "my",
    "of", "on", "or", "our", "she", "so", "some", "such", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who",
    "why", "will", "with", "would", "you", "your",
];

/// The stems of the words of a prepared text, with repeats, in their order.
///
/// ```
/// use mahavishnu_semantic::lexical::lexemes;
///
/// assert_eq!(lexemes("Connections refused, connecting again!"), ["connect", "refus", "connect", "again"]);
/// ```
#[must_use]
pub fn lexemes(words: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    words
        .split(|character: char| !character.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty() && COMMON.binary_search(&word.as_str()).is_err())
        .take(MOST)
        .map(|word| stemmer.stem(&word).into_owned())
        .collect()
}

/// How many texts of a collection hold each stem.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    texts: f64,
    holding: HashMap<String, u32>,
}

/// A text as weights of its stems, of length one.
#[derive(Clone, Debug, Default)]
pub struct Weighed {
    weights: HashMap<String, f64>,
}

impl Vocabulary {
    /// Of `texts` texts, and how many of them hold each stem.
    #[must_use]
    pub fn new(texts: usize, holding: HashMap<String, u32>) -> Self {
        Self { texts: texts as f64, holding }
    }

    /// How much a stem says: more the fewer texts hold it.
    #[must_use]
    pub fn rarity(&self, stem: &str) -> f64 {
        let holding = self.holding.get(stem).map_or(0.0, |count| f64::from(*count));
        (1.0 + (self.texts - holding).max(0.0) / (holding + 0.5)).ln()
    }

    /// Weighs a text by what its stems say; repeats count once.
    #[must_use]
    pub fn weigh(&self, stems: &[String]) -> Weighed {
        let mut weighed = Weighed::default();
        for stem in stems {
            weighed.weights.insert(stem.clone(), self.rarity(stem));
        }
        weighed.normalised()
    }
}

impl Weighed {
    /// The cosine of the angle between two texts: 1 for the same stems, 0 for none in common.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f64 {
        let (few, many) =
            if self.weights.len() <= other.weights.len() { (self, other) } else { (other, self) };
        few.weights.iter().filter_map(|(stem, weight)| Some(weight * many.weights.get(stem)?)).sum()
    }

    /// What these texts share, each as much as it is worth.
    #[must_use]
    pub fn joined<'a>(texts: impl IntoIterator<Item = (&'a Self, f64)>) -> Self {
        let mut joined = Self::default();
        for (text, worth) in texts {
            for (stem, weight) in &text.weights {
                *joined.weights.entry(stem.clone()).or_default() += weight * worth;
            }
        }
        joined.normalised()
    }

    fn normalised(mut self) -> Self {
        let length = self.weights.values().map(|weight| weight * weight).sum::<f64>().sqrt();
        if length > 0.0 {
            self.weights.values_mut().for_each(|weight| *weight /= length);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Vocabulary, lexemes};

    #[test]
    fn a_rare_word_says_more_than_a_common_one() {
        let vocabulary = Vocabulary::new(100, HashMap::from([("connect".into(), 60), ("refus".into(), 2)]));
        let weigh = |text| vocabulary.weigh(&lexemes(text));
        let question = weigh("connections refused");
        assert!(question.cosine(&weigh("refused")) > question.cosine(&weigh("connecting")));
        assert!((question.cosine(&weigh("refusing the connection")) - 1.0).abs() < 1e-9);
        assert!(question.cosine(&weigh("")).abs() < f64::EPSILON);
    }
}
