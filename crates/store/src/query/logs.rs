//! Log records, newest first, by their words.
//!
//! Nothing keeps records in the order of their times but the order in which they came, so the newest are looked for in windows
//! of time that grow: most questions end in the first. In each window PostgreSQL chooses between the index on time and
//! the index on words.

use std::time::Duration;

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

/// The first window; each one after it is longer.
const FIRST_WINDOW: Duration = Duration::from_secs(120);

/// How much longer.
const GROWTH: u32 = 4;

/// Windows before the rest is looked at as one: two minutes to three weeks.
const WINDOWS: usize = 8;

/// What a message must hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Words {
    /// A text query of PostgreSQL over the words of a message.
    pub(super) query: Option<String>,
    /// LIKE patterns for what is no word.
    pub(super) likes: Option<Vec<String>>,
}

/// From when (included) until when.
type Window = (Option<UnixNanos>, Option<UnixNanos>);

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
                for window in windows(self.newest_log(until).await?, filter.since, until) {
                    rows.extend(self.logs_within(window, filter, &asked, most - rows.len()).await?);
                    if rows.len() >= most {
                        break;
                    }
                }
            }
        }
        page(&rows, wanted, List::Logs, rows::log_record, |record| (record.time, 0))
    }

    async fn logs_within(
        &self,
        (since, until): Window,
        filter: &LogFilter,
        asked: &Asked,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (behind, nanos, _, place) = &asked.behind;
        self.rows(
            include_str!("../../queries/log/list.sql"),
            &[
                &asked.words.query,
                &asked.words.likes,
                &filter.min_severity,
                &filter.service,
                &timestamp(since),
                &timestamp(until),
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

    /// The minute of the newest record that follows a pattern.
    async fn newest_log(&self, until: Option<UnixNanos>) -> Result<Option<UnixNanos>, StoreError> {
        let rows = self.rows(include_str!("../../queries/log/newest.sql"), &[&timestamp(until)]).await?;
        let minute: Option<PgTimestamp> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
        Ok(minute.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0)))
    }
}

/// The time asked for in parts, the newest first.
fn windows(newest: Option<UnixNanos>, since: Option<UnixNanos>, until: Option<UnixNanos>) -> Vec<Window> {
    let mut windows = Vec::new();
    let mut upper = until;
    if let Some(newest) = newest {
        let mut length = FIRST_WINDOW;
        for _ in 0..WINDOWS {
            let nanos = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
            let lower = UnixNanos(newest.0.saturating_sub(nanos));
            if since.is_some_and(|since| lower <= since) || lower.0 == 0 {
                break;
            }
            windows.push((Some(lower), upper));
            upper = Some(lower);
            length *= GROWTH;
        }
    }
    windows.push((since, upper));
    windows
}

impl Words {
    fn of(text: &str) -> Self {
        let (mut queries, mut likes) = (Vec::new(), Vec::new());
        for (at, part) in text.split('"').enumerate() {
            let quoted = at % 2 == 1;
            if quoted && !part.trim().is_empty() {
                queries.extend(lexemes(part).map(|words| format!("'{words}'")));
                likes.push(like(part));
            } else if !quoted {
                for word in part.split_whitespace() {
                    match lexemes(word) {
                        Some(words) => queries.push(format!("'{words}':*")),
                        None => likes.push(like(word)),
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

/// The words of a text with a blank between them, as `otel.log_words` divides it; none where there is none.
fn lexemes(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
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
        assert_eq!(words.likes, Some(vec!["%card was%".to_owned(), "%--%".to_owned()]));
        assert_eq!(Words::of("  \"\" "), Words::default(), "nothing is asked for");
    }

    #[test]
    fn windows_follow_one_another_from_the_newest_to_the_oldest() {
        let newest = 1_790_000_000_000_000_000;
        let since = Some(UnixNanos(newest - 3_600_000_000_000));
        let parts = windows(Some(UnixNanos(newest)), since, None);
        assert_eq!(parts.first().expect("one").1, None, "what came meanwhile is in the first");
        assert_eq!(parts.last().expect("one").0, since);
        assert!(parts.windows(2).all(|pair| pair[0].0 == pair[1].1 && pair[0].0.is_some()));
        assert_eq!(windows(None, None, None), [(None, None)]);
    }
}
