//! A workflow that logs, counts and traces itself.
//!
//! By default its telemetry goes to an OTLP endpoint on this machine: start `mahavishnu-otel demo` first, and look at it
//! with `mahavishnu-otel traces --service mahavishnu`. `MAHAVISHNU_OTEL_STORAGE_BACKEND=postgresql` and
//! `MAHAVISHNU_OTEL_STORAGE_CONNECTION_STRING` store it without any server of ours.

use std::{thread::sleep, time::Duration};

use mahavishnu_observability::{MahavishnuSettings, ObservabilityManager, Sources};

/// How long processing a repository pretends to take.
const WORK: Duration = Duration::from_millis(20);

/// How long the end may take: what is not sent then is sent when the program runs again.
const DEADLINE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = MahavishnuSettings::load(&Sources::from_process())?.settings;
    let telemetry = ObservabilityManager::new(&settings)?;

    let trace = telemetry.start_workflow_trace("nightly-1", "prefect", "sweep");
    for repository in ["/srv/repos/billing", "/srv/repos/ledger", "/srv/repos/web"] {
        telemetry.start_repo_trace(repository, "nightly-1");
        telemetry.log_info(
            "looking for stale branches",
            vec![("repo".into(), repository.into())],
            Some(&trace),
        );
        sleep(WORK);
        if repository.ends_with("web") {
            telemetry.log_error(
                "the remote refused: 403",
                vec![("repo".into(), repository.into())],
                Some(&trace),
            );
        }
        telemetry.record_repo_processing_time(repository, "nightly-1", WORK);
    }
    telemetry.end_workflow_trace("nightly-1", "failed");

    let waiting = telemetry.shutdown(DEADLINE).await?;
    #[expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]
    {
        println!("trace {trace}; {waiting} requests are kept for the next run");
    }
    Ok(())
}
