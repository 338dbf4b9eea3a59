//! The OTLP platform that gets everything besides PostgreSQL.

use std::{env, fs, sync::Arc};

use mahavishnu_pipeline::{
    exporter::otlp::{OtlpExporter, OtlpSettings, settings::from_environment},
    forwarding::Forwarding,
};
use mahavishnu_store::StoreError;

use super::resilience;
use crate::settings::MahavishnuSettings;

/// What may wait for the platform, in bytes: what a busy process makes in some minutes.
const BUDGET_BYTES: u64 = 64 * 1024 * 1024;

/// Starts to forward to the platform of the settings, and of the variables of the specification.
///
/// # Errors
///
/// With every mistake in these variables.
pub(crate) fn start(settings: &MahavishnuSettings) -> Result<Forwarding, StoreError> {
    let upstream = upstream(settings)?;
    let exporter = OtlpExporter::new(&upstream).map_err(invalid)?;
    let resilience = resilience(settings, upstream.name())?;
    Forwarding::start(Arc::new(exporter), &resilience, BUDGET_BYTES).map_err(invalid)
}

fn upstream(settings: &MahavishnuSettings) -> Result<OtlpSettings, StoreError> {
    let variables: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let endpoint = settings.observability.otlp_endpoint.url();
    from_environment(Some(endpoint), &variables, |path| fs::read(path)).map_err(|mistakes| {
        let sentences: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        StoreError::InvalidArgument(sentences.join("\n"))
    })
}

fn invalid(error: impl std::error::Error) -> StoreError {
    StoreError::InvalidArgument(error.to_string())
}
