//! One thing that is wrong or new, and how much it matters.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{Times, query};
use crate::{
    mcp::{
        answer::{Call, Piece, plain, text},
        quoted::lean,
        refusal::Refusal,
    },
    shapes,
    source::Source,
};

/// Errors grow when there are at least so many times as many as before.
const GROWTH: u64 = 2;

/// New patterns of logs for which an example trace is looked for.
const EXAMPLES: usize = 5;

/// What a finding is of, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    NotStored,
    NewError,
    GrowingError,
    ServiceSilent,
    SlowerOperation,
    NewErrorLog,
    KnownError,
    NewPattern,
    ChangedRate,
    PatternGone,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::NotStored => "not stored",
            Self::NewError => "new error",
            Self::GrowingError => "growing error",
            Self::ServiceSilent => "service fell silent",
            Self::SlowerOperation => "slower operation",
            Self::NewErrorLog => "new error in logs",
            Self::KnownError => "error as before",
            Self::NewPattern => "new pattern",
            Self::ChangedRate => "changed rate",
            Self::PatternGone => "pattern gone",
        }
    }

    /// Whether somebody should look at once.
    pub fn is_serious(self) -> bool {
        self <= Self::NewErrorLog
    }
}

/// One thing that is wrong or new.
#[derive(Clone, Debug)]
pub struct Finding {
    pub what: What,
    pub service: Option<String>,
    /// Of what: a pattern, an operation, a destination.
    pub subject: String,
    /// The numbers, in our words.
    pub facts: String,
    pub numbers: Value,
    /// Among its kind, more matters more.
    pub weight: f64,
    pub example_trace: Option<String>,
    /// Other errors that the same trace has: most likely of the same cause.
    pub also: Vec<String>,
    pub ask: Option<Call>,
}

impl Finding {
    /// A group of errors, beside the same group in the time before.
    pub fn of_errors(group: &shapes::ErrorGroup, before: &[shapes::ErrorGroup]) -> Self {
        let pattern = &group.pattern;
        let before = before
            .iter()
            .find(|other| other.pattern.pattern_id == pattern.pattern_id)
            .map_or(0, |other| other.pattern.count);
        let what = match before {
            0 => What::NewError,
            before if pattern.count >= before.saturating_mul(GROWTH) => What::GrowingError,
            _ => What::KnownError,
        };
        let trace = group.example_trace.clone();
        Self {
            what,
            service: Some(pattern.service.clone()),
            subject: pattern.text.clone(),
            facts: format!("{} times (before {before}), first {}", pattern.count, pattern.first_seen.utc()),
            numbers: json!({
                "pattern_id": pattern.pattern_id,
                "count": pattern.count,
                "before": before,
                "first_seen": pattern.first_seen,
            }),
            weight: pattern.count as f64,
            ask: trace.as_ref().map(|trace| Call::new("get_otel_trace", &json!({"trace_id": trace}))),
            example_trace: trace,
            also: Vec::new(),
        }
    }

    fn of_change(change: &shapes::PatternChange, times: &Times) -> Self {
        let pattern = &change.pattern;
        let what = match change.change.as_str() {
            "new" if pattern.kind == "log" && pattern.errors > 0 => What::NewErrorLog,
            "new" => What::NewPattern,
            "gone" => What::PatternGone,
            _ => What::ChangedRate,
        };
        let tool = if pattern.kind == "log" { "search_logs" } else { "search_otel_traces" };
        let ask = times.call(tool, &json!({"pattern_id": pattern.pattern_id}));
        Self {
            what,
            service: Some(pattern.service.clone()),
            subject: pattern.text.clone(),
            facts: format!("{} {} times (before {})", pattern.kind, pattern.count, change.before),
            numbers: json!({
                "pattern_id": pattern.pattern_id,
                "kind": pattern.kind,
                "count": pattern.count,
                "before": change.before,
                "change": change.change,
            }),
            weight: pattern.count.max(change.before) as f64,
            example_trace: None,
            also: Vec::new(),
            ask: (what != What::PatternGone).then_some(ask),
        }
    }

    pub fn by_weight(&self, other: &Self) -> Ordering {
        self.what
            .cmp(&other.what)
            .then(other.weight.total_cmp(&self.weight))
            // Of the same weight, the one that says more.
            .then_with(|| other.subject.len().cmp(&self.subject.len()))
            .then_with(|| self.subject.cmp(&other.subject))
    }

    pub fn line(&self) -> Vec<Piece> {
        let mut line = vec![plain(format!("{}: {}", self.what.name(), self.facts))];
        line.extend(self.service.as_deref().map(text));
        line.push(text(&self.subject));
        line.extend(self.example_trace.as_ref().map(|trace| plain(format!("example trace {trace}"))));
        if !self.also.is_empty() {
            line.extend([plain("which also has"), Piece::Json(json!(self.also))]);
        }
        if let Some(ask) = &self.ask {
            line.push(plain(format!("- ask: {}", ask.text())));
        }
        line
    }

    pub fn data(&self) -> Value {
        let mut data = json!({
            "finding": self.what.name(),
            "serious": self.what.is_serious(),
            "service": self.service,
            "subject": self.subject,
            "example_trace": self.example_trace,
            "also": self.also,
            "ask": self.ask.as_ref().map(Call::data),
        });
        if let (Some(data), Some(numbers)) = (data.as_object_mut(), self.numbers.as_object()) {
            data.extend(numbers.clone());
        }
        lean(data, &[])
    }
}

/// Errors of one kind with the same example trace are one finding: the failure of one call fails all that wait for it.
pub fn joined(sorted: Vec<Finding>) -> Vec<Finding> {
    let mut joined: Vec<Finding> = Vec::with_capacity(sorted.len());
    for finding in sorted {
        let same = joined.iter_mut().find(|other| {
            other.what == finding.what
                && finding.example_trace.is_some()
                && other.example_trace == finding.example_trace
        });
        match same {
            Some(other) if other.subject == finding.subject || other.also.contains(&finding.subject) => {}
            Some(other) => other.also.push(finding.subject),
            None => joined.push(finding),
        }
    }
    joined
}

/// What stands between telemetry and its destinations.
pub fn of_status(status: &shapes::Status) -> Vec<Finding> {
    let finding = |subject: &str, facts: String, numbers: Value| Finding {
        what: What::NotStored,
        service: None,
        subject: subject.to_owned(),
        facts,
        numbers,
        weight: 0.0,
        example_trace: None,
        also: Vec::new(),
        ask: Some(Call::new("otel_status", &json!({}))),
    };
    let mut findings = Vec::new();
    if let Some(error) = &status.storage_error {
        findings.push(finding(error, "the database can not be asked".to_owned(), json!({})));
    }
    for destination in status.destinations.iter().flatten() {
        let sum =
            |count: fn(&shapes::DeliveryEntry) -> u64| destination.ledger.iter().map(count).sum::<u64>();
        let (dead, dropped) = (sum(|entry| entry.dead_lettered), sum(|entry| entry.dropped));
        if destination.breaker != "CLOSED" || dead > 0 || dropped > 0 {
            let facts = format!(
                "breaker {}, {} requests wait, {dead} records put aside, {dropped} dropped",
                destination.breaker, destination.waiting_requests
            );
            let numbers = json!({"breaker": destination.breaker, "dead_lettered": dead, "dropped": dropped});
            findings.push(finding(&destination.name, facts, numbers));
        }
    }
    findings
}

/// Services that sent before and send nothing now.
pub fn silent(
    now: &[shapes::ServiceSummary],
    before: &[shapes::ServiceSummary],
    times: &Times,
) -> Vec<Finding> {
    let sends = |service: &shapes::ServiceSummary| {
        now.iter().any(|other| other.name == service.name && other.spans + other.logs > 0)
    };
    let finding = |service: &shapes::ServiceSummary| Finding {
        what: What::ServiceSilent,
        service: Some(service.name.clone()),
        subject: service.name.clone(),
        facts: format!("{} spans and {} logs before, nothing now", service.spans, service.logs),
        numbers: json!({"spans_before": service.spans, "logs_before": service.logs}),
        weight: (service.spans + service.logs) as f64,
        example_trace: None,
        also: Vec::new(),
        ask: Some(
            Call::new("search_otel_traces", &json!({"service": service.name}))
                .with("until", json!(times.since)),
        ),
    };
    let spoke = |service: &&shapes::ServiceSummary| service.spans + service.logs > 0;
    before.iter().filter(spoke).filter(|service| !sends(service)).map(finding).collect()
}

/// Patterns of logs and operations that changed; errors have groups of their own.
pub async fn of_changes(
    source: &Source,
    changes: &[shapes::PatternChange],
    times: &Times,
) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    let mut looked_for = 0;
    for change in changes.iter().filter(|change| change.pattern.kind != "error") {
        let mut finding = Finding::of_change(change, times);
        if change.change == "new" && change.pattern.kind == "log" && looked_for < EXAMPLES {
            looked_for += 1;
            finding.example_trace = example(source, &change.pattern, times).await?;
        }
        findings.push(finding);
    }
    Ok(findings)
}

/// The latest trace with a log record of a pattern.
async fn example(
    source: &Source,
    pattern: &shapes::Pattern,
    times: &Times,
) -> Result<Option<String>, Refusal> {
    let mut asked = times.now();
    asked.insert("pattern_id".to_owned(), pattern.pattern_id.as_str().into());
    asked.insert("limit".to_owned(), 1.into());
    let logs = source.logs(&query(asked)?).await?;
    Ok(logs.into_iter().find_map(|log| log.trace_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: What, subject: &str, weight: f64, trace: Option<&str>) -> Finding {
        Finding {
            what,
            service: None,
            subject: subject.to_owned(),
            facts: String::new(),
            numbers: json!({}),
            weight,
            example_trace: trace.map(str::to_owned),
            also: Vec::new(),
            ask: None,
        }
    }

    #[test]
    fn the_most_serious_comes_first_and_errors_of_one_trace_are_one_finding() {
        let mut all = vec![
            finding(What::NewPattern, "new line", 900.0, None),
            finding(What::NewError, "402", 3.0, Some("a")),
            finding(What::NewError, "payment declined", 3.0, Some("a")),
            finding(What::NewError, "deadlock", 9.0, Some("b")),
            finding(What::SlowerOperation, "GET /item", 9.0, Some("a")),
            finding(What::NotStored, "postgresql", 0.0, None),
        ];
        all.sort_by(Finding::by_weight);
        let joined = joined(all);
        let subjects: Vec<&str> = joined.iter().map(|finding| finding.subject.as_str()).collect();
        assert_eq!(subjects, ["postgresql", "deadlock", "payment declined", "GET /item", "new line"]);
        assert_eq!(joined[2].also, ["402"]);
        assert_eq!(joined.iter().filter(|finding| finding.what.is_serious()).count(), 4);
    }
}
