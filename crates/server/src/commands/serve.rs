//! `serve`.

use anyhow::Result;

use crate::{
    cli, configuration, output,
    progress::while_waiting,
    render,
    serve::{Running, until_told_to_stop},
};

/// Serves until it is told to stop, then finishes what is under way.
pub async fn run(arguments: &cli::Serve) -> Result<()> {
    let loaded = configuration::load(&configuration::flags(arguments))?;
    let running = while_waiting("opening the database", Running::start(&loaded.settings)).await?;
    output::text(&listening(&running))?;
    until_told_to_stop().await?;
    output::text("stopping: finishing what is under way\n")?;
    running.stop().await;
    Ok(())
}

/// Where everything is, a line each.
pub fn listening(running: &Running) -> String {
    let addresses = running.addresses();
    let all = [&addresses.grpc, &addresses.http, &addresses.api];
    let local = all.iter().all(|address| address.contains("127.0.0.1") || address.contains("[::1]"));
    let reach =
        if local { "\nOnly this machine can reach it.\n" } else { "\nOther machines can reach it.\n" };
    format!(
        "OTLP/gRPC  {}\nOTLP/HTTP  {}\nAPI        {}\nstorage    {}\n{reach}",
        addresses.grpc,
        addresses.http,
        addresses.api,
        render::printable(running.storage()),
    )
}
