//! The exporter: batches in, one committed transaction out.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex},
};

use deadpool_postgres::Transaction;
use futures_util::SinkExt;
use mahavishnu_pipeline::{
    Batch, DeadLetter, ExportError, Exporter, Receipt, exporter::sort_out, ranges::Ranges,
};
use tokio::sync::{Notify, Semaphore};

use crate::{
    dead_letter,
    encode::{copy::CopyBuffer, log::COPY_LOGS, metric::COPY_POINTS, span::COPY_SPANS, summary::SUMMARISE},
    error::StoreError,
    store::Store,
    time::UnixNanos,
};

mod intern;
mod partition;
mod patterns;
mod receipt;
mod rows;
mod session;

use intern::Interned;
use partition::Partitions;
pub(crate) use partition::{DAYS_AHEAD, TIMES, day};
use patterns::Patterns;
pub(crate) use patterns::{Column, Division};
use receipt::Recorded;
use rows::{Ids, Rows};
use session::Session;

/// Transactions at the same time. More of them wait for each other within the server more than they gain.
const WRITERS: usize = 2;

/// How often each pattern came.
const COPY_COUNTS: &str = include_str!("../queries/pattern/copy_counts.sql");

/// Stores batches in PostgreSQL. Clones share what they know of the database.
#[derive(Clone, Debug)]
pub struct PostgresExporter {
    store: Store,
    clock: fn() -> UnixNanos,
    interned: Arc<Interned>,
    partitions: Arc<Partitions>,
    patterns: Arc<Patterns>,
    /// Who may write now.
    turns: Arc<Semaphore>,
    /// Who we are to the database, when several processes deliver.
    owner: i64,
}

impl PostgresExporter {
    /// Groups at the same time: while some are written, the rows of the next are encoded.
    pub const LANES: usize = WRITERS + 1;

    /// Writes to `store`; `clock` says what time it is, for records that have none.
    #[must_use]
    pub fn new(store: Store, clock: fn() -> UnixNanos) -> Self {
        // The keys of the standard library's hash tables are random.
        let owner = RandomState::new().hash_one("owner").cast_signed();
        Self {
            store,
            clock,
            interned: Arc::default(),
            partitions: Arc::default(),
            patterns: Arc::default(),
            turns: Arc::new(Semaphore::new(WRITERS)),
            owner,
        }
    }

    /// Told whenever there are patterns that have no vector yet; see [`crate::embedding::Embedding`].
    #[must_use]
    pub fn learned(&self) -> Arc<Notify> {
        self.patterns.learned()
    }

    /// The rows of these batches. The connection that was needed where something is new is given back: whoever writes
    /// meanwhile may wait for it.
    async fn encode(&self, batches: &[Batch], now: UnixNanos) -> Result<Rows, StoreError> {
        let session = Session::of(&self.store);
        let mut rows = Rows::default();
        for batch in batches {
            let ids = Ids { session: &session, interned: &self.interned, patterns: &self.patterns };
            rows.add(ids, batch, now).await?;
        }
        Ok(rows)
    }

    /// One transaction: the rows of these batches, these dead letters, and the receipt.
    async fn write(&self, parcel: Parcel<'_>) -> Result<(), StoreError> {
        let now = (self.clock)();
        let rows = self.encode(parcel.batches, now).await?;
        let _turn = self.turns.acquire().await.expect("it is never closed");
        let mut client = self.store.connection().await?;
        self.patterns.save(&mut client, &rows.scopes).await?;
        self.patterns.save_sets(&client, &rows.sets, &rows.scopes).await?;
        self.partitions.ensure(&client, &rows.days, now).await?;
        let transaction = client.transaction().await?;
        insert(&transaction, rows).await?;
        dead_letter::insert(&transaction, parcel.dead_letters).await?;
        let commits = match parcel.end {
            End::Commit => true,
            End::Record(receipt) => {
                receipt::record(&transaction, receipt, self.owner).await? == Recorded::Now
            }
            End::RollBack => false,
        };
        if commits {
            transaction.commit().await?
        } else {
            transaction.rollback().await?
        }
        Ok(())
    }
}

/// What goes into one transaction.
#[derive(Clone, Copy)]
struct Parcel<'a> {
    batches: &'a [Batch],
    dead_letters: &'a [DeadLetter],
    end: End<'a>,
}

/// How the transaction ends.
#[derive(Clone, Copy)]
enum End<'a> {
    Commit,
    /// With the receipt, unless it is there already.
    Record(&'a Receipt),
    /// It was a try.
    RollBack,
}

impl Exporter for PostgresExporter {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        let parcel = Parcel { batches, dead_letters: &[], end: End::Commit };
        self.write(parcel).await.map_err(export_error)
    }

    fn lanes(&self) -> usize {
        Self::LANES
    }

    async fn resume(&self, log: u64) -> Result<Ranges, ExportError> {
        let client = self.store.connection().await.map_err(export_error)?;
        receipt::own(&client, log, self.owner, self.lanes()).await.map_err(export_error)
    }

    async fn deliver(&self, batches: &[Batch], receipt: &Receipt) -> Result<(), ExportError> {
        let parcel = Parcel { batches, dead_letters: &[], end: End::Record(receipt) };
        self.write(parcel).await.map_err(export_error)
    }

    /// Tries parts in transactions that are rolled back, and then stores what can be stored together with the dead
    /// letters in one.
    async fn salvage(&self, batch: &Batch, receipt: &Receipt) -> Result<Vec<DeadLetter>, ExportError> {
        let good = Mutex::new(Vec::new());
        let dead_letters = sort_out(batch, |part| {
            let good = &good;
            async move {
                let batches = std::slice::from_ref(&part);
                let parcel = Parcel { batches, dead_letters: &[], end: End::RollBack };
                self.write(parcel).await.map_err(export_error)?;
                good.lock().expect("no holder of this lock panics").push(part);
                Ok(())
            }
        })
        .await?;
        let good = good.into_inner().expect("no holder of this lock panics");
        let parcel = Parcel { batches: &good, dead_letters: &dead_letters, end: End::Record(receipt) };
        match self.write(parcel).await.map_err(export_error) {
            Ok(()) => Ok(dead_letters),
            Err(ExportError::Refused { reason }) => {
                // Parts that only fail together.
                let whole = vec![DeadLetter { batch: batch.clone(), reason }];
                let parcel = Parcel { batches: &[], dead_letters: &whole, end: End::Record(receipt) };
                self.write(parcel).await.map_err(export_error)?;
                Ok(whole)
            }
            Err(error) => Err(error),
        }
    }
}

fn export_error(error: StoreError) -> ExportError {
    match error {
        StoreError::Unavailable(reason) => ExportError::Unavailable { reason, retry_after: None },
        StoreError::Unstorable(_) | StoreError::InvalidArgument(_) => {
            ExportError::Refused { reason: error.to_string() }
        }
        _ => ExportError::Unusable { reason: error.to_string() },
    }
}

/// The days (since 1970, UTC) of which each table gets rows.
#[derive(Debug, Default)]
pub(crate) struct Days {
    pub(crate) spans: BTreeSet<u64>,
    pub(crate) logs: BTreeSet<u64>,
    pub(crate) points: BTreeSet<u64>,
}

async fn insert(transaction: &Transaction<'_>, mut rows: Rows) -> Result<(), StoreError> {
    let counts = rows.count_rows();
    copy(transaction, COPY_SPANS, rows.spans).await?;
    copy(transaction, COPY_LOGS, rows.logs).await?;
    copy(transaction, COPY_POINTS, rows.points).await?;
    copy(transaction, COPY_COUNTS, counts).await?;
    if !rows.summaries.is_empty() {
        let columns = rows::SummaryColumns::from(rows.summaries);
        let statement = transaction.prepare_cached(SUMMARISE).await?;
        transaction.execute(&statement, &columns.parameters()).await?;
    }
    Ok(())
}

async fn copy(transaction: &Transaction<'_>, statement: &str, rows: CopyBuffer) -> Result<(), StoreError> {
    if rows.rows() == 0 {
        return Ok(());
    }
    let statement = transaction.prepare_cached(statement).await?;
    let sink = transaction.copy_in(&statement).await?;
    futures_util::pin_mut!(sink);
    for piece in rows.finish() {
        sink.feed(piece).await?;
    }
    sink.finish().await?;
    Ok(())
}
