//! What waits for the writer thread.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{entry::frame_bytes, error::AppendError, position::Position};

/// Records that wait at most; further appends wait for a place. Some write while the disk syncs, this is enough to
/// keep it busy.
const WAITING_RECORDS: usize = 4096;

/// A record that waits to be written.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) record: Bytes,
    answer: oneshot::Sender<Result<Position, AppendError>>,
    /// Its place in the queue, given back when it is answered.
    _place: Option<OwnedSemaphorePermit>,
}

impl Request {
    /// Tells the appender, who may be gone.
    pub(crate) fn answer(self, result: Result<Position, AppendError>) {
        let _gone = self.answer.send(result);
    }

    /// A request outside of any queue, and where its answer comes.
    #[cfg(test)]
    pub(crate) fn detached(record: Bytes) -> (Self, oneshot::Receiver<Result<Position, AppendError>>) {
        let (answer, answered) = oneshot::channel();
        (Self { record, answer, _place: None }, answered)
    }
}

/// How far the spool is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Open,
    /// Nothing more comes in; cursors are still kept.
    Sealed,
    /// The thread ends when everything is written.
    Closing,
}

/// What waits for the writer thread; shared with it.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    bell: Condvar,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct Waiting {
    requests: VecDeque<Request>,
    stage: Stage,
    /// The last stage that the thread was told with nothing left to write.
    seen: Stage,
    moved: bool,
}

/// What the thread should do next.
#[derive(Debug)]
pub(crate) struct Work {
    /// Records to be written together; may be none.
    pub(crate) batch: Vec<Request>,
    /// Cursors moved.
    pub(crate) moved: bool,
    /// The stage; after [`Stage::Open`] an empty batch means that none will come.
    pub(crate) stage: Stage,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                requests: VecDeque::new(),
                stage: Stage::Open,
                seen: Stage::Open,
                moved: false,
            }),
            bell: Condvar::new(),
            places: Arc::new(Semaphore::new(WAITING_RECORDS)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a record to the thread, once there is a place, and waits for the answer.
    pub(crate) async fn append(&self, record: Bytes) -> Result<Position, AppendError> {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return Err(AppendError::Closed);
        };
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.lock();
            if waiting.stage != Stage::Open {
                return Err(AppendError::Closed);
            }
            waiting.requests.push_back(Request { record, answer, _place: Some(place) });
        }
        self.bell.notify_one();
        answered.await.unwrap_or_else(|_| {
            Err(AppendError::Failed("the writer of the spool is gone: restart the process".to_owned()))
        })
    }

    /// The thread should write the cursors before long.
    pub(crate) fn cursors_moved(&self) {
        let was = std::mem::replace(&mut self.lock().moved, true);
        if !was {
            self.bell.notify_one();
        }
    }

    /// Goes on to this stage, never back.
    pub(crate) fn go_to(&self, stage: Stage) {
        {
            let mut waiting = self.lock();
            waiting.stage = waiting.stage.max(stage);
        }
        self.places.close();
        self.bell.notify_one();
    }

    /// Whether nothing more comes in.
    pub(crate) fn is_sealed(&self) -> bool {
        self.lock().stage != Stage::Open
    }

    /// The thread is gone: what waits is answered, nothing more comes in.
    pub(crate) fn abandon(&self) {
        self.go_to(Stage::Closing);
        let requests = std::mem::take(&mut self.lock().requests);
        drop(requests);
    }

    /// Waits until there is something to do or `due` has come; takes records up to `limit_bytes`, at least one.
    pub(crate) fn take(&self, limit_bytes: u64, due: Option<Instant>) -> Work {
        let mut waiting = self.lock();
        while waiting.requests.is_empty()
            && !waiting.moved
            && waiting.stage == waiting.seen
            && waiting.stage != Stage::Closing
        {
            let Some(due) = due else {
                waiting = self.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = due.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            waiting = self.bell.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(request) = waiting.requests.front() {
            bytes += frame_bytes(&request.record);
            if bytes > limit_bytes && !batch.is_empty() {
                break;
            }
            batch.extend(waiting.requests.pop_front());
        }
        if waiting.requests.is_empty() && batch.is_empty() {
            waiting.seen = waiting.stage;
        }
        Work { batch, moved: std::mem::take(&mut waiting.moved), stage: waiting.stage }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
    };

    use super::{AppendError, Queue, Stage, WAITING_RECORDS};

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_waits_is_taken_together_and_what_does_not_fit_waits_for_a_place() {
        let queue = Queue::new();
        let mut appends: Vec<_> =
            (0..=WAITING_RECORDS).map(|_| Box::pin(queue.append("0123456789".into()))).collect();
        for append in &mut appends {
            assert!(poll(append.as_mut()).is_pending());
        }
        assert_eq!(queue.take(100, None).batch.len(), 2);
        assert_eq!(queue.take(1, None).batch.len(), 1, "one always goes");
        // Their places are free again: the last one comes in.
        assert!(poll(appends[WAITING_RECORDS].as_mut()).is_pending());
        assert_eq!(queue.take(u64::MAX, None).batch.len(), WAITING_RECORDS - 2);
    }

    #[test]
    fn whoever_waits_when_the_thread_ends_is_told() {
        let queue = Queue::new();
        let mut append = pin!(queue.append("x".into()));
        assert!(poll(append.as_mut()).is_pending());
        queue.abandon();
        assert!(matches!(poll(append), Poll::Ready(Err(AppendError::Failed(_)))));
        assert!(matches!(poll(pin!(queue.append("y".into()))), Poll::Ready(Err(AppendError::Closed))));
        assert_eq!(queue.take(1, None).stage, Stage::Closing);
    }
}
