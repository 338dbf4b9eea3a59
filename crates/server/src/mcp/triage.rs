//! What is wrong right now: one answer from many questions, in the order of what matters.

mod findings;
mod slower;

use mahavishnu_store::UnixNanos;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Call, Item, Listing, Section, plain},
    arguments::Given,
    lists::query,
    refusal::Refusal,
    seat::Seat,
};
use crate::{
    cli::Moment,
    shapes::{self, Instant},
    source::Source,
};
use findings::Finding;

/// The window where nobody says another.
const WINDOW: Moment = Moment::Ago(std::time::Duration::from_secs(3600));

/// Groups, changes and the like that are looked at: who reads further than this asks for them apart.
const MOST: usize = 100;

/// A window and as long a time before it, maybe of one service.
#[derive(Clone, Debug)]
struct Times {
    service: Option<String>,
    baseline: Instant,
    since: Instant,
    until: Instant,
}

impl Times {
    fn new(given: &Given) -> Self {
        let until = given.moment("until").unwrap_or(Moment::Ago(std::time::Duration::ZERO)).resolve();
        let since = given.moment("since").unwrap_or(WINDOW).resolve();
        let baseline = UnixNanos(since.0.saturating_sub(until.0.saturating_sub(since.0)));
        Self {
            service: given.text("service"),
            baseline: baseline.into(),
            since: since.into(),
            until: until.into(),
        }
    }

    /// Parameters of the API for the window.
    fn now(&self) -> Map<String, Value> {
        self.between(self.since, self.until)
    }

    /// The same for the time before.
    fn before(&self) -> Map<String, Value> {
        self.between(self.baseline, self.since)
    }

    fn between(&self, since: Instant, until: Instant) -> Map<String, Value> {
        Map::from_iter([("since".to_owned(), json!(since)), ("until".to_owned(), json!(until))])
    }

    fn of_service(&self, mut asked: Map<String, Value>) -> Map<String, Value> {
        if let Some(service) = &self.service {
            asked.insert("service".to_owned(), service.as_str().into());
        }
        asked.insert("limit".to_owned(), MOST.into());
        asked
    }

    /// A call that looks at the same window.
    fn call(&self, tool: &'static str, arguments: &Value) -> Call {
        Call::new(tool, arguments).with("since", json!(self.since)).with("until", json!(self.until))
    }
}

/// `triage`.
pub async fn answer(seat: &Seat, given: &Given) -> Result<Answer, Refusal> {
    let times = Times::new(given);
    let source = seat.source().await?;
    let mut findings = findings::of_status(&seat.status().await?);
    let (services, before) = services(&source, &times).await?;
    findings.extend(findings::silent(&services, &before, &times));
    let groups = source.errors(&query(times.of_service(times.now()))?).await?;
    let groups_before = source.errors(&query(times.of_service(times.before()))?).await?;
    findings.extend(groups.iter().map(|group| Finding::of_errors(group, &groups_before)));
    let mut asked = times.of_service(times.now());
    asked.insert("baseline".to_owned(), json!(times.baseline));
    let changes = source.changes(&query(asked)?).await?;
    findings.extend(findings::of_changes(&source, &changes, &times).await?);
    findings.extend(slower::operations(&source, &services, &times).await?);
    findings.sort_by(Finding::by_weight);
    let findings = findings::joined(findings);
    Ok(listing(&findings, &times, &services, &before, given).fit(given.whole("max_chars")))
}

/// The services in the window, and in the time before.
async fn services(
    source: &Source,
    times: &Times,
) -> Result<(Vec<shapes::ServiceSummary>, Vec<shapes::ServiceSummary>), Refusal> {
    let ours =
        |service: &shapes::ServiceSummary| times.service.as_ref().is_none_or(|name| *name == service.name);
    let mut now = source.services(&query(times.now())?).await?;
    let mut before = source.services(&query(times.before())?).await?;
    now.retain(ours);
    before.retain(ours);
    Ok((now, before))
}

fn listing(
    findings: &[Finding],
    times: &Times,
    services: &[shapes::ServiceSummary],
    before: &[shapes::ServiceSummary],
    given: &Given,
) -> Listing {
    let sum = |list: &[shapes::ServiceSummary], count: fn(&shapes::ServiceSummary) -> u64| {
        list.iter().map(count).sum::<u64>()
    };
    let counts = json!({
        "services": services.len(),
        "spans": sum(services, |service| service.spans),
        "spans_before": sum(before, |service| service.spans),
        "failing_spans": sum(services, |service| service.errors),
        "failing_spans_before": sum(before, |service| service.errors),
    });
    let window = format!(
        "From {} to {}, beside as long a time before: {} spans (before {}), {} failing (before {}), {} services.",
        times.since.utc(),
        times.until.utc(),
        counts["spans"],
        counts["spans_before"],
        counts["failing_spans"],
        counts["failing_spans_before"],
        counts["services"],
    );
    let offset = given.whole("offset");
    let item = |finding: &Finding| Item { section: 0, line: finding.line(), data: finding.data() };
    let serious = findings.iter().filter(|finding| finding.what.is_serious()).count();
    let verdict = match (findings.len(), serious) {
        (0, _) if services.is_empty() => {
            "Nothing came in this time: ask otel_status whether telemetry arrives.".to_owned()
        }
        (0, _) => "Nothing stands out.".to_owned(),
        (_, 0) => "Nothing serious; this changed:".to_owned(),
        (_, serious) if before.is_empty() => {
            format!("{serious} serious (nothing came before):")
        }
        (_, serious) => format!("{serious} serious:"),
    };
    Listing {
        sections: vec![Section::new("findings", findings.len())],
        order: "most serious first",
        items: findings.iter().skip(offset).map(item).collect(),
        offset,
        limit: usize::MAX,
        head: vec![vec![plain(window)], vec![plain(verdict)]],
        facts: Map::from_iter([
            ("since".to_owned(), json!(times.since)),
            ("until".to_owned(), json!(times.until)),
            ("baseline".to_owned(), json!(times.baseline)),
            ("telemetry".to_owned(), counts),
            ("serious".to_owned(), serious.into()),
        ]),
        again: super::lists::again("triage", given).with("since", json!(times.since)),
        hint: None,
    }
}
