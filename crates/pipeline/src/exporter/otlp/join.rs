//! Batches of one signal joined into one request.
//!
//! Every OTLP export request is one repeated field, so that requests laid end to end are a request with the items of
//! all of them. Nothing is decoded.

use bytes::Bytes;

use crate::{batch::Batch, signal::Signal};

/// Bytes of a joined request at most, before compression: what gRPC servers take when nobody told them otherwise. A
/// batch that is larger by itself travels alone.
pub(super) const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Batches that travel in one request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group<'a> {
    pub(super) signal: Signal,
    batches: Vec<&'a Batch>,
    bytes: usize,
}

impl Group<'_> {
    /// The request, in pieces that are to stand end to end.
    pub(super) fn request(&self) -> Vec<Bytes> {
        self.batches.iter().map(|batch| batch.request().clone()).collect()
    }

    /// Spans, data points or log records in it.
    pub(super) fn records(&self) -> u64 {
        self.batches.iter().map(|batch| batch.records() as u64).sum()
    }
}

/// Groups of at most `limit` bytes: signal by signal in the order of their first batches, and every signal's batches
/// in their order.
pub(super) fn groups(batches: &[Batch], limit: usize) -> Vec<Group<'_>> {
    let mut signals: Vec<Signal> = Vec::with_capacity(Signal::ALL.len());
    for batch in batches {
        if !signals.contains(&batch.signal()) {
            signals.push(batch.signal());
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for signal in signals {
        for batch in batches.iter().filter(|batch| batch.signal() == signal) {
            let bytes = batch.request().len();
            match groups.last_mut() {
                Some(last) if last.signal == signal && last.bytes.saturating_add(bytes) <= limit => {
                    last.batches.push(batch);
                    last.bytes += bytes;
                }
                _ => groups.push(Group { signal, batches: vec![batch], bytes }),
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::{collection::vec, prelude::any, proptest, sample::select};

    use super::groups;
    use crate::{batch::Batch, signal::Signal};

    fn batch(signal: Signal, bytes: &[u8]) -> Batch {
        Batch::new(signal, Bytes::copy_from_slice(bytes), 2)
    }

    #[test]
    fn a_batch_over_the_limit_travels_alone_and_is_not_copied() {
        let large = batch(Signal::Logs, &[7; 10]);
        let batches = [batch(Signal::Logs, &[1; 3]), large.clone(), batch(Signal::Logs, &[2; 3])];
        let groups = groups(&batches, 5);
        assert_eq!(groups.len(), 3);
        assert_eq!(groups[1].request()[0].as_ptr(), large.request().as_ptr());
        assert_eq!(groups[1].records(), 2);
    }

    #[test]
    fn nothing_becomes_no_request() {
        assert!(groups(&[], 5).is_empty());
    }

    proptest! {
        #[test]
        fn joining_is_concatenation_within_the_limit(
            batches in vec((select(&Signal::ALL[..]), vec(any::<u8>(), 0..20)), 0..30),
            limit in 0_usize..60,
        ) {
            let batches: Vec<Batch> = batches.iter().map(|(signal, bytes)| batch(*signal, bytes)).collect();
            let groups = groups(&batches, limit);
            for signal in Signal::ALL {
                let whole: Vec<u8> = batches.iter().filter(|batch| batch.signal() == signal)
                    .flat_map(|batch| batch.request().to_vec()).collect();
                let joined: Vec<u8> = groups.iter().filter(|group| group.signal == signal)
                    .flat_map(|group| group.request().concat()).collect();
                assert_eq!(joined, whole);
            }
            for group in &groups {
                assert!(group.request().concat().len() <= limit || group.batches.len() == 1);
            }
            let records: u64 = groups.iter().map(super::Group::records).sum();
            assert_eq!(records, 2 * batches.len() as u64);
        }
    }
}
