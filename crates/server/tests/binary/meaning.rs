//! Search, patterns and errors, as people and programs ask for them.

use anyhow::{Context, Result};
use mahavishnu_test_util::process::{Server, client, run};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

fn log(message: &str, severity: u32) -> Value {
    json!({"timeUnixNano": "1790000000000000000", "severityNumber": severity, "body": {"stringValue": message}})
}

async fn filled() -> Result<(Server, tempfile::TempDir)> {
    let directory = tempfile::tempdir()?;
    let server =
        Server::start(BINARY, &format!("embedded:{}", directory.path().join("db").display())).await?;
    let service = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]});
    let span = json!({
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "charge credit card",
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
        "status": {"code": 2, "message": "card 4711 declined"}
    });
    let logs = [
        log("user 17 could not log in: wrong password", 17),
        log("user 18 could not log in: wrong password", 17),
    ];
    for (path, body) in [
        ("/v1/traces", json!({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]})),
        ("/v1/logs", json!({"resourceLogs": [{"resource": service, "scopeLogs": [{"logRecords": logs}]}]})),
    ] {
        let request = client().post(format!("{}{path}", server.http())).json(&body);
        request.send().await?.error_for_status()?;
    }
    server.settled().await?;
    Ok((server, directory))
}

fn ask(server: &Server, arguments: &[&str]) -> Result<Value> {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--url", server.api(), "--json"]).collect();
    let output = run(BINARY, &arguments)?;
    serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?}: {output:?}"))
}

/// Patterns have their vectors after two seconds at most, those of spans and of logs not at the same time.
async fn understood(server: &Server) -> Result<Value> {
    let by_meaning = |hit: &Value| hit["why"].as_str().is_some_and(|why| why.contains("meaning"));
    for _ in 0..100 {
        let found = ask(server, &["search", "--patterns", "authentication failed", "--limit", "10"])?;
        let hits = found.as_array().context("a list")?;
        if hits.iter().any(|hit| hit["kind"] == "log" && by_meaning(hit)) {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("patterns are not found by meaning")
}

#[tokio::test]
async fn search_finds_patterns_and_traces_by_what_they_mean() -> Result<()> {
    let (server, _directory) = filled().await?;
    let found = understood(&server).await?;
    let best = &found[0];
    assert_eq!(best["text"], "user <*> could not log in: wrong password");
    assert_eq!((&best["service"], &best["count"]), (&json!("shop"), &json!(2)));
    for field in ["pattern_id", "kind", "service", "text", "score", "count", "example"] {
        assert!(best.get(field).is_some(), "{field}: {best}");
    }
    let by_sql = ask(&server, &["sql", "SELECT DISTINCT pattern_id FROM otel_logs"])?;
    let logs = found.as_array().context("a list")?.iter().filter(|hit| hit["kind"] == "log");
    assert_eq!(logs.map(|hit| &hit["pattern_id"]).collect::<Vec<_>>(), [&by_sql["rows"][0][0]]);

    let traces = ask(&server, &["search", "taking money failed"])?;
    assert_eq!(traces[0]["trace_id"], "5b8efff798038103d269b633813fc60c");
    assert!(traces[0]["similarity"].is_number() && traces[0]["why"].is_string());
    assert_eq!(ask(&server, &["search", "card", "--max-duration", "10"])?, json!([]));
    server.stop().await
}

#[tokio::test]
async fn errors_patterns_and_services_are_listed() -> Result<()> {
    let (server, _directory) = filled().await?;
    let window = ["--since", "2026-09-01T00:00Z", "--until", "2027-01-01T00:00Z"];
    let with_window = |command: &[&'static str]| [command, window.as_slice()].concat();
    let errors = ask(&server, &with_window(&["errors"]))?;
    let texts: Vec<_> = errors.as_array().context("a list")?.iter().map(|group| &group["text"]).collect();
    assert_eq!(texts, ["user <*> could not log in: wrong password", "card <*> declined"]);
    assert_eq!(errors[1]["example_trace"], "5b8efff798038103d269b633813fc60c");
    let changes =
        ask(&server, &["patterns", "--new-since", "2026-09-01T00:00Z", "--until", "2027-01-01T00:00Z"])?;
    assert!(changes.as_array().is_some_and(|changes| changes.iter().all(|change| change["change"] == "new")));
    let services = ask(&server, &with_window(&["services"]))?;
    assert_eq!(
        (&services[0]["name"], &services[0]["spans"], &services[0]["logs"]),
        (&json!("shop"), &json!(1), &json!(2))
    );
    let operations = ask(&server, &with_window(&["services", "shop"]))?;
    assert_eq!(
        (&operations[0]["name"], &operations[0]["p50_ms"]),
        (&json!("charge credit card"), &json!(1000.0))
    );
    assert_eq!(ask(&server, &["similar", "5b8efff798038103d269b633813fc60c"])?, json!([]));
    let missing = run(BINARY, &["similar", "00000000000000000000000000000001", "--url", server.api()])?;
    assert_eq!(missing.status.code(), Some(3));
    server.stop().await
}
