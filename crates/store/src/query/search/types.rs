//! What is asked of a search and what it answers.

use std::fmt;

use mahavishnu_semantic::PatternId;
use serde_json::Value;

use crate::{error::StoreError, time::UnixNanos};

/// What a pattern is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// Log messages.
    Log,
    /// Names of spans.
    Span,
    /// A group of errors.
    Error,
}

impl PatternKind {
    /// As it is written everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Span => "span",
            Self::Error => "error",
        }
    }

    /// From [`Self::name`].
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] for another word.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Log, Self::Span, Self::Error]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| StoreError::InvalidArgument("a kind of pattern is log, span or error".to_owned()))
    }
}

/// Which patterns are asked for.
#[derive(Clone, Debug, Default)]
pub struct PatternFilter {
    /// Only of this kind.
    pub kind: Option<PatternKind>,
    /// Only of this service.
    pub service: Option<String>,
    /// What is counted: at or after this time.
    pub since: Option<UnixNanos>,
    /// What is counted: before this time.
    pub until: Option<UnixNanos>,
    /// At most so many; see [`crate::query::MAX_ROWS`].
    pub limit: usize,
}

/// How a search may find things; all of it unless a comparison of the ways is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SearchBy {
    /// Words and meaning.
    #[default]
    Both,
    /// Meaning alone.
    Meaning,
    /// Words alone.
    Words,
}

/// A pattern with how often it came.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternRecord {
    /// Its number.
    pub id: PatternId,
    /// What it is of: `log`, `span` or `error`.
    pub kind: String,
    /// Whose it is.
    pub service: String,
    /// What its texts have in common, with `<*>` where they differ.
    pub text: String,
    /// One of its texts.
    pub example: String,
    /// When it was first seen.
    pub first_seen: UnixNanos,
    /// The last minute in which it came; `None` when it did not come in the time that was asked for.
    pub last_seen: Option<UnixNanos>,
    /// How often it came in the time that was asked for.
    pub count: u64,
    /// Spans with status ERROR, log records of severity ERROR or worse.
    pub errors: u64,
    /// Of errors: type, frames, message and why they are one group.
    pub detail: Option<Value>,
}

/// A pattern that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternHit {
    /// What was found.
    pub pattern: PatternRecord,
    /// By which results are ordered; see the module.
    pub score: f64,
    /// What matched.
    pub why: Match,
}

/// Why something was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// What stands in it exactly as in the question.
    pub exact: bool,
    /// The cosine between the two vectors, where there are vectors.
    pub cosine: Option<f64>,
    /// The stems that both have.
    pub words: Vec<String>,
}

impl fmt::Display for Match {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons = Vec::new();
        if self.exact {
            reasons.push("exact text".to_owned());
        }
        if let Some(cosine) = self.cosine {
            reasons.push(format!("meaning {cosine:.2}"));
        }
        if !self.words.is_empty() {
            reasons.push(format!("words {}", self.words.join(" ")));
        }
        formatter.write_str(&reasons.join(", "))
    }
}

impl PatternFilter {
    pub(in crate::query) fn kinds(&self) -> Option<Vec<&'static str>> {
        self.kind.map(|kind| vec![kind.name()])
    }
}
