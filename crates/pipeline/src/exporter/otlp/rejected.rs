//! What upstreams took but did not keep: counted always, said at growing intervals.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tracing::warn;

use super::{TARGET, answer::Partial};
use crate::signal::Signal;

/// How long a message is not repeated at first.
const FIRST_INTERVAL: Duration = Duration::from_secs(60);

/// How long it is not repeated at last: once in a day's log it should be found.
const LAST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Messages that are told apart. Upstreams word them as they like, so all that come after share one place.
const MAX_MESSAGES: usize = 16;

/// The counts of one destination.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    counts: [AtomicU64; 3],
    notices: Mutex<Notices>,
}

impl Rejected {
    /// Records of a signal that the destination rejected.
    pub(super) fn count(&self, signal: Signal) -> u64 {
        self.counts[signal as usize].load(Ordering::Relaxed)
    }

    /// Counts, and says it when it is time.
    pub(super) fn add(
        &self,
        destination: &str,
        signal: Signal,
        records: u64,
        partial: &Partial,
        now: Instant,
    ) {
        // No more than were sent, whatever the upstream says.
        let rejected = partial.rejected.min(records);
        self.counts[signal as usize].fetch_add(rejected, Ordering::Relaxed);
        if rejected == 0 && partial.message.is_empty() {
            return;
        }
        let due = {
            let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
            notices.due(signal, &partial.message, now)
        };
        if due {
            let (message, total) = (partial.message.as_str(), self.count(signal));
            warn!(
                target: TARGET,
                destination, %signal, rejected, total, message, "the destination took a request with reservations"
            );
        }
    }
}

/// When each message was said last. It decides and does nothing.
#[derive(Debug, Default)]
struct Notices {
    said: Vec<Notice>,
}

#[derive(Debug)]
struct Notice {
    signal: Signal,
    message: String,
    next: Instant,
    interval: Duration,
}

impl Notices {
    /// Whether a message is to be said now. Each time it is, the next time is twice as far away.
    fn due(&mut self, signal: Signal, message: &str, now: Instant) -> bool {
        let same = |notice: &Notice| notice.signal == signal && notice.message == message;
        let place = self.said.iter().position(same);
        if place.is_none() && self.said.len() < MAX_MESSAGES {
            let next = now + FIRST_INTERVAL;
            self.said.push(Notice { signal, message: message.to_owned(), next, interval: FIRST_INTERVAL });
            return true;
        }
        // The last place is everybody's for whom there is none.
        let Some(notice) = self.said.get_mut(place.unwrap_or(MAX_MESSAGES - 1)) else { return false };
        if now < notice.next {
            return false;
        }
        notice.interval = notice.interval.saturating_mul(2).min(LAST_INTERVAL);
        notice.next = now + notice.interval;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{FIRST_INTERVAL, LAST_INTERVAL, MAX_MESSAGES, Notices, Rejected};
    use crate::{exporter::otlp::answer::Partial, signal::Signal};

    #[test]
    fn a_message_is_said_at_once_and_then_at_growing_intervals() {
        let (mut notices, start) = (Notices::default(), Instant::now());
        let mut said = Vec::new();
        for minute in 0..10_000 {
            if notices.due(Signal::Logs, "too old", start + FIRST_INTERVAL * minute) {
                said.push(minute);
            }
        }
        assert_eq!(said[..6], [0, 1, 3, 7, 15, 31]);
        let longest = said.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert_eq!(FIRST_INTERVAL * longest, LAST_INTERVAL);
    }

    #[test]
    fn endless_new_messages_are_not_said_endlessly() {
        let (mut notices, start) = (Notices::default(), Instant::now());
        let said = (0..100_u32).filter(|n| {
            notices.due(Signal::Logs, &n.to_string(), start + Duration::from_millis((*n).into()))
        });
        assert_eq!(said.count(), MAX_MESSAGES);
    }

    #[test]
    fn no_more_are_counted_than_were_sent() {
        let rejected = Rejected::default();
        let partial = Partial { rejected: u64::MAX, message: String::new() };
        rejected.add("otlp", Signal::Traces, 3, &partial, Instant::now());
        rejected.add("otlp", Signal::Traces, 3, &partial, Instant::now());
        assert_eq!(rejected.count(Signal::Traces), 6);
        assert_eq!(rejected.count(Signal::Logs), 0);
    }
}
