//! Operations that take longer than before.

use std::collections::HashMap;

use serde_json::json;

use super::{
    MOST, Times,
    findings::{Finding, What},
    query,
};
use crate::{
    mcp::{lists::ms, refusal::Refusal},
    shapes,
    source::Source,
};

/// Services whose operations are compared: those with most spans.
const SERVICES: usize = 10;

/// Slower is this many times as slow, in the slowest twentieth ...
const RATIO: f64 = 1.5;

/// ... by at least so many milliseconds: nobody waits for less ...
const LEAST_MS: f64 = 5.0;

/// ... with so many spans on both sides: percentiles of fewer are chance.
const LEAST_SPANS: u64 = 10;

/// Slower operations for which an example trace is looked for.
const EXAMPLES: usize = 5;

/// Operations of the busiest services that are slower than in the time before.
pub async fn operations(
    source: &Source,
    services: &[shapes::ServiceSummary],
    times: &Times,
) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    for service in services.iter().filter(|service| service.spans > 0).take(SERVICES) {
        let with_limit = |mut asked: serde_json::Map<_, _>| {
            asked.insert("limit".to_owned(), MOST.into());
            query(asked)
        };
        let now = source.operations(&service.name, &with_limit(times.now())?).await?;
        let before = source.operations(&service.name, &with_limit(times.before())?).await?;
        let before: HashMap<&str, &shapes::Operation> =
            before.iter().map(|operation| (operation.name.as_str(), operation)).collect();
        for operation in &now {
            if let Some(before) = before.get(operation.name.as_str())
                && is_slower(operation, before)
            {
                findings.push(finding(&service.name, operation, before, times));
            }
        }
    }
    findings.sort_by(Finding::by_weight);
    for finding in findings.iter_mut().take(EXAMPLES) {
        finding.example_trace = example(source, finding, times).await?;
    }
    Ok(findings)
}

fn is_slower(now: &shapes::Operation, before: &shapes::Operation) -> bool {
    now.spans >= LEAST_SPANS
        && before.spans >= LEAST_SPANS
        && now.p95_ms >= before.p95_ms * RATIO
        && now.p95_ms - before.p95_ms >= LEAST_MS
}

fn finding(service: &str, now: &shapes::Operation, before: &shapes::Operation, times: &Times) -> Finding {
    Finding {
        what: What::SlowerOperation,
        service: Some(service.to_owned()),
        subject: now.name.clone(),
        facts: format!(
            "p95 {} (before {}), p50 {} (before {}), {} spans",
            ms(now.p95_ms),
            ms(before.p95_ms),
            ms(now.p50_ms),
            ms(before.p50_ms),
            now.spans
        ),
        numbers: json!({
            "p95_ms": now.p95_ms,
            "p95_ms_before": before.p95_ms,
            "p50_ms": now.p50_ms,
            "p50_ms_before": before.p50_ms,
            "spans": now.spans,
        }),
        // The time that all of them took longer.
        weight: (now.mean_duration_ms - before.mean_duration_ms).max(0.0) * now.spans as f64,
        example_trace: None,
        also: Vec::new(),
        ask: Some(times.call(
            "search_otel_traces",
            &json!({"service": service, "query": now.name, "min_duration_ms": before.p95_ms}),
        )),
    }
}

/// A trace with one of the slow spans.
async fn example(source: &Source, finding: &Finding, times: &Times) -> Result<Option<String>, Refusal> {
    let mut asked = times.now();
    asked.insert("q".to_owned(), finding.subject.as_str().into());
    asked.insert("min_duration_ms".to_owned(), finding.numbers["p95_ms_before"].clone());
    asked.extend(finding.service.as_deref().map(|service| ("service".to_owned(), service.into())));
    if !finding.subject.contains("<*>") {
        asked.insert("operation".to_owned(), finding.subject.as_str().into());
    }
    asked.insert("limit".to_owned(), 1.into());
    let found = source.search(&query(asked)?).await?;
    Ok(found.into_iter().next().map(|found| found.trace_id))
}
