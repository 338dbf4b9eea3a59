//! `conformance`: is a server one of OTLP?

use anyhow::{Result, ensure};
use indicatif::ProgressBar;

use crate::{
    cli,
    conformance::{self, Target},
    failure::WrongUsage,
    output, render,
};

/// Runs every check and fails where one does.
pub async fn run(arguments: &cli::Conformance) -> Result<()> {
    let target = Target::new(&arguments.target, arguments.grpc.as_deref())
        .map_err(|error| WrongUsage(error.to_string()))?;
    let bar = ProgressBar::new(0).with_message("checking");
    let findings = conformance::run(&target, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })
    .await;
    bar.finish_and_clear();
    if arguments.json {
        output::json(&findings)?;
    } else {
        output::text(&render::conformance(&findings, target.grpc().is_some()))?;
    }
    let failed = findings.iter().filter(|finding| !finding.passed).count();
    ensure!(failed == 0, "{failed} of {} checks failed", findings.len());
    Ok(())
}
