//! Real telemetry goes in and comes back, on both engines.

use std::{fs::File, io::Read, path::Path};

use anyhow::{Context, Result, ensure};
use mahavishnu_test_util::{
    TestDatabase, data_dir,
    process::{Server, client},
};
use rstest::rstest;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

/// Where a test stores.
#[derive(Clone, Copy)]
enum Engine {
    Embedded,
    Server,
}

/// What is gone when the test ends.
enum Storage {
    Embedded(tempfile::TempDir),
    Server(TestDatabase),
}

impl Engine {
    async fn storage(self) -> Result<Option<Storage>> {
        Ok(match self {
            Self::Embedded => Some(Storage::Embedded(tempfile::tempdir()?)),
            Self::Server => TestDatabase::create().await?.map(Storage::Server),
        })
    }
}

impl Storage {
    fn location(&self) -> String {
        match self {
            Self::Embedded(directory) => format!("embedded:{}", directory.path().join("db").display()),
            Self::Server(database) => database.url().to_owned(),
        }
    }
}

async fn post(server: &Server, path: &str, body: Vec<u8>, encoding: Option<&str>) -> Result<()> {
    let mut request = client()
        .post(format!("{}{path}", server.http()))
        .header("content-type", "application/json")
        .body(body);
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status == 200 && text == "{}", "{path}: {status} {text}");
    Ok(())
}

/// The path of a signal, by the name of a file.
fn path(file: &Path) -> &'static str {
    match file.file_name().and_then(|name| name.to_str()).unwrap_or_default() {
        name if name.contains("trace") => "/v1/traces",
        name if name.contains("metric") => "/v1/metrics",
        _ => "/v1/logs",
    }
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn every_trace_of_a_real_system_comes_back_with_exactly_its_spans_and_logs(
    #[case] engine: Engine,
) -> Result<()> {
    let (Some(storage), Some(data)) = (engine.storage().await?, data_dir()) else { return Ok(()) };
    let data = data.join("nezha-sample");
    let running = Server::start(BINARY, &storage.location()).await?;
    for entry in std::fs::read_dir(&data)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "gz") {
            post(&running, path(&file), std::fs::read(&file)?, Some("gzip")).await?;
        }
    }
    running.settled().await?;
    let expected = std::fs::read_to_string(data.join("expected.tsv"))?;
    let mut traces = 0;
    for line in expected.lines() {
        let [id, spans, logs] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let context = running.get(&format!("/api/v1/traces/{id}")).await?;
        let found = |key: &str| context[key].as_array().map_or(0, Vec::len).to_string();
        assert_eq!((found("spans"), found("logs")), (spans.to_owned(), logs.to_owned()), "trace {id}");
        traces += 1;
    }
    assert_eq!(traces, 169);
    let status = running.get("/api/v1/status").await?;
    assert_eq!((&status["storage"]["spans"], &status["storage"]["traces"]), (&14_460.into(), &169.into()));
    running.stop().await
}

#[tokio::test]
async fn the_examples_of_otlp_come_back() -> Result<()> {
    let (Some(storage), Some(data)) = (Engine::Embedded.storage().await?, data_dir()) else { return Ok(()) };
    let running = Server::start(BINARY, &storage.location()).await?;
    for name in ["trace.json", "logs.json", "events.json", "metrics.json"] {
        let file = data.join("otlp-examples").join(name);
        let mut body = Vec::new();
        File::open(&file).context(name)?.read_to_end(&mut body)?;
        post(&running, path(&file), body, None).await?;
    }
    running.settled().await?;
    let trace = running.get("/api/v1/traces/5b8efff798038103d269b633813fc60c").await?;
    assert_eq!(trace["spans"][0]["name"], "I'm a server span");
    assert_eq!(trace["spans"][0]["attributes"]["my.span.attr"], "some value");
    let logs = running.get("/api/v1/logs").await?;
    let event = logs.as_array().into_iter().flatten().find(|log| log["event_name"] == "browser.page_view");
    assert_eq!(event.context("the event")?["body"]["title"], "Free Online GUID Generator");
    let metrics = running.get("/api/v1/metrics").await?;
    let kinds: Vec<&Value> = metrics.as_array().into_iter().flatten().map(|metric| &metric["type"]).collect();
    assert_eq!(kinds, ["sum", "exponential_histogram", "gauge", "histogram"], "by name");
    running.stop().await
}
