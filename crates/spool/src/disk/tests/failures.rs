//! Writes, syncs, renames and removals fail; the disk is full.

use super::{Bench, options, segments};
use crate::{Durability, Policy, error::AppendError};

#[test]
fn nothing_acknowledged_is_lost_on_a_disk_that_fails_and_loses_power() {
    for seed in 0..200 {
        let mut bench = Bench::new(seed, options(Durability::Disk, 1 << 20, Policy::Refuse));
        for round in 0..4 {
            if bench.open() {
                bench.disk.set_faults(100);
                for _ in 0..60 {
                    bench.step();
                }
                bench.disk.set_faults(0);
                bench.check(&format!("seed {seed}, round {round}, running"));
                bench.append(2).unwrap();
                bench.writer = None;
            }
            bench.disk.cut_power();
            assert!(bench.open());
            bench.check(&format!("seed {seed}, round {round}, restarted"));
            bench.writer = None;
            bench.disk.kill();
        }
        assert!(bench.failed > 0);
    }
}

#[test]
fn a_record_that_was_refused_does_not_come_back_once_another_was_taken() {
    for seed in 0..200 {
        let mut bench = Bench::new(seed, options(Durability::Disk, 1 << 20, Policy::Refuse));
        assert!(bench.open());
        bench.append(1).unwrap();
        bench.disk.set_faults(300);
        for _ in 0..30 {
            let _may_fail = bench.append(2);
        }
        bench.disk.set_faults(0);
        bench.append(1).unwrap();
        bench.writer = None;
        if seed % 2 == 0 {
            bench.disk.cut_power()
        } else {
            bench.disk.kill()
        }
        assert!(bench.open());
        assert_eq!(bench.read(0), bench.acknowledged, "seed {seed}");
        assert_eq!(bench.recovery.lost_records, 0);
        assert!(bench.recovery.set_aside.is_empty());
    }
}

#[test]
fn a_full_disk_refuses_and_makes_room_again_when_the_readers_get_on() {
    let mut bench = Bench::new(1, options(Durability::Disk, 1 << 20, Policy::Refuse));
    assert!(bench.open());
    bench.disk.set_capacity(64 * 1024 + 20_000);
    while bench.append(3).is_ok() {}
    assert!(matches!(bench.append(3), Err(AppendError::Failed(reason)) if reason.contains("make room")));
    bench.check("full");
    bench.disk.fill();
    let last = *bench.acknowledged.keys().next_back().unwrap();
    bench.advance(0, last);
    bench.advance(1, last);
    bench.writer().housekeep();
    assert!(segments(&bench.disk).unwrap().len() <= 1);
    bench.append(3).unwrap();
    bench.check("room again");
}

#[test]
fn a_full_budget_refuses_until_a_segment_was_passed_by_every_reader() {
    let mut bench = Bench::new(1, options(Durability::Disk, 4000, Policy::Refuse));
    assert!(bench.open());
    while bench.append(1).is_ok() {}
    assert_eq!(bench.append(4), Err(AppendError::Full));
    bench.check("full");
    let middle = bench.acknowledged.len() as u64 / 2;
    bench.advance(0, middle);
    while bench.append(1).is_ok() {}
    bench.advance(1, middle);
    bench.append(1).unwrap();
    bench.check("half passed");
}

#[test]
fn a_budget_of_one_record_takes_one_after_the_other() {
    let mut bench = Bench::new(1, options(Durability::Disk, 250, Policy::Refuse));
    assert!(bench.open());
    for _ in 0..20 {
        while bench.append(1).is_ok() {}
        let last = *bench.acknowledged.keys().next_back().unwrap();
        bench.advance(0, last);
        bench.advance(1, last);
    }
    assert!(bench.acknowledged.len() >= 20);
}

#[test]
fn dropping_the_oldest_counts_what_each_reader_missed_also_across_a_restart() {
    for seed in 0..50 {
        let mut bench = Bench::new(seed, options(Durability::Disk, 4000, Policy::DropOldest));
        assert!(bench.open());
        for _ in 0..3 {
            bench.append(1).unwrap();
        }
        bench.advance(0, 2);
        for _ in 0..100 {
            bench.append(2).unwrap();
            assert!(bench.writer().log().lock().used_bytes <= 4000);
        }
        bench.writer = None;
        bench.disk.cut_power();
        assert!(bench.open());
        for (reader, passed) in [(0, 2), (1, 0)] {
            let read = bench.read(reader).len() as u64;
            let lost = bench.writer().log().lock().cursors[reader].lost;
            assert_eq!(passed + read + lost, bench.acknowledged.len() as u64, "seed {seed}, reader {reader}");
        }
    }
}

#[test]
fn a_cursor_file_is_there_whenever_a_segment_is_gone() {
    // Whatever the order in which a disk keeps removals and renames, no reader misses what it had not passed.
    for seed in 0..300 {
        let mut bench = Bench::new(seed, options(Durability::Disk, 1 << 20, Policy::Refuse));
        assert!(bench.open());
        for _ in 0..20 {
            bench.append(2).unwrap();
        }
        bench.advance(0, 25);
        bench.advance(1, 15);
        bench.disk.end_power_at(bench.disk.operations() + 1 + seed % 20);
        bench.writer().housekeep();
        bench.writer = None;
        bench.disk.cut_power();
        assert!(bench.open());
        assert_eq!(bench.recovery.lost_records, 0, "seed {seed}");
        bench.check(&format!("seed {seed}"));
        let state = bench.writer().log().lock();
        assert!(state.cursors.iter().all(|cursor| cursor.lost == 0), "seed {seed}");
    }
}

#[test]
fn a_cursor_file_is_there_also_after_a_death_and_a_power_cut_during_recovery() {
    for (death, cut) in (1..20).flat_map(|death| (1..20).map(move |cut| (death, cut))) {
        let mut bench = Bench::new(death * 100 + cut, options(Durability::Disk, 1 << 20, Policy::Refuse));
        assert!(bench.open());
        for _ in 0..20 {
            bench.append(2).unwrap();
        }
        bench.advance(0, 25);
        bench.advance(1, 15);
        bench.disk.end_power_at(bench.disk.operations() + death);
        bench.writer().housekeep();
        bench.writer = None;
        bench.disk.kill();
        bench.disk.end_power_at(bench.disk.operations() + cut);
        let _may_fail = bench.open();
        bench.writer = None;
        bench.disk.cut_power();
        assert!(bench.open());
        bench.check(&format!("death {death}, cut {cut}"));
        assert_eq!(bench.recovery.lost_records, 0, "death {death}, cut {cut}");
    }
}

#[test]
fn a_segment_waits_until_the_cursor_that_passed_it_is_written() {
    let mut bench = Bench::new(1, options(Durability::Disk, 1 << 20, Policy::Refuse));
    assert!(bench.open());
    for _ in 0..20 {
        bench.append(1).unwrap();
    }
    bench.advance(0, 20);
    bench.advance(1, 20);
    assert_eq!(bench.writer().take_passed(), None);
    bench.writer().housekeep();
    assert_eq!(segments(&bench.disk).unwrap().len(), 1, "only the one that is written to");
}
