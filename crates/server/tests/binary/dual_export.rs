//! Everything goes to PostgreSQL and to an OTLP platform, and neither can hurt the other.

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use mahavishnu_test_util::{
    TestDatabase,
    process::{Server, client},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

/// Until then the platform has what was sent, or never gets it.
const DEADLINE: Duration = Duration::from_secs(20);

/// A server of ours as the platform.
async fn platform() -> Result<(Server, TempDir)> {
    let directory = tempfile::tempdir()?;
    let storage = format!("embedded:{}", directory.path().join("db").display());
    Ok((Server::start(BINARY, &storage).await?, directory))
}

/// A server that stores in `database` and sends on to `endpoint`.
async fn dual(database: &TestDatabase, endpoint: &str) -> Result<Server> {
    let environment = [
        ("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both"),
        ("MAHAVISHNU_STORE_METRICS", "false"),
        ("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", endpoint),
    ];
    Server::start_with(BINARY, database.url(), &environment).await
}

async fn post_span(server: &Server, trace_id: &str) -> Result<u16> {
    let span = json!({"traceId": trace_id, "spanId": "00f067aa0ba902b7", "name": "sweep", "kind": 1,
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000500000000"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let url = format!("{}/v1/traces", server.http());
    Ok(client().post(url).json(&body).send().await?.status().as_u16())
}

/// How many spans of it the database has; none while it can not be asked.
async fn spans(server: &Server, trace_id: &str) -> Result<usize> {
    let trace = server.get(&format!("/api/v1/traces/{trace_id}")).await?;
    Ok(trace["spans"].as_array().map_or(0, Vec::len))
}

async fn arrives(server: &Server, trace_id: &str) -> Result<()> {
    let start = Instant::now();
    while spans(server, trace_id).await? == 0 {
        ensure!(start.elapsed() < DEADLINE, "the platform did not get {trace_id}");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn upstream_of(server: &Server) -> Result<Value> {
    let status = server.get("/api/v1/status").await?;
    let destinations = status["destinations"].as_array().context("destinations")?;
    destinations.iter().find(|one| one["name"] == "otlp").cloned().context("the platform")
}

#[tokio::test]
async fn test_dual_export_both_backends() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let (platform, _directory) = platform().await?;
    for (endpoint, trace_id) in [
        (platform.grpc(), "4bf92f3577b34da6a3ce929d0e0e4736"),
        (&format!("{}/", platform.http()), "4bf92f3577b34da6a3ce929d0e0e4737"),
    ] {
        let environment = [
            ("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both"),
            ("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", if endpoint.ends_with('/') { "http/protobuf" } else { "grpc" }),
        ];
        let server = Server::start_with(BINARY, database.url(), &environment).await?;
        assert_eq!(post_span(&server, trace_id).await?, 200);
        server.settled().await?;
        assert_eq!(spans(&server, trace_id).await?, 1);
        arrives(&platform, trace_id).await?;
        let upstream = upstream_of(&server).await?;
        assert_eq!((&upstream["breaker"], &upstream["ledger"][0]["stored"]), (&json!("CLOSED"), &json!(1)));
        server.stop().await?;
    }
    platform.stop().await
}

#[tokio::test]
async fn a_platform_that_refuses_takes_nothing_from_postgresql() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let server = dual(&database, "http://127.0.0.1:1").await?;
    for last in 0..20 {
        let trace_id = format!("4bf92f3577b34da6a3ce929d0e0e47{last:02}");
        assert_eq!(post_span(&server, &trace_id).await?, 200);
        arrives(&server, &trace_id).await?;
    }
    assert_eq!(upstream_of(&server).await?["waiting_requests"], 20);
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_away_takes_nothing_from_the_platform() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let (platform, _directory) = platform().await?;
    let server = dual(&database, platform.grpc()).await?;
    database.accept_connections(false).await?;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    assert_eq!(post_span(&server, trace_id).await?, 200, "it waits on disk");
    arrives(&platform, trace_id).await?;
    database.accept_connections(true).await?;
    arrives(&server, trace_id).await?;
    platform.stop().await
}

#[test]
fn a_server_that_would_send_to_itself_is_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = format!("embedded:{}", directory.path().join("db").display());
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let output = Command::new(BINARY)
        .args(["serve", "--storage", &storage, "--http", &format!("127.0.0.1:{port}")])
        .args(["--grpc", "127.0.0.1:0", "--api", "127.0.0.1:0"])
        .env("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://localhost:{port}"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("where this server listens itself"), "{said}");
    Ok(())
}
