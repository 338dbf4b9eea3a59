//! What an application calls, down to a real PostgreSQL.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use mahavishnu_observability::{
    Durability, LogLevel, MahavishnuSettings, ObservabilityLayer, ObservabilityManager, StorageBackend,
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
    manager.log_error("payment failed", vec![("order".into(), 42_i64.into())], None);
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
    let id = TraceId::parse(&trace_id)?;
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
    manager.record_metric("mahavishnu.errors.count", 3.0, vec![("workflow.id".into(), "wf-1".into())]);
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

#[tokio::test]
async fn a_program_that_uses_tracing_is_seen_without_a_change_to_its_code() -> Result<()> {
    use tracing_subscriber::layer::SubscriberExt;
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    let subscriber = tracing_subscriber::registry().with(ObservabilityLayer::new(manager.clone()));
    tracing::subscriber::with_default(subscriber, || {
        let request = tracing::info_span!("request", path = "/pay", user = tracing::field::Empty);
        let _inside = request.enter();
        request.record("user", 7);
        tracing::info_span!("charge").in_scope(|| tracing::error!(amount = 12.5, "card {} refused", 42));
    });
    tokio::time::timeout(SOON, manager.flush()).await??;
    let query = query(&database).await?;
    let log = query.logs(&LogFilter { limit: 10, ..LogFilter::default() }).await?.pop().context("a log")?;
    assert_eq!((log.message.as_deref(), log.severity_number), (Some("card 42 refused"), 17));
    assert_eq!(log.attributes["amount"], 12.5);
    let trace = query.get_trace_context(log.trace_id.context("in a trace")?).await?;
    let named = |name| trace.spans.iter().find(|span| span.name == name).context("a span");
    let (request, charge) = (named("request")?, named("charge")?);
    assert_eq!((charge.parent_span_id, charge.status), (Some(request.span_id), 2));
    assert_eq!(log.span_id, Some(charge.span_id));
    assert_eq!((&request.attributes["path"], &request.attributes["user"]), (&"/pay".into(), &7.into()));
    Ok(())
}

#[tokio::test]
async fn any_name_of_a_trace_finds_it() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    manager.log_info("by name", vec![], Some("trace-xyz"));
    tokio::time::timeout(SOON, manager.flush()).await??;
    let query = query(&database).await?;
    let found = query.get_trace_context(TraceId::parse("trace-xyz")?).await?;
    assert_eq!(found.logs[0].attributes["mahavishnu.trace_id"], "trace-xyz");
    let hex = TraceId::parse(&found.trace_id.to_string())?;
    assert_eq!(query.get_trace_context(hex).await?.logs.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_is_open_at_the_end_is_ended_as_given_up() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let manager = ObservabilityManager::new(&settings(&database)?)?;
    let trace_id = manager.start_workflow_trace("wf-1", "prefect", "sweep");
    manager.start_repo_trace("/srv/repos/billing", "wf-1");
    assert_eq!(manager.get_performance_metrics().open_workflows, 1);
    assert_eq!(manager.shutdown(SOON).await?, 0);
    let trace = query(&database).await?.get_trace_context(TraceId::parse(&trace_id)?).await?;
    assert_eq!(trace.spans.len(), 2);
    assert!(trace.spans.iter().all(|span| span.status == 0));
    Ok(())
}
