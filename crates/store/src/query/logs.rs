//! Log records, newest first, by their words.
//!
//! Nothing keeps records in the order of their times but the order in which they came, so the newest are looked for in windows
//! of time, each as long as what the ones before it found tells is needed: most questions end in the first, which is short where
//! many records come. Where a window has none, or two minutes have hardly any, the words are rare, and from there on the index
//! on words is asked, days at a time. PostgreSQL is not left to choose between the two: it takes words to be independent of one
//! another, and joins both indexes by pages, of which it divides every message into words.

use std::ops::RangeInclusive;

use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    List, LogFilter, LogRecord, MAX_ROWS, Page, QueryService, TraceId, like,
    points::{Behind, behind, page},
    rows, timestamp,
};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 1440 * MINUTE;

/// The longest first window, in nanoseconds. By what it has, words are told to be rare.
const FIRST_WINDOW: u64 = 2 * MINUTE;

/// Records that the first window should have, where so many come that it can be shorter.
const FIRST_RECORDS: f64 = 5000.0;

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

/// What a message must hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Words {
    /// A text query of PostgreSQL over the words of a message.
    pub(super) query: Option<String>,
    /// LIKE patterns: for what is no word, and for each word, since most messages without it are told by this at a tenth of the cost
    /// of dividing them into words.
    pub(super) likes: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    /// Included.
    since: Option<UnixNanos>,
    /// Not included.
    until: Option<UnixNanos>,
    by: Index,
}

/// How the records of a window are found.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Index {
    Time,
    Words,
}

/// What is known of the newest records that follow a pattern.
#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    /// About when the last of them came.
    time: Option<UnixNanos>,
    /// How many came that day, as far as PostgreSQL has noticed.
    per_second: Option<f64>,
}

/// The time asked for in parts, the newest first.
#[derive(Debug)]
struct Windows {
    /// Where they are measured from.
    newest: Option<UnixNanos>,
    since: Option<UnixNanos>,
    /// Words are asked for.
    words: bool,
    /// What is before this was not looked at; nothing when all was.
    next: Option<Window>,
}

/// A filter as parameters.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) words: Words,
    pub(super) pattern: Option<i64>,
    pub(super) attributes: Option<Value>,
    behind: Behind,
}

impl Asked {
    pub(super) fn new(filter: &LogFilter) -> Self {
        Self {
            words: filter.text.as_deref().map(Words::of).unwrap_or_default(),
            pattern: filter.pattern_id.map(|pattern| pattern.0.cast_signed()),
            attributes: (!filter.attributes.is_empty()).then(|| Value::Object(filter.attributes.clone())),
            behind: behind(filter.after.as_ref()),
        }
    }
}

impl QueryService {
    /// The log records that match, newest first.
    ///
    /// A word of `text` finds the words that begin with it; a `"quoted phrase"` is found as it stands. All must be there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now, [`StoreError::DeadlineExceeded`] when it takes too
    /// long.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<LogRecord>, StoreError> {
        Ok(self.logs_page(filter).await?.items)
    }

    /// A page of the log records that match, newest first; see [`Self::logs`].
    ///
    /// # Errors
    ///
    /// As [`Self::logs`].
    pub async fn logs_page(&self, filter: &LogFilter) -> Result<Page<LogRecord>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        // One more than fits on the page tells whether another follows.
        let most = wanted + 1;
        let asked = Asked::new(filter);
        let mut rows = Vec::new();
        match filter.trace_id {
            Some(trace_id) => rows.extend(self.logs_of(trace_id, filter, &asked, most).await?),
            None => {
                // Nothing behind the cursor is newer than it.
                let end = filter.after.as_ref().map(|after| UnixNanos::from_postgres(after.time().0 + 1, 0));
                let until = filter.until.into_iter().chain(end).min();
                let newest = self.newest_log(until).await?;
                let mut windows = Windows::new(&newest, filter.since, until, asked.words.query.is_some());
                while let Some(window) = windows.next.filter(|_| rows.len() < most) {
                    rows.extend(self.logs_within(window, filter, &asked, most - rows.len()).await?);
                    windows.advance(rows.len(), most);
                }
            }
        }
        page(&rows, wanted, List::Logs, rows::log_record, |record| (record.time, 0))
    }

    async fn logs_within(
        &self,
        window: Window,
        filter: &LogFilter,
        asked: &Asked,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (behind, nanos, _, place) = &asked.behind;
        let sql = include_str!("../../queries/log/list.sql");
        self.rows(
            &sql.replace("$has_words", window.by.has_words()),
            &[
                &asked.words.query,
                &asked.words.likes,
                &filter.min_severity,
                &filter.service,
                &timestamp(window.since),
                &timestamp(window.until),
                // At most MAX_ROWS + 1.
                &(most as i64),
                &asked.pattern,
                &asked.attributes,
                behind,
                nanos,
                place,
            ],
        )
        .await
    }

    async fn logs_of(
        &self,
        trace: TraceId,
        filter: &LogFilter,
        asked: &Asked,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (behind, nanos, _, place) = &asked.behind;
        self.rows_of_trace(
            include_str!("../../queries/log/of_trace.sql"),
            &[
                &Uuid::from_bytes(trace.0),
                &asked.words.query,
                &asked.words.likes,
                &filter.min_severity,
                &filter.service,
                &timestamp(filter.since),
                &timestamp(filter.until),
                &(most as i64),
                &asked.pattern,
                &asked.attributes,
                behind,
                nanos,
                place,
            ],
        )
        .await
    }

    async fn newest_log(&self, until: Option<UnixNanos>) -> Result<Newest, StoreError> {
        let rows = self.rows(include_str!("../../queries/log/newest.sql"), &[&timestamp(until)]).await?;
        let Some(row) = rows.first() else { return Ok(Newest::default()) };
        let time = |column: &str| -> Result<Option<UnixNanos>, StoreError> {
            let found: Option<PgTimestamp> = row.try_get(column)?;
            Ok(found.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0)))
        };
        let second = time("second")?.map(|second| UnixNanos(second.0.saturating_add(SECOND)));
        // A pattern that had a record in the minute may have had it in the time after `until`.
        let minute = time("minute")?;
        Ok(Newest { time: second.max(minute), per_second: row.try_get("per_second")? })
    }
}

impl Index {
    /// The condition on the words, which only one of the two can use an index for.
    const fn has_words(self) -> &'static str {
        match self {
            Self::Time => include_str!("../../queries/log/has_words_by_time.sql"),
            Self::Words => include_str!("../../queries/log/has_words_by_index.sql"),
        }
    }
}

impl Newest {
    fn first_window(&self) -> u64 {
        let per_second = self.per_second.unwrap_or(0.0).max(f64::MIN_POSITIVE);
        ((FIRST_RECORDS / per_second * SECOND as f64) as u64).clamp(SECOND, FIRST_WINDOW)
    }
}

impl Windows {
    fn new(newest: &Newest, since: Option<UnixNanos>, until: Option<UnixNanos>, words: bool) -> Self {
        let mut windows = Self { newest: newest.time, since, words, next: None };
        windows.look_back(newest.first_window(), until, Index::Time);
        windows
    }

    /// Goes on with a window in which the rest of `wanted` should be, as `found` came in those before it.
    fn advance(&mut self, found: usize, wanted: usize) {
        let Some(ended) = self.next.take() else { return };
        let (Some(newest), Some(until)) = (self.newest, ended.since.filter(|_| ended.since != self.since))
        else {
            return;
        };
        let looked = newest.0 - until.0;
        let rare = found == 0 || looked >= FIRST_WINDOW && found * RARE < wanted;
        if ended.by == Index::Words || self.words && rare {
            self.look_back(looked.saturating_mul(GROWTH_BY_WORDS), Some(until), Index::Words);
        } else {
            let needed = MARGIN * (wanted as f64 / found.max(1) as f64 - 1.0);
            let length = (looked as f64 * (1.0 + needed.clamp(*GROWTH.start(), *GROWTH.end()))) as u64;
            // A few of a short window tell little: what they seem to need may be far too much.
            let length = if looked < FIRST_WINDOW { length.min(FIRST_WINDOW) } else { length };
            self.look_back(length, Some(until), Index::Time);
        }
    }

    /// Sets the window that ends at `until` and reaches back so many nanoseconds from the newest, by words to the begin of
    /// the day.
    fn look_back(&mut self, length: u64, until: Option<UnixNanos>, by: Index) {
        let lower = self.newest.map_or(0, |newest| newest.0.saturating_sub(length));
        let lower = if by == Index::Words { lower - lower % DAY } else { lower };
        let within = (lower > 0 && length <= MOST_IN_WINDOWS).then_some(UnixNanos(lower));
        self.next = Some(Window { since: within.max(self.since), until, by });
    }
}

impl Words {
    fn of(text: &str) -> Self {
        let (mut queries, mut likes) = (Vec::new(), Vec::new());
        for (at, part) in text.split('"').enumerate() {
            let quoted = at % 2 == 1;
            if quoted && !part.trim().is_empty() {
                let words = words(part);
                if !words.is_empty() {
                    queries.push(format!("'{}'", words.join(" ")));
                }
                likes.push(like(part));
            } else if !quoted {
                for part in part.split_whitespace() {
                    let words = words(part);
                    if words.is_empty() {
                        likes.push(like(part));
                    } else {
                        likes.extend(words.iter().map(|word| like(word)));
                        queries.push(format!("'{}':*", words.join(" ")));
                    }
                }
            }
        }
        Self {
            query: (!queries.is_empty()).then(|| queries.join(" & ")),
            likes: (!likes.is_empty()).then_some(likes),
        }
    }
}

/// The words of a text, as `otel.log_words` divides it.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_words_and_a_quoted_phrase_stands_as_it_is() {
        let words = Words::of(r#"declin user_id=42 "card was" -- it's"#);
        assert_eq!(
            words.query.as_deref(),
            Some("'declin':* & 'user id 42':* & 'card was' & 'it s':*"),
            "no quote of the question reaches the query"
        );
        let likes = ["%declin%", "%user%", "%id%", "%42%", "%card was%", "%--%", "%it%", "%s%"];
        assert_eq!(words.likes, Some(likes.map(str::to_owned).to_vec()));
        assert_eq!(Words::of("  \"\" "), Words::default(), "nothing is asked for");
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
                windows.advance(found, 100);
            }
            assert_eq!(parts.first().expect("one").until, None, "what came meanwhile is in the first");
            assert_eq!(parts.last().expect("one").since, since);
            assert!(parts.windows(2).all(|pair| pair[0].since == pair[1].until && pair[0].since.is_some()));
        }
        let mut all = Windows::new(&Newest::default(), None, None, true);
        assert_eq!(all.next, Some(Window { since: None, until: None, by: Index::Time }));
        all.advance(0, 100);
        assert_eq!(all.next, None);
    }

    /// How many minutes back a second window goes, and by which index, when the first gave so many of a hundred.
    fn second(found: usize, words: bool) -> (u64, Index) {
        let mut windows = Windows::new(&newest(None), None, None, words);
        windows.advance(found, 100);
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
        assert_eq!((first(-0.1), first(0.0), first(41.0)), (FIRST_WINDOW, FIRST_WINDOW, FIRST_WINDOW));
        assert_eq!((first(500.0), first(1e9)), (10 * SECOND, SECOND));
    }

    #[test]
    fn words_of_which_a_short_window_has_few_are_not_rare_yet() {
        let mut windows = Windows::new(&newest(Some(500.0)), None, None, true);
        windows.advance(1, 100);
        let second = windows.next.expect("a second");
        assert_eq!((second.since, second.by), (Some(UnixNanos(NEWEST - FIRST_WINDOW)), Index::Time));
        windows.advance(9, 100);
        assert_eq!(windows.next.expect("a third").by, Index::Words);

        let mut windows = Windows::new(&newest(Some(500.0)), None, None, true);
        windows.advance(0, 100);
        assert_eq!(windows.next.expect("a second").by, Index::Words, "none at all");
    }

    #[test]
    fn a_window_is_as_long_as_what_was_found_tells_is_needed() {
        assert_eq!(second(99, true), (3, Index::Time), "the least");
        assert_eq!(second(20, true), (14, Index::Time), "one and a half times what is missing");
        assert_eq!(second(0, false), (299, Index::Time), "as though one had been found");
    }

    #[test]
    fn rare_words_are_looked_for_in_their_index_by_whole_days() {
        let since_midnight = NEWEST % DAY / MINUTE;
        assert_eq!(second(9, true), (since_midnight, Index::Words));
    }
}
