//! One file of the log, as far as it is known without reading it.

use crate::weight::Weight;

/// One segment. Its positions have no gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Of the first record; names the file.
    pub(crate) first: u64,
    /// Of the last record, damaged or not.
    pub(crate) last: u64,
    /// From here on nothing can be read.
    pub(crate) damaged_from: Option<u64>,
    /// Where the good part of the file ends.
    pub(crate) end: u64,
    /// What counts against the budget.
    pub(crate) frames_bytes: u64,
    /// What all records before its first one count for, from the first that the opening found.
    pub(crate) before: Weight,
    /// What its own records count for.
    pub(crate) weight: Weight,
}

impl Segment {
    /// What all records up to its last one count for.
    pub(crate) fn upto(&self) -> Weight {
        self.before + self.weight
    }

    /// Of the last record that can be read; before `first` where there is none.
    pub(crate) fn readable_last(&self) -> u64 {
        self.damaged_from.map_or(self.last, |from| from - 1)
    }

    /// Records in it after `after` up to `upto`.
    pub(crate) fn records_within(&self, after: u64, upto: u64) -> u64 {
        overlap(self.first, self.last, after, upto)
    }

    /// Records in it after `after` up to `upto` that can be read.
    pub(crate) fn readable_within(&self, after: u64, upto: u64) -> u64 {
        overlap(self.first, self.readable_last(), after, upto)
    }

    /// Records in it after `after` up to `upto` that can not be read.
    pub(crate) fn damaged_within(&self, after: u64, upto: u64) -> u64 {
        self.damaged_from.map_or(0, |from| overlap(from, self.last, after, upto))
    }
}

/// Numbers in `first..=last` that are more than `after` and at most `upto`.
fn overlap(first: u64, last: u64, after: u64, upto: u64) -> u64 {
    (last.min(upto) + 1).saturating_sub(first.max(after + 1))
}

#[cfg(test)]
mod tests {
    use super::{Segment, Weight};

    fn segment(first: u64, last: u64, damaged_from: u64) -> Segment {
        let (before, weight) = (Weight::default(), Weight::default());
        Segment { first, last, damaged_from: Some(damaged_from), end: 0, frames_bytes: 0, before, weight }
    }

    #[test]
    fn what_can_be_read_and_what_can_not_is_all_there_is() {
        let segment = segment(10, 19, 15);
        for after in 0..25 {
            for upto in after..25 {
                let all = segment.records_within(after, upto);
                assert_eq!(segment.readable_within(after, upto) + segment.damaged_within(after, upto), all);
                assert_eq!(all, (10..=19).filter(|n| *n > after && *n <= upto).count() as u64);
            }
        }
    }

    #[test]
    fn a_segment_may_be_damaged_from_its_first_record_on() {
        let segment = segment(1, 3, 1);
        assert_eq!(segment.readable_within(0, 3), 0);
        assert_eq!(segment.damaged_within(0, 3), 3);
    }
}
