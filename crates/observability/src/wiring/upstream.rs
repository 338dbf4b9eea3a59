//! The OTLP platform that gets everything besides PostgreSQL.

use std::{env, fs};

use mahavishnu_pipeline::{
    Resilience,
    exporter::otlp::{OtlpExporter, OtlpSettings, settings::from_environment},
};
use mahavishnu_store::StoreError;

use super::resilience;
use crate::settings::MahavishnuSettings;

/// The platform of the settings, and of the variables of the specification.
#[derive(Debug)]
pub(super) struct Upstream {
    exporter: OtlpExporter,
    resilience: Resilience,
}

impl Upstream {
    /// # Errors
    ///
    /// With every mistake in these variables.
    pub(super) fn new(settings: &MahavishnuSettings) -> Result<Self, StoreError> {
        let upstream = upstream(settings)?;
        let exporter = OtlpExporter::new(&upstream).map_err(invalid)?;
        let resilience = resilience(settings, upstream.name())?;
        Ok(Self { exporter, resilience })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.exporter.name()
    }

    /// What sends to it, and when.
    pub(super) fn into_parts(self) -> (OtlpExporter, Resilience) {
        (self.exporter, self.resilience)
    }
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
