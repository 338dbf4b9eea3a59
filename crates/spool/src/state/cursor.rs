//! How far one reader is done.

use crate::weight::Weight;

/// How far one reader is done, and what it missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Whose it is.
    pub(crate) name: String,
    /// Everything up to here is done.
    pub(crate) position: u64,
    /// Records that went before they were done.
    pub(crate) lost: u64,
    /// What the records up to here count for, from the first that the opening found.
    pub(crate) done: Weight,
    /// Of that, what went before it was done.
    pub(crate) missed: Weight,
}

impl Cursor {
    /// A cursor before the first record.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            position: 0,
            lost: 0,
            done: Weight::default(),
            missed: Weight::default(),
        }
    }

    /// Moves on to where the records count for `upto`; `lost` of those passed were not read.
    pub(crate) fn move_to(&mut self, position: u64, lost: u64, upto: Weight) {
        self.position = position;
        self.lost = self.lost.saturating_add(lost);
        self.done = self.done.max(upto);
    }

    /// Moves on over records that are not there any more.
    pub(crate) fn miss(&mut self, position: u64, lost: u64, upto: Weight) {
        self.missed += upto - self.done;
        self.move_to(position, lost, upto);
    }
}
