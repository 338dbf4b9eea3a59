//! The circuit breaker of one destination: after repeated failures nothing is sent for a while, then one trial.
//!
//! [`machine`] is the whole of the rules, without clock or lock; [`CircuitBreaker`] shares it and says what changes.
//! Why it is our own: `docs/adr/0001-own-circuit-breaker.md`.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::{debug, error, info};

pub mod machine;

pub use machine::{BreakerSettings, State};

use machine::{Admission, Change, Machine};

/// A circuit breaker that tasks share; clones are the same breaker.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    destination: String,
    machine: Mutex<Machine>,
}

/// What a breaker is like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its state.
    pub state: State,
    /// Failures within the window.
    pub failures: usize,
    /// When the next trial is let through: only where it is [`State::Open`].
    pub next_trial_at: Option<Instant>,
    /// How often it has opened.
    pub opened: u64,
    /// How often it has closed again.
    pub closed: u64,
}

/// The breaker lets nothing through now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreakerOpenError {
    /// Whose breaker it is.
    pub destination: String,
    /// After how long a trial is let through; zero while a trial is under way, which decides at any moment.
    pub retry_in: Duration,
}

impl fmt::Display for CircuitBreakerOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let destination = &self.destination;
        if self.retry_in.is_zero() {
            return write!(f, "{destination} failed repeatedly: a trial is under way, try again after it");
        }
        let seconds = self.retry_in.as_millis().div_ceil(1000);
        write!(f, "{destination} failed repeatedly: a trial is let through in {seconds} s")
    }
}

impl std::error::Error for CircuitBreakerOpenError {}

/// Leave for one operation. Dropped without a result (the operation was cancelled) it changes nothing, and a trial
/// gives its place back.
#[derive(Debug)]
#[must_use = "the result of the operation belongs in success or failure"]
pub struct Permit {
    shared: Arc<Shared>,
    admission: Option<Admission>,
}

impl CircuitBreaker {
    /// A closed breaker for the destination of this name.
    #[must_use]
    pub fn new(destination: impl Into<String>, settings: BreakerSettings) -> Self {
        let machine = Mutex::new(Machine::new(settings));
        Self { shared: Arc::new(Shared { destination: destination.into(), machine }) }
    }

    /// Asks for leave for one operation, all its retries included.
    ///
    /// # Errors
    ///
    /// [`CircuitBreakerOpenError`] when it is open, or half-open with a trial under way.
    pub fn admit(&self, now: Instant) -> Result<Permit, CircuitBreakerOpenError> {
        let admitted = self.shared.lock().admit(now);
        match admitted {
            Ok((admission, change)) => {
                self.shared.tell(change);
                Ok(Permit { shared: Arc::clone(&self.shared), admission: Some(admission) })
            }
            Err(retry_in) => {
                Err(CircuitBreakerOpenError { destination: self.shared.destination.clone(), retry_in })
            }
        }
    }

    /// What it is like at this moment.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        self.shared.lock().snapshot(now)
    }

    /// Whose breaker it is.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.shared.destination
    }
}

impl Permit {
    /// The operation succeeded.
    pub fn success(mut self) {
        self.settle(Machine::success);
    }

    /// The operation failed for good, after its retries.
    pub fn failure(mut self, now: Instant) {
        self.settle(|machine, admission| machine.failure(admission, now));
    }

    fn settle(&mut self, enter: impl FnOnce(&mut Machine, Admission) -> Option<Change>) {
        if let Some(admission) = self.admission.take() {
            let change = enter(&mut self.shared.lock(), admission);
            self.shared.tell(change);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.settle(Machine::cancel);
    }
}

impl Shared {
    /// The machine is whole between any two statements, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Said outside the lock: who writes the log may be slow.
    fn tell(&self, change: Option<Change>) {
        let destination = self.destination.as_str();
        match change {
            None => {}
            // Once, and then whenever the trials that failed have doubled.
            Some(Change::Opened { failures, timeout, times }) if times.is_power_of_two() => {
                error!(destination, failures, times, retry_in_s = timeout.as_secs(), "circuit-breaker-open");
            }
            Some(Change::Opened { failures, timeout, times }) => {
                debug!(destination, failures, times, retry_in_s = timeout.as_secs(), "circuit-breaker-open");
            }
            Some(Change::HalfOpened) => debug!(destination, "circuit-breaker-half-open"),
            Some(Change::Closed) => info!(destination, "circuit-breaker-closed"),
        }
    }
}

#[cfg(test)]
mod tests;
