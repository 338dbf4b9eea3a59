//! What the intake promises: what is accepted is taken once, and everybody is answered.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use mahavishnu_spool::{Durability, Options, Policy};

use super::*;
use crate::{
    Signal,
    repeats::{READER, WINDOW},
};

const MINUTE_MS: u64 = 60_000;

fn options(directory: &std::path::Path) -> Options {
    Options {
        directory: directory.to_owned(),
        durability: Durability::Process,
        budget_bytes: 1 << 20,
        policy: Policy::Refuse,
        segment_bytes: 1 << 16,
        weigh: Intake::weigh,
    }
}

fn batch(name: &'static str) -> Batch {
    Batch::new(Signal::Logs, Bytes::from_static(name.as_bytes()), 1)
}

/// Ten minutes, by a clock that is set by hand.
fn repeats(clock: &Arc<AtomicU64>) -> Repeats {
    let clock = Arc::clone(clock);
    Repeats::new(Duration::from_secs(600), move || clock.load(Relaxed))
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

fn received(intake: &Intake) -> (u64, u64) {
    let received = intake.ledger().received(Signal::Logs);
    (received.accepted, received.repeated)
}

#[tokio::test]
async fn the_same_request_again_is_acknowledged_and_not_taken_twice_also_across_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicU64::new(now_ms()));
    let open = || {
        let (log, _) = Spool::open(options(&directory.path().join("log")), &["otlp", READER]).unwrap();
        let (memory, _) = Spool::open(options(&directory.path().join("repeats")), &[WINDOW]).unwrap();
        (log, memory)
    };
    for kept_before_the_end in [true, false] {
        let (log, memory) = open();
        let repeats = self::repeats(&clock);
        let remembering = repeats.restore(&log, &memory).await.unwrap();
        let intake = Intake::new(log.clone(), Some(repeats));
        let name = if kept_before_the_end { "first" } else { "second" };
        intake.submit(batch(name)).await.unwrap();
        intake.submit(batch(name)).await.unwrap();
        assert_eq!(received(&intake), (1, 1));
        while kept_before_the_end && log.reader(READER).unwrap().lag_records() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        remembering.stop();
        drop(intake);
        log.close().await.unwrap();
        memory.close().await.unwrap();
    }
    let (log, memory) = open();
    let repeats = self::repeats(&clock);
    let _remembering = repeats.restore(&log, &memory).await.unwrap();
    let intake = Intake::new(log, Some(repeats));
    for name in ["first", "second", "third"] {
        intake.submit(batch(name)).await.unwrap();
    }
    assert_eq!(received(&intake), (1, 2));
}

#[tokio::test]
async fn requests_that_come_at_the_same_time_are_taken_once_and_all_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let (log, _) = Spool::open(options(directory.path()), &["otlp"]).unwrap();
    let intake = Intake::new(log, Some(repeats(&Arc::default())));
    let senders: Vec<_> = (0..50)
        .map(|_| {
            let intake = intake.clone();
            tokio::spawn(async move { intake.submit(batch("same")).await })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap().unwrap();
    }
    assert_eq!(received(&intake), (1, 49));
}

#[tokio::test]
async fn a_request_that_was_refused_is_taken_when_it_comes_again() {
    let directory = tempfile::tempdir().unwrap();
    let small = Options { budget_bytes: 100, ..options(directory.path()) };
    let (log, _) = Spool::open(small, &["otlp"]).unwrap();
    let intake = Intake::new(log.clone(), Some(repeats(&Arc::default())));
    let long = "a request that takes most of the little room that there is";
    intake.submit(batch(long)).await.unwrap();
    assert!(matches!(intake.submit(batch("next")).await, Err(Refusal::Full { .. })));
    let mut reader = log.reader("otlp").unwrap();
    let entries = reader.read(1, usize::MAX).await.unwrap();
    reader.advance(entries[0].mark());
    intake.submit(batch("next")).await.unwrap();
    assert_eq!(received(&intake), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn after_ten_minutes_it_is_a_new_request() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicU64::new(now_ms()));
    let (log, _) = Spool::open(options(&directory.path().join("log")), &["otlp"]).unwrap();
    let (memory, _) = Spool::open(options(&directory.path().join("repeats")), &[WINDOW]).unwrap();
    let repeats = repeats(&clock);
    let _remembering = repeats.restore(&log, &memory).await.unwrap();
    let intake = Intake::new(log, Some(repeats));
    for (minutes, expected) in [(0, (1, 0)), (9, (1, 1)), (2, (2, 1))] {
        clock.fetch_add(minutes * MINUTE_MS, Relaxed);
        tokio::time::sleep(Duration::from_secs(20)).await;
        intake.submit(batch("same")).await.unwrap();
        assert_eq!(received(&intake), expected);
    }
}
