//! The parts put together: intake, delivery, exporter, store.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mahavishnu_pipeline::{
    Intake, Ledger, Resilience,
    breaker::{BreakerSettings, CircuitBreaker},
    delivery::Delivery,
    forwarding::{Forwarder, Forwarding},
    intake::CAPACITY_BYTES,
    retry::RetrySettings,
};
use mahavishnu_store::{PostgresExporter, QueryService, Store, StoreError, UnixNanos};
use tokio::time::Instant;
use tracing::warn;

use crate::settings::{MahavishnuSettings, StorageBackend};

pub(crate) mod selection;
pub(crate) mod upstream;

use selection::Selection;

/// What the destination is called in events and metrics.
pub(crate) const POSTGRESQL: &str = "postgresql";

/// What [`Pipeline::shutdown`] gives to what still waits: a few commits of a busy database.
const DRAIN_DEADLINE: Duration = Duration::from_secs(8);

/// Whoever asks such a server would find nothing.
const NOTHING_TO_STORE: &str = "otel_storage_backend is otlp, and a server that stores nothing is not there yet: set it to \
                                postgresql or both";

/// Telemetry's way from the intake into the store, running.
#[derive(Debug)]
pub struct Pipeline {
    intake: Intake,
    delivery: Delivery,
    breaker: CircuitBreaker,
    forwarding: Option<Forwarding>,
    store: Store,
}

impl Pipeline {
    /// Opens the database of the settings (and brings its schema up to date), and begins to store what comes in.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database can not be used, or when the settings want nothing stored: sending on to an
    /// OTLP platform is not there yet.
    pub async fn start(settings: &MahavishnuSettings) -> Result<Self, StoreError> {
        if settings.otel_storage_backend == StorageBackend::Otlp {
            return Err(StoreError::InvalidArgument(NOTHING_TO_STORE.to_owned()));
        }
        let resilience = resilience(settings, POSTGRESQL)?;
        let store = Store::open(&settings.otel_storage_connection_string).await?;
        let forwarding = match settings.otel_storage_backend {
            StorageBackend::Both => Some(upstream::start(settings)?),
            StorageBackend::Otlp | StorageBackend::Postgresql => None,
        };
        let (mut intake, outlet) = Intake::new(CAPACITY_BYTES, Arc::new(Ledger::default()));
        if let Some(forwarding) = &forwarding {
            intake = intake.forwarding_to(forwarding.forwarder().clone());
        }
        let exporter = Selection::new(PostgresExporter::new(store.clone(), now), settings);
        let delivery = Delivery::start(&outlet, &Arc::new(exporter), store.writers(), &resilience);
        Ok(Self { intake, delivery, breaker: resilience.breaker, forwarding, store })
    }

    /// Where receivers hand over what they took.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Everything that gets what comes in, PostgreSQL first.
    #[must_use]
    pub fn destinations(&self) -> Vec<Destination> {
        let postgresql = Destination { breaker: self.breaker.clone(), forwarder: None };
        let upstream = self.forwarding.as_ref().map(|forwarding| Destination {
            breaker: forwarding.breaker().clone(),
            forwarder: Some(forwarding.forwarder().clone()),
        });
        std::iter::once(postgresql).chain(upstream).collect()
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What can be asked of it.
    #[must_use]
    pub fn query(&self) -> QueryService {
        QueryService::new(self.store.clone())
    }

    /// Stops as [`Self::shutdown_within`] does, with a deadline of 8 seconds.
    pub async fn shutdown(self) {
        self.shutdown_within(DRAIN_DEADLINE).await;
    }

    /// Stops in order: the intake is closed, what waits in it is delivered, the database is closed.
    ///
    /// Every other clone of the intake must be gone, or the deadline passes. What waits then is not stored; its
    /// senders are told so, as nothing is acknowledged before it is stored.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up what waits and leaves the database to close by itself.
    pub async fn shutdown_within(self, deadline: Duration) {
        let start = Instant::now();
        drop(self.intake);
        if tokio::time::timeout(deadline, self.delivery.drain()).await.is_err() {
            warn!(
                deadline_s = deadline.as_secs_f64(),
                "stopped with requests that were not stored; their senders know"
            );
        }
        if let Some(forwarding) = self.forwarding {
            let batches = forwarding.shutdown(deadline.saturating_sub(start.elapsed())).await;
            if batches > 0 {
                warn!(batches, "stopped with batches that the OTLP platform did not get");
            }
        }
        self.store.close().await;
    }
}

/// What gets everything that comes in.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its circuit breaker, with its name.
    pub breaker: CircuitBreaker,
    /// What waits for it, where senders do not.
    pub forwarder: Option<Forwarder>,
}

/// Retry and breaker of a destination, as the settings want them.
pub(crate) fn resilience(settings: &MahavishnuSettings, destination: &str) -> Result<Resilience, StoreError> {
    let failures = settings.otel_storage_circuit_breaker_failures as usize;
    let breaker = BreakerSettings::try_new(failures, settings.otel_storage_circuit_breaker_timeout)
        .map_err(|error| StoreError::InvalidArgument(error.to_string()))?;
    Ok(Resilience {
        breaker: CircuitBreaker::new(destination, breaker),
        retry: RetrySettings::new(
            settings.otel_storage_retry_max_attempts,
            settings.otel_storage_retry_backoff,
        ),
        seed: now().0,
    })
}

/// The time of this machine.
pub(crate) fn now() -> UnixNanos {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX))
}
