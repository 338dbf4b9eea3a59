//! The OTLP platforms that get everything besides PostgreSQL.

use std::{env, fs};

use mahavishnu_pipeline::{
    Resilience,
    exporter::otlp::{OtlpExporter, OtlpSettings, settings::from_environment},
};
use mahavishnu_store::StoreError;
use url::Url;

use super::resilience;
use crate::settings::MahavishnuSettings;

/// How the variables of the specification begin.
const PREFIX: &str = "OTEL_EXPORTER_OTLP_";

/// A platform, ready to be fed.
#[derive(Debug)]
pub(super) struct Upstream {
    exporter: OtlpExporter,
    resilience: Resilience,
}

impl Upstream {
    /// The platform of `observability.otlp_endpoint`, and those that `observability.more_upstreams` names.
    ///
    /// # Errors
    ///
    /// With every mistake in the variables of one of them.
    pub(super) fn all(settings: &MahavishnuSettings) -> Result<Vec<Self>, StoreError> {
        let variables: Vec<(String, String)> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let mut all = vec![otlp_settings(Some(settings.observability.otlp_endpoint.url()), &variables)?];
        for name in &settings.observability.more_upstreams {
            let of_its_own = variables_of(name, &variables)?;
            all.push(otlp_settings(None, &of_its_own)?.named(name).map_err(invalid)?);
        }
        all.iter().map(|upstream| Self::new(settings, upstream)).collect()
    }

    fn new(settings: &MahavishnuSettings, upstream: &OtlpSettings) -> Result<Self, StoreError> {
        let exporter = OtlpExporter::new(upstream).map_err(invalid)?;
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

/// The variables of one further platform under the names of the specification: `OTEL_EXPORTER_OTLP_HEADERS` is what
/// `OTEL_EXPORTER_OTLP_GRAFANA_HEADERS` says for `grafana`.
fn variables_of(name: &str, variables: &[(String, String)]) -> Result<Vec<(String, String)>, StoreError> {
    let prefix = format!("{PREFIX}{}_", name.to_ascii_uppercase().replace('-', "_"));
    let of_its_own: Vec<(String, String)> = variables
        .iter()
        .filter_map(|(variable, value)| {
            Some((format!("{PREFIX}{}", variable.strip_prefix(&prefix)?), value.clone()))
        })
        .collect();
    if of_its_own.iter().any(|(variable, _)| variable.ends_with("ENDPOINT")) {
        return Ok(of_its_own);
    }
    Err(StoreError::InvalidArgument(format!(
        "observability.more_upstreams names {name}, and nobody says where it is: set {prefix}ENDPOINT"
    )))
}

fn otlp_settings(endpoint: Option<&Url>, variables: &[(String, String)]) -> Result<OtlpSettings, StoreError> {
    from_environment(endpoint, variables, |path| fs::read(path)).map_err(|mistakes| {
        let sentences: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        StoreError::InvalidArgument(sentences.join("\n"))
    })
}

fn invalid(error: impl std::error::Error) -> StoreError {
    StoreError::InvalidArgument(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_further_platform_has_its_own_variables_and_nobody_elses() {
        let all = variables(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=ours"),
            ("OTEL_EXPORTER_OTLP_GRAFANA_ENDPOINT", "https://otlp.grafana.example"),
            ("OTEL_EXPORTER_OTLP_GRAFANA_HEADERS", "authorization=theirs"),
        ]);
        let own = variables_of("grafana", &all).unwrap();
        assert_eq!(
            own,
            variables(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.grafana.example"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=theirs"),
            ])
        );
        let settings = otlp_settings(None, &own).unwrap().named("grafana").unwrap();
        assert_eq!(settings.name(), "grafana");
    }

    #[test]
    fn a_platform_without_an_endpoint_is_named() {
        let error = variables_of("new-relic", &[]).unwrap_err().to_string();
        assert!(error.contains("set OTEL_EXPORTER_OTLP_NEW_RELIC_ENDPOINT"), "{error}");
    }
}
