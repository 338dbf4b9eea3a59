//! Cursors are written, and segments that nobody needs are deleted: always in this order.

use std::io;

use super::{
    cursors::{self, Kept},
    segment,
    writer::Writer,
};
use crate::state::Segment;

/// A file that is given up when the disk is full. Without the few bytes of the cursor file no segment could be
/// deleted, and the spool that filled the disk would never make room again.
const RESERVE: &str = "reserve";

/// Enough for a cursor file and what a file system needs to write it.
const RESERVE_BYTES: usize = 64 * 1024;

/// Files that could not be removed, remembered at most: their names are found again at the next start.
const MAX_LEFTOVERS: usize = 1000;

impl Writer {
    /// Writes the cursors if they moved, then deletes what every one has passed. Says whether that worked.
    pub(crate) fn housekeep(&mut self) -> bool {
        if !self.delete_passed() {
            return false;
        }
        for (name, bytes) in std::mem::take(&mut self.leftovers) {
            self.remove_file(name, bytes);
        }
        self.make_reserve();
        self.leftovers.is_empty()
    }

    fn delete_passed(&mut self) -> bool {
        let moved = self.log.lock().moved;
        if moved && let Err(error) = self.write_cursors(self.announced) {
            tracing::warn!(%error, "the spool can not write its cursors: it tries again");
            return false;
        }
        while let Some((name, bytes)) = self.take_passed() {
            self.remove_file(name, bytes);
        }
        true
    }

    /// Deletes at once what every cursor has passed, if that is a whole segment, however new.
    pub(super) fn reclaim(&mut self) {
        let (oldest, newest) = {
            let state = self.log.lock();
            let passed = |segment: Option<&Segment>| segment.is_some_and(|it| it.last <= state.passed());
            (passed(state.segments.front()), passed(state.segments.back()))
        };
        if newest {
            self.active = None;
        }
        if oldest {
            self.delete_passed();
        }
    }

    /// Writes the cursors for the last time; positions that were only announced are given back.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.active = None;
        self.housekeep();
        let next = self.log.lock().next;
        self.write_cursors(next)
    }

    /// Replaces the cursor file. It says that no position below `next`, or below those given out, comes again.
    pub(super) fn write_cursors(&mut self, next: u64) -> io::Result<()> {
        let (kept, passed) = {
            let mut state = self.log.lock();
            state.moved = false;
            let kept = Kept {
                identity: self.settings.identity,
                last: state.last,
                next: next.max(state.next),
                cursors: state.cursors.clone(),
            };
            (kept, state.passed())
        };
        let mut written = kept.write(self.disk.as_ref());
        if written.is_err() && std::mem::take(&mut self.reserve) {
            let _tried = self.disk.remove(RESERVE);
            written = kept.write(self.disk.as_ref());
        }
        match &written {
            Ok(()) => (self.announced, self.passed) = (kept.next, passed),
            Err(_) => {
                let _tried = self.disk.remove(cursors::NEW_NAME);
                self.log.lock().moved = true;
            }
        }
        written
    }

    /// The oldest segment, taken out of the log if every cursor has passed it and the cursor file says so.
    pub(super) fn take_passed(&mut self) -> Option<(String, u64)> {
        let active = self.active.as_ref().map(|active| active.first);
        let mut state = self.log.lock();
        let oldest = state.segments.front()?;
        if oldest.last > self.passed || Some(oldest.first) == active {
            return None;
        }
        let segment = state.remove_oldest_segment()?;
        Some((segment::name(segment.first), segment.frames_bytes))
    }

    /// Drops the oldest segment, once the cursor file says that every cursor is past it. Says whether that worked.
    pub(super) fn drop_oldest(&mut self) -> bool {
        let segment = {
            let mut state = self.log.lock();
            let Some(segment) = state.remove_oldest_segment() else { return false };
            segment
        };
        if self.active.as_ref().is_some_and(|active| active.first == segment.first) {
            self.active = None;
        }
        self.log.ring();
        let (name, bytes) = (segment::name(segment.first), segment.frames_bytes);
        if let Err(error) = self.write_cursors(self.announced) {
            tracing::warn!(%error, "the spool can not write its cursors: it can not drop the oldest records");
            self.remember(name, bytes);
            return false;
        }
        tracing::warn!(
            bytes,
            first = segment.first,
            last = segment.last,
            "the spool is full: the oldest records are dropped"
        );
        self.remove_file(name, bytes);
        true
    }

    /// Removes a file and gives back its share of the budget; what can not be removed is tried again.
    pub(super) fn remove_file(&mut self, name: String, bytes: u64) {
        match self.disk.remove(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::debug!(file = name, %error, "a file of the spool can not be removed: it tries again");
                self.remember(name, bytes);
            }
            _ => self.log.lock().used_bytes -= bytes,
        }
    }

    fn remember(&mut self, name: String, bytes: u64) {
        if self.leftovers.len() < MAX_LEFTOVERS {
            self.leftovers.push((name, bytes));
        } else {
            self.log.lock().used_bytes -= bytes;
        }
    }

    fn make_reserve(&mut self) {
        if self.reserve {
            return;
        }
        let made = self.disk.create(RESERVE).and_then(|mut file| file.append(&[b'.'; RESERVE_BYTES]));
        match made {
            Ok(()) => self.reserve = true,
            Err(_) => {
                let _tried = self.disk.remove(RESERVE);
            }
        }
    }
}
