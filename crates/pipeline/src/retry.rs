//! Retry: how often one operation is tried, and how long the wait is in between.

use std::{future::Future, time::Duration};

use tracing::warn;

use crate::exporter::ExportError;

/// The wait doubles up to this (or stays at the first where that is larger).
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// A destination that asks for a longer wait than this is tried again after it all the same.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// How often an operation is tried and how long the first wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    attempts: u32,
    first_backoff: Duration,
}

impl RetrySettings {
    /// At most `max_attempts` attempts (0 counts as 1), with `first_backoff` before the second.
    #[must_use]
    pub fn new(max_attempts: u32, first_backoff: Duration) -> Self {
        Self { attempts: max_attempts.max(1), first_backoff }
    }
}

/// The waits of one operation.
#[derive(Debug)]
pub struct Backoff {
    settings: RetrySettings,
    attempt: u32,
    random: fastrand::Rng,
}

impl Backoff {
    /// The waits of one operation; the seed decides their jitter.
    #[must_use]
    pub fn new(settings: RetrySettings, seed: u64) -> Self {
        Self { settings, attempt: 1, random: fastrand::Rng::with_seed(seed) }
    }

    /// The number of the attempt under way, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long to wait before the next attempt; `None` when there is none left.
    ///
    /// The wait is drawn between half and all of the backoff; a destination that asked for `retry_after` is not
    /// tried before that (five minutes at most).
    pub fn next_wait(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        if self.attempt >= self.settings.attempts {
            return None;
        }
        let first = self.settings.first_backoff;
        let doubled = first.saturating_mul(1_u32.checked_shl(self.attempt - 1).unwrap_or(u32::MAX));
        let backoff = doubled.min(LONGEST_BACKOFF.max(first));
        self.attempt += 1;
        let jittered = backoff.mul_f64(0.5 + self.random.f64() / 2.0);
        Some(jittered.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER)))
    }
}

/// Runs `operation` until it succeeds, fails for good, or the attempts are used up.
///
/// Each wait is said as the event `otel-storage-retryable`, unless it was said often enough: `quiet`.
///
/// # Cancel safety
///
/// Dropping the future drops the attempt under way, with the cancel safety of `operation`.
///
/// # Errors
///
/// The error of the last attempt.
pub async fn with_retry<T, F: Future<Output = Result<T, ExportError>>>(
    destination: &str,
    mut backoff: Backoff,
    quiet: bool,
    mut operation: impl FnMut() -> F,
) -> Result<T, ExportError> {
    loop {
        let error = match operation().await {
            Err(error) if error.is_retryable() => error,
            result => return result,
        };
        let attempt = backoff.attempt();
        let Some(wait) = backoff.next_wait(error.retry_after()) else { return Err(error) };
        if !quiet {
            warn!(destination, attempt, wait_ms = wait.as_millis(), %error, "otel-storage-retryable");
        }
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rstest::rstest;
    use tokio::time::Instant;

    use super::*;

    fn away(retry_after: Option<Duration>) -> ExportError {
        ExportError::Unavailable { reason: "the database is away".to_owned(), retry_after }
    }

    #[rstest]
    #[case(100, &[100, 200, 400, 800, 1000, 1000])]
    #[case(5000, &[5000, 5000])]
    #[case(0, &[0, 0])]
    fn the_backoff_doubles_up_to_a_second_or_the_first_where_that_is_larger(
        #[case] first_ms: u64,
        #[case] most_ms: &[u64],
    ) {
        let settings = RetrySettings::new(10, Duration::from_millis(first_ms));
        for seed in 0..100 {
            let mut backoff = Backoff::new(settings, seed);
            for most in most_ms.iter().copied().map(Duration::from_millis) {
                let wait = backoff.next_wait(None).expect("an attempt is left");
                assert!(wait >= most / 2 && wait <= most, "seed {seed}: {wait:?} of {most:?}");
            }
        }
    }

    #[test]
    fn zero_and_one_both_mean_one_attempt_and_no_retry() {
        for attempts in [0, 1] {
            let settings = RetrySettings::new(attempts, Duration::from_millis(100));
            assert_eq!(Backoff::new(settings, 0).next_wait(None), None);
        }
    }

    #[test]
    fn a_wait_that_the_destination_asks_for_is_obeyed_before_our_own() {
        let settings = RetrySettings::new(3, Duration::from_millis(100));
        let mut backoff = Backoff::new(settings, 0);
        let asked = Duration::from_secs(30);
        assert_eq!(backoff.next_wait(Some(asked)), Some(asked));
        assert_eq!(backoff.next_wait(Some(Duration::MAX)), Some(LONGEST_RETRY_AFTER));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_in_passing_is_tried_again_after_a_wait() {
        let (attempts, start) = (Cell::new(0), Instant::now());
        let backoff = Backoff::new(RetrySettings::new(3, Duration::from_millis(100)), 1);
        let result = with_retry("postgresql", backoff, false, || {
            attempts.set(attempts.get() + 1);
            let attempt = attempts.get();
            async move { if attempt < 3 { Err(away(None)) } else { Ok(attempt) } }
        });
        assert_eq!(result.await.expect("the third attempt succeeds"), 3);
        assert!((Duration::from_millis(150)..=Duration::from_millis(310)).contains(&start.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_is_not_tried_again() {
        let attempts = Cell::new(0);
        let backoff = Backoff::new(RetrySettings::new(3, Duration::from_millis(100)), 1);
        let result: Result<(), _> = with_retry("postgresql", backoff, false, || {
            attempts.set(attempts.get() + 1);
            async { Err(ExportError::Refused { reason: "bad data".to_owned() }) }
        })
        .await;
        assert!(matches!(result, Err(ExportError::Refused { .. })));
        assert_eq!(attempts.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_attempts_are_used_up_the_last_error_is_the_answer() {
        let attempts = Cell::new(0);
        let backoff = Backoff::new(RetrySettings::new(4, Duration::from_millis(1)), 1);
        let result: Result<(), _> = with_retry("postgresql", backoff, false, || {
            attempts.set(attempts.get() + 1);
            async { Err(away(None)) }
        })
        .await;
        assert!(matches!(result, Err(ExportError::Unavailable { .. })));
        assert_eq!(attempts.get(), 4);
    }
}
