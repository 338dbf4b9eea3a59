//! What of a log is in the database, kept with the rows.
//!
//! The last statement of a transaction writes down the positions that its rows are. A transaction whose positions are
//! there already is rolled back: it was committed, and the answer was lost. One whose process no longer owns the log is
//! rolled back too: another process delivers what it would have written. A transaction of a process that died is
//! either committed before the next owner is told what there is, or finds that it does not own the log any more.

use deadpool_postgres::{Object, Transaction};
use mahavishnu_pipeline::{Receipt, ranges::Ranges};

use crate::error::StoreError;

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// It is written; commit.
    Now,
    /// It is there since an earlier transaction; roll back.
    Before,
}

/// Makes `owner` the one who delivers this log, and says what of it is here.
pub(super) async fn own(client: &Object, log: u64, owner: i64, lanes: usize) -> Result<Ranges, StoreError> {
    client.execute(include_str!("../../queries/delivery/forget.sql"), &[]).await?;
    let lanes = i32::try_from(lanes).unwrap_or(i32::MAX);
    let statement = client.prepare_cached(include_str!("../../queries/delivery/own.sql")).await?;
    let rows = client.query(&statement, &[&log.cast_signed(), &owner, &lanes]).await?;
    let mut has = Ranges::default();
    for row in rows {
        let (first, end): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        has.insert(position(first), position(end).saturating_sub(1));
    }
    Ok(has)
}

/// Writes a receipt down, as the last statement of the transaction with its rows.
pub(super) async fn record(
    transaction: &Transaction<'_>,
    receipt: &Receipt,
    owner: i64,
) -> Result<Recorded, StoreError> {
    let lane = i16::try_from(receipt.lane).unwrap_or(i16::MAX);
    let (firsts, lasts): (Vec<i64>, Vec<i64>) =
        receipt.has.iter().map(|range| (bigint(*range.start()), bigint(*range.end()))).unzip();
    let (log, first, last) = (receipt.log.cast_signed(), bigint(receipt.first), bigint(receipt.last));
    let statement = transaction.prepare_cached(include_str!("../../queries/delivery/record.sql")).await?;
    let written =
        transaction.execute(&statement, &[&log, &lane, &owner, &firsts, &lasts, &first, &last]).await?;
    if written > 0 {
        return Ok(Recorded::Now);
    }
    let statement = transaction.prepare_cached(include_str!("../../queries/delivery/find.sql")).await?;
    let found = transaction.query_opt(&statement, &[&log, &lane, &owner, &first, &last]).await?;
    let (ours, here) = match found {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (false, false),
    };
    if ours && here {
        return Ok(Recorded::Before);
    }
    Err(StoreError::Database(
        "another process delivers this spool now: stop one of the two, or give each a spool.directory of its own"
            .to_owned(),
    ))
}

/// Positions are below 2^63; a wrong number does not become a right one.
fn bigint(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn position(bigint: i64) -> u64 {
    u64::try_from(bigint).unwrap_or(0)
}
