//! The rules of the breaker as a pure state machine: it takes the time and what happened, and says what changes.
//!
//! | state | lets through | becomes |
//! |---|---|---|
//! | CLOSED | everything | OPEN when `failures` failures fall within the last `timeout` |
//! | OPEN | nothing | HALF_OPEN with the first call after `timeout` |
//! | HALF_OPEN | one trial at a time | CLOSED when it succeeds, OPEN for a full `timeout` when it fails |
//!
//! A success in CLOSED clears the count. What was let through before a change of state says nothing about the state
//! after it: each admission carries the epoch it belongs to.

use std::{collections::VecDeque, fmt, time::Duration};

use tokio::time::Instant;

use super::Snapshot;

/// When a breaker opens and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    failures: usize,
    timeout: Duration,
}

/// Settings that no breaker can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a circuit breaker opens after 1 to {MOST_FAILURES} failures, for longer than no time")]
pub struct BreakerSettingsError;

/// The times of so many failures are remembered.
const MOST_FAILURES: usize = 100;

impl BreakerSettings {
    /// Opens after `failures` failures within `timeout`, for `timeout`.
    ///
    /// # Errors
    ///
    /// When `failures` is not 1 to 100, or `timeout` is zero.
    pub fn try_new(failures: usize, timeout: Duration) -> Result<Self, BreakerSettingsError> {
        if !(1..=MOST_FAILURES).contains(&failures) || timeout.is_zero() {
            return Err(BreakerSettingsError);
        }
        Ok(Self { failures, timeout })
    }
}

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything is let through.
    Closed,
    /// Nothing is let through.
    Open,
    /// One trial at a time is let through.
    HalfOpen,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        })
    }
}

/// An operation that was let through, with the epoch it counts in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Admission {
    epoch: u64,
}

/// A change that is worth saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// `times`: since it was closed last, this one included.
    Opened {
        failures: usize,
        timeout: Duration,
        times: u64,
    },
    HalfOpened,
    Closed,
}

#[derive(Clone, Copy, Debug)]
enum Inner {
    Closed,
    Open { until: Instant },
    HalfOpen { trial: bool },
}

/// The state machine.
#[derive(Debug)]
pub(super) struct Machine {
    settings: BreakerSettings,
    inner: Inner,
    /// When the latest failures happened, oldest first; never more than open the breaker.
    failures: VecDeque<Instant>,
    /// Raised by each change of state.
    epoch: u64,
    opened: u64,
    opened_since_closed: u64,
    closed: u64,
}

impl Machine {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            inner: Inner::Closed,
            failures: VecDeque::with_capacity(settings.failures),
            epoch: 0,
            opened: 0,
            opened_since_closed: 0,
            closed: 0,
        }
    }

    /// Lets an operation through, or says in how long it may ask again.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(Admission, Option<Change>), Duration> {
        match self.inner {
            Inner::Closed => Ok((Admission { epoch: self.epoch }, None)),
            Inner::Open { until } if now < until => Err(until - now),
            Inner::Open { .. } => {
                self.enter(Inner::HalfOpen { trial: true });
                Ok((Admission { epoch: self.epoch }, Some(Change::HalfOpened)))
            }
            Inner::HalfOpen { trial: true } => Err(Duration::ZERO),
            Inner::HalfOpen { trial: false } => {
                self.inner = Inner::HalfOpen { trial: true };
                Ok((Admission { epoch: self.epoch }, None))
            }
        }
    }

    pub(super) fn success(&mut self, admission: Admission) -> Option<Change> {
        if admission.epoch != self.epoch {
            return None;
        }
        self.failures.clear();
        if matches!(self.inner, Inner::Closed) {
            return None;
        }
        self.enter(Inner::Closed);
        self.closed += 1;
        self.opened_since_closed = 0;
        Some(Change::Closed)
    }

    pub(super) fn failure(&mut self, admission: Admission, now: Instant) -> Option<Change> {
        if admission.epoch != self.epoch {
            return None;
        }
        if matches!(self.inner, Inner::Closed) {
            self.forget_old_failures(now);
            self.failures.push_back(now);
            if self.failures.len() < self.settings.failures {
                return None;
            }
        }
        self.enter(Inner::Open { until: now + self.settings.timeout });
        self.opened += 1;
        self.opened_since_closed += 1;
        let (failures, timeout) = (self.failures.len(), self.settings.timeout);
        Some(Change::Opened { failures, timeout, times: self.opened_since_closed })
    }

    /// The operation ended without a result: a trial gives its place back.
    pub(super) fn cancel(&mut self, admission: Admission) -> Option<Change> {
        if admission.epoch == self.epoch
            && let Inner::HalfOpen { trial } = &mut self.inner
        {
            *trial = false;
        }
        None
    }

    pub(super) fn snapshot(&self, now: Instant) -> Snapshot {
        let (state, next_trial_at) = match self.inner {
            Inner::Closed => (State::Closed, None),
            Inner::Open { until } => (State::Open, Some(until)),
            Inner::HalfOpen { .. } => (State::HalfOpen, None),
        };
        let failures = match self.inner {
            Inner::Closed => self.failures.iter().filter(|then| self.in_window(**then, now)).count(),
            Inner::Open { .. } | Inner::HalfOpen { .. } => self.failures.len(),
        };
        Snapshot { state, failures, next_trial_at, opened: self.opened, closed: self.closed }
    }

    fn enter(&mut self, inner: Inner) {
        self.inner = inner;
        self.epoch += 1;
    }

    fn in_window(&self, then: Instant, now: Instant) -> bool {
        now.saturating_duration_since(then) < self.settings.timeout
    }

    fn forget_old_failures(&mut self, now: Instant) {
        while let Some(oldest) = self.failures.front().copied()
            && !self.in_window(oldest, now)
        {
            self.failures.pop_front();
        }
    }
}
