//! Each question many times, beside its limit.

use std::{future::Future, time::Duration};

use anyhow::Result;
use mahavishnu_store::{
    QueryService, UnixNanos,
    query::{
        ErrorFilter, LogFilter, MetricFilter, PatternFilter, SearchFilter, TraceFilter, TraceId, Windows,
    },
};
use tokio::time::Instant;

use crate::{
    load::{DAY, LARGE_EVERY, LOG_PATTERNS, Load, METRICS, START, service},
    words::below,
};

const TIMES: u64 = 200;

/// Of questions without a limit.
const TIMES_WITHOUT_LIMIT: u64 = 20;

/// Asked before the clock runs: connections are made and statements prepared.
const BEFORE: u64 = 10;

const HOUR: u64 = 3_600_000_000_000;

/// How long a question took.
#[derive(Debug)]
pub struct Answered {
    pub name: &'static str,
    /// Half of the times it was asked it took no longer.
    pub half_ms: f64,
    /// It has a limit.
    pub limited: bool,
    /// It kept the limit, if it has one.
    pub within: bool,
}

/// Asks each question, and prints how long it took.
pub async fn measure(query: &QueryService, load: &Load) -> Result<Vec<Answered>> {
    println!("{:<34} {:>9} {:>9} {:>9}  limit of p99", "question", "p50", "p99", "most");
    let mut all = Vec::new();
    let words = |at: u64| load.templates[below(at, LOG_PATTERNS)][..4].join(" ");
    let found = SearchFilter { limit: 10, ..SearchFilter::default() };
    let patterns = PatternFilter { limit: 10, ..PatternFilter::default() };
    all.push(
        row("search by words", Some(50), async |at| {
            query.search_traces(&words(at), &found).await.map(|it| it.len())
        })
        .await?,
    );
    all.push(
        row("search patterns by words", Some(50), async |at| {
            query.search_patterns(&words(at + 5000), &patterns).await.map(|it| it.len())
        })
        .await?,
    );
    let trace = |at: u64| TraceId(Load::trace_id(below(at, load.traces as usize) as u64));
    all.push(
        row("similar traces", Some(100), async |at| {
            query.similar_traces(trace(at), 10).await.map(|it| it.len())
        })
        .await?,
    );
    let day =
        ErrorFilter { service: None, since: UnixNanos(START), until: UnixNanos(START + DAY), limit: 50 };
    all.push(
        row("error groups of a day", Some(200), async |_| query.error_groups(&day).await.map(|it| it.len()))
            .await?,
    );
    let large = |at: u64| {
        TraceId(Load::trace_id(below(at, (load.traces / LARGE_EVERY) as usize) as u64 * LARGE_EVERY))
    };
    all.push(
        row("trace of 100 spans by id", Some(10), async |at| {
            query.get_trace_context(large(at)).await.map(|it| it.spans.len())
        })
        .await?,
    );
    all.extend(logs(query, load).await?);
    let range = |at: u64| {
        let since = START + below(at, 20) as u64 * HOUR;
        MetricFilter {
            name: format!("load.metric.{}", below(at, METRICS)),
            service: None,
            since: Some(UnixNanos(since)),
            until: Some(UnixNanos(since + HOUR)),
            limit: 1000,
            after: None,
        }
    };
    all.push(
        row("metric of an hour", Some(100), async |at| {
            query.metric_points(&range(at)).await.map(|it| it.len())
        })
        .await?,
    );
    all.extend(others(query).await?);
    Ok(all)
}

/// Records by words that many have, by one that a single record has, by both, and without words.
async fn logs(query: &QueryService, load: &Load) -> Result<Vec<Answered>> {
    let mut all = Vec::new();
    let ask = async |text: Option<String>| {
        let filter = LogFilter { text, limit: 100, ..LogFilter::default() };
        query.logs(&filter).await.map(|it| it.len())
    };
    let often = |at: u64| load.templates[below(at, 20)][..2].join(" ");
    let rare = |at: u64| load.templates[LOG_PATTERNS - 1 - below(at, 100)].join(" ");
    let one = |at: u64| Load::reference(below(at, load.records) as u64).to_string();
    all.push(row("log full text: frequent words", Some(100), async |at| ask(Some(often(at))).await).await?);
    all.push(row("log full text: rare words", Some(100), async |at| ask(Some(rare(at))).await).await?);
    all.push(row("log full text: one record", Some(100), async |at| ask(Some(one(at))).await).await?);
    all.push(
        row("log full text: nowhere", Some(100), async |at| ask(Some(format!("nowhere{at}"))).await).await?,
    );
    all.push(row("latest log records", None, async |_| ask(None).await).await?);
    Ok(all)
}

/// Questions without a limit of their own.
async fn others(query: &QueryService) -> Result<Vec<Answered>> {
    let mut all = Vec::new();
    let (since, until) = (Some(UnixNanos(START)), Some(UnixNanos(START + DAY)));
    let latest = TraceFilter { limit: 100, ..TraceFilter::default() };
    all.push(row("latest traces", None, async |_| query.traces(&latest).await.map(|it| it.len())).await?);
    let failed = TraceFilter { errors_only: true, service: Some(service(3)), ..latest.clone() };
    all.push(
        row("failed traces of a service", None, async |_| query.traces(&failed).await.map(|it| it.len()))
            .await?,
    );
    all.push(
        row("services of a day", None, async |_| query.services(since, until).await.map(|it| it.len()))
            .await?,
    );
    all.push(
        row("operations of a service", None, async |at| {
            query.operations(&service(below(at, 20)), since, until, 20).await.map(|it| it.len())
        })
        .await?,
    );
    all.push(
        row("service map", None, async |_| query.service_map(since, until).await.map(|it| it.calls.len()))
            .await?,
    );
    let hour = PatternFilter {
        since: Some(UnixNanos(START + DAY - HOUR)),
        until,
        limit: 50,
        ..PatternFilter::default()
    };
    all.push(
        row("patterns of an hour", None, async |_| query.patterns(&hour).await.map(|it| it.len())).await?,
    );
    let windows = Windows {
        baseline: UnixNanos(START + DAY - 2 * HOUR),
        since: UnixNanos(START + DAY - HOUR),
        until: UnixNanos(START + DAY),
        kind: None,
        service: None,
        limit: 50,
    };
    all.push(
        row("changes of an hour", None, async |_| query.new_patterns(&windows).await.map(|it| it.len()))
            .await?,
    );
    Ok(all)
}

async fn row<F, E>(name: &'static str, limit_ms: Option<u64>, ask: impl Fn(u64) -> F) -> Result<Answered>
where
    F: Future<Output = Result<usize, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    for at in 0..BEFORE {
        ask(1_000_000 + at).await?;
    }
    let mut took = Vec::new();
    let mut answers = 0;
    let times = if limit_ms.is_some() { TIMES } else { TIMES_WITHOUT_LIMIT };
    for at in 0..times {
        let began = Instant::now();
        answers += ask(at).await?;
        took.push(began.elapsed());
    }
    took.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (half, high, most) = (took[took.len() / 2], took[took.len() * 99 / 100], took[took.len() - 1]);
    let within = limit_ms.is_none_or(|limit| ms(high) < limit as f64);
    let limit = limit_ms.map_or("none".to_owned(), |limit| format!("{limit} ms"));
    println!(
        "{name:<34} {:>6.1} ms {:>6.1} ms {:>6.1} ms  {limit}{}  ({:.1} rows)",
        ms(half),
        ms(high),
        ms(most),
        if within { "" } else { " NOT KEPT" },
        answers as f64 / times as f64,
    );
    Ok(Answered { name, half_ms: ms(half), limited: limit_ms.is_some(), within })
}
