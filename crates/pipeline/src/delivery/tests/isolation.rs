//! Isolation: whatever one destination does, the other gets everything as if it were alone.

use rstest::rstest;

use super::*;

/// What the bad destination does.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Refuses,
    HangsForAnHour,
    /// As one that answers one byte a second: an answer of a hundred bytes.
    AnswersSlowly,
    Resets,
    FailsOverEverything,
    RefusesEverything,
}

#[derive(Debug)]
struct Bad(Fault);

impl Exporter for Bad {
    async fn export(&self, _: &[Batch]) -> Result<(), ExportError> {
        let reason = || "it is bad".to_owned();
        match self.0 {
            Fault::Refuses | Fault::Resets => Err(away()),
            Fault::HangsForAnHour => {
                tokio::time::sleep(60 * TIMEOUT).await;
                Err(away())
            }
            Fault::AnswersSlowly => {
                tokio::time::sleep(100 * SECOND).await;
                Ok(())
            }
            Fault::FailsOverEverything => Err(ExportError::Failed { reason: reason() }),
            Fault::RefusesEverything => Err(ExportError::Refused { reason: reason() }),
        }
    }
}

/// Takes a millisecond for a group.
#[derive(Debug, Default)]
struct Good(Upstream);

impl Exporter for Good {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.0.export(batches).await
    }
}

/// How long each of some requests takes until the good destination has it, in simulated time.
async fn latencies(bad: Option<Fault>) -> Vec<Duration> {
    let options = Options {
        directory: "unused".into(),
        durability: Durability::Memory,
        budget_bytes: 1 << 20,
        policy: Policy::Refuse,
        segment_bytes: 1 << 20,
        weigh: Intake::weigh,
    };
    let readers: &[&str] = if bad.is_some() { &["good", "otlp"] } else { &["good"] };
    let (spool, _) = Spool::open(options, readers).expect("a budget");
    let good = Arc::new(Good::default());
    let breaker = CircuitBreaker::new("good", BreakerSettings::try_new(FAILURES, TIMEOUT).expect("allowed"));
    let well = Resilience { breaker, ..resilience() };
    let delivery = Delivery::start(&good, &well, &spool, &Route::default()).expect("a reader");
    let _other = bad
        .and_then(|fault| Delivery::start(&Arc::new(Bad(fault)), &resilience(), &spool, &Route::default()));
    let intake = Intake::new(spool.clone(), None);
    let mut latencies = Vec::new();
    for records in 1..=200 {
        let begun = Instant::now();
        intake.submit(batch(records)).await.expect("room");
        delivery.destination().reached(&spool).await;
        latencies.push(begun.elapsed());
        tokio::time::sleep(SECOND).await;
    }
    assert_eq!(good.0.got(), (1..=200).collect::<Vec<_>>());
    latencies
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn the_other_destination_never_notices(
    #[values(
        Fault::Refuses,
        Fault::HangsForAnHour,
        Fault::AnswersSlowly,
        Fault::Resets,
        Fault::FailsOverEverything,
        Fault::RefusesEverything
    )]
    fault: Fault,
) {
    assert_eq!(latencies(Some(fault)).await, latencies(None).await);
}

#[tokio::test(start_paused = true)]
async fn who_fails_for_half_an_hour_gets_everything_and_who_fails_for_ever_holds_nothing_up() {
    let failed = || Some(ExportError::Failed { reason: "500".to_owned() });
    let setup = Setup::new();
    setup.upstream.answers(failed());
    setup.submit(7).await;
    tokio::time::sleep(30 * TIMEOUT).await;
    assert_eq!(setup.ledger(), (0, 7, 0, 0));
    setup.upstream.answers(None);
    setup.settled().await;
    assert_eq!(setup.ledger(), (7, 0, 0, 0));

    setup.upstream.answers(failed());
    setup.submit(1).await;
    setup.settled().await;
    assert_eq!(setup.ledger(), (7, 0, 1, 0));
}

/// While a destination is away for a thousand seconds at 20 requests a second, what waits is on disk and the other has
/// everything at once; afterwards the one that was away is fed oldest first, much faster than it came.
#[tokio::test(start_paused = true)]
async fn an_outage_costs_disk_and_nothing_else() {
    // A day at 10,000 records a second, 500 in each request, is OUTAGE_REQUESTS=1728000.
    let requests =
        std::env::var("OUTAGE_REQUESTS").ok().and_then(|it| it.parse().ok()).unwrap_or(20_000_usize);
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        directory: directory.path().to_owned(),
        durability: Durability::Process,
        budget_bytes: (64 << 20) + requests as u64 * 200,
        policy: Policy::Refuse,
        segment_bytes: 1 << 20,
        weigh: Intake::weigh,
    };
    let (spool, _) = Spool::open(options, &["good", "otlp"]).expect("a budget");
    let breaker = CircuitBreaker::new("good", BreakerSettings::try_new(FAILURES, TIMEOUT).expect("allowed"));
    let well = Resilience { breaker, ..resilience() };
    let good = Arc::new(Upstream::default());
    let fed = Delivery::start(&good, &well, &spool, &Route::default()).expect("a reader");
    let upstream = Arc::new(Upstream::default());
    upstream.answers(Some(away()));
    let waiting = Delivery::start(&upstream, &resilience(), &spool, &Route::default()).expect("a reader");
    let intake = Intake::new(spool.clone(), None);
    for number in 1..=requests {
        intake.submit(batch(number)).await.expect("room");
        if number % 100 == 0 {
            fed.destination().reached(&spool).await;
            tokio::time::sleep(5 * SECOND).await;
        }
    }
    assert_eq!(good.got().len(), requests);
    assert_eq!(waiting.destination().waiting_requests(), requests as u64);
    assert!(spool.used_bytes() <= spool.budget_bytes());
    upstream.answers(None);
    let begun = Instant::now();
    waiting.destination().reached(&spool).await;
    // The breaker's minute, and then as fast as it reads.
    assert!(begun.elapsed() < 2 * TIMEOUT, "{:?}", begun.elapsed());
    assert_eq!(upstream.got(), (1..=requests).collect::<Vec<_>>());
}
