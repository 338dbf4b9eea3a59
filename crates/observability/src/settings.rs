//! The settings after they were checked: every value is one that can be used.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use mahavishnu_pipeline::Signal;
use mahavishnu_store::{Location, retention::Keep};
use serde::Serialize;
use serde_json::Value;

use crate::{
    endpoint::Endpoint,
    error::{Mistake, SettingsError},
    keys::KEYS,
    origin::Origin,
    sources::{Said, Sources},
};

mod checked;

pub use mahavishnu_spool::Durability;

use checked::Values;

/// Where telemetry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageBackend {
    /// To an OTLP platform.
    Otlp,
    /// Into PostgreSQL.
    Postgresql,
    /// To both, independently.
    Both,
}

impl StorageBackend {
    /// Whether PostgreSQL is one of the destinations.
    #[must_use]
    pub fn stores(self) -> bool {
        matches!(self, Self::Postgresql | Self::Both)
    }

    /// Whether an OTLP platform is one of the destinations.
    #[must_use]
    pub fn forwards(self) -> bool {
        matches!(self, Self::Otlp | Self::Both)
    }
}

/// What happens when the budget of the spool is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Senders are told to come again.
    Refuse,
    /// The oldest goes, counted.
    DropOldest,
}

/// The least level that is recorded; ordered by weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For who looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What may become a fault.
    Warning,
    /// What failed.
    Error,
    /// What stops everything.
    Critical,
}

/// Every setting, checked. It can only be made by [`MahavishnuSettings::load`] and [`Default`].
///
/// Its `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MahavishnuSettings {
    /// Where telemetry goes.
    pub otel_storage_backend: StorageBackend,
    /// The database.
    pub otel_storage_connection_string: Location,
    /// Whether PostgreSQL gets traces.
    pub store_traces: bool,
    /// Whether PostgreSQL gets metrics.
    pub store_metrics: bool,
    /// Whether PostgreSQL gets logs.
    pub store_logs: bool,
    /// Failures, within the window, that open the breaker.
    pub otel_storage_circuit_breaker_failures: u32,
    /// How long the breaker stays open; also the window in which failures are counted.
    pub otel_storage_circuit_breaker_timeout: Duration,
    /// Attempts of one operation; 0 and 1 both mean no retry.
    pub otel_storage_retry_max_attempts: u32,
    /// The wait before the first retry.
    pub otel_storage_retry_backoff: Duration,
    /// What is produced, and where the OTLP platform is.
    pub observability: ObservabilitySettings,
    /// The least level that is recorded.
    pub log_level: LogLevel,
    /// What accepted telemetry survives on its way.
    pub durability: Durability,
    /// Where telemetry waits on its way.
    pub spool: SpoolSettings,
    /// Whether a request that comes again soon is acknowledged and not stored twice.
    pub deduplicate_requests: bool,
    /// For how many days PostgreSQL keeps each signal.
    pub retention: Keep,
    /// How meaning is found and records are joined.
    pub tuning: TuningSettings,
    /// Where the server listens.
    pub server: ServerSettings,
    /// What agents may do.
    pub mcp: McpSettings,
}

/// The section `observability`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservabilitySettings {
    /// The OTLP platform.
    pub otlp_endpoint: Endpoint,
    /// The names of further OTLP platforms.
    pub more_upstreams: Vec<String>,
    /// Whether metrics are produced at all.
    pub metrics_enabled: bool,
    /// Whether spans are produced at all.
    pub tracing_enabled: bool,
    /// What an application's own records belong to, `service.name` first.
    pub resource: Vec<(String, String)>,
    /// Records of an application that wait in memory to be made into requests.
    pub queue_records: usize,
}

/// The section `spool`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolSettings {
    /// Where it is; `None` is a place that goes with the database.
    pub directory: Option<PathBuf>,
    /// Bytes that may wait.
    pub budget_bytes: u64,
    /// What happens when that many wait.
    pub when_full: WhenFull,
}

/// The keys that tune search and writing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TuningSettings {
    /// The model that turns text into vectors.
    pub embedding_model: String,
    /// The service that runs it, where it is `endpoint:NAME`.
    pub embedding_endpoint: Endpoint,
    /// Numbers in one of its vectors.
    pub embedding_dimension: usize,
    /// Vectors of recent texts that are kept in memory.
    pub cache_size: usize,
    /// How alike two texts must be to count as similar, 0 to 1.
    pub similarity_threshold: f64,
    /// Records that are written together.
    pub batch_size: usize,
    /// After this a batch is written though it is not full.
    pub batch_interval: Duration,
    /// The index of vectors.
    pub hnsw: HnswSettings,
}

/// The section `hnsw`: the index of vectors, in pgvector's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HnswSettings {
    /// Links of one vector in the index.
    pub m: u32,
    /// Candidates looked at when a vector enters the index. pgvector wants at least twice `m`.
    pub ef_construction: u32,
    /// Candidates looked at by a search.
    pub ef_search: u32,
}

/// The section `server`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Where OTLP over gRPC is taken, `HOST:PORT`.
    pub grpc: String,
    /// Where OTLP over HTTP is taken, `HOST:PORT`.
    pub http: String,
    /// Where the API answers, `HOST:PORT`.
    pub api: String,
    /// The hosts by which it may be asked, beside this machine's own.
    pub api_hosts: Vec<String>,
    /// Bytes of one request at most, after decompression.
    pub max_request_bytes: usize,
}

/// The section `mcp`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct McpSettings {
    /// Whether agents may hand in telemetry.
    pub allow_writes: bool,
}

/// Settings with where each value came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: MahavishnuSettings,
    /// Every key in the order of the table, as it can be shown to anybody.
    pub shown: Vec<Shown>,
}

/// One key as it can be shown to anybody: without secrets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Its name.
    pub key: String,
    /// Its value; a password in it is left out.
    pub value: Value,
    /// Who gave it: `default`, a file, a variable, a flag.
    pub origin: String,
}

impl MahavishnuSettings {
    /// Reads the settings of all layers: defaults, `settings/mahavishnu.yaml`, `settings/local.yaml`, variables,
    /// flags. Later wins; but every value that is given is checked, also one that another wins over.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] lists every mistake in every layer.
    pub fn load(sources: &Sources) -> Result<Loaded, SettingsError> {
        let Said { entries, mut mistakes } = sources.read();
        let mut values = BTreeMap::new();
        for entry in entries {
            match entry.given.check(entry.key.kind) {
                Some(checked) => {
                    values.insert(entry.key.name, (checked, entry.origin));
                }
                None => mistakes.push(Mistake {
                    key: entry.key.name.to_owned(),
                    given: Some(entry.given.shown(entry.key)),
                    origin: entry.origin,
                    remedy: format!("is not allowed: give {}", entry.key.kind.allowed()),
                }),
            }
        }
        if !mistakes.is_empty() {
            mistakes.sort_by_key(|mistake| weight(&mistake.origin));
            return Err(SettingsError::new(mistakes));
        }
        let shown = KEYS.iter().map(|key| shown(key.name, &values)).collect();
        Ok(Loaded { settings: Values::new(values).settings(), shown })
    }

    /// Whether PostgreSQL gets records of this signal.
    #[must_use]
    pub fn stores(&self, signal: Signal) -> bool {
        match signal {
            Signal::Traces => self.store_traces,
            Signal::Metrics => self.store_metrics,
            Signal::Logs => self.store_logs,
        }
    }
}

impl Default for MahavishnuSettings {
    /// The default of every key; nothing is read.
    fn default() -> Self {
        Values::defaults().settings()
    }
}

/// The layer of an origin, so that mistakes are told in the order of the layers; files stay in theirs.
fn weight(origin: &Origin) -> u8 {
    match origin {
        Origin::Default => 0,
        Origin::Program => 1,
        Origin::File(_) => 2,
        Origin::Variable(_) => 3,
        Origin::Flag(_) => 4,
    }
}

fn shown(name: &str, values: &BTreeMap<&'static str, (crate::value::Checked, Origin)>) -> Shown {
    let (value, origin) = &values[name];
    Shown { key: name.to_owned(), value: value.shown(), origin: origin.to_string() }
}
