//! What an application calls, down to a real PostgreSQL.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use mahavishnu_observability::{
    Durability, LogLevel, MahavishnuSettings, ObservabilityManager, StorageBackend,
};
use mahavishnu_store::{
    Location, QueryService, Store,
    query::{LogFilter, TraceId},
};
use mahavishnu_test_util::TestDatabase;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(20);

fn settings(database: &TestDatabase) -> Result<MahavishnuSettings> {
    let mut settings = MahavishnuSettings::default();
    settings.otel_storage_backend = StorageBackend::Postgresql;
    settings.otel_storage_connection_string = Location::parse(database.url())?;
    settings.otel_storage_circuit_breaker_timeout = Duration::from_millis(500);
    settings.otel_storage_retry_backoff = Duration::from_millis(1);
    settings.durability = Durability::Memory;
    Ok(settings)
}

async fn query(database: &TestDatabase) -> Result<QueryService> {
    Ok(QueryService::new(Store::open(&Location::parse(database.url())?).await?))
}

/// Nothing listens there.
fn nowhere() -> Result<MahavishnuSettings> {
    let mut settings = MahavishnuSettings::default();
    settings.otel_storage_backend = StorageBackend::Postgresql;
    settings.otel_storage_connection_string = Location::parse("postgresql://localhost:1/otel")?;
    settings.durability = Durability::Memory;
    Ok(settings)
}

#[tokio::test]
async fn test_observability_manager_creates_adapter() -> Result<()> {
    let mut otlp = MahavishnuSettings::default();
    otlp.durability = Durability::Memory;
    assert!(ObservabilityManager::new(&otlp)?.adapter().is_none());
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    let adapter = manager.adapter().context("postgresql is a destination")?;
    adapter.init().await?;
    adapter.health().await?;
    assert_eq!(manager.shutdown(SOON).await?, 0);
    Ok(())
}

#[tokio::test]
async fn test_store_log_persists_to_db() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    manager.log_error("payment failed", vec![("order".to_owned(), 42_i64.into())], None);
    tokio::time::timeout(SOON, manager.flush()).await??;
    let logs = query(&database).await?.logs(&LogFilter { limit: 10, ..LogFilter::default() }).await?;
    assert_eq!(logs.len(), 1);
    assert_eq!(
        (logs[0].message.as_deref(), logs[0].service.as_str()),
        (Some("payment failed"), "mahavishnu")
    );
    assert_eq!(logs[0].severity_number, 17);
    Ok(())
}

#[tokio::test]
async fn test_store_log_with_trace_correlation() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    let trace_id = manager.start_workflow_trace("wf-1", "prefect", "sweep");
    manager.start_repo_trace("/srv/repos/billing", "wf-1");
    manager.log_info("half way", vec![], Some(&trace_id));
    manager.record_repo_processing_time("/srv/repos/billing", "wf-1", Duration::from_millis(20));
    manager.end_workflow_trace("wf-1", "completed");
    tokio::time::timeout(SOON, manager.flush()).await??;
    let id = TraceId(const_hex::decode_to_array(&trace_id)?);
    let trace = query(&database).await?.get_trace_context(id).await?;
    let mut names: Vec<&str> = trace.spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["repo.process.billing", "workflow.wf-1"]);
    let workflow = trace.spans.iter().find(|span| span.name == "workflow.wf-1").context("there")?;
    let repository = trace.spans.iter().find(|span| span.name != "workflow.wf-1").context("there")?;
    assert_eq!(repository.parent_span_id, Some(workflow.span_id));
    assert_eq!(trace.logs.len(), 1);
    Ok(())
}

#[tokio::test]
async fn test_store_metrics_persists_to_db() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    manager.record_metric("mahavishnu.errors.count", 3.0, vec![("workflow.id".to_owned(), "wf-1".into())]);
    tokio::time::timeout(SOON, manager.flush()).await??;
    let found = query(&database)
        .await?
        .custom_query("SELECT count(*) FROM otel_metrics WHERE name = 'mahavishnu.errors.count'", 10)
        .await?;
    assert_eq!(found.rows[0][0], serde_json::json!(1));
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_down_at_the_start_is_used_as_soon_as_it_is_there() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    database.accept_connections(false).await?;
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    manager.log_info("before the database", vec![], None);
    let adapter = manager.adapter().context("postgresql is a destination")?;
    assert!(adapter.init().await.is_err());
    database.accept_connections(true).await?;
    tokio::time::timeout(SOON, manager.flush()).await??;
    let logs = query(&database).await?.logs(&LogFilter { limit: 10, ..LogFilter::default() }).await?;
    assert_eq!(logs.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_shutdown_ends_within_its_deadline_and_says_what_remained() -> Result<()> {
    let manager = ObservabilityManager::new(&nowhere()?)?;
    manager.log_info("nobody takes this", vec![], None);
    let start = std::time::Instant::now();
    assert_eq!(manager.shutdown(Duration::from_millis(200)).await?, 1);
    assert!(start.elapsed() < SOON);
    assert!(manager.flush().await.is_err(), "it is gone");
    Ok(())
}

#[test]
fn what_was_logged_before_is_seen_newest_first_by_level_and_time() -> Result<()> {
    let mut settings = nowhere()?;
    settings.log_level = LogLevel::Info;
    let manager = ObservabilityManager::new(&settings)?;
    manager.log_debug("not recorded", vec![], None);
    manager.log_info("one", vec![], None);
    manager.log_error("two", vec![], None);
    let messages = |limit, level, since| -> Vec<String> {
        manager.get_logs(limit, level, since).iter().map(|entry| entry.message.clone()).collect()
    };
    assert_eq!(messages(10, None, None), ["two", "one"]);
    assert_eq!(messages(1, None, None), ["two"]);
    assert_eq!(messages(10, Some(LogLevel::Error), None), ["two"]);
    assert!(messages(10, None, Some(SystemTime::now() + SOON)).is_empty());
    Ok(())
}

#[test]
fn nothing_that_is_called_waits_and_all_of_it_is_counted() -> Result<()> {
    const RECORDS: u64 = 300_000;
    let manager = ObservabilityManager::new(&nowhere()?)?;
    for _ in 0..RECORDS {
        manager.record_metric("mahavishnu.repositories.processed", 1.0, vec![]);
    }
    let counted = manager.get_performance_metrics();
    assert_eq!(counted.recorded + counted.dropped, RECORDS);
    Ok(())
}
