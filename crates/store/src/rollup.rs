//! How often patterns came is summed up, by the minute, the hour and six hours.
//!
//! Writers add a row for each pattern of each group of requests, so that none waits for another. Minutes later these rows are
//! moved: a question about a day reads nine rows of a pattern, however many spans followed it. What came late is added to what
//! is there. Whoever asks meanwhile sees everything once: rows are moved an hour at a time, each in one statement.

use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::warn;

use crate::{
    error::StoreError,
    store::Store,
    time::{PgTimestamp, UnixNanos},
};

/// How often it is done.
const PAUSE: Duration = Duration::from_secs(60);

/// Minutes that may still grow stay where they are. In nanoseconds.
const GROWING: u64 = 120_000_000_000;

/// This lock of ours is held while rows are moved ("rollup" in ASCII): two processes never move the same ones.
const LOCK: i64 = 0x726f_6c6c_7570;

/// A task that does it every minute; it ends with this value.
#[derive(Debug)]
pub struct Rollup {
    task: JoinHandle<()>,
}

impl Rollup {
    /// Starts it; `clock` says what time it is. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(store: Store, clock: fn() -> UnixNanos) -> Self {
        let task = tokio::spawn(async move {
            let mut failing = false;
            loop {
                tokio::time::sleep(PAUSE).await;
                let result = apply(&store, clock()).await;
                // An outage is said once, not every minute.
                if let Err(error) = &result
                    && !failing
                {
                    warn!(%error, "rollup-failed: it is tried again every minute");
                }
                failing = result.is_err();
            }
        });
        Self { task }
    }
}

impl Drop for Rollup {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Moves the counts of all minutes that ended some time ago; says how many rows were moved. Where another process is at it,
/// none are.
///
/// # Errors
///
/// When the database does not do it; the hours that were moved stay so.
pub async fn apply(store: &Store, now: UnixNanos) -> Result<i64, StoreError> {
    let until = PgTimestamp::from(UnixNanos(now.0.saturating_sub(GROWING)));
    let mut moved = 0;
    loop {
        // Taken anew for each hour: a writer may be waiting for the connection, of which the embedded engine has one.
        let mut client = store.connection().await?;
        let transaction = client.transaction().await?;
        let ours = transaction.query_one("SELECT pg_try_advisory_xact_lock($1)", &[&LOCK]).await?;
        if !ours.try_get::<_, bool>(0)? {
            return Ok(moved);
        }
        let statement = transaction.prepare_cached(include_str!("../queries/pattern/roll_up.sql")).await?;
        let of_hour: i64 = transaction.query_one(&statement, &[&until]).await?.try_get(0)?;
        transaction.commit().await?;
        if of_hour == 0 {
            return Ok(moved);
        }
        moved += of_hour;
    }
}
