//! The newest records, in memory.

use std::collections::VecDeque;

use crate::entry::Entry;

/// The newest records, up to a number of bytes; positions rise.
#[derive(Debug)]
pub(crate) struct Tail {
    entries: VecDeque<Entry>,
    bytes: u64,
    /// `None`: whoever appends keeps to the budget, and nothing goes by itself.
    limit_bytes: Option<u64>,
}

impl Tail {
    /// Keeps at most this much; `u64::MAX` is everything.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            limit_bytes: (limit_bytes != u64::MAX).then_some(limit_bytes),
        }
    }

    /// Whether there is no other place for records.
    pub(crate) fn holds_everything(&self) -> bool {
        self.limit_bytes.is_none()
    }

    /// Adds the newest; the oldest go where there is a limit.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += entry.frame_bytes();
        self.entries.push_back(entry);
        while self.limit_bytes.is_some_and(|limit| self.bytes > limit) && self.pop_oldest().is_some() {}
    }

    /// Takes the oldest out.
    pub(crate) fn pop_oldest(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.frame_bytes();
        Some(entry)
    }

    /// Forgets everything up to `position`; says how many bytes of the budget that was.
    pub(crate) fn forget(&mut self, position: u64) -> u64 {
        let before = self.bytes;
        while self.entries.front().is_some_and(|entry| entry.position.get() <= position) {
            self.pop_oldest();
        }
        before - self.bytes
    }

    /// Whether everything from `position` on is here.
    pub(crate) fn reaches_back_to(&self, position: u64) -> bool {
        self.entries.front().is_some_and(|entry| entry.position.get() <= position)
    }

    /// Records after `position`.
    pub(crate) fn records_after(&self, position: u64) -> u64 {
        (self.entries.len() - self.index_after(position)) as u64
    }

    /// From `from` on, at least one if there is one, within both limits otherwise.
    pub(crate) fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Vec<Entry> {
        let mut bytes = 0_usize;
        let start = self.index_after(from.saturating_sub(1));
        let fits = |entry: &&Entry| {
            let first = bytes == 0;
            bytes = bytes.saturating_add(entry.record.len().max(1));
            first || bytes <= max_bytes
        };
        self.entries.range(start..).take(max_records.max(1)).take_while(fits).cloned().collect()
    }

    fn index_after(&self, position: u64) -> usize {
        self.entries.partition_point(|entry| entry.position.get() <= position)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Tail};
    use crate::weight::Weight;

    #[test]
    fn a_tail_never_holds_more_than_its_limit() {
        let mut tail = Tail::new(1000);
        for position in 1..=100_u64 {
            let record = vec![0; 76].into();
            tail.push(Entry {
                position: position.into(),
                appended_at_ms: 0,
                record,
                upto: Weight::default(),
            });
            assert!(tail.bytes <= 1000);
        }
        assert_eq!(tail.entries.len(), 10);
        assert!(tail.reaches_back_to(91) && !tail.reaches_back_to(90));
        assert_eq!((tail.records_after(95), tail.forget(95)), (5, 500));
    }
}
