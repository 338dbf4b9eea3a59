//! Which pattern does this text follow?
//!
//! Texts that programs write differ in numbers, names and times and agree in the words between them. A text is cut into
//! tokens, those that are surely values become `<*>` (`tokens.rs`), and what remains is compared with the patterns of the
//! same length and the same first token; one that agrees in nine tokens of ten is the same pattern, and where they
//! differ the pattern becomes `<*>` too. The tree is that of Drain (He, Zhu, Zheng, Lyu: "Drain: An Online Log Parsing
//! Approach with Fixed Depth Tree", ICWS 2017); the masks and the words that are never values are ours.
//!
//! Memory is bounded whatever comes: so many tokens of a text, so many patterns of a shape, so many patterns.

use std::{collections::HashMap, fmt};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

mod frame;
mod pattern;
mod tokens;

pub use frame::Frame;
pub use pattern::Pattern;

use pattern::Token;
use tokens::Piece;

/// How much of a text must agree, in hundredths: what is best for the systems of the evaluation, within a wide
/// plateau.
const AGREEMENT_PERCENT: usize = 90;

/// When a shape has this many patterns, a new text of it joins the nearest, however far: a field of free text would
/// otherwise make a pattern of each value.
const PATTERNS_OF_SHAPE: usize = 200;

/// Patterns of one miner: some tens of megabytes. A text beyond that belongs to the pattern of all the rest.
const MOST_PATTERNS: usize = 20_000;

/// Token sequences whose pattern is known without comparing; forgotten together when there are more.
const KNOWN: usize = 50_000;

/// A pattern's number. The same first text in the same scope gives the same number, in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternId(pub u64);

impl fmt::Display for PatternId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mined {
    /// The pattern that it follows.
    pub pattern: PatternId,
    /// Whether the pattern is new, or says less than before.
    pub changed: bool,
}

/// Finds the patterns of texts of one scope, such as the log bodies of a service.
#[derive(Debug)]
pub struct Miner {
    scope: String,
    cut: fn(&str) -> Vec<Piece<'_>>,
    patterns: Vec<Pattern>,
    /// By length and first token.
    shapes: HashMap<u64, Vec<usize>>,
    ids: HashMap<PatternId, usize>,
    /// By the tokens of a text, as a digest.
    known: HashMap<u64, usize>,
}

impl Miner {
    /// A miner that knows nothing. The scope goes into the numbers of its patterns.
    #[must_use]
    pub fn new(scope: &str) -> Self {
        Self::cutting(scope, tokens::cut)
    }

    /// The same for names, such as those of spans: paths and points in them are what they are about, not values.
    #[must_use]
    pub fn of_names(scope: &str) -> Self {
        Self::cutting(scope, tokens::cut_name)
    }

    fn cutting(scope: &str, cut: fn(&str) -> Vec<Piece<'_>>) -> Self {
        Self {
            scope: scope.to_owned(),
            cut,
            patterns: Vec::new(),
            shapes: HashMap::new(),
            ids: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// The pattern of this text, which is learned from it.
    pub fn mine(&mut self, text: &str) -> Mined {
        let pieces = (self.cut)(text);
        let digest = digest(&pieces);
        if let Some(index) = self.known.get(&digest) {
            let pattern = &mut self.patterns[*index];
            pattern.count += 1;
            return Mined { pattern: pattern.id, changed: false };
        }
        let (index, changed) = self.place(&pieces);
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(digest, index);
        self.patterns[index].count += 1;
        Mined { pattern: self.patterns[index].id, changed }
    }

    /// The pattern of this number.
    #[must_use]
    pub fn pattern(&self, id: PatternId) -> Option<&Pattern> {
        self.ids.get(&id).map(|index| &self.patterns[*index])
    }

    /// All patterns, in the order in which they came.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Learns a pattern that this miner found before, or another one of the same scope. A pattern of its number that
    /// is here already becomes as general as both.
    pub fn adopt(&mut self, id: PatternId, template: &str, count: u64) {
        let tokens: Vec<Token> = (self.cut)(template).iter().map(Token::of).collect();
        if let Some(index) = self.ids.get(&id).copied() {
            let pattern = &mut self.patterns[index];
            pattern.count = pattern.count.max(count);
            pattern.generalise(&tokens);
        } else if self.patterns.len() < MOST_PATTERNS {
            self.add(Pattern::new(id, tokens, count));
        }
        self.known.clear();
    }

    /// Where these tokens belong, and whether that changed something.
    fn place(&mut self, pieces: &[Piece<'_>]) -> (usize, bool) {
        let shape = shape(pieces);
        let candidates = self.shapes.get(&shape).map(Vec::as_slice).unwrap_or_default();
        let nearest = candidates
            .iter()
            .filter_map(|index| Some((self.patterns[*index].agreement(pieces)?, *index)))
            .max_by_key(|(agreement, index)| (*agreement, usize::MAX - *index));
        let crowded = candidates.len() >= PATTERNS_OF_SHAPE || self.patterns.len() >= MOST_PATTERNS;
        match nearest {
            Some((agreement, index)) if crowded || agreement * 100 >= AGREEMENT_PERCENT * pieces.len() => {
                let tokens: Vec<Token> = pieces.iter().map(Token::of).collect();
                (index, self.patterns[index].generalise(&tokens))
            }
            _ if crowded => self.rest(),
            _ => {
                let tokens: Vec<Token> = pieces.iter().map(Token::of).collect();
                let id = self.number(&tokens);
                (self.add(Pattern::new(id, tokens, 0)), true)
            }
        }
    }

    fn add(&mut self, pattern: Pattern) -> usize {
        let index = self.patterns.len();
        let shape = shape(&pattern.tokens.iter().map(Token::piece).collect::<Vec<_>>());
        self.shapes.entry(shape).or_default().push(index);
        self.ids.insert(pattern.id, index);
        self.patterns.push(pattern);
        index
    }

    /// The pattern of all that there is no room for, and whether it is new.
    fn rest(&mut self) -> (usize, bool) {
        let tokens = vec![Token::Value { space: false }];
        let id = self.number(&tokens);
        match self.ids.get(&id) {
            Some(index) => (*index, false),
            None => (self.add(Pattern::new(id, tokens, 0)), true),
        }
    }

    /// A number that no other pattern has, the same in every process that sees this text first.
    fn number(&self, tokens: &[Token]) -> PatternId {
        let mut text = format!("{}\n", self.scope);
        for token in tokens {
            token.write(&mut text);
        }
        let mut id = PatternId(xxh3_64(text.as_bytes()));
        while self.ids.contains_key(&id) && !self.is_rest(id, tokens) {
            id.0 = id.0.wrapping_add(1);
        }
        id
    }

    fn is_rest(&self, id: PatternId, tokens: &[Token]) -> bool {
        tokens.len() == 1 && self.pattern(id).is_some_and(|pattern| pattern.tokens == tokens)
    }
}

/// What patterns must have in common to be compared.
fn shape(pieces: &[Piece<'_>]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&(pieces.len() as u64).to_le_bytes());
    if let Some(first) = pieces.first() {
        hasher.update(first.text.as_bytes());
    }
    hasher.digest()
}

fn digest(pieces: &[Piece<'_>]) -> u64 {
    let mut hasher = Xxh3::new();
    for piece in pieces {
        hasher.update(piece.text.as_bytes());
        // Two words are not one.
        hasher.update(&[0]);
    }
    hasher.digest()
}
