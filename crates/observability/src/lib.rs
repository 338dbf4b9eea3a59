//! The front door for applications: settings, and the parts put together.
//!
//! | module | answers |
//! |---|---|
//! | [`manager`] | what an application calls: [`ObservabilityManager`] |
//! | [`adapter`] | PostgreSQL as one destination: [`OtelStorageAdapter`] |
//! | [`layer`] | `tracing` into a manager: [`ObservabilityLayer`] |
//! | [`keys`] | the one table of every setting |
//! | [`sources`] | what files, variables and flags say, and who says it |
//! | [`settings`] | what was checked: [`MahavishnuSettings`] |
//! | [`error`] | every mistake at once |
//! | [`mod@schema`] | the settings file as a JSON Schema |
//! | [`endpoint`], [`origin`], [`directory`] | an HTTP URL that can be shown; who gave a value; the default database |
//! | [`transformation`] | Mahavishnu's own log entries and metrics as OpenTelemetry |
//! | [`wiring`] | intake, delivery and store as one [`Pipeline`] |
//!
//! Settings come from `settings/mahavishnu.yaml`, `settings/local.yaml`, variables that begin with `MAHAVISHNU_`
//! (`__` for nesting) and flags; later wins. A value that is not allowed, an unknown key and a wrong type are
//! refused, all in one [`SettingsError`]. No `Debug`, `Display` or message of this crate shows a secret.
//!
//! ```
//! use mahavishnu_observability::{MahavishnuSettings, Sources, StorageBackend};
//!
//! let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
//! let environment = vec![set("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both"), set("MAHAVISHNU_STORE_METRICS", "false")];
//! let loaded = MahavishnuSettings::load(&Sources { environment, ..Sources::default() })?;
//! assert_eq!(loaded.settings.otel_storage_backend, StorageBackend::Both);
//! assert!(!loaded.settings.store_metrics);
//! assert_eq!(loaded.shown[0].origin, "MAHAVISHNU_OTEL_STORAGE_BACKEND");
//! # Ok::<(), mahavishnu_observability::SettingsError>(())
//! ```

pub mod adapter;
pub mod directory;
pub mod endpoint;
pub mod error;
pub mod keys;
pub mod layer;
pub mod manager;
pub mod meaning;
pub mod origin;
pub mod schema;
pub mod settings;
pub mod sources;
mod suggestion;
pub mod transformation;
mod value;
pub mod wiring;

pub use adapter::{OtelStorageAdapter, OtelStorageInitializationError};
pub use directory::default_embedded_directory;
pub use endpoint::Endpoint;
pub use error::{Mistake, SettingsError};
pub use layer::ObservabilityLayer;
pub use manager::{ManagerStopped, ObservabilityManager, PerformanceMetrics};
pub use meaning::Meaning;
pub use origin::Origin;
pub use schema::schema;
pub use settings::{
    Durability, HnswSettings, Loaded, LogLevel, MahavishnuSettings, McpSettings, ObservabilitySettings,
    ServerSettings, Shown, SpoolSettings, StorageBackend, TuningSettings, WhenFull,
};
pub use sources::{Flag, Sources};
pub use transformation::{AttributeValue, Attributes, LogEntry, Metric, MetricKind};
pub use wiring::Pipeline;
