//! The time asked for in parts, the newest first.
//!
//! Nothing keeps records in the order of their times but the order in which they came, so the newest are looked for in windows
//! of time, each as long as what the ones before it found tells is needed: most questions end in the first, which is short where
//! many records come. From where words are told to be rare, two indexes are asked instead: on the patterns whose texts hold all of
//! them, and on the words of records. PostgreSQL is not left to choose: it takes words to be independent of one another, and joins
//! indexes by pages, of which it divides every message into words.

use std::ops::RangeInclusive;

use crate::time::UnixNanos;

pub(super) const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 1440 * MINUTE;

/// The longest first window, in nanoseconds. By what it has, words are told to be rare.
const FIRST_WINDOW: u64 = 2 * MINUTE;

/// Records that the first window should have, where so many come that it can be shorter.
const FIRST_RECORDS: f64 = 2000.0;

/// Words are rare where a window has not even this part of what is wanted.
const RARE: usize = 10;

/// How many times as long as all before it a window is.
const GROWTH: RangeInclusive<f64> = 0.5..=256.0;

/// How many times as far back as before the index on words is asked.
const GROWTH_BY_WORDS: u64 = 4;

/// How many times what seems to be needed is looked at.
const MARGIN: f64 = 1.5;

/// When so much was looked at, the rest is looked at as one.
const MOST_IN_WINDOWS: u64 = 30 * DAY;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// Included.
    pub(super) since: Option<UnixNanos>,
    /// Not included.
    pub(super) until: Option<UnixNanos>,
    pub(super) by: Index,
}

/// How the records of a window are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Index {
    Time,
    Words,
}

/// How many records were found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub(super) all: usize,
    /// Those that were not found by the text of their pattern alone.
    pub(super) by_own_words: usize,
}

/// What is known of the newest records that follow a pattern.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Newest {
    /// About when the last of them came.
    pub(super) time: Option<UnixNanos>,
    /// How many came that day, as far as PostgreSQL has noticed.
    pub(super) per_second: Option<f64>,
}

/// The time asked for in parts, the newest first.
#[derive(Debug)]
pub(super) struct Windows {
    /// Where they are measured from.
    newest: Option<UnixNanos>,
    since: Option<UnixNanos>,
    /// Words are asked for.
    words: bool,
    /// What is before this was not looked at; nothing when all was.
    pub(super) next: Option<Window>,
}

impl Newest {
    fn first_window(&self) -> u64 {
        let per_second = self.per_second.unwrap_or(0.0).max(f64::MIN_POSITIVE);
        ((FIRST_RECORDS / per_second * SECOND as f64) as u64).clamp(SECOND, FIRST_WINDOW)
    }
}

impl Windows {
    pub(super) fn new(
        newest: &Newest,
        since: Option<UnixNanos>,
        until: Option<UnixNanos>,
        words: bool,
    ) -> Self {
        let mut windows = Self { newest: newest.time, since, words, next: None };
        windows.look_back(newest.first_window(), until, Index::Time);
        windows
    }

    /// Goes on with a window in which the rest of `wanted` should be, as `found` came in those before it.
    pub(super) fn advance(&mut self, found: Found, wanted: usize) {
        let Some(ended) = self.next.take() else { return };
        let (Some(newest), Some(until)) = (self.newest, ended.since.filter(|_| ended.since != self.since))
        else {
            return;
        };
        let looked = newest.0 - until.0;
        let rare = |found: usize| found == 0 || looked >= FIRST_WINDOW && found * RARE < wanted;
        let by_words = ended.by == Index::Words || self.words && rare(found.by_own_words);
        let by = if by_words { Index::Words } else { Index::Time };
        if by_words && rare(found.all) {
            // The index on words has a part for each day, which is asked for all of the day.
            let lower = newest.0.saturating_sub(looked.saturating_mul(GROWTH_BY_WORDS));
            self.look_back(newest.0 - (lower - lower % DAY), Some(until), by);
        } else {
            let needed = MARGIN * (wanted as f64 / found.all.max(1) as f64 - 1.0);
            let length = (looked as f64 * (1.0 + needed.clamp(*GROWTH.start(), *GROWTH.end()))) as u64;
            // A few of a short window tell little: what they seem to need may be far too much.
            let length = if looked < FIRST_WINDOW { length.min(FIRST_WINDOW) } else { length };
            self.look_back(length, Some(until), by);
        }
    }

    /// Sets the window that ends at `until` and reaches back so many nanoseconds from the newest.
    fn look_back(&mut self, length: u64, until: Option<UnixNanos>, by: Index) {
        let lower = self.newest.map_or(0, |newest| newest.0.saturating_sub(length));
        let within = (lower > 0 && length <= MOST_IN_WINDOWS).then_some(UnixNanos(lower));
        self.next = Some(Window { since: within.max(self.since), until, by });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many, of which none was found by the text of its pattern alone.
    fn own(all: usize) -> Found {
        Found { all, by_own_words: all }
    }

    const NEWEST: u64 = 1_790_000_000_000_000_000;

    #[test]
    fn windows_follow_one_another_from_the_newest_to_the_oldest() {
        let since = Some(UnixNanos(NEWEST - 3 * DAY));
        for (found, words) in [(0, false), (0, true), (30, false), (30, true), (99, true)] {
            let mut windows = Windows::new(&newest(None), since, None, words);
            let mut parts = Vec::new();
            while let Some(window) = windows.next {
                parts.push(window);
                windows.advance(own(found), 100);
            }
            assert_eq!(parts.first().expect("one").until, None, "what came meanwhile is in the first");
            assert_eq!(parts.last().expect("one").since, since);
            assert!(parts.windows(2).all(|pair| pair[0].since == pair[1].until && pair[0].since.is_some()));
        }
        let mut all = Windows::new(&Newest::default(), None, None, true);
        assert_eq!(all.next, Some(Window { since: None, until: None, by: Index::Time }));
        all.advance(own(0), 100);
        assert_eq!(all.next, None);
    }

    /// How many minutes back a second window goes, and by which index, when the first gave so many of a hundred.
    fn second(found: usize, words: bool) -> (u64, Index) {
        let mut windows = Windows::new(&newest(None), None, None, words);
        windows.advance(own(found), 100);
        let window = windows.next.expect("a second");
        ((NEWEST - window.since.expect("not all").0) / MINUTE, window.by)
    }

    fn newest(per_second: Option<f64>) -> Newest {
        Newest { time: Some(UnixNanos(NEWEST)), per_second }
    }

    #[test]
    fn the_more_come_the_shorter_is_the_first_window() {
        let first = |per_second| newest(Some(per_second)).first_window();
        assert_eq!(newest(None).first_window(), FIRST_WINDOW, "not known");
        assert_eq!((first(-0.1), first(0.0), first(16.0)), (FIRST_WINDOW, FIRST_WINDOW, FIRST_WINDOW));
        assert_eq!((first(500.0), first(1e9)), (4 * SECOND, SECOND));
    }

    #[test]
    fn words_of_which_a_short_window_has_few_are_not_rare_yet() {
        let mut windows = Windows::new(&newest(Some(500.0)), None, None, true);
        windows.advance(own(1), 100);
        let second = windows.next.expect("a second");
        assert_eq!((second.since, second.by), (Some(UnixNanos(NEWEST - FIRST_WINDOW)), Index::Time));
        windows.advance(own(9), 100);
        assert_eq!(windows.next.expect("a third").by, Index::Words);

        let mut windows = Windows::new(&newest(Some(500.0)), None, None, true);
        windows.advance(own(0), 100);
        assert_eq!(windows.next.expect("a second").by, Index::Words, "none at all");
    }

    #[test]
    fn a_window_is_as_long_as_what_was_found_tells_is_needed() {
        assert_eq!(second(99, true), (3, Index::Time), "the least");
        assert_eq!(second(20, true), (14, Index::Time), "one and a half times what is missing");
        assert_eq!(second(0, false), (299, Index::Time), "as though one had been found");
    }

    #[test]
    fn words_that_stand_in_patterns_alone_are_looked_for_in_indexes_and_as_far_back_as_is_needed() {
        let mut windows = Windows::new(&newest(Some(500.0)), None, None, true);
        windows.advance(Found { all: 20, by_own_words: 0 }, 100);
        let second = windows.next.expect("a second");
        assert_eq!((second.since, second.by), (Some(UnixNanos(NEWEST - 28 * SECOND)), Index::Words));
        windows.advance(Found { all: 50, by_own_words: 0 }, 100);
        let third = windows.next.expect("a third");
        assert_eq!((third.since, third.by), (Some(UnixNanos(NEWEST - 70 * SECOND)), Index::Words));
    }

    #[test]
    fn rare_words_are_looked_for_in_their_index_by_whole_days() {
        let since_midnight = NEWEST % DAY / MINUTE;
        assert_eq!(second(9, true), (since_midnight, Index::Words));
    }
}
