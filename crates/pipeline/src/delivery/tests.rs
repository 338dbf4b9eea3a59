//! What a delivery promises: retry inside the breaker, and every sender is answered.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;

use tokio::time::Instant;

use super::*;
use crate::{
    Intake, Ledger, Refusal, Signal,
    breaker::{BreakerSettings, CircuitBreaker, State},
    check::check,
    retry::RetrySettings,
};

const TIMEOUT: Duration = Duration::from_secs(60);
const FAILURES: usize = 5;
const ATTEMPTS: u32 = 3;

/// Answers as it is told.
#[derive(Debug, Default)]
struct Destination {
    error: Mutex<Option<ExportError>>,
    calls: AtomicUsize,
}

impl Destination {
    fn answers(&self, error: Option<ExportError>) {
        *self.error.lock().unwrap() = error;
    }
}

impl Exporter for Destination {
    async fn export(&self, _batches: &[Batch]) -> Result<(), ExportError> {
        self.calls.fetch_add(1, Relaxed);
        self.error.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

struct Setup {
    destination: Arc<Destination>,
    intake: Intake,
    breaker: CircuitBreaker,
    _delivery: Delivery,
}

impl Setup {
    fn new() -> Self {
        let destination = Arc::new(Destination::default());
        let (intake, outlet) = Intake::new(1 << 20, Arc::new(Ledger::default()));
        let breaker =
            CircuitBreaker::new("postgresql", BreakerSettings::try_new(FAILURES, TIMEOUT).expect("allowed"));
        let retry = RetrySettings::new(ATTEMPTS, Duration::from_millis(100));
        let resilience = Resilience { breaker: breaker.clone(), retry, seed: 7 };
        let delivery = Delivery::start(&outlet, &destination, 1, &resilience);
        Self { destination, intake, breaker, _delivery: delivery }
    }

    async fn submit(&self) -> Result<(), Refusal> {
        self.intake.submit(check(Signal::Logs, Bytes::new()).expect("well formed").batch).await
    }

    fn state(&self) -> State {
        self.breaker.snapshot(Instant::now()).state
    }
}

fn away() -> ExportError {
    ExportError::Unavailable { reason: "the database is away".to_owned(), retry_after: None }
}

#[tokio::test(start_paused = true)]
async fn one_operation_with_all_its_retries_is_one_failure_of_the_breaker() {
    let setup = Setup::new();
    setup.destination.answers(Some(away()));
    for counted in 1..FAILURES {
        assert!(matches!(setup.submit().await, Err(Refusal::Busy { .. })));
        assert_eq!(setup.breaker.snapshot(Instant::now()).failures, counted);
        assert_eq!(setup.destination.calls.load(Relaxed), counted * ATTEMPTS as usize);
    }
    assert!(setup.submit().await.is_err());
    assert_eq!(setup.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn while_the_breaker_is_open_nothing_is_sent_and_senders_are_told_when_to_come_again() {
    let setup = Setup::new();
    setup.destination.answers(Some(away()));
    for _ in 0..FAILURES {
        assert!(setup.submit().await.is_err());
    }
    let calls = setup.destination.calls.load(Relaxed);
    let Err(Refusal::Busy { retry_after, reason }) = setup.submit().await else { panic!("open") };
    assert_eq!(setup.destination.calls.load(Relaxed), calls);
    assert_eq!(retry_after, TIMEOUT);
    assert!(reason.contains("60 s"), "{reason}");

    setup.destination.answers(None);
    tokio::time::advance(TIMEOUT).await;
    setup.submit().await.expect("the trial succeeds");
    assert_eq!(setup.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn data_that_is_refused_does_not_open_the_breaker() {
    let setup = Setup::new();
    setup.destination.answers(Some(ExportError::Refused { reason: "a text holds a NUL".to_owned() }));
    for _ in 0..2 * FAILURES {
        assert!(matches!(setup.submit().await, Err(Refusal::Unacceptable { .. })));
    }
    assert_eq!((setup.state(), setup.destination.calls.load(Relaxed)), (State::Closed, 2 * FAILURES));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_not_tried_again_and_the_sender_keeps_its_data() {
    let setup = Setup::new();
    let reason = "password authentication failed".to_owned();
    setup.destination.answers(Some(ExportError::Unusable { reason }));
    for calls in 1..=FAILURES {
        assert!(matches!(setup.submit().await, Err(Refusal::Busy { .. })));
        assert_eq!(setup.destination.calls.load(Relaxed), calls);
    }
    assert_eq!(setup.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_stored_and_the_sender_never_knows() {
    let setup = Setup::new();
    setup.destination.answers(Some(away()));
    let submitting = setup.submit();
    let recovering = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        setup.destination.answers(None);
    };
    let (result, ()) = tokio::join!(submitting, recovering);
    result.expect("the second attempt succeeds");
    assert_eq!((setup.state(), setup.destination.calls.load(Relaxed)), (State::Closed, 2));
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
async fn each_event_of_an_outage_has_its_name_and_level_and_the_pause_is_said_once() {
    use tracing_subscriber::layer::SubscriberExt;
    let said = Said::default();
    let _until_the_end = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
    let setup = Setup::new();
    setup.destination.answers(Some(away()));
    for _ in 0..FAILURES + 3 {
        assert!(setup.submit().await.is_err());
    }
    setup.destination.answers(None);
    tokio::time::advance(TIMEOUT).await;
    setup.submit().await.expect("the trial succeeds");

    let said = said.0.lock().unwrap().clone();
    let times = |event: &str| said.iter().filter(|said| *said == event).count();
    assert_eq!(times("WARN otel-storage-retryable"), FAILURES * (ATTEMPTS as usize - 1), "{said:?}");
    assert_eq!(times("WARN export-failed"), FAILURES);
    assert_eq!(times("ERROR circuit-breaker-open"), 1);
    assert_eq!(times("ERROR otel-storage-paused"), 1);
    assert_eq!(times("INFO circuit-breaker-closed"), 1);
}
