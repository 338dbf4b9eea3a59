//! A pipeline, started from settings, on the embedded database.

#![cfg(feature = "embedded")]

use std::time::Duration;

use bytes::Bytes;
use mahavishnu_observability::{Flag, MahavishnuSettings, Pipeline, Sources, wiring::Place};
use mahavishnu_pipeline::{Signal, check::check};
use mahavishnu_store::Location;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;
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
        let pipeline = Pipeline::start(&settings(&directory, "postgresql"), Place::Server).await.unwrap();
        let batch = check(Signal::Traces, Bytes::new()).unwrap().batch;
        let intake = pipeline.intake().clone();
        intake.submit(batch).await.unwrap();
        drop(intake);
        pipeline.shutdown_within(DEADLINE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_destination_had_at_the_end_is_delivered_after_the_next_start() {
    let directory = TempDir::new().unwrap();
    let body = LogRecord { event_name: "kept".to_owned(), ..LogRecord::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![body], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let request = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    // Nothing listens there.
    let mut away = settings(&directory, "postgresql");
    away.otel_storage_connection_string = Location::parse("postgresql://localhost:1/otel").unwrap();
    away.spool.directory = Some(directory.path().join("spool"));
    let pipeline = Pipeline::start(&away, Place::Server).await.unwrap();
    pipeline.intake().submit(check(Signal::Logs, request.into()).unwrap().batch).await.unwrap();
    assert_eq!(pipeline.shutdown_within(Duration::from_millis(100)).await, 1);

    let mut back = settings(&directory, "postgresql");
    back.spool.directory = away.spool.directory;
    let pipeline = Pipeline::start(&back, Place::Server).await.unwrap();
    pipeline.reached().await;
    let query = pipeline.adapter().unwrap().query().await.unwrap();
    assert_eq!(query.status().await.unwrap().logs, 1);
    assert_eq!(pipeline.shutdown_within(DEADLINE).await, 0);
}

#[tokio::test]
async fn a_second_server_with_the_same_spool_is_told_so_and_a_second_application_gets_another() {
    let directory = TempDir::new().unwrap();
    let mut settings = settings(&directory, "otlp");
    settings.spool.directory = Some(directory.path().join("spool"));
    let server = Pipeline::start(&settings, Place::Server).await.unwrap();
    let error = Pipeline::start(&settings, Place::Server).await.unwrap_err();
    assert!(error.to_string().contains("is in use by another process"), "{error}");
    let applications = [
        Pipeline::start(&settings, Place::Application).await.unwrap(),
        Pipeline::start(&settings, Place::Application).await.unwrap(),
    ];
    assert_ne!(applications[0].directory(), applications[1].directory());
    assert!(server.adapter().is_none());
}
