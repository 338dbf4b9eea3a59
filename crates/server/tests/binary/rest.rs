//! What REST promises beyond its answers: pages, tags, refusals, its own description.

use anyhow::{Context, Result};
use mahavishnu_test_util::process::{Server, client, run};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");
const TRACE: &str = "5b8efff798038103d269b633813fc601";
const WINDOW: &str = "since=2026-09-01T00:00:00Z&until=2027-01-01T00:00:00Z";

pub fn resource(service: &str) -> Value {
    json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]})
}

/// Twelve traces, the last of which fails, and as many log records of one moment.
async fn filled() -> Result<(Server, tempfile::TempDir)> {
    let directory = tempfile::tempdir()?;
    let server =
        Server::start(BINARY, &format!("embedded:{}", directory.path().join("db").display())).await?;
    let spans: Vec<Value> = (1..=12)
        .map(|number| {
            json!({
                "traceId": format!("5b8efff798038103d269b633813fc6{number:02x}"), "spanId": "eee19b7ec3c1b174",
                "name": "charge", "startTimeUnixNano": (1_790_000_000_000_000_000u64 + number).to_string(),
                "endTimeUnixNano": "1790000001000000000",
                "status": if number == 12 { json!({"code": 2, "message": "declined"}) } else { json!({}) },
                "attributes": [{"key": "tenant", "value": {"stringValue": if number > 6 { "blue" } else { "red" }}}]
            })
        })
        .collect();
    let logs: Vec<Value> = (0..12)
        .map(|number| {
            json!({"timeUnixNano": "1790000000000000000", "severityNumber": 9,
                "body": {"stringValue": format!("payment {number} done")}})
        })
        .collect();
    let shop = resource("shop");
    for (path, body) in [
        ("/v1/traces", json!({"resourceSpans": [{"resource": shop, "scopeSpans": [{"spans": spans}]}]})),
        ("/v1/logs", json!({"resourceLogs": [{"resource": shop, "scopeLogs": [{"logRecords": logs}]}]})),
    ] {
        let request = client().post(format!("{}{path}", server.http())).json(&body);
        request.send().await?.error_for_status()?;
    }
    server.settled().await?;
    Ok((server, directory))
}

/// The next page of a `Link` header.
fn next(answer: &reqwest::Response) -> Option<String> {
    let link = answer.headers().get("link")?.to_str().ok()?;
    Some(link.strip_prefix('<')?.split_once(">; rel=\"next\"")?.0.to_owned())
}

#[tokio::test]
async fn following_the_link_header_gives_every_row_once() -> Result<()> {
    let (server, _directory) = filled().await?;
    for (path, field) in [("traces", "trace_id"), ("logs", "message")] {
        let mut seen = Vec::new();
        let mut page = Some(format!("/api/v1/{path}?limit=5&{WINDOW}"));
        while let Some(path) = page {
            let answer = client().get(format!("{}{path}", server.api())).send().await?.error_for_status()?;
            page = next(&answer);
            let rows: Vec<Value> = answer.json().await?;
            seen.extend(rows.iter().map(|row| row[field].to_string()));
        }
        assert_eq!(seen.len(), 12, "{path}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 12, "{path}");
    }
    for cursor in ["nonsense", "00", "../../etc/passwd"] {
        let url = format!("{}/api/v1/traces", server.api());
        let answer = client().get(url).query(&[("cursor", cursor)]).send().await?;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str()?),
            (400, "application/problem+json")
        );
        let problem: Value = answer.json().await?;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("Link header")), "{problem}");
    }
    server.stop().await
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() -> Result<()> {
    let (server, _directory) = filled().await?;
    for path in [format!("/api/v1/traces/{TRACE}"), "/api/openapi.json".to_owned()] {
        let url = format!("{}{path}", server.api());
        let answer = client().get(&url).send().await?.error_for_status()?;
        let tag = answer.headers()["etag"].clone();
        let again = client().get(&url).header("if-none-match", tag.clone()).send().await?;
        assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &tag), "{path}");
        assert!(again.bytes().await?.is_empty());
        let other = client().get(&url).header("if-none-match", "\"other\"").send().await?;
        assert_eq!(other.status(), 200);
    }
    server.stop().await
}

#[tokio::test]
async fn the_description_names_every_path_with_its_refusals() -> Result<()> {
    let (server, _directory) = filled().await?;
    let description = server.get("/api/openapi.json").await?;
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let paths = description["paths"].as_object().context("paths")?;
    for path in
        ["/api/v1/traces", "/api/v1/metrics/series", "/api/v1/errors/{id}", "/api/v1/tail", "/api/v1/sql"]
    {
        let item = paths.get(path).with_context(|| path.to_owned())?;
        let operation = item.get("get").or_else(|| item.get("post")).context("an operation")?;
        for status in ["200", "400", "403", "503"] {
            assert!(operation["responses"].get(status).is_some(), "{path} {status}");
        }
        let problem = &operation["responses"]["400"]["content"]["application/problem+json"];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
    }
    server.stop().await
}

#[tokio::test]
async fn lists_have_histograms_facets_and_filters_on_every_face() -> Result<()> {
    let (server, _directory) = filled().await?;
    let ask = |arguments: &[&str]| -> Result<Value> {
        let window = ["--since", "2026-09-21T00:00Z", "--until", "2026-09-22T00:00Z"];
        let arguments = [arguments, &window, &["--url", server.api(), "--json"]].concat();
        let output = run(BINARY, &arguments)?;
        serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?}: {output:?}"))
    };
    let window = "since=2026-09-21T00:00Z&until=2026-09-22T00:00Z";
    let histogram = server.get(&format!("/api/v1/traces/histogram?{window}")).await?;
    let buckets = histogram["buckets"].as_array().context("buckets")?;
    let sum = |field: &str| buckets.iter().filter_map(|bucket| bucket[field].as_u64()).sum::<u64>();
    assert_eq!((buckets.len(), sum("traces"), sum("errors")), (60, 12, 1));
    assert_eq!(ask(&["traces", "--histogram"])?, histogram);

    let facets = server.get(&format!("/api/v1/traces/facets?{window}")).await?;
    assert_eq!(facets["statuses"], json!([{"value": "UNSET", "count": 11}, {"value": "ERROR", "count": 1}]));
    assert_eq!(facets["attributes"][0]["key"], "tenant");
    assert_eq!(ask(&["traces", "--facets"])?, facets);

    let blue = ask(&["traces", "--attribute", "tenant=blue", "--status", "unset"])?;
    assert_eq!(blue.as_array().map(Vec::len), Some(5));
    let logs = server.get(&format!("/api/v1/logs/histogram?{window}&text=payment&buckets=1")).await?;
    assert_eq!(logs["buckets"], json!([{"records": 12, "errors": 0}]));

    let errors = ask(&["errors"])?;
    let id = errors[0]["pattern_id"].as_str().context("an id")?;
    let detail = server.get(&format!("/api/v1/errors/{id}?{window}")).await?;
    assert_eq!(
        (detail["traces"].as_array().map(Vec::len), detail["healthy"].as_array().map(Vec::len)),
        (Some(1), Some(11))
    );
    assert_eq!(ask(&["errors", id])?, detail);
    let pattern = server.get(&format!("/api/v1/patterns/{id}?{window}")).await?;
    assert_eq!((&pattern["count"], pattern["trend"].as_array().map(Vec::len)), (&json!(1), Some(24)));
    let missing = client().get(format!("{}/api/v1/errors/00000000000000ff", server.api())).send().await?;
    assert_eq!(missing.status(), 404);
    server.stop().await
}

#[tokio::test]
async fn the_api_listens_to_others_only_where_a_setting_names_hosts() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = format!("embedded:{}", directory.path().join("db").display());
    let arguments = [
        "serve",
        "--storage",
        &storage,
        "--grpc",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        "--api",
        "0.0.0.0:0",
    ];
    let refused = run(BINARY, &arguments)?;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("server.api_hosts"), "{said}");
    assert!(!directory.path().join("db").exists(), "it is refused before a database is touched");

    let server =
        Server::start_with(BINARY, &storage, &[("MAHAVISHNU_SERVER__API_HOSTS", "otel.example")]).await?;
    let ask = async |host: &str| -> Result<u16> {
        let request = client().get(format!("{}/healthz", server.api())).header("host", host);
        Ok(request.send().await?.status().as_u16())
    };
    assert_eq!(
        (ask("otel.example:4319").await?, ask("localhost").await?, ask("evil.example").await?),
        (200, 200, 403)
    );
    server.stop().await
}

#[test]
fn shells_and_manuals_know_the_command_line() -> Result<()> {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(BINARY, &["completions", shell])?;
        assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("tail"),
            "{shell}"
        );
    }
    let page = run(BINARY, &["man"])?;
    assert!(String::from_utf8_lossy(&page.stdout).contains(".TH mahavishnu-otel"), "{page:?}");
    let directory = tempfile::tempdir()?;
    let path = directory.path().display().to_string();
    assert!(run(BINARY, &["man", &path])?.status.success());
    for name in ["mahavishnu-otel.1", "mahavishnu-otel-traces.1", "mahavishnu-otel-dlq-list.1"] {
        assert!(directory.path().join(name).is_file(), "{name}");
    }
    Ok(())
}
