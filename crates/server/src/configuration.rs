//! The settings of this process: files beside it, its environment, its flags.

use anyhow::Result;
use mahavishnu_observability::{Flag, Loaded, MahavishnuSettings, Sources, default_embedded_directory};

use crate::{cli::Serve, failure::WrongUsage};

/// Reads the settings; a flag wins over a variable, a variable over a file.
pub fn load(flags: &[Flag]) -> Result<Loaded> {
    let mut defaults = vec![("otel_storage_backend", "postgresql".to_owned())];
    if let Some(directory) = default_embedded_directory() {
        defaults.push(("otel_storage_connection_string", format!("embedded:{}", directory.display())));
    }
    let sources = Sources { flags: flags.to_vec(), defaults, ..Sources::from_process() };
    MahavishnuSettings::load(&sources).map_err(|error| WrongUsage(error.to_string()).into())
}

/// What the flags of `serve` set.
pub fn flags(serve: &Serve) -> Vec<Flag> {
    [
        ("otel_storage_connection_string", &serve.storage, "--storage"),
        ("server.grpc", &serve.grpc, "--grpc"),
        ("server.http", &serve.http, "--http"),
        ("server.api", &serve.api, "--api"),
    ]
    .into_iter()
    .filter_map(|(key, value, flag)| Some(Flag { key, value: value.clone()?, flag }))
    .collect()
}
