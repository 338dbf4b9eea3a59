//! How far one reader is done.

/// How far one reader is done, and what it missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Whose it is.
    pub(crate) name: String,
    /// Everything up to here is done.
    pub(crate) position: u64,
    /// Records that went before they were done.
    pub(crate) lost: u64,
}

impl Cursor {
    /// A cursor before the first record.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), position: 0, lost: 0 }
    }

    /// Moves on; `lost` of the records passed were not read.
    pub(crate) fn move_to(&mut self, position: u64, lost: u64) {
        self.position = position;
        self.lost = self.lost.saturating_add(lost);
    }
}
