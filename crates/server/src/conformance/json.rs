//! OTLP/JSON: how protobuf is written in it, and answers in the same type.

use mahavishnu_pipeline::Signal;
use serde_json::{Value, json};

use super::{
    Check, Outcome, bodies, check,
    http::{JSON, content_type, status},
    target::{Answer, Target},
};

pub(super) fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    for signal in Signal::ALL {
        let name = format!("JSON: {signal}");
        checks.push(check(name, "200 with {} in JSON", move |target| {
            Box::pin(async move { taken(&post(target, signal, &ordinary(signal)).await?) })
        }));
        let name = format!("JSON: {signal}, an empty request");
        checks.push(check(name, "200 with {} in JSON", move |target| {
            Box::pin(async move { taken(&post(target, signal, &json!({})).await?) })
        }));
    }
    checks.extend([
        check("JSON: the content type has a parameter", "200", |target| {
            Box::pin(async {
                let body = ordinary(Signal::Traces).to_string().into_bytes();
                let headers = [("content-type", "application/json; charset=utf-8")];
                taken(&target.send("POST", "/v1/traces", &headers, body).await?)
            })
        }),
        check("JSON: ids in hex of either case", "200, no partial success", |target| {
            Box::pin(async {
                let spans = [span("5B8EFFF798038103D269B633813FC60C"), span("5b8efff798038103d269b633813fc60d")];
                taken(&post(target, Signal::Traces, &traces(&spans)).await?)
            })
        }),
        check("JSON: 64-bit integers as strings and as numbers", "200, no partial success", |target| {
            Box::pin(async {
                let mut number = span("5b8efff798038103d269b633813fc60c");
                number["startTimeUnixNano"] = json!(1_767_225_600_000_000_000_u64);
                taken(&post(target, Signal::Traces, &traces(&[number])).await?)
            })
        }),
        check("JSON: fields that nobody knows", "200, no partial success", |target| {
            Box::pin(async {
                let mut span = span("5b8efff798038103d269b633813fc60c");
                span["ofALaterVersion"] = json!({"deep": [1, null]});
                taken(&post(target, Signal::Traces, &traces(&[span])).await?)
            })
        }),
        check("JSON: attributes of every kind, bytes in base64", "200, no partial success", |target| {
            Box::pin(async {
                let mut span = span("5b8efff798038103d269b633813fc60c");
                span["attributes"] = json!([
                    {"key": "bytes", "value": {"bytesValue": "AP8="}},
                    {"key": "int", "value": {"intValue": "-9223372036854775808"}},
                    {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": true}]}}},
                    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": 0.5}}]}}},
                    {"key": "empty", "value": {}}
                ]);
                taken(&post(target, Signal::Traces, &traces(&[span])).await?)
            })
        }),
        check("JSON: broken off", "400 with google.rpc.Status in JSON", |target| {
            Box::pin(async {
                let headers = [("content-type", JSON)];
                refused(&target.send("POST", "/v1/traces", &headers, b"{\"resourceSpans\": [".to_vec()).await?)
            })
        }),
    ]);
    checks
}

fn resource() -> Value {
    json!({"attributes": [{"key": "service.name", "value": {"stringValue": bodies::SERVICE}}]})
}

fn span(trace_id: &str) -> Value {
    json!({
        "traceId": trace_id, "spanId": "eee19b7ec3c1b174", "name": "checked", "kind": 2,
        "startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225600001000000",
        "status": {"code": 1}
    })
}

fn traces(spans: &[Value]) -> Value {
    json!({"resourceSpans": [{"resource": resource(), "scopeSpans": [{"spans": spans}]}]})
}

fn ordinary(signal: Signal) -> Value {
    match signal {
        Signal::Traces => traces(&[span("5b8efff798038103d269b633813fc60c")]),
        Signal::Metrics => {
            json!({"resourceMetrics": [{"resource": resource(), "scopeMetrics": [{"metrics": [{
                "name": "checked",
                "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
                    {"timeUnixNano": "1767225600000000000", "asInt": "5"}]}
            }]}]}]})
        }
        Signal::Logs => json!({"resourceLogs": [{"resource": resource(), "scopeLogs": [{"logRecords": [{
            "timeUnixNano": "1767225600000000000", "severityNumber": 9, "body": {"stringValue": "checked"}
        }]}]}]}),
    }
}

async fn post(target: &Target, signal: Signal, body: &Value) -> Result<Answer, String> {
    let headers = [("content-type", JSON)];
    target.send("POST", &format!("/v1/{signal}"), &headers, body.to_string().into_bytes()).await
}

fn body(answer: &Answer) -> Result<Value, String> {
    content_type(answer, JSON)?;
    serde_json::from_slice(&answer.body).map_err(|_| format!("{} without JSON", answer.status))
}

fn taken(answer: &Answer) -> Outcome {
    status(answer, 200)?;
    match body(answer)? {
        Value::Object(fields) if fields.get("partialSuccess").is_none_or(|it| it == &json!({})) => Ok(()),
        other => Err(format!("200 with {other}")),
    }
}

fn refused(answer: &Answer) -> Outcome {
    status(answer, 400)?;
    match body(answer)?["message"].as_str() {
        Some(message) if !message.is_empty() => Ok(()),
        _ => Err("400 without google.rpc.Status".to_owned()),
    }
}
