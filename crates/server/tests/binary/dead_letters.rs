//! What the database refuses for good is put aside, listed, sent again and thrown away.

use anyhow::{Context, Result, ensure};
use mahavishnu_store::{Location, Store};
use mahavishnu_test_util::{
    TestDatabase,
    process::{Server, client, run},
};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

async fn post_log(server: &Server, text: &str) -> Result<()> {
    let record = json!({"timeUnixNano": "1700000000000000000", "body": {"stringValue": text}});
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
    let answer = client().post(format!("{}/v1/logs", server.http())).json(&body).send().await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    server.settled().await
}

fn dlq(server: &Server, command: &str) -> Result<Value> {
    let output = run(BINARY, &["dlq", command, "--url", server.api(), "--json"])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("JSON")
}

#[tokio::test]
async fn a_dead_letter_is_listed_and_stored_once_what_refused_it_is_gone() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let store = Store::open(&Location::parse(database.url())?).await?;
    let alter = async |sql: &str| -> Result<()> { Ok(store.connection().await?.batch_execute(sql).await?) };
    alter("ALTER TABLE otel.log_record ADD CONSTRAINT odd CHECK (message NOT LIKE '%poison%')").await?;
    let server = Server::start(BINARY, database.url()).await?;
    for text in ["fine", "poison one", "poison two"] {
        post_log(&server, text).await?;
    }
    let letters = dlq(&server, "list")?;
    assert_eq!(letters.as_array().map(Vec::len), Some(2));
    assert_eq!((&letters[0]["destination"], &letters[0]["records"]), (&json!("postgresql"), &json!(1)));
    assert!(letters[0]["reason"].as_str().context("a reason")?.contains("\"odd\""), "{letters}");

    // Refused again, it comes back.
    assert_eq!(dlq(&server, "replay")?["letters"], 2);
    server.settled().await?;
    assert_eq!(dlq(&server, "list")?.as_array().map(Vec::len), Some(2));

    alter("ALTER TABLE otel.log_record DROP CONSTRAINT odd").await?;
    assert_eq!(dlq(&server, "replay")?["letters"], 2);
    server.settled().await?;
    assert_eq!(dlq(&server, "list")?, json!([]));
    let logs = server.get("/api/v1/logs").await?;
    assert_eq!(logs.as_array().map(Vec::len), Some(3));
    let rows = server.get("/api/v1/status").await?["destinations"][0]["ledger"][2].clone();
    assert_eq!((&rows["stored"], &rows["dead_lettered"]), (&json!(3), &json!(4)));
    server.stop().await
}

#[tokio::test]
async fn dead_letters_are_thrown_away_when_asked() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let store = Store::open(&Location::parse(database.url())?).await?;
    let poison = "ALTER TABLE otel.log_record ADD CONSTRAINT odd CHECK (message NOT LIKE '%poison%')";
    store.connection().await?.batch_execute(poison).await?;
    let server = Server::start(BINARY, database.url()).await?;
    post_log(&server, "poison").await?;
    assert_eq!(dlq(&server, "purge")?["letters"], 1);
    assert_eq!(dlq(&server, "list")?, json!([]));
    server.stop().await
}
