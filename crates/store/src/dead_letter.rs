//! Records that the database refused for what they hold.

use bytes::Bytes;
use deadpool_postgres::Transaction;
use mahavishnu_pipeline::{Batch, DeadLetter, Signal, check::check};

use crate::{
    error::StoreError,
    store::Store,
    time::{PgTimestamp, UnixNanos},
};

/// A dead letter as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptLetter {
    /// Its number; rises.
    pub id: i64,
    /// When it was refused.
    pub failed_at: UnixNanos,
    /// `traces`, `metrics` or `logs`.
    pub signal: String,
    /// How many records it holds: one, unless they could not be told apart.
    pub records: u32,
    /// What the database said.
    pub reason: String,
    /// The OTLP request in protobuf.
    pub request: Bytes,
}

impl KeptLetter {
    /// What it holds, to be stored again; `None` where this version can not read it.
    #[must_use]
    pub fn batch(&self) -> Option<Batch> {
        let signal = Signal::ALL.into_iter().find(|signal| signal.name() == self.signal)?;
        check(signal, self.request.clone()).ok().map(|checked| checked.batch)
    }
}

/// The dead letters of a database.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    store: Store,
}

impl DeadLetters {
    /// Those of this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The oldest after the one of this number (0: all), up to `limit`.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn list(&self, after: i64, limit: usize) -> Result<Vec<KeptLetter>, StoreError> {
        let client = self.store.connection().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = client.query(include_str!("../queries/dead_letter/list.sql"), &[&after, &limit]).await?;
        rows.iter()
            .map(|row| {
                let PgTimestamp(failed_at) = row.try_get(1)?;
                let records: i32 = row.try_get(3)?;
                Ok(KeptLetter {
                    id: row.try_get(0)?,
                    failed_at: UnixNanos::from_postgres(failed_at, 0),
                    signal: row.try_get(2)?,
                    records: u32::try_from(records).unwrap_or(0),
                    reason: row.try_get(4)?,
                    request: row.try_get::<_, Vec<u8>>(5)?.into(),
                })
            })
            .collect()
    }

    /// The highest number; 0 where there is none.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn last(&self) -> Result<i64, StoreError> {
        let client = self.store.connection().await?;
        let row =
            client.query_one("SELECT coalesce(max(dead_letter_id), 0) FROM otel.dead_letter", &[]).await?;
        Ok(row.try_get(0)?)
    }

    /// Removes all; says how many there were.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        let client = self.store.connection().await?;
        Ok(client.execute(include_str!("../queries/dead_letter/purge.sql"), &[]).await?)
    }

    /// Removes those with these numbers; says how many there were.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn remove(&self, ids: &[i64]) -> Result<u64, StoreError> {
        let client = self.store.connection().await?;
        Ok(client.execute(include_str!("../queries/dead_letter/delete.sql"), &[&ids]).await?)
    }
}

/// Puts these into the table, within the transaction of what was stored beside them.
pub(crate) async fn insert(transaction: &Transaction<'_>, letters: &[DeadLetter]) -> Result<(), StoreError> {
    for DeadLetter { batch, reason } in letters {
        let records = i32::try_from(batch.records()).unwrap_or(i32::MAX);
        // A text of PostgreSQL holds no NUL.
        let reason = reason.replace('\0', "\\0");
        let request: &[u8] = batch.request();
        transaction
            .execute(
                include_str!("../queries/dead_letter/insert.sql"),
                &[&batch.signal().name(), &records, &reason, &request],
            )
            .await?;
    }
    Ok(())
}
