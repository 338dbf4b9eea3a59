//! The number of a record.

use std::fmt;

/// The number of a record in one spool: from 1 upward, never given twice.
///
/// Positions grow by one, but there may be gaps: after a failed write, after damage, and after a restart without a
/// clean end of a spool that does not sync. 0 stands for "before the first record".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Before the first record.
    pub const START: Self = Self(0);

    /// Nothing from outside is taken to be higher: a wrong number leaves room for more records than will ever come.
    pub(crate) const HIGHEST: Self = Self(u64::MAX / 2);

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for Position {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<Position> for u64 {
    fn from(position: Position) -> Self {
        position.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
