//! Live tail: what is accepted is seen at once, filtered, and never held up by who watches.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result};
use mahavishnu_test_util::process::{Server, client, run};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{Instant, timeout},
};

use crate::rest::resource;

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

/// Far more than a line takes, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Requests that a watcher may read, and between them one that is too large to be shown (more than 1 MiB).
const REQUESTS: usize = 20;
const RECORDS: usize = 300;
const RECORDS_TOO_LARGE: usize = 6_000;

async fn started() -> Result<(Server, tempfile::TempDir)> {
    let directory = tempfile::tempdir()?;
    let storage = format!("embedded:{}", directory.path().join("db").display());
    Ok((Server::start(BINARY, &storage).await?, directory))
}

async fn logs(server: &Server, service: &str, severity: u32, texts: &[String]) -> Result<()> {
    let records: Vec<Value> = texts
        .iter()
        .map(|text| json!({"timeUnixNano": "1790000000000000000", "severityNumber": severity, "body": {"stringValue": text}}))
        .collect();
    let body =
        json!({"resourceLogs": [{"resource": resource(service), "scopeLogs": [{"logRecords": records}]}]});
    client().post(format!("{}/v1/logs", server.http())).json(&body).send().await?.error_for_status()?;
    Ok(())
}

/// `tail`, once it watches: what is sent before that is not seen.
async fn watching(server: &Server, arguments: &[&str]) -> Result<(Child, Lines<BufReader<ChildStdout>>)> {
    let mut child = Command::new(BINARY)
        .args(["tail", "--url", server.api()])
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().context("piped")?).lines();
    tokio::time::sleep(Duration::from_millis(700)).await;
    Ok((child, lines))
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    timeout(SOON, lines.next_line()).await.context("no line came")??.context("it ended")
}

#[tokio::test]
async fn what_is_accepted_is_seen_at_once_and_filtered() -> Result<()> {
    let (server, _directory) = started().await?;
    let (_all, mut all) = watching(&server, &["--json"]).await?;
    let (_errors, mut errors) =
        watching(&server, &["--errors", "--service", "shop", "--text", "DECLINED card"]).await?;
    logs(&server, "shop", 9, &["payment done".to_owned()]).await?;
    logs(&server, "mail", 17, &["card declined".to_owned()]).await?;
    logs(&server, "shop", 17, &["card 4711 declined\u{1b}[2J\nnext".to_owned()]).await?;
    let first: Value = serde_json::from_str(&line(&mut all).await?)?;
    assert_eq!((&first["event"], &first["data"]["message"]), (&json!("log"), &json!("payment done")));
    assert_eq!((&first["data"]["service"], &first["data"]["level"]), (&json!("shop"), &json!("INFO")));
    let only = line(&mut errors).await?;
    assert!(only.contains("card 4711 declined\u{fffd}[2J next") && !only.contains('\u{1b}'), "{only:?}");
    server.stop().await
}

#[tokio::test]
async fn a_trace_is_told_once_when_its_parts_have_come() -> Result<()> {
    let (server, _directory) = started().await?;
    let (_child, mut lines) = watching(&server, &["--traces", "--json"]).await?;
    for (id, parent, failing) in
        [("eee19b7ec3c1b175", "eee19b7ec3c1b174", true), ("eee19b7ec3c1b174", "", false)]
    {
        let span = json!({
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "parentSpanId": parent, "name": format!("span {id}"),
            "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000250000000",
            "status": {"code": if failing { 2 } else { 0 }}
        });
        let body =
            json!({"resourceSpans": [{"resource": resource("shop"), "scopeSpans": [{"spans": [span]}]}]});
        client().post(format!("{}/v1/traces", server.http())).json(&body).send().await?.error_for_status()?;
    }
    let told: Value = serde_json::from_str(&line(&mut lines).await?)?;
    let trace = &told["data"];
    assert_eq!((&told["event"], &trace["spans"], &trace["errors"]), (&json!("trace"), &json!(2), &json!(1)));
    assert_eq!((&trace["name"], &trace["root_missing"]), (&json!("span eee19b7ec3c1b174"), &json!(false)));
    assert_eq!(trace["duration_ms"], json!(250.0));
    server.stop().await
}

#[tokio::test]
async fn a_watcher_that_does_not_read_holds_up_nobody_and_is_told_what_it_missed() -> Result<()> {
    let (server, _directory) = started().await?;
    let mut slow = client().get(format!("{}/api/v1/tail", server.api())).send().await?.error_for_status()?;
    // No two requests are the same: one that comes again is not taken again.
    let texts = |request, number| {
        (0..number).map(|line| format!("line {request}.{line} {}", "x".repeat(200))).collect::<Vec<_>>()
    };
    for request in 0..=REQUESTS {
        let records = if request == REQUESTS / 2 { RECORDS_TOO_LARGE } else { RECORDS };
        let began = Instant::now();
        logs(&server, "shop", 9, &texts(request, records)).await?;
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
    let all = REQUESTS * RECORDS + RECORDS_TOO_LARGE;
    let (mut told, mut skipped, mut text) = (0, 0, String::new());
    while told + skipped < all {
        let chunk =
            timeout(SOON, slow.chunk()).await.context("the rest is not told")??.context("it ended")?;
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((event, rest)) = text.split_once("\n\n") {
            if event.starts_with("event: log") {
                told += 1;
            } else if let Some(data) = event.strip_prefix("event: skipped\ndata: ") {
                let data: Value = serde_json::from_str(data)?;
                skipped += usize::try_from(data["count"].as_u64().context("a count")?)?;
            }
            text = rest.to_owned();
        }
    }
    assert_eq!(told + skipped, all, "every record is told or counted");
    assert!(skipped >= RECORDS_TOO_LARGE && told > 0, "{told} told, {skipped} skipped");
    server.stop().await
}

#[tokio::test]
async fn a_server_stops_though_somebody_watches_and_a_database_can_not_be_watched() -> Result<()> {
    let (server, directory) = started().await?;
    let (child, _lines) = watching(&server, &[]).await?;
    let began = Instant::now();
    server.stop().await?;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let ended = timeout(SOON, child.wait_with_output()).await.context("it does not end")??;
    assert_eq!(ended.status.code(), Some(1));
    let storage = format!("embedded:{}", directory.path().join("db").display());
    let refused = run(BINARY, &["tail", "--storage", &storage])?;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("only a running one"), "{refused:?}");
    Ok(())
}
