//! A pipeline, started from settings, on the embedded database.

#![cfg(feature = "embedded")]

use std::time::Duration;

use bytes::Bytes;
use mahavishnu_observability::{Flag, MahavishnuSettings, Pipeline, Sources};
use mahavishnu_pipeline::{Signal, check::check};
use mahavishnu_store::StoreError;
use tempfile::TempDir;

/// Long enough for a slow machine; nothing here waits for it.
const DEADLINE: Duration = Duration::from_secs(60);

fn settings(directory: &TempDir, backend: &str) -> MahavishnuSettings {
    let storage = format!("embedded:{}", directory.path().join("database").display());
    let flag = |key, value: &str| Flag { key, value: value.to_owned(), flag: "--test" };
    let flags = vec![flag("otel_storage_connection_string", &storage), flag("otel_storage_backend", backend)];
    MahavishnuSettings::load(&Sources { flags, ..Sources::default() }).expect("valid").settings
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_takes_batches_stops_in_order_and_leaves_the_database_free() {
    let directory = TempDir::new().unwrap();
    for _ in 0..2 {
        let pipeline = Pipeline::start(&settings(&directory, "postgresql")).await.unwrap();
        let batch = check(Signal::Traces, Bytes::new()).unwrap().batch;
        let intake = pipeline.intake().clone();
        intake.submit(batch).await.unwrap();
        drop(intake);
        pipeline.shutdown_within(DEADLINE).await;
    }
}

#[tokio::test]
async fn with_nothing_to_store_it_says_so_rather_than_dropping_what_it_takes() {
    let directory = TempDir::new().unwrap();
    let error = Pipeline::start(&settings(&directory, "otlp")).await.unwrap_err();
    assert!(matches!(error, StoreError::InvalidArgument(_)), "{error}");
    assert!(error.to_string().contains("otel_storage_backend"));
}
