//! How long questions take on a large database: `cargo bench -p mahavishnu-store --bench scale`.
//!
//! Stores a day of 5 million spans, 5 million log records and a million data points of 10,000 patterns on a server, through the
//! exporter as any telemetry, asks each question 200 times with other words, ids and times (20 times where there is no limit),
//! and prints how long it took beside its limit. The plans that PostgreSQL chose are printed with `SCALE_PLANS=1`.
//! `SCALE_RECORDS` makes it smaller; several, as in `1000000,20000000`, are measured one after the other, and how much longer the
//! questions take with more is printed beside its limit. `SCALE_URL` names a database that is kept, and filled only if it is
//! empty. Needs `TEST_POSTGRES_URL` otherwise.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod load;
mod plans;
mod questions;
mod recall;
mod words;

use std::{env, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use mahavishnu_semantic::{Embedder, Model};
use mahavishnu_store::{
    Location, PostgresExporter, QueryService, Store, UnixNanos,
    embedding::{Embedding, Hnsw, NamedModel},
    rollup,
};
use mahavishnu_test_util::TestDatabase;
use tokio::time::Instant;

use load::Load;
use questions::Answered;

/// Spans, and as many log records.
const RECORDS: usize = 5_000_000;

/// How many times as long a question may take with more records.
const GROWTH: f64 = 1.5;

#[tokio::main]
async fn main() -> Result<()> {
    let sizes = match env::var("SCALE_RECORDS") {
        Ok(text) => text
            .split(',')
            .map(str::parse)
            .collect::<Result<Vec<usize>, _>>()
            .context("SCALE_RECORDS is a number of records, or several with commas between them")?,
        Err(_) => vec![RECORDS],
    };
    ensure!(
        sizes.len() == 1 || env::var_os("SCALE_URL").is_none(),
        "SCALE_URL keeps one number of records only"
    );
    let mut measured = Vec::new();
    for records in sizes {
        let Some(times) = measure(records).await? else {
            println!("no server: nothing was measured");
            return Ok(());
        };
        measured.push((records, times));
    }
    let mut within = measured.iter().flat_map(|(_, answered)| answered).all(|it| it.within);
    if let [(few, before), .., (many, after)] = measured.as_slice() {
        println!("\n{:<34} {:>11} {:>11}  limit {GROWTH} times", "p50 of records", few, many);
        for (before, after) in before.iter().zip(after) {
            within &= grown(before, after);
        }
    }
    ensure!(within, "a limit was not kept");
    Ok(())
}

/// Prints how much longer a question takes; says whether the limit was kept.
fn grown(before: &Answered, after: &Answered) -> bool {
    let ratio = after.half_ms / before.half_ms;
    let within = !after.limited || ratio <= GROWTH;
    let verdict = match (after.limited, within) {
        (false, _) => "  (no limit)",
        (true, true) => "",
        (true, false) => " NOT KEPT",
    };
    println!("{:<34} {:>8.1} ms {:>8.1} ms  {ratio:.2}{verdict}", after.name, before.half_ms, after.half_ms);
    within
}

/// Stores so many spans and log records, and asks; nothing where there is no server.
async fn measure(records: usize) -> Result<Option<Vec<Answered>>> {
    let kept = env::var("SCALE_URL").ok();
    let database = if kept.is_some() { None } else { TestDatabase::create().await? };
    let Some(url) = kept.or(database.as_ref().map(|database| database.url().to_owned())) else {
        return Ok(None);
    };
    let store = Store::open(&Location::parse(&url)?).await?;
    let exporter = PostgresExporter::new(store.clone(), || UnixNanos(load::START + load::DAY));
    let model: Arc<dyn Embedder> = Arc::new(Model::bundled()?);
    let named = NamedModel { embedder: Arc::clone(&model), source: "all-MiniLM-L6-v2".to_owned() };
    let _embedding = Embedding::start(store.clone(), named, Hnsw::default(), exporter.learned());
    let query = QueryService::new(store.clone()).with_embedder(Arc::clone(&model), Hnsw::default(), 1000);
    let load = Load::new(records);
    if query.status().await?.spans == 0 {
        let began = Instant::now();
        load.store(&exporter).await?;
        println!("{records} spans and {records} log records in {:.0} s", began.elapsed().as_secs_f64());
        // As both are done within minutes; the clock does not wait for it.
        let moved = rollup::apply(&store, UnixNanos(load::START + 2 * load::DAY)).await?;
        println!("{moved} counts summed up in {:.0} s since the begin", began.elapsed().as_secs_f64());
        store.connection().await?.batch_execute("VACUUM ANALYZE").await?;
    }
    indexed(&query, &store).await?;
    let status = query.status().await?;
    println!("{} MB in the database", status.database_bytes / 1_000_000);
    let recall = recall::at_10(&store, model.as_ref(), &load).await?;
    println!("recall@10 of the index on vectors against an exact search: {recall:.3} (at least 0.98)");
    let answered = questions::measure(&query, &load).await?;
    if env::var_os("SCALE_PLANS").is_some() {
        plans::print(&store, &load).await?;
    }
    ensure!(recall >= 0.98, "the index on vectors finds too few");
    Ok(Some(answered))
}

/// Until every pattern has its vector, and these have their index.
async fn indexed(query: &QueryService, store: &Store) -> Result<()> {
    let began = Instant::now();
    while query.without_vector().await? > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("every pattern has its vector {:.0} s later", began.elapsed().as_secs_f64());
    let sql = "SELECT (SELECT count(*) FROM otel.pattern) AS patterns, count(*) FROM pg_index \
               WHERE indexrelid::regclass::text LIKE '%embedding_hnsw%' AND indisvalid";
    loop {
        let row = store.connection().await?.query_one(sql, &[]).await?;
        let (patterns, indexes): (i64, i64) = (row.get(0), row.get(1));
        // With fewer patterns no index is made.
        if indexes > 0 || patterns < 5000 {
            println!("{patterns} patterns");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
