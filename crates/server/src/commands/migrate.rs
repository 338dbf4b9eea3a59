//! `migrate`.

use anyhow::Result;
use mahavishnu_store::{Store, migrate::SCHEMA_VERSION};

use crate::{cli, configuration, output, progress::while_waiting};

/// Brings the schema up to date; the same happens at every start of a server.
pub async fn run(arguments: &cli::Migrate) -> Result<()> {
    let flags = cli::Serve { storage: arguments.storage.clone(), ..cli::Serve::default() };
    let settings = configuration::load(&configuration::flags(&flags))?.settings;
    let location = settings.otel_storage_connection_string;
    let store = while_waiting("migrating", Store::open(&location)).await?;
    let applied = store.migrated().to_vec();
    store.close().await;
    let text = match applied.as_slice() {
        [] => format!("{location} is at schema version {SCHEMA_VERSION} already\n"),
        versions => {
            format!("{location} is at schema version {SCHEMA_VERSION} now: {} applied\n", versions.len())
        }
    };
    output::text(&text)
}
