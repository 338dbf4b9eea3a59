//! Any bytes as the files of a spool: it opens, gives out whole records or none, takes new ones, and opens again.
//!
//! An even first byte: the rest is cut into a segment, a second segment and the cursors. An odd one: the rest are changes of
//! a spool that was written as it should, four bytes each (which file, where, what), so that what comes behind a right
//! checksum is reached too. `scripts/fuzz` runs it.

#![no_main]

use std::{fs, path::Path, time::Duration};

use libfuzzer_sys::fuzz_target;
use mahavishnu_spool::{Durability, Options, Policy, Spool, Weight};

fn options(directory: &Path) -> Options {
    Options {
        directory: directory.to_owned(),
        durability: Durability::Process,
        budget_bytes: 1 << 20,
        policy: Policy::DropOldest,
        segment_bytes: 1 << 16,
        weigh: |_| Weight([1, 0, 0]),
    }
}

/// Bytes as files.
fn write_files(directory: &Path, cut: u8, bytes: &[u8]) {
    let (first, rest) = bytes.split_at(bytes.len() * usize::from(cut) / 256);
    let (second, cursors) = rest.split_at(rest.len() / 2);
    for (name, bytes) in
        [("00000000000000000001.seg", first), ("00000000000000000007.seg", second), ("cursors", cursors)]
    {
        fs::write(directory.join(name), bytes).expect("written");
    }
}

/// A spool of some segments, changed.
async fn change_files(directory: &Path, changes: &[u8]) {
    let (spool, _new) = Spool::open(options(directory), &["reader"]).expect("opened");
    for length in [10, 2000, 30_000, 1, 40_000, 0, 500] {
        spool.append(vec![7; length].into()).await.expect("room");
    }
    spool.close().await.expect("closed");
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("listed").map(|entry| entry.expect("there").path()).collect();
    files.sort();
    for change in changes.chunks_exact(4) {
        let file = &files[usize::from(change[0] & 0x7f) % files.len()];
        let mut bytes = fs::read(file).expect("read");
        let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % (bytes.len() + 1);
        if change[0] & 0x80 != 0 {
            bytes.truncate(at);
        } else if at < bytes.len() {
            bytes[at] = change[3];
        } else {
            bytes.push(change[3]);
        }
        fs::write(file, bytes).expect("written");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        if cut % 2 == 0 {
            write_files(directory.path(), *cut, bytes);
        } else {
            change_files(directory.path(), bytes).await;
        }
        for _ in 0..2 {
            // A file of a newer version is the one thing that is left alone.
            let Ok((spool, _recovery)) = Spool::open(options(directory.path()), &["reader"]) else { return };
            let position = spool.append("after".into()).await.expect("room");
            let mut reader = spool.reader("reader").expect("a reader");
            let mut last = reader.cursor();
            while last < position {
                let read = tokio::time::timeout(Duration::from_secs(5), reader.read(100, 1 << 20)).await;
                let entries = read.expect("there is something").expect("readable");
                assert!(entries[0].position > last, "positions rise");
                last = entries.last().expect("at least one").position;
                reader.advance(entries.last().expect("at least one").mark());
            }
            assert_eq!(reader.standing().waiting, Weight([0, 0, 0]));
            spool.close().await.expect("closed");
        }
    });
});
