//! What an application gets from a real PostgreSQL, in the words of the contract.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use mahavishnu_observability::{Durability, MahavishnuSettings, Pipeline, StorageBackend, wiring::Place};
use mahavishnu_pipeline::{Batch, Exporter, Receipt, Signal, breaker::State, check, ranges::Ranges};
use mahavishnu_store::{Location, PostgresExporter, UnixNanos, dead_letter::DeadLetters};
use mahavishnu_test_util::TestDatabase;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, any_value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;
use tokio::time::Instant;

/// Long enough to be seen open, short enough to wait for.
const BREAKER_TIMEOUT: Duration = Duration::from_secs(3);

fn settings(database: &TestDatabase) -> Result<MahavishnuSettings> {
    let mut settings = MahavishnuSettings::default();
    settings.otel_storage_backend = StorageBackend::Postgresql;
    settings.otel_storage_connection_string = Location::parse(database.url())?;
    settings.otel_storage_circuit_breaker_failures = 2;
    settings.otel_storage_circuit_breaker_timeout = BREAKER_TIMEOUT;
    settings.otel_storage_retry_backoff = Duration::from_millis(1);
    settings.durability = Durability::Memory;
    Ok(settings)
}

fn a_log_record(text: &str) -> Result<Batch> {
    log_records(&[text.to_owned()])
}

fn log_records(texts: &[String]) -> Result<Batch> {
    let body = |text: &String| Some(AnyValue { value: Some(any_value::Value::StringValue(text.clone())) });
    let log_records =
        texts.iter().map(|text| LogRecord { body: body(text), ..LogRecord::default() }).collect();
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let request = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    Ok(check::check(Signal::Logs, Bytes::from(request))?.batch)
}

#[tokio::test]
async fn test_circuit_breaker_opens_on_failures() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let settings = settings(&database)?;
    let pipeline = Pipeline::start(&settings, Place::Server).await?;
    let breaker = pipeline.destinations()[0].breaker().clone();
    let state = || breaker.snapshot(Instant::now()).state;
    pipeline.intake().submit(a_log_record("before")?).await?;
    pipeline.reached().await;

    database.accept_connections(false).await?;
    pipeline.intake().submit(a_log_record("meanwhile")?).await?;
    while state() == State::Closed {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(pipeline.destinations()[0].ledger(Signal::Logs).waiting, 1);

    database.accept_connections(true).await?;
    pipeline.reached().await;
    assert_eq!(state(), State::Closed);
    let query = pipeline.adapter().context("postgresql")?.query().await?;
    assert_eq!(query.status().await?.logs, 2, "what was accepted is there, once");
    assert_eq!(pipeline.shutdown().await, 0);
    Ok(())
}

/// A database that refuses one text, as one that is not UTF-8 or whose rows have constraints may.
async fn with_a_poison(database: &TestDatabase) -> Result<()> {
    let store = mahavishnu_store::Store::open(&Location::parse(database.url())?).await?;
    let constraint = "ALTER TABLE otel.log_record ADD CHECK (message IS DISTINCT FROM 'poison')";
    store.connection().await?.batch_execute(constraint).await?;
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_poisonous_record_among_many_costs_one_dead_letter_and_no_other_record() -> Result<()> {
    // A million by POISON_RECORDS=1000000; the few that CI has time for are cut in the same way.
    let records = std::env::var("POISON_RECORDS").ok().and_then(|it| it.parse().ok()).unwrap_or(20_000_usize);
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    with_a_poison(&database).await?;
    let pipeline = Pipeline::start(&settings(&database)?, Place::Server).await?;
    let texts: Vec<String> = (0..records)
        .map(|number| if number == 7777 { "poison".to_owned() } else { format!("line {number}") })
        .collect();
    for texts in texts.chunks(4000) {
        pipeline.intake().submit(log_records(texts)?).await?;
    }
    pipeline.reached().await;
    let ledger = pipeline.destinations()[0].ledger(Signal::Logs);
    assert_eq!((ledger.stored, ledger.dead_lettered, ledger.waiting), (records as u64 - 1, 1, 0));
    let adapter = pipeline.adapter().context("postgresql")?;
    let query = adapter.query().await?;
    let found = query.custom_query("SELECT count(*), count(DISTINCT message) FROM otel_logs", 1).await?;
    assert_eq!(found.rows[0], [serde_json::json!(records - 1), serde_json::json!(records - 1)]);
    let letters = DeadLetters::new(adapter.store().await?.clone()).list(0, 10).await?;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].reason.contains("violates check constraint"), "{}", letters[0].reason);
    assert_eq!(letters[0].batch().context("readable")?, log_records(&["poison".to_owned()])?);
    pipeline.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn two_processes_write_to_one_database_and_an_older_owner_of_a_spool_is_kept_out() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let store = mahavishnu_store::Store::open(&Location::parse(database.url())?).await?;
    let exporter = || PostgresExporter::new(store.clone(), || UnixNanos(1));
    let (first, second) = (exporter(), exporter());
    let receipt = |log, first, last| {
        let mut has = Ranges::default();
        has.insert(0, last);
        Receipt { log, lane: 0, first, last, has }
    };
    let batch = [a_log_record("one")?];
    // Two spools.
    assert_eq!(first.resume(1).await?, Ranges::default());
    assert_eq!(second.resume(2).await?, Ranges::default());
    first.deliver(&batch, &receipt(1, 1, 3)).await?;
    second.deliver(&batch, &receipt(2, 1, 3)).await?;
    // The answer was lost, and it comes again.
    first.deliver(&batch, &receipt(1, 1, 3)).await?;
    // The same spool in another process.
    let has = second.resume(1).await?;
    assert_eq!((has.contains(3), has.top()), (true, 3));
    second.deliver(&batch, &receipt(1, 4, 4)).await?;
    let refused = first.deliver(&batch, &receipt(1, 4, 4)).await.expect_err("it lost the spool");
    assert!(refused.to_string().contains("another process delivers this spool"), "{refused}");
    let query = mahavishnu_store::QueryService::new(store.clone());
    assert_eq!(query.status().await?.logs, 3);
    Ok(())
}
