//! Does a server receive OTLP as the specification says? Checks of any server, ours or another's.
//!
//! | module | answers |
//! |---|---|
//! | `bodies` | what is sent |
//! | `target` | how it is sent, and what comes back |
//! | `http`, `grpc`, `json` | the checks |
//!
//! A check sends one request of its own and judges the answer; none depends on another. Records that are sent say in their
//! resource that they are from here (`service.name` is `otlp-conformance`).

use std::{future::Future, pin::Pin, time::Duration};

use serde::{Deserialize, Serialize};

mod bodies;
mod grpc;
mod http;
mod json;
mod target;

pub use target::Target;

/// How long one check may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a check found: what came back, where that is not what should.
pub(crate) type Outcome = Result<(), String>;

/// A check: its name, what should come back, and how to find out.
pub(crate) struct Check {
    name: String,
    expected: &'static str,
    run: Run,
}

/// Asks a target and judges its answer.
type Run = Box<dyn for<'a> Fn(&'a Target) -> Judging<'a> + Send + Sync>;

/// The asking, under way.
type Judging<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    /// What should come back.
    pub expected: String,
    /// Whether it did.
    pub passed: bool,
    /// What came back instead.
    pub found: Option<String>,
}

/// Every check, one after the other.
pub async fn run(target: &Target, done: impl Fn(usize, usize)) -> Vec<Finding> {
    let mut checks = http::checks();
    checks.extend(json::checks());
    if target.grpc().is_some() {
        checks.extend(grpc::checks());
    }
    let mut findings = Vec::with_capacity(checks.len());
    for (index, check) in checks.iter().enumerate() {
        done(index, checks.len());
        let outcome = match tokio::time::timeout(PATIENCE, (check.run)(target)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        findings.push(Finding {
            check: check.name.clone(),
            expected: check.expected.to_owned(),
            passed: outcome.is_ok(),
            found: outcome.err(),
        });
    }
    findings
}

/// A check of this name.
pub(crate) fn check<F>(name: impl Into<String>, expected: &'static str, run: F) -> Check
where
    F: for<'a> Fn(&'a Target) -> Judging<'a> + Send + Sync + 'static,
{
    Check { name: name.into(), expected, run: Box::new(run) }
}
