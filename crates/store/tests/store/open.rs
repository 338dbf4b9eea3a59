//! Opening a store: what works, and what one is told where it does not.

use std::time::Duration;

use anyhow::Result;
use mahavishnu_store::{Location, Store, StoreError, migrate::SCHEMA_VERSION};
use mahavishnu_test_util::TestDatabase;
use tempfile::TempDir;
use tokio::{net::TcpListener, time::timeout};

use crate::engine::Engine;

async fn refused(location: &str) -> StoreError {
    let location = Location::parse(location).expect("a location");
    Store::open(&location).await.expect_err("refused")
}

#[tokio::test]
async fn several_processes_may_start_at_once() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let location = Location::parse(database.url())?;
    let (one, two, three) =
        tokio::join!(Store::open(&location), Store::open(&location), Store::open(&location));
    let migrated: Vec<i32> =
        [one?, two?, three?].iter().flat_map(|store| store.migrated().to_vec()).collect();
    assert_eq!(migrated, (1..=SCHEMA_VERSION).collect::<Vec<_>>(), "each migration was applied once");
    Ok(())
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() -> Result<()> {
    let Some(database) = Engine::Server.open().await? else { return Ok(()) };
    let location = database.store().location().clone();
    let client = database.store().connection().await?;
    client.batch_execute("INSERT INTO otel.schema_migration VALUES (999, 'later', 'x')").await?;
    let error = Store::open(&location).await.expect_err("newer").to_string();
    assert!(error.contains("999") && error.contains("newer mahavishnu-otel"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_second_process_on_the_same_embedded_directory_is_told_so() -> Result<()> {
    let Some(database) = Engine::Embedded.open().await? else { return Ok(()) };
    let error = Store::open(database.store().location()).await.expect_err("in use").to_string();
    assert!(error.contains("has the embedded database") && error.contains("--url"), "{error}");
    database.close().await
}

#[tokio::test]
async fn an_embedded_database_that_is_dropped_without_being_closed_holds_nobody_up() -> Result<()> {
    let directory = TempDir::new()?;
    let store = Store::open(&Location::Embedded(directory.path().join("db"))).await?;
    let _open = store.connection().await?;
    drop(store);
    Ok(())
}

#[tokio::test]
async fn an_embedded_database_is_there_again_after_it_was_closed() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let location = Location::Embedded(directory.path().join("db"));
    let store = Store::open(&location).await?;
    assert_eq!(store.migrated().len(), usize::try_from(SCHEMA_VERSION)?);
    store.close().await;
    let store = Store::open(&location).await?;
    assert!(store.migrated().is_empty(), "what was migrated stays so");
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_directory_that_can_not_be_written_is_named() {
    let error = refused("embedded:/dev/null/db").await.to_string();
    assert!(error.contains("/dev/null/db") && error.contains("--storage"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let error = refused("postgresql://me:s3cret@127.0.0.1:1/otel").await;
    assert!(error.is_retryable(), "it may come");
    let text = error.to_string();
    assert!(text.contains("me@127.0.0.1:1/otel") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_the_url_asks_for_tls() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    for mode in ["require", "verify-full"] {
        let error = refused(&format!("{}?sslmode={mode}", database.url())).await.to_string();
        assert!(error.contains("TLS"), "{error}");
    }
    Store::open(&Location::parse(&format!("{}?sslmode=prefer", database.url()))?).await?.close().await;
    Ok(())
}

#[tokio::test]
async fn an_unknown_sslmode_is_answered_with_those_there_are() {
    let error = refused("postgresql://h/db?sslmode=full").await.to_string();
    assert!(error.contains("verify-full"), "{error}");
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_told_within_seconds() -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("postgresql://somebody@{}/telemetry?connect_timeout=1", silent.local_addr()?);
    let error = timeout(Duration::from_secs(10), refused(&url)).await?.to_string();
    assert!(error.contains("does not answer: check that"), "{error}");
    Ok(())
}
