//! A part of a trace as text and data, with the counts of what is not in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    order::{Entry, Order, is_failing},
    tree::Tree,
};
use crate::{
    mcp::{
        answer::{Answer, Call},
        lists::{log_line, ms},
        quoted::{self, DATA_NOTE, NOTE, lean, quote, shortened},
    },
    shapes::{LogRecord, Span, TraceContext},
};

/// Deeper spans are indented no further.
const MOST_INDENT: usize = 30;

/// Names of metrics that are told; the trace only points at them.
const METRICS: usize = 5;

/// Characters of a name in a count of what was left out.
const LEFT_OUT_NAME: usize = 40;

/// How much is said of each span, from all to nothing but its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Detail {
    /// Attributes and events of every span.
    Everything,
    /// Those of the spans that are always shown; a line for the others.
    Always,
    /// A line for each.
    Lines,
    /// The same with cut texts, and one count of all that was left out.
    Short,
    /// Id and name.
    Names,
    /// Ids alone.
    Ids,
}

impl Detail {
    /// Characters of a text.
    fn width(self) -> usize {
        match self {
            Self::Everything => 2000,
            Self::Always => 400,
            Self::Lines => 120,
            Self::Short => 50,
            Self::Names | Self::Ids => 16,
        }
    }
}

/// A trace as it was asked for.
#[derive(Debug)]
pub struct View<'a> {
    pub context: &'a TraceContext,
    pub tree: &'a Tree,
    pub order: &'a Order,
    pub focus: Option<usize>,
    /// So many of the rest are left out at the beginning.
    pub offset: usize,
    /// The same question.
    pub again: Call,
    /// The budget of the next one, where this one has no room for anything but what is always shown.
    pub more_characters: usize,
}

/// What is shown, and what is left out where.
struct Shown {
    spans: Vec<bool>,
    always: Vec<bool>,
    /// The logs of each span, and how many logs there are in all.
    logs_of: Vec<Vec<usize>>,
    /// Those of no span, or of one that is not shown.
    apart: Vec<usize>,
    logs: usize,
    /// The spans left out below each shown one: how many of each name.
    below: Vec<BTreeMap<String, usize>>,
    /// Those with nothing shown above them.
    top: usize,
}

impl View<'_> {
    /// The spans that are always shown and so many of the rest; `over` says that this is more than was asked for.
    pub fn render(&self, detail: Detail, rest: usize, over: bool) -> Answer {
        let shown = self.shown(rest);
        let mut lines = vec![self.heading(&shown), NOTE.to_owned()];
        let mut items = Vec::new();
        for at in self.tree.order.iter().copied().filter(|at| shown.spans[*at]) {
            self.span(at, detail, &shown, &mut lines, &mut items);
        }
        let apart: Vec<&LogRecord> = shown.apart.iter().map(|at| &self.context.logs[*at]).collect();
        lines.extend(apart.iter().map(|log| log_text(log, detail, 0)));
        let mut data = self.facts(&shown);
        data.insert("spans".to_owned(), items.into());
        if !apart.is_empty() {
            data.insert("logs".to_owned(), apart.iter().map(|log| log_data(log, detail)).collect());
        }
        if over {
            let told = "Root and failing spans alone are more than max_chars: here are their ids.";
            lines.push(told.to_owned());
            data.insert("over_budget".to_owned(), true.into());
        }
        self.next(rest, &shown, &mut lines, &mut data);
        Answer { text: lines.join("\n"), data: Value::Object(data) }
    }

    fn shown(&self, rest: usize) -> Shown {
        let mut shown = Shown {
            spans: vec![false; self.context.spans.len()],
            always: vec![false; self.context.spans.len()],
            logs_of: vec![Vec::new(); self.context.spans.len()],
            apart: Vec::new(),
            logs: 0,
            below: vec![BTreeMap::new(); self.context.spans.len()],
            top: 0,
        };
        for at in &self.order.always {
            (shown.spans[*at], shown.always[*at]) = (true, true);
        }
        let mut logs = Vec::new();
        for entry in &self.order.rest[self.offset..self.offset + rest] {
            match entry {
                Entry::Span(at) => shown.spans[*at] = true,
                Entry::Log(at) => logs.push(*at),
            }
        }
        logs.sort_unstable();
        shown.logs = logs.len();
        for log in logs {
            match self.place_of(&self.context.logs[log]).filter(|at| shown.spans[*at]) {
                Some(span) => shown.logs_of[span].push(log),
                None => shown.apart.push(log),
            }
        }
        // Parents come first, so each knows already who of those above it is shown.
        let mut host: Vec<Option<usize>> = vec![None; self.context.spans.len()];
        for at in self.tree.order.iter().copied() {
            let above = self.tree.parent[at].and_then(|parent| host[parent]);
            host[at] = if shown.spans[at] { Some(at) } else { above };
            match above {
                _ if shown.spans[at] => {}
                Some(above) => {
                    *shown.below[above].entry(self.context.spans[at].name.clone()).or_default() += 1
                }
                None => shown.top += 1,
            }
        }
        shown
    }

    fn heading(&self, shown: &Shown) -> String {
        let spans = &self.context.spans;
        let failing = spans.iter().filter(|span| is_failing(span)).count();
        let (of_spans, of_logs) = (count(&shown.spans), shown.logs);
        let mut heading = format!(
            "Trace {}: {of_spans} of {} spans ({failing} failing), {of_logs} of {} logs.",
            self.context.trace_id,
            spans.len(),
            self.context.logs.len(),
        );
        if let Some(start) = spans.iter().map(|span| span.start_time).min() {
            heading.push_str(&format!(" Began {}.", start.utc()));
        }
        heading
    }

    /// A span with its logs and the count of what was left out below it.
    fn span(
        &self,
        at: usize,
        detail: Detail,
        shown: &Shown,
        lines: &mut Vec<String>,
        items: &mut Vec<Value>,
    ) {
        let span = &self.context.spans[at];
        let indent = self.tree.depth[at].min(MOST_INDENT);
        let in_full = match detail {
            Detail::Everything => true,
            Detail::Always => shown.always[at],
            Detail::Lines => Some(at) == self.focus,
            Detail::Short | Detail::Names | Detail::Ids => false,
        };
        let detail = if detail == Detail::Always && !in_full { Detail::Lines } else { detail };
        lines.push(format!("{}{}", " ".repeat(indent), self.line(at, detail)));
        let mut data = self.data(at, detail, in_full);
        if in_full {
            let width = detail.width();
            for (name, value) in [("attributes", &span.attributes), ("events", &json!(span.events))] {
                let value = shortened(value, width);
                if value.as_object().is_some_and(|it| !it.is_empty())
                    || value.as_array().is_some_and(|it| !it.is_empty())
                {
                    lines.push(format!("{}  {name} {}", " ".repeat(indent), quoted::json(&value)));
                }
            }
        }
        let here: Vec<&LogRecord> = shown.logs_of[at].iter().map(|log| &self.context.logs[*log]).collect();
        if !here.is_empty() {
            data.insert("logs".to_owned(), here.iter().map(|log| log_data(log, detail)).collect());
            lines.extend(here.iter().map(|log| log_text(log, detail, indent + 2)));
        }
        let below = &shown.below[at];
        let left_out: usize = below.values().sum();
        if left_out > 0 && detail <= Detail::Lines {
            data.insert("left_out_below".to_owned(), left_out.into());
            lines.push(format!("{}  {}", " ".repeat(indent), collapsed(below, left_out, &span.span_id)));
        }
        items.push(Value::Object(data));
    }

    /// `! 00f067aa0ba902b7 SERVER 12 ms +3 ms "shop" "POST /pay" ERROR "declined"`
    fn line(&self, at: usize, detail: Detail) -> String {
        let span = &self.context.spans[at];
        let mark = match (is_failing(span), self.order.roots.contains(&at)) {
            (true, _) => "! ",
            (false, true) => "root ",
            (false, false) => "- ",
        };
        let width = detail.width();
        let name = quote(&span.name, width);
        match detail {
            Detail::Ids => format!("{mark}{}", span.span_id),
            Detail::Names => format!("{mark}{} {name}", span.span_id),
            _ => {
                let after = self.after_start(span);
                let status = if span.status == "UNSET" { "" } else { &span.status };
                let message = span.status_message.as_deref().filter(|message| !message.is_empty());
                let parts = [
                    format!("{mark}{}", span.span_id),
                    span.kind.clone(),
                    format!("{} at +{}", ms(span.duration_ms), ms(after)),
                    quote(&span.service, width),
                    name,
                    status.to_owned(),
                    message.map(|message| quote(message, width)).unwrap_or_default(),
                ];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
        }
    }

    fn data(&self, at: usize, detail: Detail, in_full: bool) -> Map<String, Value> {
        let span = &self.context.spans[at];
        let width = detail.width();
        let all = match detail {
            Detail::Ids => json!({"span_id": span.span_id}),
            Detail::Names => json!({"span_id": span.span_id, "name": span.name, "status": span.status}),
            _ if in_full => {
                let all =
                    lean(json!(span), &["trace_id", "operation", "resource", "scope", "flags", "extra"]);
                let mut all = all.as_object().cloned().unwrap_or_default();
                if Some(at) == self.focus {
                    all.insert("resource".to_owned(), lean(json!(span.resource), &["extra"]));
                    all.insert("scope".to_owned(), lean(json!(span.scope), &["extra"]));
                }
                Value::Object(all)
            }
            _ => lean(
                json!({
                    "span_id": span.span_id,
                    "parent_span_id": span.parent_span_id,
                    "name": span.name,
                    "service": span.service,
                    "status": span.status,
                    "status_message": span.status_message,
                    "duration_ms": span.duration_ms,
                    "after_ms": self.after_start(span),
                }),
                &[],
            ),
        };
        shortened(&all, width).as_object().cloned().unwrap_or_default()
    }

    fn facts(&self, shown: &Shown) -> Map<String, Value> {
        let spans = &self.context.spans;
        let failing = spans.iter().filter(|span| is_failing(span)).count();
        let (of_spans, of_logs) = (count(&shown.spans), shown.logs);
        let mut counts = json!({
            "spans": {"total": spans.len(), "shown": of_spans, "left_out": spans.len() - of_spans, "failing": failing},
        });
        if !self.context.logs.is_empty() {
            let total = self.context.logs.len();
            counts["logs"] = json!({"total": total, "shown": of_logs, "left_out": total - of_logs});
        }
        let mut facts = Map::new();
        facts.insert("note".to_owned(), DATA_NOTE.into());
        facts.insert("trace_id".to_owned(), self.context.trace_id.as_str().into());
        facts.insert("counts".to_owned(), counts);
        facts
    }

    /// What to ask for the rest.
    fn next(&self, rest: usize, shown: &Shown, lines: &mut Vec<String>, data: &mut Map<String, Value>) {
        let mut next = Vec::new();
        let end = self.offset + rest;
        if end < self.order.rest.len() {
            let spans = self.context.spans.len() - count(&shown.spans);
            let logs = self.context.logs.len() - shown.logs;
            let call = match rest {
                0 => self.again.clone().with("offset", end).with("max_chars", self.more_characters),
                _ => self.again.clone().with("offset", end),
            };
            let at_top = if shown.top > 0 { format!(" ({} at the top)", shown.top) } else { String::new() };
            lines.push(format!("Left out: {spans} spans{at_top}, {logs} logs. Ask: {}", call.text()));
            next.push(call.data());
        }
        let mut names: Vec<&str> = self.context.metrics.iter().map(|point| point.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() && end >= self.order.rest.len() {
            let told: Vec<String> =
                names.iter().take(METRICS).map(|name| quote(name, LEFT_OUT_NAME)).collect();
            lines.push(format!(
                "{} data points of {} metrics name this trace: {}. Ask: query_metrics with name.",
                self.context.metrics.len(),
                names.len(),
                told.join(", ")
            ));
        }
        data.insert("next".to_owned(), next.into());
    }

    fn place_of(&self, log: &LogRecord) -> Option<usize> {
        let id = log.span_id.as_deref()?;
        self.tree.place_of(id)
    }

    /// Milliseconds from the beginning of the trace.
    fn after_start(&self, span: &Span) -> f64 {
        span.start_time.0.0.saturating_sub(self.tree.start) as f64 / 1e6
    }
}

/// `12 similar spans left out ("GET /item"), ask get_otel_trace with span_id=...`
fn collapsed(below: &BTreeMap<String, usize>, left_out: usize, span_id: &str) -> String {
    let most = below.iter().max_by_key(|(_, count)| **count);
    let what = match most {
        Some((name, count)) if *count == left_out => {
            format!("{left_out} similar spans left out ({})", quote(name, LEFT_OUT_NAME))
        }
        Some((name, count)) => {
            format!("{left_out} spans left out ({count} of them {})", quote(name, LEFT_OUT_NAME))
        }
        None => format!("{left_out} spans left out"),
    };
    format!("... {what}, ask get_otel_trace with span_id={span_id}")
}

fn count(shown: &[bool]) -> usize {
    shown.iter().filter(|shown| **shown).count()
}

fn log_text(log: &LogRecord, detail: Detail, indent: usize) -> String {
    let width = detail.width();
    // The trace is known, and attributes have their room in the data.
    let about = LogRecord { trace_id: None, ..log.clone() };
    let line = log_line(&about);
    let shown = if detail <= Detail::Always { line.len() } else { line.len().min(3) };
    let parts: Vec<String> = line[..shown].iter().map(|piece| piece.shown(width)).collect();
    format!("{}log {}", " ".repeat(indent), parts.join(" "))
}

fn log_data(log: &LogRecord, detail: Detail) -> Value {
    let without = ["trace_id", "resource", "scope", "flags", "extra", "observed_time", "severity_text"];
    let mut data = lean(json!(log), &without);
    if detail > Detail::Always {
        data = lean(data, &["attributes", "body", "severity_number", "service"]);
    }
    shortened(&data, detail.width())
}
