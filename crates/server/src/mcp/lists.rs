//! Lists: traces, errors, logs and patterns.

use mahavishnu_store::query::MAX_ROWS;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Call, Item, Listing, Piece, Section, plain, text},
    arguments::Given,
    quoted::lean,
    refusal::Refusal,
};
use crate::{
    cli::Moment,
    shapes::{self, Instant},
    source::Source,
};

/// The words for [`shapes::LogRecord::level`], by weight, and the least severity number of each.
pub const LEVELS: &[&str] = &["trace", "debug", "info", "warning", "error", "critical"];

/// How far apart their severity numbers are, from 1.
const SEVERITY_STEP: usize = 4;

/// Things are counted up to so many beyond those that were asked to be left out; then it says "at least".
const COUNTED: usize = 1000;

/// The same of a search, where each costs more and the last matter less.
const SEARCHED: usize = 100;

/// What a list of these repeats in every line, and another tool shows once.
const REPEATED: [&str; 5] = ["resource", "scope", "flags", "extra", "observed_time"];

pub async fn search(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let filters =
        ["service", "operation", "min_duration_ms", "max_duration_ms", "attributes", "since", "until"];
    let Some(words) = given.text("query") else {
        given.without(&["threshold"], "goes only with query")?;
        let mut asked = asked(given, &[&filters[..], &["pattern_id"]].concat(), COUNTED);
        match given.text("status").as_deref() {
            Some("error") => asked.insert("errors".to_owned(), true.into()),
            Some(status) => asked.insert("status".to_owned(), status.into()),
            None => None,
        };
        let traces = source.traces(&query(asked)?).await?;
        let listing =
            listing("search_otel_traces", "traces", "newest first", given, traces, COUNTED, trace_line);
        return Ok(listing.hinting(TRACE_HINT).fit(given.whole("max_chars")));
    };
    given.without(&["pattern_id"], "goes only without query")?;
    let mut asked = asked(given, &[&filters[..], &["status", "threshold"]].concat(), SEARCHED);
    asked.insert("q".to_owned(), words.into());
    let found = source.search(&query(asked)?).await?;
    let line = |found: &shapes::TraceResult| {
        let facts = format!(
            "score {:.2}, trace {}, span {}, {} {} {}",
            found.similarity,
            found.trace_id,
            found.span_id,
            found.start_time.utc(),
            found.status,
            ms(found.duration_ms),
        );
        vec![
            plain(facts),
            text(&found.service),
            text(&found.name),
            plain("matched"),
            text(&found.matched),
            plain("by"),
            text(&found.why),
        ]
    };
    let listing = listing("search_otel_traces", "traces", "best first", given, found, SEARCHED, line);
    Ok(listing.hinting(TRACE_HINT).fit(given.whole("max_chars")))
}

const TRACE_HINT: &str = "One of them: get_otel_trace with its trace_id.";

pub async fn similar(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let id = given.text("trace_id").unwrap_or_default();
    let found = source.similar(&id, &query(asked(given, &[], SEARCHED))?).await?;
    let line = |found: &shapes::SimilarTrace| {
        let mut line = vec![plain(format!("likeness {:.2},", found.similarity))];
        line.extend(trace_line(&found.trace));
        line.extend([plain("apart"), text(&found.why)]);
        line
    };
    let listing = listing("similar_traces", "traces", "most alike first", given, found, SEARCHED, line);
    Ok(listing.hinting(TRACE_HINT).fit(given.whole("max_chars")))
}

pub async fn errors(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    if let Some(id) = given.text("pattern_id") {
        return error(source, &id, given).await;
    }
    let groups = source.errors(&query(asked(given, &["service", "since", "until"], COUNTED))?).await?;
    let listing =
        listing("error_groups", "errors", "most frequent first", given, groups, COUNTED, error_line);
    Ok(listing.hinting("An example: get_otel_trace with its example_trace.").fit(given.whole("max_chars")))
}

/// One group, with traces that have it and traces that do not.
async fn error(source: &Source, id: &str, given: &Given) -> Result<Answer, Refusal> {
    given.without(&["service"], "goes only without pattern_id")?;
    let mut window = asked(given, &["since", "until"], COUNTED);
    window.remove("limit");
    let shapes::ErrorDetail { group, traces, healthy } = source.error(id, &query(window)?).await?;
    let item = |section: usize, word: &str, trace: &shapes::TraceSummary| Item {
        section,
        line: [vec![plain(word)], trace_line(trace)].concat(),
        data: lean(json!(trace), &REPEATED),
    };
    let mut items = vec![Item { section: 0, line: error_line(&group), data: lean(json!(group), &REPEATED) }];
    items.extend(traces.iter().map(|trace| item(1, "failing", trace)));
    items.extend(healthy.iter().map(|trace| item(2, "healthy", trace)));
    let offset = given.whole("offset");
    let listing = Listing {
        sections: vec![
            Section::new("errors", 1),
            Section::new("traces", traces.len()),
            Section::new("healthy", healthy.len()),
        ],
        order: "newest first",
        items: items.into_iter().skip(offset).collect(),
        offset,
        limit: given.whole("limit"),
        head: Vec::new(),
        facts: Map::new(),
        again: again("error_groups", given),
        hint: None,
    };
    Ok(listing.hinting(TRACE_HINT).fit(given.whole("max_chars")))
}

pub async fn logs(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let filters = ["text", "trace_id", "service", "attributes", "pattern_id", "since", "until"];
    let mut asked = asked(given, &filters, COUNTED);
    if let Some(at) = given.text("level").and_then(|level| LEVELS.iter().position(|name| *name == level)) {
        asked.insert("min_severity".to_owned(), (at * SEVERITY_STEP + 1).into());
    }
    let logs = source.logs(&query(asked)?).await?;
    let listing = listing("search_logs", "logs", "newest first", given, logs, COUNTED, log_line);
    Ok(listing.fit(given.whole("max_chars")))
}

pub async fn patterns(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    if let Some(words) = given.text("query") {
        given.without(&["since", "until"], "goes only without query")?;
        let mut asked = asked(given, &["kind", "service"], SEARCHED);
        asked.insert("q".to_owned(), words.into());
        let hits = source.search_patterns(&query(asked)?).await?;
        let line = |hit: &shapes::PatternHit| {
            let mut line = vec![plain(format!("score {:.2},", hit.score))];
            line.extend(pattern_line(&hit.pattern));
            line.extend([plain("by"), text(&hit.why)]);
            line
        };
        let listing = listing("list_patterns", "patterns", "best first", given, hits, SEARCHED, line);
        return Ok(listing.fit(given.whole("max_chars")));
    }
    let patterns =
        source.patterns(&query(asked(given, &["kind", "service", "since", "until"], COUNTED))?).await?;
    let line = |trend: &shapes::PatternTrend| pattern_line(&trend.pattern);
    let listing = listing("list_patterns", "patterns", "most frequent first", given, patterns, COUNTED, line);
    Ok(listing.fit(given.whole("max_chars")))
}

pub async fn changes(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let filters = ["kind", "service", "since", "until", "baseline"];
    let changes = source.changes(&query(asked(given, &filters, COUNTED))?).await?;
    let line = |change: &shapes::PatternChange| {
        let mut line = vec![plain(format!("{} (before {}),", change.change, change.before))];
        line.extend(pattern_line(&change.pattern));
        line
    };
    let listing = listing(
        "new_patterns",
        "changes",
        "new, gone, more, less; most surprising first",
        given,
        changes,
        COUNTED,
        line,
    );
    Ok(listing.fit(given.whole("max_chars")))
}

fn trace_line(trace: &shapes::TraceSummary) -> Vec<Piece> {
    let root = if trace.root_missing { ", root missing," } else { "" };
    let facts = format!(
        "trace {}, {} {} spans {} errors {}{root}",
        trace.trace_id,
        trace.start_time.utc(),
        trace.spans,
        trace.errors,
        ms(trace.duration_ms),
    );
    vec![plain(facts), text(&trace.service), text(&trace.name)]
}

fn error_line(group: &shapes::ErrorGroup) -> Vec<Piece> {
    let mut line = pattern_line(&group.pattern);
    if let Some(trace) = &group.example_trace {
        line.push(plain(format!("example_trace {trace}")));
    }
    line
}

fn pattern_line(pattern: &shapes::Pattern) -> Vec<Piece> {
    let last = pattern.last_seen.map_or_else(|| "never".to_owned(), Instant::utc);
    let facts = format!(
        "pattern {} {}, {} times, {} failing, first {} last {last}",
        pattern.pattern_id,
        pattern.kind,
        pattern.count,
        pattern.errors,
        pattern.first_seen.utc(),
    );
    vec![plain(facts), text(&pattern.service), text(&pattern.text)]
}

pub fn log_line(log: &shapes::LogRecord) -> Vec<Piece> {
    let mut line =
        vec![plain(format!("{} {}", log.timestamp.utc(), plain_word(&log.level))), text(&log.service)];
    line.push(text(log.message.as_deref().unwrap_or_default()));
    if let Some(trace) = &log.trace_id {
        line.push(plain(format!("trace {trace}")));
    }
    if log.attributes.as_object().is_some_and(|attributes| !attributes.is_empty()) {
        line.push(Piece::Json(log.attributes.clone()));
    }
    line
}

/// A level may be the source's own word.
pub fn plain_word(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).take(12).collect()
}

/// Milliseconds, in this unit alone.
pub fn ms(milliseconds: f64) -> String {
    if milliseconds.abs() < 10.0 { format!("{milliseconds:.3} ms") } else { format!("{milliseconds:.0} ms") }
}

/// What the API is asked: the arguments that go by the same name, and how many to count.
pub fn asked(given: &Given, names: &[&str], counted: usize) -> Map<String, Value> {
    let mut asked = Map::new();
    for name in names {
        let value = match *name {
            "attributes" | "labels" => given.pairs(name).map(Value::from),
            _ => given.value(name).cloned(),
        };
        asked.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    asked.insert("limit".to_owned(), fetched(given, counted).into());
    asked
}

fn fetched(given: &Given, counted: usize) -> usize {
    (given.whole("offset") + counted.max(given.whole("limit")) + 1).min(MAX_ROWS)
}

/// The parameters of the API, which checks them once more.
pub fn query<T: DeserializeOwned>(asked: Map<String, Value>) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(asked))
        .map_err(|error| Refusal::wrong(format!("this can not be asked so: {error}")))
}

/// A list of one kind of thing.
pub fn listing<T: Serialize>(
    tool: &'static str,
    key: &'static str,
    order: &'static str,
    given: &Given,
    all: Vec<T>,
    counted: usize,
    line: impl Fn(&T) -> Vec<Piece>,
) -> Listing {
    let at_least = all.len() >= fetched(given, counted);
    let section = Section { at_least, ..Section::new(key, all.len()) };
    let offset = given.whole("offset");
    let item = |one: &T| Item {
        section: 0,
        line: line(one),
        data: lean(serde_json::to_value(one).unwrap_or_default(), &REPEATED),
    };
    Listing {
        sections: vec![section],
        order,
        items: all.iter().skip(offset).map(item).collect(),
        offset,
        limit: given.whole("limit"),
        head: Vec::new(),
        facts: Map::new(),
        again: again(tool, given),
        hint: None,
    }
}

/// The same question about the same time, whenever it is asked.
pub fn again(tool: &'static str, given: &Given) -> Call {
    let mut call = Call::new(tool, &Value::Object(given.again()));
    for name in ["since", "until", "baseline"] {
        if let Some(moment) = given.moment(name) {
            call = call.with(name, json!(Instant(moment.resolve())));
        }
    }
    if given.takes("until") && given.moment("until").is_none() {
        let now = Moment::Ago(std::time::Duration::ZERO);
        call = call.with("until", json!(Instant(now.resolve())));
    }
    call
}

impl Listing {
    pub fn hinting(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }
}
