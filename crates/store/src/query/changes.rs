//! What came, what went, what became more or less: patterns of one time beside those of another.

use super::{PatternFilter, PatternKind, PatternRecord, QueryService, limit, search::record, timestamp};
use crate::{error::StoreError, time::UnixNanos};

/// A rate changed when it is at least so many times what it was, or what it was at least so many times what it is.
const RATIO: f64 = 2.0;

/// Standard deviations that a change must be beyond chance: counts vary by themselves.
const DEVIATIONS: f64 = 3.0;

/// Patterns without a text in the window are gone when chance would have brought at least so many.
const EXPECTED: f64 = 5.0;

/// Two times that follow each other.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The baseline is from here to `since`.
    pub baseline: UnixNanos,
    /// The window is from here to `until`.
    pub since: UnixNanos,
    /// The end of the window.
    pub until: UnixNanos,
    /// Only of this kind.
    pub kind: Option<PatternKind>,
    /// Only of this service.
    pub service: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// How a pattern changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It did not come in the baseline.
    New,
    /// It came in the baseline and not in the window.
    Gone,
    /// It comes more often.
    More,
    /// It comes less often.
    Less,
}

impl Change {
    /// As it is written everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::More => "more",
            Self::Less => "less",
        }
    }
}

/// A pattern that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternChange {
    /// The pattern, with its counts in the window.
    pub pattern: PatternRecord,
    /// How it changed.
    pub change: Change,
    /// How often it came in the baseline.
    pub before: u64,
    /// Its rate in the window by its rate in the baseline; `None` for a new one.
    pub ratio: Option<f64>,
}

impl QueryService {
    /// The patterns that came in a time, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn patterns(&self, filter: &PatternFilter) -> Result<Vec<PatternRecord>, StoreError> {
        let rows = self
            .rows(
                include_str!("../../queries/pattern/list.sql"),
                &[
                    &timestamp(filter.since),
                    &timestamp(filter.until),
                    &filter.kinds(),
                    &filter.service,
                    &limit(filter.limit),
                ],
            )
            .await?;
        rows.iter().map(record).collect()
    }

    /// The patterns that are new, gone, or came at another rate than in the baseline; the new ones first, then those that
    /// changed most.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] where the times do not follow each other, [`StoreError::Unavailable`] when the
    /// database can not answer now.
    pub async fn new_patterns(&self, windows: &Windows) -> Result<Vec<PatternChange>, StoreError> {
        if !(windows.baseline < windows.since && windows.since < windows.until) {
            return Err(StoreError::InvalidArgument("the baseline lies before the window".to_owned()));
        }
        let kind = PatternFilter { kind: windows.kind, ..PatternFilter::default() };
        let rows = self
            .rows(
                include_str!("../../queries/pattern/changes.sql"),
                &[
                    &timestamp(Some(windows.baseline)),
                    &timestamp(Some(windows.since)),
                    &timestamp(Some(windows.until)),
                    &kind.kinds(),
                    &windows.service,
                ],
            )
            .await?;
        let share =
            (windows.until.0 - windows.since.0) as f64 / (windows.since.0 - windows.baseline.0) as f64;
        let mut changes = Vec::new();
        for row in &rows {
            let pattern = record(row)?;
            let before = row.try_get::<_, i64>("before")?.unsigned_abs();
            if let Some((change, ratio)) = change(pattern.count, before, share) {
                changes.push(PatternChange { pattern, change, before, ratio });
            }
        }
        changes.sort_by(|one, other| {
            let surprise = |it: &PatternChange| surprise(it.pattern.count, it.before, share).abs();
            one.change
                .cmp(&other.change)
                .then(surprise(other).total_cmp(&surprise(one)))
                .then(one.pattern.id.cmp(&other.pattern.id))
        });
        changes.truncate(windows.limit.clamp(1, super::MAX_ROWS));
        Ok(changes)
    }
}

/// How a count changed, where it did; `share` is the length of the window by that of the baseline.
fn change(now: u64, before: u64, share: f64) -> Option<(Change, Option<f64>)> {
    let expected = before as f64 * share;
    let ratio = now as f64 / expected;
    match (now, before) {
        (0, 0) => None,
        (_, 0) => Some((Change::New, None)),
        (0, _) => (expected >= EXPECTED).then_some((Change::Gone, Some(0.0))),
        _ if surprise(now, before, share).abs() < DEVIATIONS => None,
        _ if ratio >= RATIO => Some((Change::More, Some(ratio))),
        _ if ratio <= 1.0 / RATIO => Some((Change::Less, Some(ratio))),
        _ => None,
    }
}

/// How many standard deviations a count is from what the baseline lets expect, both being counts of chance (Poisson).
fn surprise(now: u64, before: u64, share: f64) -> f64 {
    let expected = before as f64 * share;
    (now as f64 - expected) / (now as f64 + expected * share).max(1.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{Change, change};

    #[test]
    fn a_change_is_more_than_chance() {
        assert_eq!(change(1, 0, 1.0), Some((Change::New, None)));
        assert_eq!(change(0, 3, 1.0), None);
        assert_eq!(change(0, 50, 0.5), Some((Change::Gone, Some(0.0))));
        assert_eq!(change(4, 2, 1.0), None);
        assert_eq!(change(400, 100, 1.0), Some((Change::More, Some(4.0))));
        assert_eq!(change(100, 400, 1.0), Some((Change::Less, Some(0.25))));
        assert_eq!(change(110, 100, 1.0), None);
        assert_eq!(change(0, 0, 1.0), None);
    }
}
