//! Each face answers the same question with the same data.
//!
//! The page asks REST, so REST, the command line and MCP are asked here.

use std::process::Output;

use anyhow::{Context, Result, ensure};
use mahavishnu_test_util::process::{Server, client, run};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");
const FAILING: &str = "5b8efff798038103d269b633813fc60c";
const HEALTHY: &str = "6b8efff798038103d269b633813fc60d";

/// The time of all that is stored, for those who ask about a time.
const WINDOW: [(&str, &str); 2] = [("since", "2026-09-01T00:00:00Z"), ("until", "2027-01-01T00:00:00Z")];

/// What MCP leaves out of a list, beside what says nothing.
const LEFT_OUT: [&str; 5] = ["resource", "scope", "flags", "extra", "observed_time"];

/// Of numbers, so much is compared.
const PRECISION: f64 = 1e9;

/// One question as each face is asked it.
pub(crate) struct Question {
    path: String,
    command: Vec<&'static str>,
    pub(crate) tool: &'static str,
    arguments: Value,
    /// Where MCP has the list; what REST answers is the list, or has it under the same key.
    key: &'static str,
    windowed: bool,
}

fn question(
    path: &str,
    command: &[&'static str],
    tool: &'static str,
    arguments: Value,
    key: &'static str,
    windowed: bool,
) -> Question {
    Question { path: path.to_owned(), command: command.to_vec(), tool, arguments, key, windowed }
}

pub(crate) fn questions() -> Vec<Question> {
    let id = json!({"trace_id": FAILING});
    let trace = format!("/api/v1/traces/{FAILING}");
    let like = format!("/api/v1/traces/{FAILING}/similar?limit=10");
    let map = "service_map";
    let search = json!({"query": "taking money failed"});
    let counted = "SELECT name, count(*) FROM otel_traces GROUP BY 1 ORDER BY 1";
    vec![
        question("/api/v1/traces", &["traces"], "search_otel_traces", json!({}), "traces", true),
        question(
            "/api/v1/traces?errors=true&service=shop",
            &["traces", "--errors", "--service", "shop"],
            "search_otel_traces",
            json!({"status": "error", "service": "shop"}),
            "traces",
            true,
        ),
        question(&trace, &["trace", FAILING], "get_otel_trace", id.clone(), "spans", false),
        question(
            "/api/v1/search?q=taking%20money%20failed",
            &["search", "taking money failed"],
            "search_otel_traces",
            search,
            "traces",
            false,
        ),
        question(&like, &["similar", FAILING], "similar_traces", id, "traces", false),
        question("/api/v1/errors", &["errors"], "error_groups", json!({}), "errors", true),
        question(
            "/api/v1/logs?text=wrong%20password",
            &["logs", "--text", "wrong password"],
            "search_logs",
            json!({"text": "wrong password"}),
            "logs",
            true,
        ),
        question("/api/v1/patterns", &["patterns"], "list_patterns", json!({}), "patterns", true),
        question("/api/v1/metrics", &["metrics"], "query_metrics", json!({}), "metrics", false),
        question(
            "/api/v1/points?name=payments",
            &["metrics", "payments"],
            "query_metrics",
            json!({"name": "payments"}),
            "points",
            true,
        ),
        question("/api/v1/services", &["services"], map, json!({}), "services", true),
        question("/api/v1/services/map", &["services", "--map"], map, json!({}), "calls", true),
        question("/api/v1/sql", &["sql", counted], "run_sql", json!({"sql": counted}), "rows", false),
    ]
}

fn resource(service: &str) -> Value {
    json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]})
}

fn span(trace: &str, id: &str, parent: &str, name: &str, failing: bool) -> Value {
    let status = if failing { json!({"code": 2, "message": "card 4711 declined"}) } else { json!({}) };
    json!({
        "traceId": trace, "spanId": id, "parentSpanId": parent, "name": name, "status": status, "kind": 2,
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
        "attributes": [{"key": "cart.items", "value": {"intValue": "3"}}]
    })
}

/// Something for every question, stored.
pub(crate) async fn fill(server: &Server) -> Result<()> {
    let log = |number: u32| {
        json!({"timeUnixNano": "1790000000000000000", "severityNumber": 17,
            "body": {"stringValue": format!("user {number} could not log in: wrong password")}})
    };
    let point = json!({"timeUnixNano": "1790000000000000000", "asInt": "4"});
    let metric = json!({"name": "payments", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [point]}});
    let shop = [
        span(FAILING, "eee19b7ec3c1b174", "", "charge credit card", true),
        span(HEALTHY, "eee19b7ec3c1b175", "", "charge credit card", false),
    ];
    let bank = [
        span(FAILING, "eee19b7ec3c1b176", "eee19b7ec3c1b174", "POST /debit", true),
        span(HEALTHY, "eee19b7ec3c1b177", "eee19b7ec3c1b175", "POST /debit", false),
    ];
    for (path, body) in [
        (
            "/v1/traces",
            json!({"resourceSpans": [
                {"resource": resource("shop"), "scopeSpans": [{"spans": shop}]},
                {"resource": resource("bank"), "scopeSpans": [{"spans": bank}]}
            ]}),
        ),
        (
            "/v1/logs",
            json!({"resourceLogs": [{"resource": resource("shop"), "scopeLogs": [{"logRecords": [log(17), log(18)]}]}]}),
        ),
        (
            "/v1/metrics",
            json!({"resourceMetrics": [{"resource": resource("shop"), "scopeMetrics": [{"metrics": [metric]}]}]}),
        ),
    ] {
        let request = client().post(format!("{}{path}", server.http())).json(&body);
        request.send().await?.error_for_status()?;
    }
    server.settled().await
}

impl Question {
    /// As somebody asks REST.
    pub(crate) fn request(&self, server: &Server) -> RequestBuilder {
        let url = format!("{}{}", server.api(), self.path);
        match self.tool {
            "run_sql" => client().post(&url).json(&self.arguments),
            _ if self.windowed => client().get(&url).query(&WINDOW),
            _ => client().get(&url),
        }
    }

    /// As somebody asks in a terminal.
    pub(crate) fn run(&self, server: &Server) -> Result<Output> {
        let mut arguments = self.command.clone();
        let window = WINDOW.map(|(name, time)| (if name == "since" { "--since" } else { "--until" }, time));
        if self.windowed {
            arguments.extend(window.into_iter().flat_map(|(flag, time)| [flag, time]));
        }
        arguments.extend(["--url", server.api(), "--json"]);
        run(BINARY, &arguments)
    }

    /// As an agent asks, over plain JSON-RPC: the result of the tool.
    pub(crate) async fn call(&self, server: &Server) -> Result<Value> {
        let mut arguments = self.arguments.clone();
        if self.windowed {
            WINDOW.iter().for_each(|(name, time)| arguments[*name] = (*time).into());
        }
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": self.tool, "arguments": arguments}});
        let request = client()
            .post(format!("{}/mcp", server.api()))
            .header("accept", "application/json, text/event-stream")
            .json(&call);
        let mut answer: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(answer["result"].take())
    }

    async fn rest(&self, server: &Server) -> Result<Value> {
        Ok(self.request(server).send().await?.error_for_status()?.json().await?)
    }

    fn command_line(&self, server: &Server) -> Result<Value> {
        let output = self.run(server)?;
        serde_json::from_slice(&output.stdout).with_context(|| format!("{:?}: {output:?}", self.command))
    }

    async fn agent(&self, server: &Server) -> Result<Value> {
        let mut result = self.call(server).await?;
        ensure!(result["isError"] != true, "{}: {result}", self.tool);
        Ok(result["structuredContent"].take())
    }

    /// Asks every face, and compares what they say.
    pub(crate) async fn is_answered_the_same(&self, server: &Server) -> Result<()> {
        let rest = rounded(self.rest(server).await?);
        let command_line = rounded(self.command_line(server)?);
        assert_eq!(rest, command_line, "REST and the command line: {:?}", self.command);
        let agent = rounded(self.agent(server).await?);
        let (expected, answered) = (list(&rest, self.key), list(&agent, self.key));
        assert!(!expected.is_empty(), "{:?} finds something", self.command);
        assert_eq!(expected, answered, "REST and MCP: {:?}", self.command);
        Ok(())
    }
}

/// A sum of the database depends in its last digit on the order of rows, which is another once one of them has changed.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            json!(number.as_f64().map(|number| (number * PRECISION).round() / PRECISION))
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, rounded(value))).collect(),
        other => other,
    }
}

/// The list of an answer, without what MCP leaves out.
fn list(answer: &Value, key: &str) -> Vec<Value> {
    let items = answer.as_array().or(answer[key].as_array()).cloned().unwrap_or_default();
    let mut items: Vec<Value> = items.into_iter().map(|item| lean(item, key == "spans")).collect();
    if key == "spans" {
        // MCP shows them as a tree, REST by time.
        items.sort_by_key(|span| span["span_id"].to_string());
    }
    items
}

/// Of spans, MCP says once what they have in common; an operation is the name again.
fn lean(item: Value, is_span: bool) -> Value {
    let Value::Object(fields) = item else { return item };
    let says_nothing = |value: &Value| value.is_null() || [json!(""), json!([]), json!({})].contains(value);
    let is_left_out =
        |key: &str| LEFT_OUT.contains(&key) || is_span && ["trace_id", "operation"].contains(&key);
    Value::Object(
        fields.into_iter().filter(|(key, value)| !is_left_out(key) && !says_nothing(value)).collect(),
    )
}

/// Vectors are made within two seconds; a question before and one after that differ for a good reason.
pub(crate) async fn understood(server: &Server) -> Result<()> {
    for _ in 0..100 {
        let found = server.get("/api/v1/patterns/search?q=authentication%20failed").await?;
        if found[0]["why"].as_str().is_some_and(|why| why.contains("meaning")) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(())
}

#[tokio::test]
async fn each_face_answers_the_same_question_with_the_same_data() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = format!("embedded:{}", directory.path().join("db").display());
    let server = Server::start(BINARY, &storage).await?;
    fill(&server).await?;
    understood(&server).await?;
    for question in questions() {
        question.is_answered_the_same(&server).await?;
    }
    server.stop().await
}
