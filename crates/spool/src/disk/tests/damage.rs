//! Files are changed, cut and removed behind the spool's back.

use proptest::{
    prelude::{any, prop_assert, prop_assert_eq, proptest},
    sample::Index,
};

use super::{super::segment::SEGMENT_HEADER, Bench, options, segments};
use crate::{CursorFile, Durability, Policy, storage::Disk};

/// A spool of some segments, closed in good order.
fn closed(records: u64) -> Bench {
    let mut bench = Bench::new(records, options(Durability::Disk, 1 << 20, Policy::Refuse));
    assert!(bench.open());
    for _ in 0..records {
        bench.append(1).unwrap();
    }
    bench.writer().finish().unwrap();
    bench.writer = None;
    bench.disk.kill();
    bench
}

#[test]
fn an_orderly_end_leaves_nothing_to_report() {
    let mut bench = closed(30);
    assert!(bench.open());
    assert!(bench.recovery.is_clean());
    assert_eq!(bench.recovery.records, 30);
    assert_eq!(bench.recovery.cursor_file, CursorFile::Found);
    assert_eq!(bench.writer().log().lock().next, 31);
    bench.check("reopened");
}

#[test]
fn a_torn_tail_is_cut_at_the_last_whole_record() {
    let mut bench = closed(30);
    let name = segments(&bench.disk).unwrap().pop().unwrap();
    bench.disk.damage(&name, |bytes| bytes.extend_from_slice(&[1, 2, 3]));
    assert!(bench.open());
    assert_eq!((bench.recovery.torn_bytes, bench.recovery.records), (3, 30));
    bench.check("torn");
    bench.append(1).unwrap();
    bench.writer = None;
    bench.disk.kill();
    assert!(bench.open());
    assert!(bench.recovery.is_clean());
    assert_eq!(bench.read(0).len(), 31);
}

#[test]
fn damage_in_the_middle_is_set_aside_and_reading_goes_on_with_the_next_segment() {
    let mut bench = closed(30);
    let names = segments(&bench.disk).unwrap();
    let (second, third): (u64, u64) = (names[1][..20].parse().unwrap(), names[2][..20].parse().unwrap());
    bench.disk.damage(&names[1], |bytes| bytes[60] ^= 1);
    assert!(bench.open());
    let lost = third - second;
    assert_eq!(bench.recovery.lost_records, lost);
    assert_eq!(bench.recovery.set_aside.len(), 1);
    assert!(bench.disk.list().unwrap().contains(&bench.recovery.set_aside[0].file));
    let read = bench.read(0);
    assert_eq!(read.len() as u64, 30 - lost);
    assert!(!read.contains_key(&second) && read.contains_key(&third));
    bench.advance(0, 30);
    assert_eq!(bench.writer().log().lock().cursors[0].lost, lost);
    assert_eq!(bench.writer().log().lock().cursors[1].lost, 0);
}

#[test]
fn damage_in_the_newest_segment_is_not_taken_for_a_torn_write() {
    for whole_records in [0, 1] {
        let mut bench = closed(30);
        let name = segments(&bench.disk).unwrap().pop().unwrap();
        let first: u64 = name[..20].parse().unwrap();
        assert!(first + 1 < 30);
        let before: usize = (first..first + whole_records).map(|it| bench.acknowledged[&it].len() + 24).sum();
        bench.disk.damage(&name, |bytes| bytes[SEGMENT_HEADER + before + 20] ^= 1);
        // Nor where the cursor file does not say how far the log went.
        bench.disk.remove("cursors").unwrap();
        assert!(bench.open());
        assert_eq!(bench.recovery.torn_bytes, 0);
        assert_eq!(bench.recovery.set_aside.len(), 1);
        assert_eq!(bench.recovery.lost_records, 31 - first - whole_records);
        assert!(bench.writer().log().lock().next > 30);
    }
}

#[test]
fn what_comes_after_damage_in_the_segment_that_is_written_to_can_be_read() {
    let mut bench = Bench::new(1, options(Durability::Disk, 1 << 20, Policy::Refuse));
    assert!(bench.open());
    bench.append(1).unwrap();
    let name = segments(&bench.disk).unwrap().pop().unwrap();
    bench.disk.damage(&name, |bytes| bytes[SEGMENT_HEADER + 20] ^= 1);
    bench.writer().log().lock().tail.forget(1);
    assert_eq!(bench.read(0).len(), 0);
    bench.append(1).unwrap();
    bench.writer().log().lock().tail.forget(2);
    assert_eq!(bench.read(0).len(), 1);
    assert_eq!(bench.writer().log().lock().cursors[0].lost, 1);
}

#[test]
fn a_lost_cursor_file_means_reading_again_from_the_first_record() {
    let mut bench = closed(30);
    assert!(bench.open());
    let identity = bench.writer().identity();
    bench.advance(0, 20);
    bench.advance(1, 20);
    bench.writer().finish().unwrap();
    bench.writer = None;
    bench.disk.kill();
    bench.disk.damage("cursors", |bytes| bytes[30] ^= 1);
    assert!(bench.open());
    assert_eq!(bench.recovery.cursor_file, CursorFile::Lost);
    assert_eq!(bench.recovery.lost_records, 0);
    assert_eq!(bench.writer().identity(), identity);
    let read = bench.read(0);
    assert!(read.contains_key(&21) && read.contains_key(&30));
    let name = segments(&bench.disk).unwrap().remove(0);
    assert_eq!(*read.keys().next().unwrap(), name[..20].parse::<u64>().unwrap());
}

#[test]
fn damage_that_shows_while_reading_costs_the_rest_of_the_segment_and_no_more() {
    let mut bench = closed(30);
    assert!(bench.open());
    let names = segments(&bench.disk).unwrap();
    let (second, third): (u64, u64) = (names[1][..20].parse().unwrap(), names[2][..20].parse().unwrap());
    bench.disk.damage(&names[1], |bytes| bytes[60] ^= 1);
    let read = bench.read(0);
    assert_eq!(read.len() as u64, 30 - (third - second));
    bench.disk.remove(&names[2]).unwrap();
    assert!(!bench.read(1).contains_key(&third));
    bench.append(2).unwrap();
    bench.advance(0, 32);
    let state = bench.writer().log().lock();
    assert!(state.cursors[0].lost >= third - second);
    assert_eq!(state.records_after(32), 0);
}

proptest! {
    #[test]
    fn whatever_becomes_of_the_files_the_start_succeeds_and_lost_and_read_are_all_there_was(
        harm in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut bench = closed(40);
        for (file, at, to, kind) in harm {
            let names = segments(&bench.disk).unwrap();
            if names.is_empty() {
                break;
            }
            let name = &names[file.index(names.len())];
            match kind {
                0 => bench.disk.remove(name).unwrap(),
                1 => bench.disk.damage(name, |bytes| bytes.truncate(at.index(bytes.len() + 1))),
                2 => bench.disk.damage(name, |bytes| bytes.extend_from_slice(&[to; 50])),
                _ => bench.disk.damage(name, |bytes| {
                    if !bytes.is_empty() {
                        let at = at.index(bytes.len());
                        bytes[at] = to;
                    }
                }),
            }
        }
        prop_assert!(bench.open());
        let read = bench.read(0).len() as u64;
        bench.advance(0, 40);
        let state = bench.writer().log().lock();
        prop_assert_eq!(read + state.cursors[0].lost, 40);
        prop_assert!(state.next > 40);
        drop(state);
        bench.append(2).unwrap();
        prop_assert_eq!(bench.read(0).len(), 2);
    }

    #[test]
    fn any_bytes_as_files_are_opened_without_panic(
        files in proptest::collection::vec((0..1000_u64, proptest::collection::vec(any::<u8>(), 0..300)), 0..5),
        cursors in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut bench = Bench::new(1, options(Durability::Disk, 1 << 20, Policy::Refuse));
        for (first, bytes) in files {
            bench.disk.create(&super::super::segment::name(first)).unwrap().append(&bytes).unwrap();
        }
        bench.disk.create("cursors").unwrap().append(&cursors).unwrap();
        prop_assert!(bench.open());
        bench.append(2).unwrap();
        prop_assert_eq!(bench.read(0).len(), 2);
    }
}
