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
    exporter::{DeadLetter, ExportError, Exporter, Receipt},
    ranges::Ranges,
    retry::{Backoff, RetrySettings, with_retry},
    troubles::Troubles,
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
    /// The last outage of which it was said that nothing is sent.
    pauses_said: Arc<AtomicU64>,
    /// Operations that failed since the last one that did not.
    failures: Arc<AtomicU64>,
    troubles: Arc<Troubles>,
}

impl<E: Exporter> Resilient<E> {
    pub(crate) fn new(exporter: Arc<E>, resilience: &Resilience) -> Self {
        Self {
            exporter,
            breaker: resilience.breaker.clone(),
            retry: resilience.retry,
            random: fastrand::Rng::with_seed(resilience.seed),
            pauses_said: Arc::default(),
            failures: Arc::default(),
            troubles: Arc::default(),
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
            failures: Arc::clone(&self.failures),
            troubles: Arc::clone(&self.troubles),
        }
    }

    /// What went wrong lately, with this and all forks.
    pub(crate) fn troubles(&self) -> Arc<Troubles> {
        Arc::clone(&self.troubles)
    }

    pub(crate) fn destination(&self) -> &str {
        self.breaker.destination()
    }

    /// How many forks may be busy at the same time.
    pub(crate) fn lanes(&self) -> usize {
        self.exporter.lanes()
    }

    /// What the destination has of this log.
    pub(crate) async fn resume(&mut self, log: u64) -> Result<Ranges, ExportError> {
        let exporter = Arc::clone(&self.exporter);
        self.operation(0, || exporter.resume(log)).await
    }

    pub(crate) async fn deliver(&mut self, batches: &[Batch], receipt: &Receipt) -> Result<(), ExportError> {
        let exporter = Arc::clone(&self.exporter);
        let records = batches.iter().map(Batch::records).sum();
        self.operation(records, || exporter.deliver(batches, receipt)).await
    }

    /// What the destination does not take of this batch.
    pub(crate) async fn salvage(
        &mut self,
        batch: &Batch,
        receipt: &Receipt,
    ) -> Result<Vec<DeadLetter>, ExportError> {
        let exporter = Arc::clone(&self.exporter);
        self.operation(batch.records(), || exporter.salvage(batch, receipt)).await
    }

    /// One operation of the breaker, with its retries.
    async fn operation<T, F: Future<Output = Result<T, ExportError>>>(
        &mut self,
        records: usize,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, ExportError> {
        let permit = match self.breaker.admit(Instant::now()) {
            Ok(permit) => permit,
            Err(open) => return Err(self.paused(&open)),
        };
        let backoff = Backoff::new(self.retry, self.random.u64(..));
        let destination = self.breaker.destination();
        let quiet = !(self.failures.load(Ordering::Relaxed) + 1).is_power_of_two();
        let troubles = Arc::clone(&self.troubles);
        let mut attempts = 0_u32;
        let attempt = || {
            attempts += 1;
            if attempts > 1 {
                troubles.retried();
            }
            let (attempt, troubles) = (operation(), &troubles);
            async move {
                let result = attempt.await;
                if let Err(error) = &result {
                    troubles.failed(&error.to_string());
                }
                result
            }
        };
        let result = with_retry(destination, backoff, quiet, attempt).await;
        match &result {
            Ok(_) => {
                permit.success();
                self.failures.store(0, Ordering::Relaxed);
            }
            Err(error) => {
                let times = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
                // Once, and then whenever they have doubled.
                if times.is_power_of_two() {
                    warn!(destination, records, times, %error, "export-failed");
                }
                match error {
                    // Who refuses data for what it holds is there and well.
                    ExportError::Refused { .. } => permit.success(),
                    ExportError::Unavailable { .. }
                    | ExportError::Unusable { .. }
                    | ExportError::Failed { .. } => {
                        permit.failure(Instant::now());
                    }
                }
            }
        }
        result
    }

    /// Said once for each outage, however much comes meanwhile and however many trials fail.
    fn paused(&self, open: &CircuitBreakerOpenError) -> ExportError {
        let outage = self.breaker.snapshot(Instant::now()).closed + 1;
        if self.pauses_said.swap(outage, Ordering::Relaxed) != outage {
            let destination = self.breaker.destination();
            error!(destination, retry_in_s = open.retry_in.as_secs(), "otel-storage-paused");
        }
        ExportError::Unavailable { reason: open.to_string(), retry_after: Some(open.retry_in) }
    }
}
