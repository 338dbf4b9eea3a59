//! What was found when a spool was opened.

use std::fmt;

/// What was found at the start, and exactly what was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Records that can be read, whether or not every reader still needs them.
    pub records: u64,
    /// Bytes at the end of the log that were no whole record, and were cut: the write that a crash interrupted.
    pub torn_bytes: u64,
    /// What was damaged and is no longer part of the log, kept under these names for whoever wants to look.
    pub set_aside: Vec<SetAside>,
    /// Records missing in the log that at least one reader had not passed. A hole is counted at every start until
    /// every reader has passed it. Positions that were never acknowledged may be among them.
    pub lost_records: u64,
    /// Whether the cursors were there.
    pub cursor_file: CursorFile,
    /// Cursors that no reader has any more: removed.
    pub removed_cursors: Vec<String>,
}

/// A damaged file, or the damaged rest of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its name in the spool's directory; ends in `.damaged` unless it could not be moved.
    pub file: String,
    /// Its size.
    pub bytes: u64,
}

/// What became of the file with the cursors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorFile {
    /// There was no spool yet, or it is in memory.
    #[default]
    New,
    /// It was there and whole.
    Found,
    /// Lost or damaged though there were records: every reader begins at the first record that still exists.
    Lost,
}

impl Recovery {
    /// Whether everything was as an orderly end leaves it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.torn_bytes == 0
            && self.set_aside.is_empty()
            && self.lost_records == 0
            && self.cursor_file != CursorFile::Lost
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} records, {} lost, {} torn bytes cut, {} damaged files set aside",
            self.records,
            self.lost_records,
            self.torn_bytes,
            self.set_aside.len()
        )?;
        if self.cursor_file == CursorFile::Lost {
            formatter.write_str(", the cursors were lost: everything is read again")?;
        }
        Ok(())
    }
}
