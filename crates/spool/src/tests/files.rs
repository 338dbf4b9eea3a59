//! What holds for the durabilities that have files: restarts, the lock, old records.

use std::fs;

use bytes::Bytes;

use super::{ANY, Scratch, options, spool};
use crate::{Durability, Spool, SpoolError};

const WITH_FILES: [Durability; 2] = [Durability::Process, Durability::Disk];

#[tokio::test]
async fn records_positions_cursors_and_identity_survive_a_restart() {
    for durability in WITH_FILES {
        let (directory, spool) = spool(durability, &["a", "b"]);
        let identity = spool.identity();
        for number in 1..=50_u64 {
            spool.append(number.to_string().into()).await.unwrap();
        }
        spool.reader("a").unwrap().advance(40.into());
        spool.reader("b").unwrap().advance(7.into());
        spool.close().await.unwrap();

        let (spool, recovery) = Spool::open(options(directory.path(), durability), &["a", "c", "b"]).unwrap();
        assert!(recovery.is_clean(), "{recovery}");
        assert_eq!((spool.next_position().get(), spool.identity()), (51, identity));
        let (mut a, mut c) = (spool.reader("a").unwrap(), spool.reader("c").unwrap());
        assert_eq!((a.cursor().get(), a.lag_records()), (40, 10));
        assert_eq!(a.read(99, ANY).await.unwrap()[0].record, "41");
        // Some of the first seven may be gone; a new reader begins with what there is.
        assert!(c.read(1, ANY).await.unwrap()[0].position.get() <= 8);
        assert_eq!(c.lost(), 0);
        spool.close().await.unwrap();

        let (_spool, recovery) = Spool::open(options(directory.path(), durability), &["b"]).unwrap();
        assert_eq!(recovery.removed_cursors, ["a", "c"]);
    }
}

#[tokio::test]
async fn a_directory_has_one_spool_at_a_time() {
    for durability in WITH_FILES {
        let (directory, spool) = spool(durability, &["a"]);
        let reader = spool.reader("a").unwrap();
        let error = Spool::open(options(directory.path(), durability), &["a"]).unwrap_err();
        assert!(matches!(error, SpoolError::Locked { .. }));
        assert!(error.to_string().contains("in use by another process"));
        spool.close().await.unwrap();
        let (_spool, _) = Spool::open(options(directory.path(), durability), &["a"]).unwrap();
        drop(reader);
    }
}

#[tokio::test]
async fn what_every_reader_has_passed_is_deleted_from_the_disk() {
    for durability in WITH_FILES {
        let (directory, spool) = spool(durability, &["a"]);
        for _ in 0..100 {
            spool.append(Bytes::from(vec![1; 100])).await.unwrap();
        }
        spool.reader("a").unwrap().advance(100.into());
        spool.close().await.unwrap();
        let segments = fs::read_dir(directory.path().join("spool")).unwrap();
        let segment = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".seg");
        assert_eq!(segments.map(|entry| entry.unwrap().file_name()).filter(segment).count(), 0);
    }
}

#[tokio::test]
async fn a_reader_far_behind_reads_old_records_from_the_files() {
    let directory = Scratch::new();
    let mut options = options(directory.path(), Durability::Process);
    options.segment_bytes = 1 << 20;
    let (spool, _) = Spool::open(options, &["a"]).unwrap();
    let record = |number: u64| Bytes::from(vec![u8::try_from(number % 251).unwrap(); 100_000]);
    for number in 1..=300 {
        spool.append(record(number)).await.unwrap();
    }
    let mut reader = spool.reader("a").unwrap();
    for from in [0, 150, 3] {
        reader.seek(from.into());
        let mut next = from + 1;
        while next <= 300 {
            for entry in reader.read(7, 1 << 20).await.unwrap() {
                assert_eq!(entry.position.get(), next);
                assert_eq!(entry.record, record(next));
                next += 1;
            }
        }
    }
}

#[tokio::test]
async fn the_files_of_a_newer_version_are_left_alone() {
    let (directory, spool) = spool(Durability::Disk, &["a"]);
    spool.append("x".into()).await.unwrap();
    spool.close().await.unwrap();
    let path = directory.path().join("spool/00000000000000000001.seg");
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..12]);
    hasher.update(&bytes[16..40]);
    bytes[12..16].copy_from_slice(&hasher.finalize().to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    for _ in 0..2 {
        let error = Spool::open(options(directory.path(), Durability::Disk), &["a"]).unwrap_err();
        assert!(matches!(error, SpoolError::Newer { .. }), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_directory() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, _spool) = spool(Durability::Disk, &["a"]);
    let mode = fs::metadata(directory.path().join("spool")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
