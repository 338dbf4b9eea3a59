//! What records count for.

use std::ops::{Add, AddAssign, Sub};

/// Kinds of things that a record may hold some of.
pub const KINDS: usize = 3;

/// How much a record counts for, or many records together: a number for each of up to [`KINDS`] kinds, which only
/// whoever writes the records knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight(pub [u64; KINDS]);

impl Weight {
    /// The larger of both, kind by kind.
    pub(crate) fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].max(other.0[kind])))
    }
}

impl Add for Weight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].saturating_add(other.0[kind])))
    }
}

impl AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What is left; never less than nothing.
impl Sub for Weight {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].saturating_sub(other.0[kind])))
    }
}
