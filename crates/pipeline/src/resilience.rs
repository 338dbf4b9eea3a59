//! Retry inside a circuit breaker, around the exporter of one destination.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::time::Instant;
use tracing::{error, warn};

use crate::{
    batch::Batch,
    breaker::{CircuitBreaker, CircuitBreakerOpenError},
    exporter::{ExportError, Exporter},
    retry::{Backoff, RetrySettings, with_retry},
};

/// When a destination is tried again, and when it is left alone.
#[derive(Clone, Debug)]
pub struct Resilience {
    /// Its breaker: an operation with all its retries is one success or one failure.
    pub breaker: CircuitBreaker,
    /// The attempts of one operation.
    pub retry: RetrySettings,
    /// Decides the jitter of the waits.
    pub seed: u64,
}

/// An exporter with the resilience of its destination. Forks share the breaker.
#[derive(Debug)]
pub(crate) struct Resilient<E> {
    exporter: Arc<E>,
    breaker: CircuitBreaker,
    retry: RetrySettings,
    random: fastrand::Rng,
    /// Of how many openings of the breaker it was said that nothing is sent.
    pauses_said: Arc<AtomicU64>,
}

impl<E: Exporter> Resilient<E> {
    pub(crate) fn new(exporter: Arc<E>, resilience: &Resilience) -> Self {
        Self {
            exporter,
            breaker: resilience.breaker.clone(),
            retry: resilience.retry,
            random: fastrand::Rng::with_seed(resilience.seed),
            pauses_said: Arc::default(),
        }
    }

    /// The same for another task, with a jitter of its own.
    pub(crate) fn fork(&mut self) -> Self {
        Self {
            exporter: Arc::clone(&self.exporter),
            breaker: self.breaker.clone(),
            retry: self.retry,
            random: self.random.fork(),
            pauses_said: Arc::clone(&self.pauses_said),
        }
    }

    pub(crate) fn destination(&self) -> &str {
        self.breaker.destination()
    }

    /// One operation of the breaker, with its retries.
    pub(crate) async fn export(&mut self, batches: &[Batch]) -> Result<(), ExportError> {
        let permit = match self.breaker.admit(Instant::now()) {
            Ok(permit) => permit,
            Err(open) => return Err(self.paused(&open)),
        };
        let backoff = Backoff::new(self.retry, self.random.u64(..));
        let destination = self.breaker.destination();
        let result = with_retry(destination, backoff, || self.exporter.export(batches)).await;
        match &result {
            Ok(()) => permit.success(),
            Err(error) => {
                let records: usize = batches.iter().map(Batch::records).sum();
                warn!(destination, records, %error, "export-failed");
                match error {
                    // Who refuses data for what it holds is there and well.
                    ExportError::Refused { .. } => permit.success(),
                    ExportError::Unavailable { .. } | ExportError::Unusable { .. } => {
                        permit.failure(Instant::now());
                    }
                }
            }
        }
        result
    }

    /// Said once for each time the breaker opened, however much comes meanwhile.
    fn paused(&self, open: &CircuitBreakerOpenError) -> ExportError {
        let opened = self.breaker.snapshot(Instant::now()).opened;
        if self.pauses_said.swap(opened, Ordering::Relaxed) != opened {
            let destination = self.breaker.destination();
            error!(destination, retry_in_s = open.retry_in.as_secs(), "otel-storage-paused");
        }
        ExportError::Unavailable { reason: open.to_string(), retry_after: Some(open.retry_in) }
    }
}
