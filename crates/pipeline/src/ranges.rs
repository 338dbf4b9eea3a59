//! Which positions of a log a destination has.

use std::ops::RangeInclusive;

/// Positions, as ranges in order that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<RangeInclusive<u64>>);

impl Ranges {
    /// Adds `first` to `last`.
    pub fn insert(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let (mut first, mut last) = (first, last);
        let before = self.0.partition_point(|range| range.end().saturating_add(1) < first);
        let after = self.0.partition_point(|range| *range.start() <= last.saturating_add(1));
        if let (Some(start), true) = (self.0.get(before), before < after) {
            first = first.min(*start.start());
            last = last.max(*self.0[after - 1].end());
        }
        self.0.splice(before..after, [first..=last]);
    }

    /// Adds all of these.
    pub fn extend(&mut self, others: &Self) {
        for range in &others.0 {
            self.insert(*range.start(), *range.end());
        }
    }

    /// Whether this position is in one of them.
    #[must_use]
    pub fn contains(&self, position: u64) -> bool {
        let index = self.0.partition_point(|range| *range.end() < position);
        self.0.get(index).is_some_and(|range| *range.start() <= position)
    }

    /// The highest position; 0 where there is none.
    #[must_use]
    pub fn top(&self) -> u64 {
        self.0.last().map_or(0, |range| *range.end())
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &RangeInclusive<u64>> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::Ranges;

    proptest! {
        #[test]
        fn ranges_hold_what_was_inserted_and_never_touch(
            inserted in proptest::collection::vec((0..60_u64, 0..10_u64), 0..20),
        ) {
            let (mut ranges, mut model) = (Ranges::default(), BTreeSet::new());
            for (first, length) in inserted {
                ranges.insert(first, first + length);
                model.extend(first..=first + length);
            }
            for position in 0..80 {
                prop_assert_eq!(ranges.contains(position), model.contains(&position));
            }
            prop_assert_eq!(ranges.top(), model.last().copied().unwrap_or(0));
            let all: Vec<_> = ranges.iter().collect();
            prop_assert!(all.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()));
        }
    }
}
