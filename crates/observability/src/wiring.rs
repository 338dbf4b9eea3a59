//! The parts put together: the log that everything comes into, and a delivery from it to each destination.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mahavishnu_pipeline::{
    Delivery, Destination, Intake, Resilience, Signal,
    breaker::{BreakerSettings, CircuitBreaker},
    delivery::Route,
    repeats::{self, Remembering, Repeats},
    retry::RetrySettings,
};
use mahavishnu_spool::{Durability, Spool};
use mahavishnu_store::{Location, StoreError, UnixNanos};
use tokio::time::Instant;
use tracing::warn;

use crate::{OtelStorageAdapter, settings::MahavishnuSettings};

mod place;
mod spools;
mod upstream;

pub use place::Place;

use spools::Spools;
use upstream::Upstream;

/// What the destination is called in events and metrics.
pub(crate) const POSTGRESQL: &str = "postgresql";

/// How long the same request counts as one that was sent again.
const REPEAT_WINDOW: Duration = Duration::from_secs(600);

/// What [`Pipeline::shutdown`] gives to what still waits: a few commits of a busy database.
const DRAIN_DEADLINE: Duration = Duration::from_secs(8);

/// Telemetry's way from the intake to every destination, running.
#[derive(Debug)]
pub struct Pipeline {
    intake: Intake,
    deliveries: Vec<Delivery>,
    remembering: Option<Remembering>,
    spools: Spools,
    adapter: Option<OtelStorageAdapter>,
}

impl Pipeline {
    /// Opens the spool of the settings, and begins to deliver what is in it and what comes in. Waits for no
    /// destination: one that is away gets everything when it is back.
    ///
    /// # Errors
    ///
    /// When the spool can not be opened, the settings of the OTLP platform can not be, or the embedded database of a
    /// server can not be used.
    pub async fn start(settings: &MahavishnuSettings, place: Place) -> Result<Self, StoreError> {
        let forwards = settings.otel_storage_backend.forwards();
        let upstreams = if forwards { Upstream::all(settings)? } else { Vec::new() };
        let adapter = settings.otel_storage_backend.stores().then(|| OtelStorageAdapter::new(settings));
        if let (Place::Server, Some(adapter), Location::Embedded(_)) =
            (place, &adapter, &settings.otel_storage_connection_string)
        {
            // A directory that can not be used does not come back by itself, as a server does.
            adapter.store().await?;
        }
        let mut readers = Vec::new();
        readers.extend(adapter.is_some().then_some(POSTGRESQL));
        readers.extend(upstreams.iter().map(Upstream::name));
        readers.extend(settings.deduplicate_requests.then_some(repeats::READER));
        let spools = Spools::open(settings, place, &readers).await?;
        let (repeats, remembering) = remember(settings, &spools).await?;
        let mut deliveries = Vec::new();
        if let Some(adapter) = &adapter {
            let signals = Signal::ALL.into_iter().filter(|signal| settings.stores(*signal)).collect();
            let route = Route { signals, dead_letters: None };
            let resilience = resilience(settings, POSTGRESQL)?;
            deliveries.extend(Delivery::start(&Arc::new(adapter.clone()), &resilience, &spools.log, &route));
        }
        for upstream in upstreams {
            let route = Route { dead_letters: Some(spools.dead_letters.clone()), ..Route::default() };
            let (exporter, resilience) = upstream.into_parts();
            deliveries.extend(Delivery::start(&Arc::new(exporter), &resilience, &spools.log, &route));
        }
        let intake = Intake::new(spools.log.clone(), repeats);
        Ok(Self { intake, deliveries, remembering, spools, adapter })
    }

    /// Where receivers hand over what they took.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Everything that gets what comes in, PostgreSQL first.
    #[must_use]
    pub fn destinations(&self) -> Vec<Destination> {
        self.deliveries.iter().map(|delivery| delivery.destination().clone()).collect()
    }

    /// PostgreSQL, where the settings store there.
    #[must_use]
    pub fn adapter(&self) -> Option<&OtelStorageAdapter> {
        self.adapter.as_ref()
    }

    /// What an OTLP platform refused for good.
    #[must_use]
    pub fn dead_letters(&self) -> &Spool {
        &self.spools.dead_letters
    }

    /// Where what waits is kept; `None` in memory.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.spools.directory.as_deref()
    }

    /// Waits until every destination has what was accepted before this call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub fn reached(&self) -> impl Future<Output = ()> + Send + use<> {
        let waits: Vec<_> =
            self.deliveries.iter().map(|it| it.destination().reached(&self.spools.log)).collect();
        async move {
            for wait in waits {
                wait.await;
            }
        }
    }

    /// Stops as [`Self::shutdown_within`] does, with a deadline of 8 seconds.
    pub async fn shutdown(self) -> u64 {
        self.shutdown_within(DRAIN_DEADLINE).await
    }

    /// Stops in order: nothing more is accepted, what waits is delivered, the spool and the database are closed. Says
    /// how many requests some destination did not get; those are kept for the next start, unless the spool is in
    /// memory.
    ///
    /// A destination whose breaker is open is not waited for where what is for it is kept.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up what waits and leaves the rest to close by itself.
    pub async fn shutdown_within(self, deadline: Duration) -> u64 {
        let until = Instant::now() + deadline;
        self.spools.log.seal();
        let patient = self.spools.durability == Durability::Memory;
        let finishing: Vec<_> =
            self.deliveries.into_iter().map(|it| tokio::spawn(it.finish(deadline, patient))).collect();
        let mut remained = 0;
        for finished in finishing {
            remained += finished.await.unwrap_or_default();
        }
        if let Some(remembering) = self.remembering {
            remembering.stop();
        }
        if remained > 0 {
            warn!(requests = remained, kept = !patient, "stopped before every destination had everything");
        }
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        drop(self.intake);
        if tokio::time::timeout(left, self.spools.close()).await.is_err() {
            warn!("the spool did not close in time; nothing accepted is lost");
        }
        if let Some(adapter) = self.adapter {
            adapter.cleanup().await;
        }
        remained
    }
}

/// What was taken lately, where the settings want that remembered.
async fn remember(
    settings: &MahavishnuSettings,
    spools: &Spools,
) -> Result<(Option<Repeats>, Option<Remembering>), StoreError> {
    if !settings.deduplicate_requests {
        return Ok((None, None));
    }
    let repeats = Repeats::new(REPEAT_WINDOW, || now().0 / 1_000_000);
    let restored = repeats.restore(&spools.log, &spools.repeats).await;
    let remembering = restored.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok((Some(repeats), Some(remembering)))
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
