//! What an application gets from a real PostgreSQL, in the words of the contract.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use mahavishnu_observability::{MahavishnuSettings, Pipeline, StorageBackend};
use mahavishnu_pipeline::{Batch, Refusal, Signal, breaker::State, check};
use mahavishnu_store::Location;
use mahavishnu_test_util::TestDatabase;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;
use tokio::time::Instant;

/// Long enough to be seen open, short enough to wait for.
const BREAKER_TIMEOUT: Duration = Duration::from_millis(500);

fn settings(database: &TestDatabase) -> Result<MahavishnuSettings> {
    let mut settings = MahavishnuSettings::default();
    settings.otel_storage_backend = StorageBackend::Postgresql;
    settings.otel_storage_connection_string = Location::parse(database.url())?;
    settings.otel_storage_circuit_breaker_timeout = BREAKER_TIMEOUT;
    settings.otel_storage_retry_backoff = Duration::from_millis(1);
    Ok(settings)
}

fn a_log_record() -> Result<Batch> {
    let scope_logs = vec![ScopeLogs { log_records: vec![LogRecord::default()], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let request = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    Ok(check::check(Signal::Logs, Bytes::from(request))?.batch)
}

#[tokio::test]
async fn test_circuit_breaker_opens_on_failures() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let settings = settings(&database)?;
    let pipeline = Pipeline::start(&settings).await?;
    let breaker = pipeline.destinations()[0].breaker.clone();
    let state = || breaker.snapshot(Instant::now()).state;
    pipeline.intake().submit(a_log_record()?).await?;

    database.accept_connections(false).await?;
    for _ in 0..settings.otel_storage_circuit_breaker_failures {
        assert_eq!(state(), State::Closed);
        let refusal = pipeline.intake().submit(a_log_record()?).await;
        assert!(matches!(refusal, Err(Refusal::Busy { .. })), "{refusal:?}");
    }
    assert_eq!(state(), State::Open);
    let refusal = pipeline.intake().submit(a_log_record()?).await.expect_err("nothing is sent");
    assert!(refusal.to_string().contains("a trial is let through"), "{refusal}");

    database.accept_connections(true).await?;
    let trial = breaker.snapshot(Instant::now()).next_trial_at.context("open")?;
    tokio::time::sleep_until(trial).await;
    pipeline.intake().submit(a_log_record()?).await?;
    assert_eq!(state(), State::Closed);
    assert_eq!(pipeline.query().status().await?.logs, 2, "what was acknowledged is there, once");
    pipeline.shutdown().await;
    Ok(())
}
