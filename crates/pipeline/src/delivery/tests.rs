//! What a delivery promises: every destination gets everything, at its own pace, as often as it should.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;
use mahavishnu_spool::{Durability, Options, Policy};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;

use super::*;
use crate::{
    Intake,
    breaker::BreakerSettings,
    exporter::{ExportError, Receipt},
    retry::RetrySettings,
};

mod isolation;
mod once;

const SECOND: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(60);
const FAILURES: usize = 5;
const ATTEMPTS: u32 = 3;
const BUDGET: u64 = 10_000;

/// Takes what it gets, unless it is told otherwise.
#[derive(Debug, Default)]
struct Upstream {
    got: Mutex<Vec<Batch>>,
    error: Mutex<Option<ExportError>>,
    calls: AtomicUsize,
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
        self.calls.fetch_add(1, Relaxed);
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

fn spool(policy: Policy, budget_bytes: u64, reader: &str) -> Spool {
    let options = Options {
        directory: "unused".into(),
        durability: Durability::Memory,
        budget_bytes,
        policy,
        segment_bytes: budget_bytes,
        weigh: Intake::weigh,
    };
    Spool::open(options, &[reader]).expect("a budget").0
}

fn resilience() -> Resilience {
    Resilience {
        breaker: CircuitBreaker::new("otlp", BreakerSettings::try_new(FAILURES, TIMEOUT).expect("allowed")),
        retry: RetrySettings::new(ATTEMPTS, Duration::from_millis(100)),
        seed: 1,
    }
}

struct Setup {
    upstream: Arc<Upstream>,
    intake: Intake,
    delivery: Delivery,
    dead_letters: Spool,
}

impl Setup {
    fn new() -> Self {
        Self::of(Upstream::default(), Policy::Refuse)
    }

    fn of(upstream: Upstream, policy: Policy) -> Self {
        let upstream = Arc::new(upstream);
        let spool = spool(policy, BUDGET, "otlp");
        let dead_letters = self::spool(Policy::DropOldest, BUDGET, crate::dead_letters::READER);
        let route = Route { dead_letters: Some(dead_letters.clone()), ..Route::default() };
        let delivery = Delivery::start(&upstream, &resilience(), &spool, &route).expect("a reader");
        Self { upstream, intake: Intake::new(spool, None), delivery, dead_letters }
    }

    async fn submit(&self, records: usize) {
        self.intake.submit(batch(records)).await.expect("room");
    }

    async fn settled(&self) {
        self.delivery.destination().reached(self.intake.spool()).await;
    }

    fn state(&self) -> State {
        self.delivery.destination().breaker().snapshot(Instant::now()).state
    }

    /// Stored, waiting, dead-lettered and dropped; they add up.
    fn ledger(&self) -> (u64, u64, u64, u64) {
        let ledger = self.delivery.destination().ledger(Signal::Logs);
        let Delivered { given, stored, waiting, dead_lettered, dropped, skipped } = ledger;
        assert_eq!(given, stored + waiting + dead_lettered + dropped + skipped);
        (stored, waiting, dead_lettered, dropped)
    }

    async fn finish(self, deadline: Duration) -> u64 {
        self.intake.spool().seal();
        self.delivery.finish(deadline, true).await
    }
}

/// A batch that is told apart by its count.
fn batch(records: usize) -> Batch {
    Batch::new(Signal::Logs, Bytes::from_static(&[0; 100]), records)
}

fn away() -> ExportError {
    ExportError::Unavailable { reason: "connection refused".to_owned(), retry_after: None }
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_is_away_gets_everything_in_order_when_it_is_back() {
    let setup = Setup::new();
    setup.upstream.answers(Some(away()));
    for records in 1..=20 {
        setup.submit(records).await;
        tokio::time::sleep(10 * SECOND).await;
    }
    assert_eq!(setup.delivery.destination().waiting_requests(), 20);
    assert_eq!(setup.ledger(), (0, 210, 0, 0));
    setup.upstream.answers(None);
    setup.settled().await;
    assert_eq!(setup.ledger(), (210, 0, 0, 0));
    assert_eq!(setup.upstream.got(), (1..=20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_refused_or_the_oldest_goes_and_all_of_it_is_counted() {
    for policy in [Policy::Refuse, Policy::DropOldest] {
        let setup = Setup::of(Upstream::default(), policy);
        setup.upstream.answers(Some(ExportError::Unusable { reason: "401".to_owned() }));
        let mut accepted = 0;
        for _ in 0..1000 {
            accepted += u64::from(setup.intake.submit(batch(1)).await.is_ok());
        }
        let (stored, waiting, dead, dropped) = setup.ledger();
        assert_eq!((stored + dead, waiting + dropped), (0, accepted));
        assert_eq!(accepted == 1000, policy == Policy::DropOldest);
        assert_eq!(setup.intake.ledger().received(Signal::Logs).refused, 1000 - accepted);
        assert!(waiting > 0 && waiting * 100 <= BUDGET, "{waiting}");
        setup.upstream.answers(None);
        setup.settled().await;
        assert_eq!(setup.ledger(), (waiting, 0, 0, dropped));
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_refused_costs_no_other_and_is_put_aside_with_the_reason() {
    let setup = Setup::of(Upstream { poison: Some(3), ..Upstream::default() }, Policy::Refuse);
    for records in 1..=6 {
        setup.submit(records).await;
    }
    setup.settled().await;
    assert_eq!(setup.upstream.got(), [1, 2, 4, 5, 6]);
    assert_eq!((setup.ledger(), setup.state()), ((18, 0, 3, 0), State::Closed));
    let letters = crate::dead_letters::list(&setup.dead_letters, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].destination.as_str(), letters[0].reason.as_str()), ("otlp", "a text holds a NUL"));
    assert_eq!(letters[0].batch, batch(3));
}

#[tokio::test(start_paused = true)]
async fn a_batch_for_another_destination_or_of_another_signal_is_not_sent() {
    let upstream = Arc::new(Upstream::default());
    let spool = spool(Policy::Refuse, BUDGET, "otlp");
    let route = Route { signals: vec![Signal::Traces], dead_letters: None };
    let delivery = Delivery::start(&upstream, &resilience(), &spool, &route).expect("a reader");
    let intake = Intake::new(spool, None);
    let traces = |records| Batch::new(Signal::Traces, Bytes::new(), records);
    for batch in [batch(1), traces(2).only_for("otlp"), traces(3).only_for("postgresql"), traces(4)] {
        intake.submit(batch).await.unwrap();
    }
    delivery.destination().reached(intake.spool()).await;
    assert_eq!(upstream.got(), [2, 4]);
    let ledger = delivery.destination().ledger(Signal::Traces);
    assert_eq!((ledger.given, ledger.stored, ledger.skipped), (9, 6, 3));
}

#[tokio::test(start_paused = true)]
async fn the_end_comes_at_its_deadline_and_says_what_remained() {
    let setup = Setup::new();
    setup.upstream.answers(Some(away()));
    setup.submit(1).await;
    let start = Instant::now();
    assert_eq!(setup.finish(5 * SECOND).await, 1);
    assert!(start.elapsed() >= 5 * SECOND && start.elapsed() < 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn one_operation_with_all_its_retries_is_one_failure_of_the_breaker_and_then_nothing_is_sent() {
    let setup = Setup::new();
    setup.upstream.answers(Some(away()));
    setup.submit(1).await;
    while setup.state() == State::Closed {
        tokio::time::sleep(SECOND / 100).await;
    }
    let calls = FAILURES * ATTEMPTS as usize;
    assert_eq!(setup.upstream.calls.load(Relaxed), calls);
    tokio::time::sleep(TIMEOUT - SECOND).await;
    assert_eq!((setup.upstream.calls.load(Relaxed), setup.state()), (calls, State::Open));
    setup.upstream.answers(None);
    setup.settled().await;
    assert_eq!((setup.upstream.got(), setup.state()), (vec![1], State::Closed));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_cost_no_data_and_are_not_tried_again_at_once() {
    let setup = Setup::new();
    setup
        .upstream
        .answers(Some(ExportError::Unusable { reason: "password authentication failed".to_owned() }));
    setup.submit(1).await;
    tokio::time::sleep(SECOND / 2).await;
    assert_eq!(setup.upstream.calls.load(Relaxed), 1);
    setup.upstream.answers(None);
    setup.settled().await;
    assert_eq!(setup.ledger(), (1, 0, 0, 0));
}

/// The events of this thread: level and message.
#[derive(Clone, Debug, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Said {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut message = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                message = format!("{value:?}");
            }
        });
        self.0.lock().unwrap().push(format!("{} {message}", event.metadata().level()));
    }
}

#[tokio::test(start_paused = true)]
async fn each_event_of_an_outage_has_its_name_and_level_and_none_of_them_floods() {
    use tracing_subscriber::layer::SubscriberExt;
    let said = Said::default();
    let _until_the_end = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
    let setup = Setup::new();
    setup.upstream.answers(Some(away()));
    setup.submit(1).await;
    // Five operations, and then a trial for each minute of a day.
    tokio::time::sleep(24 * 60 * TIMEOUT).await;
    setup.upstream.answers(None);
    setup.settled().await;

    let said = said.0.lock().unwrap().clone();
    let times = |event: &str| said.iter().filter(|said| *said == event).count();
    // Of some 1,440 failures: the first, and whenever their number has doubled.
    assert_eq!(times("WARN export-failed"), 11, "{}", said.len());
    assert!(
        (2..=30).contains(&times("WARN otel-storage-retryable")),
        "{}",
        times("WARN otel-storage-retryable")
    );
    assert!(
        (1..=11).contains(&times("ERROR circuit-breaker-open")),
        "{}",
        times("ERROR circuit-breaker-open")
    );
    assert_eq!(times("ERROR otel-storage-paused"), 1);
    assert_eq!(times("INFO circuit-breaker-closed"), 1);
}

#[tokio::test(start_paused = true)]
async fn records_of_one_request_that_are_refused_are_said_in_one_line() {
    use tracing_subscriber::layer::SubscriberExt;
    let said = Said::default();
    let _until_the_end = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
    let setup = Setup::new();
    setup.upstream.answers(Some(ExportError::Refused { reason: "a text holds a NUL".to_owned() }));
    let scope_logs = vec![ScopeLogs { log_records: vec![LogRecord::default(); 30], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let request = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    setup.intake.submit(Batch::new(Signal::Logs, request.into(), 30)).await.expect("room");
    setup.settled().await;
    assert_eq!(setup.ledger(), (0, 0, 30, 0));
    let letters = crate::dead_letters::list(&setup.dead_letters, 100).await.unwrap();
    assert_eq!(letters.len(), 30, "each by itself");
    let said = said.0.lock().unwrap().clone();
    assert_eq!(said.iter().filter(|said| *said == "ERROR record-dead-lettered").count(), 1, "{said:?}");
}
