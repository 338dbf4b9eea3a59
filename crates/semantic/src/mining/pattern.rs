//! What texts have in common.

use std::fmt;

use super::{
    Frame, PatternId,
    tokens::{Piece, VALUE},
};

/// Words that say what happened: texts that differ in one of them are not the same pattern, however alike they are.
const STATES: [&str; 51] = [
    "true",
    "false",
    "null",
    "none",
    "yes",
    "no",
    "on",
    "off",
    "enable",
    "disable",
    "enabled",
    "disabled",
    "active",
    "inactive",
    "start",
    "stop",
    "started",
    "stopped",
    "begin",
    "end",
    "success",
    "failed",
    "failure",
    "fail",
    "up",
    "down",
    "open",
    "close",
    "opened",
    "closed",
    "in",
    "out",
    "read",
    "write",
    "send",
    "receive",
    "sent",
    "received",
    "error",
    "warning",
    "ok",
    "accepted",
    "refused",
    "allow",
    "deny",
    "add",
    "remove",
    "added",
    "removed",
    "connected",
    "disconnected",
];

/// The longest of them.
const LONGEST_STATE: usize = 12;

/// A pattern: its number, its tokens, how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub(super) id: PatternId,
    pub(super) tokens: Vec<Token>,
    pub(super) count: u64,
    frame: Frame,
}

/// A word, or the place of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word { text: Box<str>, space: bool },
    Value { space: bool },
}

impl Token {
    pub(super) fn of(piece: &Piece<'_>) -> Self {
        if piece.text == VALUE {
            Self::Value { space: piece.space }
        } else {
            Self::Word { text: piece.text.into(), space: piece.space }
        }
    }

    pub(super) fn piece(&self) -> Piece<'_> {
        match self {
            Self::Word { text, space } => Piece { text, space: *space },
            Self::Value { space } => Piece { text: VALUE, space: *space },
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let piece = self.piece();
        if piece.space {
            text.push(' ');
        }
        text.push_str(piece.text);
    }
}

impl Pattern {
    pub(super) fn new(id: PatternId, tokens: Vec<Token>, count: u64) -> Self {
        let frame = Frame::of(&tokens);
        Self { id, tokens, count, frame }
    }

    /// What stands around the values of its texts.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> PatternId {
        self.id
    }

    /// How often it came.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many tokens agree; `None` where a word differs that is never a value.
    pub(super) fn agreement(&self, pieces: &[Piece<'_>]) -> Option<usize> {
        if pieces.len() != self.tokens.len() {
            return None;
        }
        let mut agreement = 0;
        for (token, piece) in self.tokens.iter().zip(pieces) {
            let own = token.piece().text;
            if own == piece.text {
                agreement += 1;
            } else if is_state(own) || is_state(piece.text) {
                return None;
            }
        }
        Some(agreement)
    }

    /// Makes a value of each word in which these tokens differ; says whether there was one.
    pub(super) fn generalise(&mut self, tokens: &[Token]) -> bool {
        let mut changed = false;
        for (own, other) in self.tokens.iter_mut().zip(tokens) {
            if own.piece().text != other.piece().text && !matches!(own, Token::Value { .. }) {
                *own = Token::Value { space: own.piece().space };
                changed = true;
            }
        }
        if changed {
            self.frame = Frame::of(&self.tokens);
        }
        changed
    }
}

/// The template: words as they are, `<*>` for a value.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.tokens.iter().enumerate() {
            let piece = token.piece();
            if piece.space && index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(piece.text)?;
        }
        Ok(())
    }
}

/// Whether this word says what happened.
fn is_state(word: &str) -> bool {
    word.len() <= LONGEST_STATE && STATES.iter().any(|state| state.eq_ignore_ascii_case(word))
}
