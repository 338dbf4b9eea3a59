//! What holds for every durability.

use std::{future::poll_fn, pin::pin, task::Poll};

use bytes::Bytes;
use tokio::task::JoinSet;

use super::{ALL, ANY, Scratch, options, spool};
use crate::{AppendError, Policy, Position, ReadError, Spool};

/// Drops the future after it was polled once.
async fn give_up<F: Future>(future: F) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn every_reader_gets_every_record_in_order_at_its_own_pace() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a", "b"]);
        for number in 1..=100_u64 {
            assert_eq!(spool.append(number.to_string().into()).await.unwrap().get(), number);
        }
        let (mut a, mut b) = (spool.reader("a").unwrap(), spool.reader("b").unwrap());
        assert!(spool.reader("c").is_none());
        let entries = a.read(1000, ANY).await.unwrap();
        assert_eq!(entries.len(), 100);
        assert!(entries.iter().all(|entry| entry.record == entry.position.to_string()));
        assert!(entries.iter().all(|entry| entry.appended_at_ms > 1_500_000_000_000));
        assert_eq!(b.read(1, ANY).await.unwrap()[0].position.get(), 1);
        a.advance(100.into());
        assert_eq!((a.lag_records(), b.lag_records()), (0, 100));
        b.advance(30.into());
        assert_eq!((b.lag_records(), b.cursor().get()), (70, 30));
        b.advance(20.into());
        assert_eq!(b.cursor().get(), 30, "a cursor never goes back");
        assert_eq!((a.lost(), b.lost()), (0, 0));
    }
}

#[tokio::test]
async fn a_read_waits_for_a_record_and_can_be_given_up_without_missing_one() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        let mut reader = spool.reader("a").unwrap();
        assert!(give_up(reader.read(10, ANY)).await, "there is nothing yet");
        let (read, appended) = tokio::join!(reader.read(10, ANY), spool.append("x".into()));
        assert_eq!(read.unwrap()[0].position, appended.unwrap());
        spool.append("y".into()).await.unwrap();
        let _read_or_not = give_up(reader.read(0, 0)).await;
        reader.rewind();
        assert_eq!(reader.read(10, ANY).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_read_keeps_its_limits_but_returns_at_least_one_record() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        for _ in 0..10 {
            spool.append(Bytes::from(vec![7; 100])).await.unwrap();
        }
        let mut reader = spool.reader("a").unwrap();
        assert_eq!(reader.read(3, ANY).await.unwrap().len(), 3);
        assert_eq!(reader.read(100, 5).await.unwrap().len(), 1);
        assert_eq!(reader.read(0, 0).await.unwrap().len(), 1);
        assert_eq!(reader.read(100, 250).await.unwrap().len(), 2);
        assert_eq!(reader.read(100, ANY).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn appends_at_the_same_time_get_different_positions_and_all_are_there() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        let mut tasks = JoinSet::new();
        for number in 0..500_u64 {
            let spool = spool.clone();
            tasks.spawn(async move { (spool.append(number.to_string().into()).await.unwrap(), number) });
        }
        let mut positions = tasks.join_all().await;
        positions.sort_unstable();
        let mut reader = spool.reader("a").unwrap();
        let mut read = Vec::new();
        while read.len() < 500 {
            read.extend(reader.read(1000, ANY).await.unwrap());
        }
        for ((position, number), entry) in positions.into_iter().zip(read) {
            assert_eq!((entry.position, entry.record), (position, number.to_string().into()));
        }
    }
}

#[tokio::test]
async fn after_seal_what_is_there_is_read_and_then_it_is_closed() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        let mut reader = spool.reader("a").unwrap();
        spool.append("x".into()).await.unwrap();
        spool.seal();
        assert_eq!(spool.append("y".into()).await, Err(AppendError::Closed));
        assert_eq!(reader.read(10, ANY).await.unwrap().len(), 1);
        assert_eq!(reader.read(10, ANY).await, Err(ReadError::Closed));
        reader.advance(1.into());
        spool.close().await.unwrap();
        assert_eq!(reader.read(10, ANY).await, Err(ReadError::Closed));
    }
}

#[tokio::test]
async fn a_spool_whose_last_handle_is_dropped_is_closed_with_all_that_was_appended() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        let mut reader = spool.reader("a").unwrap();
        spool.append("x".into()).await.unwrap();
        drop(spool);
        assert_eq!(reader.read(10, ANY).await.unwrap().len(), 1);
        assert_eq!(reader.read(10, ANY).await, Err(ReadError::Closed));
    }
}

#[tokio::test]
async fn a_destination_that_knows_better_reads_on_from_what_it_knows() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        for _ in 0..20 {
            spool.append("x".into()).await.unwrap();
        }
        let mut reader = spool.reader("a").unwrap();
        reader.seek(12.into());
        assert_eq!(reader.read(1, ANY).await.unwrap()[0].position.get(), 13);
        reader.seek(Position::START);
        assert_eq!(reader.read(1, ANY).await.unwrap()[0].position.get(), 1);
        // It has stored what this spool has forgotten: a new record must not look like an old one.
        reader.seek(1000.into());
        assert_eq!(spool.append("new".into()).await.unwrap().get(), 1001);
        assert_eq!(reader.read(9, ANY).await.unwrap()[0].record, "new");
        reader.rewind();
        reader.advance(20.into());
        assert_eq!(reader.lag_records(), 1);
    }
}

#[tokio::test]
async fn what_can_never_fit_is_told_so() {
    for durability in ALL {
        let directory = Scratch::new();
        let mut options = options(directory.path(), durability);
        options.budget_bytes = 1000;
        let (spool, _) = Spool::open(options, &["a"]).unwrap();
        assert_eq!(spool.append(Bytes::from(vec![0; 977])).await, Err(AppendError::TooLarge));
        spool.append(Bytes::from(vec![0; 976])).await.unwrap();
        assert_eq!(spool.used_bytes(), 1000);
        assert_eq!(spool.append(Bytes::new()).await, Err(AppendError::Full));
        spool.reader("a").unwrap().advance(1.into());
        spool.append(Bytes::from(vec![0; 976])).await.unwrap();
    }
}

#[tokio::test]
async fn dropping_the_oldest_keeps_to_the_budget_and_counts_what_each_reader_missed() {
    for durability in ALL {
        let directory = Scratch::new();
        let mut options = options(directory.path(), durability);
        (options.budget_bytes, options.policy) = (2000, Policy::DropOldest);
        let (spool, _) = Spool::open(options, &["fast", "slow"]).unwrap();
        let (mut fast, mut slow) = (spool.reader("fast").unwrap(), spool.reader("slow").unwrap());
        for _ in 0..100 {
            spool.append(Bytes::from(vec![1; 76])).await.unwrap();
            assert!(spool.used_bytes() <= 2000);
            let entries = fast.read(10, ANY).await.unwrap();
            fast.advance(entries.last().unwrap().mark());
        }
        assert_eq!((fast.lost(), fast.lag_records()), (0, 0));
        let entries = slow.read(1000, ANY).await.unwrap();
        assert_eq!(slow.lost() + slow.lag_records(), 100);
        assert_eq!(entries[0].position.get(), slow.lost() + 1);
        assert!(slow.lag_records() >= 10, "no more goes than must");
    }
}

#[tokio::test]
async fn without_readers_nothing_is_held_back() {
    for durability in ALL {
        let directory = Scratch::new();
        let mut options = options(directory.path(), durability);
        options.budget_bytes = 1000;
        let (spool, _) = Spool::open(options, &[]).unwrap();
        for _ in 0..100 {
            spool.append(Bytes::from(vec![1; 76])).await.unwrap();
        }
    }
}

#[test]
fn names_and_budgets_that_make_no_sense_are_refused() {
    let directory = Scratch::new();
    for names in [&["a", "a"][..], &[""], &["a\nb"], &[&"x".repeat(201)]] {
        for durability in ALL {
            assert!(Spool::open(options(directory.path(), durability), names).is_err());
        }
    }
    let mut options = options(directory.path(), ALL[0]);
    options.budget_bytes = 24;
    let error = Spool::open(options, &["a"]).unwrap_err();
    assert_eq!(error.to_string(), "the budget of the spool holds no record: raise it");
}

#[tokio::test]
async fn only_in_memory_an_append_need_not_wait() {
    for durability in ALL {
        let (_directory, spool) = spool(durability, &["a"]);
        let result = spool.try_append("x".into());
        assert_eq!(result.is_ok(), durability == crate::Durability::Memory);
        assert_eq!(spool.next_position().get(), if result.is_ok() { 2 } else { 1 });
    }
}
