//! What went wrong with a destination lately, for those who look at it.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// Characters of a reason that are kept.
const MOST_CHARACTERS: usize = 500;

/// Counts attempts that were repeated, and keeps the last reason of a failure.
#[derive(Debug, Default)]
pub struct Troubles {
    retries: AtomicU64,
    last: Mutex<Option<(String, SystemTime)>>,
}

impl Troubles {
    /// Attempts since the start that were made because the one before failed.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Why an attempt last failed, and when; it may have gone well since.
    #[must_use]
    pub fn last_error(&self) -> Option<(String, SystemTime)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, reason: &str) {
        let reason = reason.chars().take(MOST_CHARACTERS).collect();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((reason, SystemTime::now()));
    }
}
