//! What PostgreSQL itself takes: the same rows, already encoded, by COPY BINARY.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use mahavishnu_store::{Location, Store};

/// Rows of one COPY: what the binary commits at once under this load.
const ROWS_PER_COPY: usize = 4096;

const SIGNATURE_BYTES: usize = 19;

/// Reads all spans, empties the table, copies the same rows in again and says how long that took; and how many bytes
/// of disk the tables took before.
pub async fn measure(location: &Location, spans: usize) -> Result<(Duration, u64)> {
    let store = Store::open(location).await?;
    let client = store.connection().await?;
    let bytes: i64 = client
        .query_one("SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relnamespace = 'otel'::regnamespace AND relkind IN ('r', 'm')", &[])
        .await?
        .get(0);
    let stream: Vec<Bytes> = client
        .copy_out("COPY (SELECT * FROM otel.span ORDER BY start_time) TO STDOUT (FORMAT binary)")
        .await?
        .try_collect()
        .await?;
    // A COPY message holds one row; the first also holds the header, the last is the trailer.
    let mut rows: Vec<Bytes> = stream;
    let header = rows[0].slice(..SIGNATURE_BYTES);
    rows[0] = rows[0].slice(SIGNATURE_BYTES..);
    let trailer = rows.pop().unwrap_or_default();
    rows.retain(|row| !row.is_empty());
    ensure!(rows.len() == spans, "{} rows of {spans}", rows.len());
    let streams: Vec<Bytes> = rows
        .chunks(ROWS_PER_COPY)
        .map(|chunk| {
            [std::slice::from_ref(&header), chunk, std::slice::from_ref(&trailer)].concat().concat().into()
        })
        .collect();
    client.batch_execute("TRUNCATE otel.span, otel.trace").await?;
    drop(client);

    let begun = Instant::now();
    let writers = store.writers();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let store = store.clone();
        let mine: Vec<Bytes> = streams.iter().skip(writer).step_by(writers).cloned().collect();
        tasks.spawn(async move {
            let client = store.connection().await?;
            for stream in mine {
                let sink = client.copy_in::<_, Bytes>("COPY otel.span FROM STDIN (FORMAT binary)").await?;
                futures_util::pin_mut!(sink);
                sink.send(stream).await?;
                sink.finish().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let elapsed = begun.elapsed();
    store.close().await;
    Ok((elapsed, u64::try_from(bytes)?))
}
