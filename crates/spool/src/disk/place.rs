//! How a reader reads on in a segment.

use std::io;

use bytes::Bytes;

use super::segment::{self, Scan, Step};
use crate::{entry::Entry, state::Segment, storage::Disk, weight::Weight};

/// Records read at once, however many are asked for: what is read here waits in memory.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Where in which file a read ended.
#[derive(Debug)]
pub(crate) struct Place {
    first: u64,
    /// The position of the record that comes next in the scan.
    next: u64,
    /// What all records before that one count for.
    before: Weight,
    scan: Scan,
}

/// What a read found.
#[derive(Debug)]
pub(crate) enum Found {
    /// At least one record, and where to go on.
    Entries(Vec<Entry>, Place),
    /// From this position on the segment is damaged, or gone.
    Damage(u64),
    /// The file can not be read now.
    Failed(io::Error),
}

impl Place {
    /// Reads from position `from` on in this segment, which holds it: at least one record.
    pub(crate) fn read(
        last: Option<Self>,
        disk: &dyn Disk,
        weigh: fn(&[u8]) -> Weight,
        segment: &Segment,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Found {
        let mut place = match last {
            Some(place) if place.first == segment.first && place.next <= from => place,
            _ => match disk.open(&segment::name(segment.first)) {
                Ok(file) => {
                    let (first, scan) = (segment.first, Scan::new(file, segment.end));
                    Self { first, next: first, before: segment.before, scan }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Damage(from),
                Err(error) => return Found::Failed(error),
            },
        };
        place.scan.set_end(segment.end);
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while place.next <= segment.readable_last() && entries.len() < max_records.max(1) {
            let frame = match place.scan.step() {
                Ok(Step::Record(frame)) if frame.position == place.next => frame,
                Ok(_) if entries.is_empty() => return Found::Damage(place.next),
                Err(error) if entries.is_empty() => return Found::Failed(error),
                Ok(_) | Err(_) => break,
            };
            let upto = place.before + weigh(frame.record);
            if place.next >= from {
                let length = frame.length();
                bytes += length;
                if bytes > max_bytes.min(MOST_BYTES) && !entries.is_empty() {
                    place.scan.step_back(length);
                    break;
                }
                entries.push(Entry {
                    position: frame.position.into(),
                    appended_at_ms: frame.appended_at_ms,
                    record: Bytes::copy_from_slice(frame.record),
                    upto,
                });
            }
            place.next += 1;
            place.before = upto;
        }
        if entries.is_empty() { Found::Damage(from) } else { Found::Entries(entries, place) }
    }
}
