//! From checked values by name to the fields of the settings.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use mahavishnu_store::{Location, retention::Keep};

use super::{
    Durability, HnswSettings, LogLevel, MahavishnuSettings, McpSettings, ObservabilitySettings,
    ServerSettings, SpoolSettings, StorageBackend, TuningSettings, WhenFull,
};
use crate::{
    endpoint::Endpoint,
    keys::KEYS,
    origin::Origin,
    transformation::SERVICE,
    value::{Checked, Given, hosts, names, pairs},
};

/// The attribute of OpenTelemetry that names a service.
const SERVICE_NAME: &str = "service.name";

/// Why a look-up can not fail: the names below are those of the table, and every key has a default of its kind. A
/// test makes the settings from nothing but the table.
const IN_TABLE: &str = "every key of the table has a checked value of its kind";

/// A checked value for every key of the table.
pub(super) struct Values(BTreeMap<&'static str, Checked>);

impl Values {
    pub(super) fn new(values: BTreeMap<&'static str, (Checked, Origin)>) -> Self {
        Self(values.into_iter().map(|(name, (value, _))| (name, value)).collect())
    }

    pub(super) fn defaults() -> Self {
        let default = |key: &'static crate::keys::Key| {
            let given = Given::Text(key.default.to_owned());
            (key.name, given.check(key.kind).expect(IN_TABLE))
        };
        Self(KEYS.iter().map(default).collect())
    }

    pub(super) fn settings(mut self) -> MahavishnuSettings {
        MahavishnuSettings {
            otel_storage_backend: self.backend("otel_storage_backend"),
            otel_storage_connection_string: self.storage("otel_storage_connection_string"),
            store_traces: self.switch("store_traces"),
            store_metrics: self.switch("store_metrics"),
            store_logs: self.switch("store_logs"),
            otel_storage_circuit_breaker_failures: self.whole("otel_storage_circuit_breaker_failures"),
            otel_storage_circuit_breaker_timeout: self.seconds("otel_storage_circuit_breaker_timeout"),
            otel_storage_retry_max_attempts: self.whole("otel_storage_retry_max_attempts"),
            otel_storage_retry_backoff: Duration::from_millis(self.whole("otel_storage_retry_backoff_ms")),
            observability: ObservabilitySettings {
                otlp_endpoint: self.endpoint("observability.otlp_endpoint"),
                more_upstreams: names(&self.text("observability.more_upstreams")).expect(IN_TABLE),
                metrics_enabled: self.switch("observability.metrics_enabled"),
                tracing_enabled: self.switch("observability.tracing_enabled"),
                resource: self.resource(),
                queue_records: self.whole("observability.queue_records"),
            },
            log_level: self.level("log_level"),
            durability: self.durability("durability"),
            spool: SpoolSettings {
                directory: self.directory("spool.directory"),
                budget_bytes: self.whole("spool.budget_bytes"),
                when_full: self.when_full("spool.when_full"),
            },
            deduplicate_requests: self.switch("deduplicate_requests"),
            retention: Keep {
                traces_days: self.whole("retention.traces_days"),
                logs_days: self.whole("retention.logs_days"),
                metrics_days: self.whole("retention.metrics_days"),
            },
            tuning: self.tuning(),
            server: ServerSettings {
                grpc: self.text("server.grpc"),
                http: self.text("server.http"),
                api: self.text("server.api"),
                api_hosts: hosts(&self.text("server.api_hosts")).expect(IN_TABLE),
                max_request_bytes: self.whole("server.max_request_bytes"),
            },
            mcp: McpSettings { allow_writes: self.switch("mcp.allow_writes") },
        }
    }

    fn tuning(&mut self) -> TuningSettings {
        TuningSettings {
            embedding_model: self.text("embedding_model"),
            embedding_endpoint: self.endpoint("embedding_endpoint"),
            embedding_dimension: self.whole("embedding_dimension"),
            cache_size: self.whole("cache_size"),
            similarity_threshold: self.number("similarity_threshold"),
            batch_size: self.whole("batch_size"),
            batch_interval: self.seconds("batch_interval_seconds"),
            hnsw: HnswSettings {
                m: self.whole("hnsw.m"),
                ef_construction: self.whole("hnsw.ef_construction"),
                ef_search: self.whole("hnsw.ef_search"),
            },
        }
    }

    fn take(&mut self, name: &str) -> Checked {
        self.0.remove(name).expect(IN_TABLE)
    }

    fn switch(&mut self, name: &str) -> bool {
        let Checked::Switch(value) = self.take(name) else { unreachable!("{name}: {IN_TABLE}") };
        value
    }

    fn whole<N: TryFrom<i64>>(&mut self, name: &str) -> N {
        let Checked::Whole(value) = self.take(name) else { unreachable!("{name}: {IN_TABLE}") };
        N::try_from(value).ok().expect("the range of the table fits the type")
    }

    fn seconds(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.whole(name))
    }

    fn number(&mut self, name: &str) -> f64 {
        let Checked::Number(value) = self.take(name) else { unreachable!("{name}: {IN_TABLE}") };
        value
    }

    fn text(&mut self, name: &str) -> String {
        let Checked::Text(value) = self.take(name) else { unreachable!("{name}: {IN_TABLE}") };
        value
    }

    fn storage(&mut self, name: &str) -> Location {
        let Checked::Storage(value) = self.take(name) else { unreachable!("{name}: {IN_TABLE}") };
        value
    }

    fn endpoint(&mut self, name: &str) -> Endpoint {
        let Checked::Endpoint(value) = self.take(name) else { unreachable!("{name}: {IN_TABLE}") };
        value
    }

    fn backend(&mut self, name: &str) -> StorageBackend {
        match self.text(name).as_str() {
            "otlp" => StorageBackend::Otlp,
            "postgresql" => StorageBackend::Postgresql,
            "both" => StorageBackend::Both,
            other => unreachable!("{name} {other}: {IN_TABLE}"),
        }
    }

    /// The service that is named by itself wins over one among the attributes.
    fn resource(&mut self) -> Vec<(String, String)> {
        let service = self.text("observability.service_name");
        let mut attributes = pairs(&self.text("observability.resource_attributes")).expect(IN_TABLE);
        let among =
            attributes.iter().position(|(name, _)| name == SERVICE_NAME).map(|at| attributes.remove(at));
        let named = match among {
            Some((_, among)) if service == SERVICE => among,
            _ => service,
        };
        attributes.retain(|(name, _)| name != SERVICE_NAME);
        attributes.insert(0, (SERVICE_NAME.to_owned(), named));
        attributes
    }

    fn durability(&mut self, name: &str) -> Durability {
        match self.text(name).as_str() {
            "disk" => Durability::Disk,
            "process" => Durability::Process,
            "memory" => Durability::Memory,
            other => unreachable!("{name} {other}: {IN_TABLE}"),
        }
    }

    fn when_full(&mut self, name: &str) -> WhenFull {
        match self.text(name).as_str() {
            "refuse" => WhenFull::Refuse,
            "drop_oldest" => WhenFull::DropOldest,
            other => unreachable!("{name} {other}: {IN_TABLE}"),
        }
    }

    fn directory(&mut self, name: &str) -> Option<PathBuf> {
        let text = self.text(name);
        (text != "auto").then(|| text.into())
    }

    fn level(&mut self, name: &str) -> LogLevel {
        match self.text(name).as_str() {
            "DEBUG" => LogLevel::Debug,
            "INFO" => LogLevel::Info,
            "WARNING" => LogLevel::Warning,
            "ERROR" => LogLevel::Error,
            "CRITICAL" => LogLevel::Critical,
            other => unreachable!("{name} {other}: {IN_TABLE}"),
        }
    }
}
