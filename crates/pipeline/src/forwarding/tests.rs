//! What forwarding promises: the destination gets everything at its own pace, and nobody waits for it.

use std::sync::Mutex;

use bytes::Bytes;

use super::*;
use crate::{
    Signal,
    breaker::{BreakerSettings, CircuitBreaker},
    retry::RetrySettings,
};

const BUDGET: u64 = 10_000;
const SECOND: Duration = Duration::from_secs(1);

/// Takes what it gets, unless it is told otherwise.
#[derive(Debug, Default)]
struct Upstream {
    got: Mutex<Vec<Batch>>,
    error: Mutex<Option<ExportError>>,
    /// Batches of so many records are refused for what they hold.
    poison: Option<usize>,
}

impl Upstream {
    fn got(&self) -> Vec<usize> {
        self.got.lock().unwrap().iter().map(Batch::records).collect()
    }

    fn answers(&self, error: Option<ExportError>) {
        *self.error.lock().unwrap() = error;
    }
}

impl Exporter for Upstream {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        if let Some(error) = self.error.lock().unwrap().clone() {
            return Err(error);
        }
        if batches.iter().any(|batch| Some(batch.records()) == self.poison) {
            return Err(ExportError::Refused { reason: "a text holds a NUL".to_owned() });
        }
        self.got.lock().unwrap().extend_from_slice(batches);
        Ok(())
    }
}

fn start(upstream: &Arc<Upstream>) -> Forwarding {
    let breaker = BreakerSettings::try_new(5, 60 * SECOND).expect("allowed");
    let resilience = Resilience {
        breaker: CircuitBreaker::new("otlp", breaker),
        retry: RetrySettings::new(3, Duration::from_millis(100)),
        seed: 1,
    };
    Forwarding::start(Arc::clone(upstream), &resilience, BUDGET).expect("a budget")
}

/// A batch that is told apart by its count.
fn batch(records: usize) -> Batch {
    Batch::new(Signal::Logs, Bytes::from_static(&[0; 100]), records)
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_is_away_gets_everything_in_order_when_it_is_back() {
    let upstream = Arc::new(Upstream::default());
    let forwarding = start(&upstream);
    let reason = "connection refused".to_owned();
    upstream.answers(Some(ExportError::Unavailable { reason, retry_after: None }));
    for records in 0..20 {
        forwarding.forwarder().forward(&batch(records));
        tokio::time::sleep(10 * SECOND).await;
    }
    assert_eq!(forwarding.forwarder().waiting_batches(), 20);
    upstream.answers(None);
    assert_eq!(forwarding.shutdown(120 * SECOND).await, 0);
    assert_eq!(upstream.got(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_goes_oldest_first_and_is_counted() {
    let upstream = Arc::new(Upstream::default());
    let forwarding = start(&upstream);
    upstream.answers(Some(ExportError::Unusable { reason: "401".to_owned() }));
    for records in 0..1000 {
        forwarding.forwarder().forward(&batch(records));
    }
    let forwarder = forwarding.forwarder().clone();
    let kept = forwarder.waiting_batches();
    assert_eq!(forwarder.lost_batches() + kept, 1000);
    assert!(kept > 0 && kept * 100 <= BUDGET, "{kept}");
    upstream.answers(None);
    assert_eq!(forwarding.shutdown(120 * SECOND).await, 0);
    assert_eq!(upstream.got().last(), Some(&999));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_refused_costs_no_other() {
    let upstream = Arc::new(Upstream { poison: Some(3), ..Upstream::default() });
    let forwarding = start(&upstream);
    for records in 0..6 {
        forwarding.forwarder().forward(&batch(records));
    }
    assert_eq!(forwarding.shutdown(10 * SECOND).await, 0);
    assert_eq!(upstream.got(), [0, 1, 2, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_at_its_deadline_and_says_what_remained() {
    let upstream = Arc::new(Upstream::default());
    let forwarding = start(&upstream);
    let reason = "connection refused".to_owned();
    upstream.answers(Some(ExportError::Unavailable { reason, retry_after: None }));
    forwarding.forwarder().forward(&batch(1));
    let start = tokio::time::Instant::now();
    assert_eq!(forwarding.shutdown(5 * SECOND).await, 1);
    assert_eq!(start.elapsed(), 5 * SECOND);
}
