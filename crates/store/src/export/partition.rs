//! A partition per table and day, made when its first row comes.

use std::{collections::BTreeSet, sync::Mutex};

use deadpool_postgres::Object;

use crate::{error::StoreError, export::Days, time::UnixNanos};

/// Nanoseconds of a day.
const DAY_NANOS: u64 = 86_400_000_000_000;

/// Rows older than retention keeps them by default go to the default partition: nobody can make us create
/// partitions for all of history.
const DAYS_BACK: u64 = 90;

/// Clocks that are ahead, and time zones that were taken for UTC.
pub(crate) const DAYS_AHEAD: u64 = 2;

/// The partitioned tables, each with the column that says of which day a row is.
pub(crate) const TIMES: [(&str, &str); 7] = [
    ("span", "start_time"),
    ("log_record", "time"),
    ("metric_point", "time"),
    ("pattern_count", "minute"),
    ("pattern_minute", "minute"),
    ("pattern_hour", "hour"),
    ("pattern_six_hours", "since"),
];

/// The partitions that are known to be there.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    known: Mutex<BTreeSet<(&'static str, u64)>>,
}

/// The day (since 1970, UTC) of a time.
pub(crate) fn day(time: UnixNanos) -> u64 {
    time.0 / DAY_NANOS
}

impl Partitions {
    /// Makes the partitions that the rows of these days need.
    pub(crate) async fn ensure(
        &self,
        client: &Object,
        days: &Days,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let today = day(now);
        let kept = today.saturating_sub(DAYS_BACK)..=today.saturating_add(DAYS_AHEAD);
        let counts = days.spans.union(&days.logs).copied().collect();
        let of_tables = [&days.spans, &days.logs, &days.points, &counts, &counts, &counts, &counts];
        for ((table, time_column), days) in TIMES.into_iter().zip(of_tables) {
            for day in days.iter().copied().filter(|day| kept.contains(day)) {
                if self.known.lock().expect("no holder of this lock panics").contains(&(table, day)) {
                    continue;
                }
                let number = i32::try_from(day).unwrap_or(i32::MAX);
                let statement =
                    client.prepare_cached(include_str!("../../queries/server/partition.sql")).await?;
                client.execute(&statement, &[&table, &time_column, &number]).await?;
                self.known.lock().expect("no holder of this lock panics").insert((table, day));
            }
        }
        Ok(())
    }
}
