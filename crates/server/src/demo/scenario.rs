//! One workflow of the orchestrator, from its first span to its last log record.

use opentelemetry_proto::tonic::{
    logs::v1::SeverityNumber,
    trace::v1::{Span, span::SpanKind},
};

use super::{
    builder::{SpanKey, Trace, TraceBuilder},
    database::{self, INSERT_RUN, SELECT_CACHE, SELECT_REPOSITORIES, UPDATE_RUN, query},
    failures::{Exception, Failure},
    git, llm, payment,
    random::{MILLISECOND, Random, SECOND},
    services::ORCHESTRATOR,
    value::{attribute, text_of},
};

/// What a kind of workflow does.
#[derive(Clone, Copy, Debug)]
struct Kind {
    task_type: &'static str,
    adapter: &'static str,
    repositories: (u64, u64),
    asks_model: bool,
    charges: bool,
    /// It writes and reads what it did in the database.
    keeps_results: bool,
}

const KINDS: [Kind; 7] = [
    Kind::new("code-sweep", "prefect", (2, 3), true),
    Kind::new("dependency-audit", "prefect", (2, 4), false),
    Kind::new("test-generation", "agno", (1, 2), true),
    Kind::new("docs-sync", "llamaindex", (1, 3), true),
    Kind::new("release-notes", "agno", (1, 1), true),
    Kind { keeps_results: false, ..Kind::new("mirror-sync", "prefect", (1, 1), false) },
    Kind { charges: true, ..Kind::new("usage-settlement", "prefect", (1, 1), false) },
];

impl Kind {
    const fn new(
        task_type: &'static str,
        adapter: &'static str,
        repositories: (u64, u64),
        asks_model: bool,
    ) -> Self {
        Self { task_type, adapter, repositories, asks_model, charges: false, keeps_results: true }
    }

    /// Whether this failure can happen in this kind of workflow.
    fn can_suffer(self, failure: Failure) -> bool {
        match failure {
            Failure::PaymentDeclined => self.charges,
            Failure::LlmRateLimited | Failure::LlmTimeout => self.asks_model,
            Failure::DatabaseDeadlock => self.keeps_results,
            Failure::SlowQuery => self.keeps_results && !self.asks_model,
            Failure::GitAuthentication | Failure::RepositoryNotFound | Failure::OutOfMemory => true,
        }
    }
}

const REPOSITORIES: [&str; 14] = [
    "auth-proxy",
    "billing-api",
    "checkout-web",
    "customer-portal",
    "data-pipelines",
    "design-tokens",
    "feature-flags",
    "ingest-worker",
    "inventory-service",
    "mobile-app",
    "notification-hub",
    "pricing-engine",
    "search-indexer",
    "terraform-live",
];

/// What to build.
#[derive(Debug, Default)]
pub struct Plan {
    /// What goes wrong.
    pub failure: Option<Failure>,
    /// The root span of the failed workflow that this one repeats.
    pub retry_of: Option<Span>,
}

/// A workflow that ended at this time.
pub fn workflow(random: Random, plan: Plan, end: u64) -> Trace {
    let mut trace = TraceBuilder::new(random, plan.failure);
    let task_type = plan.retry_of.as_ref().and_then(|failed| text_of(failed, "workflow.task_type"));
    let fits = |kind: &Kind| {
        plan.failure.is_none_or(|failure| kind.can_suffer(failure))
            && task_type.is_none_or(|task_type| kind.task_type == task_type)
    };
    let kinds: Vec<Kind> = KINDS.into_iter().filter(fits).collect();
    let kind = trace.random.pick(&kinds);
    let id = format!("{}-{}", kind.task_type, trace.random.hex(6));
    let count = trace.random.range(kind.repositories.0, kind.repositories.1);
    let first = trace.random.range(0, REPOSITORIES.len() as u64 - 1);
    let repositories: Vec<&str> =
        (first..first + count).map(|place| REPOSITORIES[place as usize * 5 % REPOSITORIES.len()]).collect();

    let root = begin(&mut trace, &id, kind, &repositories);
    if let Some(failed) = plan.retry_of {
        trace.link(root, failed.trace_id, failed.span_id, vec![attribute("link.reason", "retry_of")]);
        trace.set(root, "workflow.attempt", 2_i64);
    }
    let (at, error) = run(&mut trace, root, &id, kind, &repositories);
    finish(&mut trace, root, &id, at, error);

    let mut trace = trace.finish(end);
    let span = &mut trace.spans[0].record;
    let start = jiff::Timestamp::from_nanosecond(i128::from(span.start_time_unix_nano)).unwrap_or_default();
    span.attributes.push(attribute("workflow.start_time", start.to_string()));
    trace
}

/// The workflow's span and its first log record.
fn begin(trace: &mut TraceBuilder, id: &str, kind: Kind, repositories: &[&str]) -> SpanKey {
    let root = trace.open(ORCHESTRATOR, None, SpanKind::Internal, format!("workflow.{id}"), 0);
    trace.set(root, "workflow.id", id);
    trace.set(root, "workflow.adapter", kind.adapter);
    trace.set(root, "workflow.task_type", kind.task_type);
    trace.set(root, "workflow.repositories", repositories);
    let count = repositories.len();
    let text = format!(
        "Workflow {id} started: adapter={} task_type={} repositories={count}",
        kind.adapter, kind.task_type
    );
    trace.log(root, MILLISECOND / 2, SeverityNumber::Info, text).attributes =
        vec![attribute("workflow.id", id), attribute("workflow.adapter", kind.adapter)];
    root
}

/// The steps of the workflow: when they ended, and what stopped them.
fn run(
    trace: &mut TraceBuilder,
    root: SpanKey,
    id: &str,
    kind: Kind,
    repositories: &[&str],
) -> (u64, Option<Exception>) {
    let mut at = MILLISECOND;
    if kind.keeps_results {
        at = query(trace, root, at, &INSERT_RUN);
        at = query(trace, root, at + MILLISECOND / 4, &SELECT_REPOSITORIES);
    }
    let parallel = repositories.len() > 1 && trace.random.chance(60);
    let mut error = None;
    let mut last = at;
    for (place, name) in repositories.iter().enumerate() {
        let start = if parallel {
            at + (place as u64 + 1) * 3 * MILLISECOND
        } else {
            last + trace.random.latency(2.0)
        };
        let (end, failed) = repository(trace, root, start, id, kind, name);
        last = last.max(end);
        error = error.or(failed);
        if error.is_some() && !parallel {
            break;
        }
    }
    if kind.charges && error.is_none() {
        let start = last + trace.random.latency(3.0);
        let answer = payment::charge(trace, root, start);
        last = answer.end;
        error = answer.error;
    }
    let end = query(trace, root, last + MILLISECOND, &UPDATE_RUN);
    (end, error)
}

/// One repository of the workflow.
fn repository(
    trace: &mut TraceBuilder,
    root: SpanKey,
    at: u64,
    id: &str,
    kind: Kind,
    name: &str,
) -> (u64, Option<Exception>) {
    let span = trace.open(ORCHESTRATOR, Some(root), SpanKind::Internal, format!("repo.process.{name}"), at);
    trace.set(span, "repo.path", format!("/srv/repos/{name}"));
    trace.set(span, "workflow.id", id);
    let (end, error) = process(trace, span, at + MILLISECOND / 3, kind, name);
    let end = end + trace.random.latency(1.2);
    trace.close(span, end);
    match &error {
        Some(error) => trace.throw(span, end, error),
        None if trace.is_talkative(38) => {
            let (files, findings) = (trace.random.range(14, 2_310), trace.random.range(0, 37));
            let text = format!(
                "Processed repository {name} in {} ms: {files} files, {findings} findings",
                (end - at) / MILLISECOND
            );
            trace.log(span, end, SeverityNumber::Info, text).attributes =
                vec![attribute("repo.path", format!("/srv/repos/{name}")), attribute("workflow.id", id)];
        }
        None => {}
    }
    (end, error)
}

/// Fetches, looks, asks and stores.
fn process(
    trace: &mut TraceBuilder,
    span: SpanKey,
    at: u64,
    kind: Kind,
    name: &str,
) -> (u64, Option<Exception>) {
    let fetched = git::fetch(trace, span, at, name);
    let mut at = fetched.end;
    if fetched.error.is_some() || !kind.keeps_results {
        return (at, fetched.error);
    }
    let commit = trace.random.hex(12);
    trace.event(span, at, "repo.checked_out", vec![attribute("vcs.ref.head.revision", commit)]);
    if kind.asks_model {
        at = query(trace, span, at + MILLISECOND / 5, &SELECT_CACHE);
        let answer = llm::complete(trace, span, at + MILLISECOND, kind.task_type);
        at = answer.end;
        if answer.error.is_some() {
            return (at, answer.error);
        }
    }
    if !kind.asks_model || trace.random.chance(30) {
        at = database::findings(trace, span, at + MILLISECOND / 5, name);
    }
    database::store_result(trace, span, at + MILLISECOND)
}

/// The end of the workflow and its last log record.
fn finish(trace: &mut TraceBuilder, root: SpanKey, id: &str, at: u64, error: Option<Exception>) {
    let end = at + trace.random.latency(1.8);
    let seconds = end as f64 / SECOND as f64;
    trace.close(root, end);
    let Some(error) = error else {
        trace.set(root, "workflow.status", "completed");
        trace.succeed(root);
        let text = format!("Workflow {id} completed in {seconds:.2} s");
        trace.log(root, end, SeverityNumber::Info, text).attributes =
            vec![attribute("workflow.id", id), attribute("workflow.status", "completed")];
        return;
    };
    let summary = error.message.lines().next().unwrap_or_default();
    trace.set(root, "workflow.status", "failed");
    trace.fail(root, &error.kind, summary);
    let text = format!("Workflow {id} failed after {seconds:.2} s: {summary}");
    let log = trace.log_exception(root, end, text, &error);
    log.attributes.push(attribute("workflow.id", id));
    log.attributes.push(attribute("workflow.status", "failed"));
}
