//! How far behind a destination is, in time.
//!
//! Records of the log carry no time, so where the log ends is noted once a second; the oldest note that lies behind the
//! cursor says since when something waits.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// How often the end of the log is noted: lag is known to this.
pub(super) const NOTE_EVERY: Duration = Duration::from_secs(1);

/// Notes that are kept: an hour of them. Beyond that every other is left out, and the lag known less finely.
const MOST_NOTES: usize = 3_600;

/// Where the log ended, and when.
#[derive(Debug, Default)]
pub(super) struct Notes(VecDeque<(u64, Instant)>);

impl Notes {
    /// Notes that the log ends at this position while the cursor is at that one.
    pub(super) fn note(&mut self, end: u64, cursor: u64, now: Instant) {
        self.forget(cursor);
        if self.0.back().is_none_or(|(noted, _)| *noted < end) && end > cursor {
            self.0.push_back((end, now));
        }
        if self.0.len() > MOST_NOTES {
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// Since when something behind the cursor is known to wait.
    pub(super) fn waiting_since(&mut self, cursor: u64) -> Option<Instant> {
        self.forget(cursor);
        self.0.front().map(|(_, noted)| *noted)
    }

    fn forget(&mut self, cursor: u64) {
        while self.0.front().is_some_and(|(end, _)| *end <= cursor) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_that_of_the_oldest_record_that_waits() {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut notes = Notes::default();
        assert_eq!(notes.waiting_since(0), None);
        notes.note(0, 0, at(0));
        assert_eq!(notes.waiting_since(0), None, "nothing came");
        notes.note(10, 0, at(1));
        notes.note(10, 0, at(2));
        notes.note(30, 0, at(3));
        assert_eq!(notes.waiting_since(5), Some(at(1)));
        assert_eq!(notes.waiting_since(10), Some(at(3)));
        assert_eq!(notes.waiting_since(30), None);
        for second in 4..20_000 {
            notes.note(100 + second, 30, at(second));
        }
        assert!(notes.0.len() <= MOST_NOTES);
        assert_eq!(notes.waiting_since(30), Some(at(4)), "the oldest note stays");
    }
}
