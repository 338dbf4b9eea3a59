//! The lists of log records and of data points, in pages.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{
    Cursor, List, LogFilter, LogRecord, MAX_ROWS, MetricFilter, MetricPoint, Page, QueryService, rows,
    timestamp, words::Words,
};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

/// The first window; each one after it is longer.
const FIRST_WINDOW: Duration = Duration::from_secs(120);

/// How much longer.
const GROWTH: u32 = 8;

/// Windows before the rest is looked at as one: two minutes to two months.
const WINDOWS: usize = 6;

/// From when (included) until when.
type Window = (Option<UnixNanos>, Option<UnixNanos>);

/// Where the page before ended, as parameters.
type Behind = (Option<PgTimestamp>, Option<i16>, Option<i64>, Option<String>);

impl QueryService {
    /// The log records that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<LogRecord>, StoreError> {
        Ok(self.logs_page(filter).await?.items)
    }

    /// A page of the log records that match, newest first.
    ///
    /// A word of `text` finds the words that begin with it; a `"quoted phrase"` is found as it stands. All must be there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now, [`StoreError::DeadlineExceeded`] when it takes too
    /// long.
    pub async fn logs_page(&self, filter: &LogFilter) -> Result<Page<LogRecord>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        let asked = Asked::new(filter);
        let mut rows = Vec::new();
        match filter.trace_id {
            Some(trace_id) => {
                let id = Uuid::from_bytes(trace_id.0);
                let (since, until) = (timestamp(filter.since), timestamp(filter.until));
                let most = one_more(wanted);
                let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&id];
                parameters.extend(asked.parameters(&since, &until, &most));
                rows = self.rows(include_str!("../../queries/log/of_trace.sql"), &parameters).await?;
            }
            None => {
                for (since, until) in self.windows(filter).await? {
                    let (since, until) = (timestamp(since), timestamp(until));
                    let most = one_more(wanted - rows.len().min(wanted));
                    let parameters = asked.parameters(&since, &until, &most);
                    rows.extend(self.rows(include_str!("../../queries/log/list.sql"), &parameters).await?);
                    if rows.len() > wanted {
                        break;
                    }
                }
            }
        }
        page(&rows, wanted, List::Logs, rows::log_record, |record| (record.time, 0))
    }

    /// The time asked for in windows, the newest first.
    ///
    /// Nothing keeps records in the order of their times but the order in which they came, so the newest are looked for in
    /// windows that grow: most questions end in the first. In each PostgreSQL chooses between the index on time and the
    /// one on words.
    async fn windows(&self, filter: &LogFilter) -> Result<Vec<Window>, StoreError> {
        let behind = filter.after.as_ref().map(Cursor::time);
        let until = [timestamp(filter.until), behind].into_iter().flatten().min_by_key(|time| time.0);
        let rows = self.rows(include_str!("../../queries/log/newest.sql"), &[&until]).await?;
        let minute: Option<PgTimestamp> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
        let newest = minute.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0));
        Ok(windows(newest, filter.since, filter.until))
    }

    /// The data points that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn metric_points(&self, filter: &MetricFilter) -> Result<Vec<MetricPoint>, StoreError> {
        Ok(self.metric_points_page(filter).await?.items)
    }

    /// A page of the data points that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn metric_points_page(&self, filter: &MetricFilter) -> Result<Page<MetricPoint>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        let (behind, nanos, series, place) = behind(filter.after.as_ref());
        let rows = self
            .rows(
                include_str!("../../queries/metric/points.sql"),
                &[
                    &filter.name,
                    &filter.service,
                    &timestamp(filter.since),
                    &timestamp(filter.until),
                    &one_more(wanted),
                    &behind,
                    &nanos,
                    &series,
                    &place,
                ],
            )
            .await?;
        let series = rows.get(wanted - 1).map(|row| row.try_get("series_id")).transpose()?.unwrap_or(0);
        page(&rows, wanted, List::Points, rows::metric_point, |point| (point.time, series))
    }
}

/// One more than fits on the page tells whether another follows.
fn one_more(wanted: usize) -> i64 {
    // At most MAX_ROWS + 1.
    wanted as i64 + 1
}

fn behind(cursor: Option<&Cursor>) -> Behind {
    match cursor {
        None => (None, None, None, None),
        Some(cursor) => {
            (Some(cursor.time()), Some(cursor.nanos()), Some(cursor.series()), Some(cursor.place()))
        }
    }
}

/// The rows of a page; `order` says by which time, and which series, the last of them stands.
fn page<T>(
    rows: &[Row],
    wanted: usize,
    list: List,
    read: impl Fn(&Row) -> Result<T, StoreError>,
    order: impl Fn(&T) -> (crate::time::UnixNanos, i64),
) -> Result<Page<T>, StoreError> {
    let items = rows.iter().take(wanted).map(read).collect::<Result<Vec<_>, _>>()?;
    let next = match (items.last(), rows.get(wanted - 1)) {
        (Some(last), Some(row)) if rows.len() > wanted => {
            let (time, series) = order(last);
            Cursor::of_row(list, time, series, row.try_get("place")?)
        }
        _ => None,
    };
    Ok(Page { items, next })
}

/// A filter as parameters, but for its time and number.
#[derive(Debug)]
struct Asked<'a> {
    words: Words,
    severity: Option<i32>,
    service: Option<&'a str>,
    pattern: Option<i64>,
    attributes: Option<Value>,
    behind: Behind,
}

impl<'a> Asked<'a> {
    fn new(filter: &'a LogFilter) -> Self {
        Self {
            words: filter.text.as_deref().map(Words::of).unwrap_or_default(),
            severity: filter.min_severity,
            service: filter.service.as_deref(),
            pattern: filter.pattern_id.map(|pattern| pattern.0.cast_signed()),
            attributes: (!filter.attributes.is_empty()).then(|| Value::Object(filter.attributes.clone())),
            behind: behind(filter.after.as_ref()),
        }
    }

    fn parameters<'b>(
        &'b self,
        since: &'b Option<PgTimestamp>,
        until: &'b Option<PgTimestamp>,
        most: &'b i64,
    ) -> Vec<&'b (dyn ToSql + Sync)> {
        let (time, nanos, _, place) = &self.behind;
        vec![
            &self.words.query,
            &self.words.likes,
            &self.severity,
            &self.service,
            since,
            until,
            most,
            &self.pattern,
            &self.attributes,
            time,
            nanos,
            place,
        ]
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

#[cfg(test)]
mod tests {
    use super::*;

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
