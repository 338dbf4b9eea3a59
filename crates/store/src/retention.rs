//! What is old goes, and days to come are prepared.
//!
//! Spans, log records and data points go a day at a time: the partition of a day is emptied at once and removed when nobody
//! is looking; no writer waits for either. The summaries of its traces go before it, in small batches. What was older than 90
//! days when it came has no day and stays: whoever stores an archive wants it. Partitions of the next days are made ahead;
//! where that fails, a writer makes its own.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::{
    error::StoreError,
    export::{DAYS_AHEAD, TIMES, day},
    store::Store,
    time::UnixNanos,
};

/// How often it is looked: a day is no more exact.
const LOOK: Duration = Duration::from_secs(3600);

/// The first look is not while everything starts.
const FIRST_LOOK: Duration = Duration::from_secs(60);

/// Rows that are deleted in one statement: some tenths of a second.
const BATCH: i64 = 10_000;

/// For how many days each signal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Spans and the summaries of traces.
    pub traces_days: u32,
    /// Log records.
    pub logs_days: u32,
    /// Data points.
    pub metrics_days: u32,
}

/// A task that does it every hour; it ends with this value.
#[derive(Debug)]
pub struct Retention {
    task: JoinHandle<()>,
}

impl Retention {
    /// Starts it; `clock` says what time it is. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(store: Store, keep: Keep, clock: fn() -> UnixNanos) -> Self {
        let task = tokio::spawn(async move {
            tokio::time::sleep(FIRST_LOOK).await;
            loop {
                match apply(&store, keep, clock()).await {
                    Ok(0) => {}
                    Ok(days) => info!(days, "retention-days-dropped"),
                    Err(error) => warn!(%error, "retention-failed: it is tried again in an hour"),
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self { task }
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Does it once; says how many days of tables were emptied.
///
/// # Errors
///
/// When the database does not do it; what was done stays done.
pub async fn apply(store: &Store, keep: Keep, now: UnixNanos) -> Result<usize, StoreError> {
    let client = store.connection().await?;
    let mut emptied = 0;
    for (table, column) in TIMES {
        for ahead in 0..=DAYS_AHEAD {
            let number = number(day(now) + ahead);
            let statement = client.prepare_cached(include_str!("../queries/server/partition.sql")).await?;
            client.execute(&statement, &[&table, &column, &number]).await?;
        }
        let first = day(now).saturating_sub(kept(keep, table).into());
        for row in client.query(include_str!("../queries/retention/days.sql"), &[&table]).await? {
            let old: i32 = row.try_get(0)?;
            if old < number(first) {
                if table == "span" {
                    forget_traces(&client, old).await?;
                }
                let empty = include_str!("../queries/retention/empty_day.sql");
                emptied +=
                    usize::from(client.query_one(empty, &[&table, &old]).await?.try_get::<_, bool>(0)?);
                client
                    .query_one(include_str!("../queries/retention/remove_day.sql"), &[&table, &old])
                    .await?;
            }
        }
    }
    Ok(emptied)
}

/// Deletes the summaries of traces that began on a day.
async fn forget_traces(client: &Object, day: i32) -> Result<(), StoreError> {
    let forget = client.prepare_cached(include_str!("../queries/retention/forget_traces.sql")).await?;
    while client.execute(&forget, &[&day, &BATCH]).await? > 0 {}
    Ok(())
}

/// For how many days a table is kept. How often a pattern came is kept as long as what it is of.
fn kept(keep: Keep, table: &str) -> u32 {
    match table {
        "log_record" => keep.logs_days,
        "metric_point" => keep.metrics_days,
        _ if table.starts_with("pattern_") => keep.traces_days.max(keep.logs_days),
        _ => keep.traces_days,
    }
}

fn number(day: u64) -> i32 {
    i32::try_from(day).unwrap_or(i32::MAX)
}
