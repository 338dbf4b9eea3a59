//! Stopping: in order when asked once, at once when asked twice; what was acknowledged is there after the next start.

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use mahavishnu_test_util::{
    TestDatabase,
    process::{Server, client},
};
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

/// Far below what draining into a platform that hangs takes.
const AT_ONCE: Duration = Duration::from_secs(2);

async fn post_log(server: &Server, text: &str) -> Result<()> {
    let record = json!({"timeUnixNano": "1700000000000000000", "body": {"stringValue": text}});
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
    let answer = client().post(format!("{}/v1/logs", server.http())).json(&body).send().await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    Ok(())
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_and_nothing_acknowledged_is_lost() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    let spool = directory.path().join("spool").display().to_string();
    // It takes connections and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", hanging.local_addr()?);
    let environment = [
        ("MAHAVISHNU_SPOOL__DIRECTORY", spool.as_str()),
        ("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both"),
        ("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", endpoint.as_str()),
    ];
    let server = Server::start_with(BINARY, database.url(), &environment).await?;
    database.accept_connections(false).await?;
    post_log(&server, "kept").await?;
    let id = server.id().context("it runs")?.to_string();
    let began = Instant::now();
    let terminate = || Command::new("kill").args(["-TERM", &id]).status();
    terminate()?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    terminate()?;
    let _not_a_success = server.ended().await?;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());

    database.accept_connections(true).await?;
    let server = Server::start_with(BINARY, database.url(), &environment[..1]).await?;
    server.settled().await?;
    let logs = server.get("/api/v1/logs").await?;
    assert_eq!((logs.as_array().map(Vec::len), &logs[0]["message"]), (Some(1), &json!("kept")));
    server.stop().await
}

#[tokio::test]
async fn an_embedded_database_ends_with_its_process_and_is_there_after_the_next_start() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("db");
    let storage = format!("embedded:{}", path.display());
    let server = Server::start(BINARY, &storage).await?;
    post_log(&server, "kept").await?;
    server.settled().await?;
    server.kill().await?;

    let server = Server::start(BINARY, &storage).await?;
    let logs = server.get("/api/v1/logs").await?;
    assert_eq!((logs.as_array().map(Vec::len), &logs[0]["message"]), (Some(1), &json!("kept")));

    server.kill().await?;
    let ended = async {
        while path.join("data/postmaster.pid").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.context("PostgreSQL outlives its process")
}

#[tokio::test]
async fn a_spool_that_is_damaged_never_stops_the_start() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    let spool = directory.path().join("spool");
    let at = spool.display().to_string();
    let environment = [("MAHAVISHNU_SPOOL__DIRECTORY", at.as_str())];
    let server = Server::start_with(BINARY, database.url(), &environment).await?;
    post_log(&server, "before").await?;
    server.settled().await?;
    server.stop().await?;
    for part in ["log", "repeats", "dead-letters"] {
        for entry in std::fs::read_dir(spool.join(part))? {
            let file = entry?.path();
            if file.file_name().is_some_and(|name| name != "lock") {
                std::fs::write(&file, b"this is no file of a spool")?;
            }
        }
        std::fs::write(spool.join(part).join("00000000000000000099.seg"), [0xff; 5000])?;
    }
    let server = Server::start_with(BINARY, database.url(), &environment).await?;
    post_log(&server, "after").await?;
    server.settled().await?;
    assert_eq!(server.get("/api/v1/logs").await?.as_array().map(Vec::len), Some(2));
    server.stop().await
}
