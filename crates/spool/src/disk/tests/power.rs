//! The power ends at every operation of a run.

use super::{Bench, options};
use crate::{Durability, Policy};

const STEPS: u64 = 40;

/// Runs until the power ends or the steps are over; says how many operations that took.
fn run(bench: &mut Bench, steps: u64) -> u64 {
    if bench.open() {
        for _ in 0..steps {
            if bench.disk.is_off() {
                break;
            }
            bench.step();
        }
    }
    bench.writer = None;
    bench.disk.operations()
}

fn bench(seed: u64) -> Bench {
    Bench::new(seed, options(Durability::Disk, 1 << 20, Policy::Refuse))
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_every_operation() {
    for seed in 0..6 {
        let operations = run(&mut bench(seed), STEPS);
        assert!(operations > 80, "{operations}");
        for cut in 1..=operations {
            let mut bench = bench(seed);
            bench.disk.end_power_at(cut);
            run(&mut bench, STEPS);
            bench.disk.cut_power();
            assert!(bench.open());
            bench.check(&format!("seed {seed}, cut at {cut}"));
            bench.append(3).unwrap();
            bench.check(&format!("seed {seed}, cut at {cut}, going on"));
        }
    }
}

#[test]
fn what_was_acknowledged_survives_deaths_and_power_cuts_one_after_the_other_also_during_recovery() {
    for seed in 0..300 {
        let mut bench = bench(seed);
        for round in 0..12 {
            let after = 1 + bench.random.below(40);
            bench.disk.end_power_at(bench.disk.operations() + after);
            run(&mut bench, STEPS);
            if bench.random.coin() {
                bench.disk.cut_power()
            } else {
                bench.disk.kill()
            }
            if bench.random.coin() {
                assert!(bench.open());
                bench.check(&format!("seed {seed}, round {round}"));
                bench.writer = None;
                bench.disk.kill();
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_the_death_of_the_process_whether_synced_or_not() {
    for durability in [Durability::Disk, Durability::Process] {
        for seed in 0..50 {
            let mut bench = Bench::new(seed, options(durability, 1 << 20, Policy::Refuse));
            for round in 0..5 {
                run(&mut bench, STEPS);
                bench.disk.kill();
                assert!(bench.open());
                assert!(bench.recovery.is_clean(), "{:?}", bench.recovery);
                bench.check(&format!("{durability:?}, seed {seed}, round {round}"));
                bench.writer = None;
                bench.disk.kill();
            }
        }
    }
}

#[test]
fn a_power_cut_without_syncs_loses_records_but_never_gives_a_position_twice() {
    for seed in 0..100 {
        let mut bench = Bench::new(seed, options(Durability::Process, 1 << 20, Policy::Refuse));
        for _ in 0..4 {
            run(&mut bench, STEPS);
            bench.disk.cut_power();
            assert!(bench.open());
            // Asserts that nothing is invented and, in the next round, that no position comes again.
            bench.read(0);
            let next = bench.writer().log().lock().next;
            assert!(next > bench.highest_seen, "seed {seed}");
            bench.writer = None;
            bench.disk.kill();
        }
    }
}

#[test]
fn what_was_read_after_a_restart_is_synced_by_then() {
    // Else its position could be given to another record, which a destination would take for one that it has.
    for seed in 0..50 {
        let mut bench = Bench::new(seed, options(Durability::Process, 1 << 20, Policy::Refuse));
        run(&mut bench, STEPS);
        bench.disk.kill();
        assert!(bench.open());
        let read = bench.read(0);
        bench.writer = None;
        bench.disk.cut_power();
        assert!(bench.open());
        assert_eq!(bench.read(0), read, "seed {seed}");
    }
}
