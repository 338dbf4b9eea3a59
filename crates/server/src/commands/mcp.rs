//! `mcp`.

use anyhow::Result;
use mahavishnu_store::Location;

use crate::{
    cli::{self, Ask},
    configuration, mcp,
};

/// Answers on standard input and output until the agent closes them.
pub async fn run(arguments: cli::Mcp) -> Result<()> {
    // What can never work is said at once; who does not answer now may answer later.
    if let Some(storage) = &arguments.storage {
        Location::parse(storage)?;
    }
    configuration::load(&[])?;
    mcp::over_stdio(Ask { url: arguments.url, storage: arguments.storage, json: true }).await
}
