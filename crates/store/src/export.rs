//! The exporter: batches in, one committed transaction out.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use deadpool_postgres::{Object, Transaction};
use futures_util::SinkExt;
use mahavishnu_pipeline::{Batch, ExportError, Exporter};

use crate::{
    encode::{copy::CopyBuffer, log::COPY_LOGS, metric::COPY_POINTS, span::COPY_SPANS, summary::SUMMARISE},
    error::StoreError,
    store::Store,
    time::UnixNanos,
};

mod intern;
mod partition;
mod rows;

use intern::Interned;
use partition::Partitions;
use rows::Rows;

/// A COPY stream is sent in pieces of this size: large enough to cost few messages, small enough to overlap.
const PIECE_BYTES: usize = 256 * 1024;

/// Stores batches in PostgreSQL. Clones share what they know of the database.
#[derive(Clone, Debug)]
pub struct PostgresExporter {
    store: Store,
    clock: fn() -> UnixNanos,
    interned: Arc<Interned>,
    partitions: Arc<Partitions>,
}

impl PostgresExporter {
    /// Writes to `store`; `clock` says what time it is, for records that have none.
    #[must_use]
    pub fn new(store: Store, clock: fn() -> UnixNanos) -> Self {
        Self { store, clock, interned: Arc::default(), partitions: Arc::default() }
    }

    async fn write(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let now = (self.clock)();
        let mut client = self.store.connection().await?;
        let mut rows = Rows::default();
        for batch in batches {
            rows.add(&client, &self.interned, batch, now).await?;
        }
        self.partitions.ensure(&client, &rows.days, now).await?;
        commit(&mut client, rows).await
    }
}

impl Exporter for PostgresExporter {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        self.write(batches).await.map_err(|error| match error {
            StoreError::Unavailable(reason) => ExportError::Unavailable { reason, retry_after: None },
            StoreError::Unstorable(_) | StoreError::InvalidArgument(_) => {
                ExportError::Refused { reason: error.to_string() }
            }
            _ => ExportError::Unusable { reason: error.to_string() },
        })
    }
}

/// The days (since 1970, UTC) of which each table gets rows.
#[derive(Debug, Default)]
pub(crate) struct Days {
    pub(crate) spans: BTreeSet<u64>,
    pub(crate) logs: BTreeSet<u64>,
    pub(crate) points: BTreeSet<u64>,
}

async fn commit(client: &mut Object, rows: Rows) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    copy(&transaction, COPY_SPANS, rows.spans).await?;
    copy(&transaction, COPY_LOGS, rows.logs).await?;
    copy(&transaction, COPY_POINTS, rows.points).await?;
    if !rows.summaries.is_empty() {
        let columns = rows::SummaryColumns::from(rows.summaries);
        let statement = transaction.prepare_cached(SUMMARISE).await?;
        transaction.execute(&statement, &columns.parameters()).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn copy(transaction: &Transaction<'_>, statement: &str, rows: CopyBuffer) -> Result<(), StoreError> {
    if rows.rows() == 0 {
        return Ok(());
    }
    let statement = transaction.prepare_cached(statement).await?;
    let sink = transaction.copy_in(&statement).await?;
    futures_util::pin_mut!(sink);
    let mut stream = Bytes::from(rows.finish());
    while !stream.is_empty() {
        let piece = stream.split_to(stream.len().min(PIECE_BYTES));
        sink.feed(piece).await?;
    }
    sink.finish().await?;
    Ok(())
}
