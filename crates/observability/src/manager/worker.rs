//! The thread that hands on what was recorded.

use std::{
    sync::{Arc, Weak, atomic::Ordering, mpsc as std_mpsc},
    time::Duration,
};

use mahavishnu_pipeline::{Batch, Intake, Refusal};
use mahavishnu_spool::Durability;
use mahavishnu_store::StoreError;
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior},
};
use tracing::{error, warn};

use super::Shared;
use crate::{
    settings::MahavishnuSettings,
    wiring::{Pipeline, Place},
};

/// How long a record waits for others to share a request with.
const GATHER: Duration = Duration::from_millis(20);

/// Destinations and the thread itself; the database's connections run here too.
const THREADS: usize = 2;

/// The wait before a spool that is full is tried again; meanwhile the queue fills.
const PAUSE: Duration = Duration::from_millis(100);

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Answer when what was recorded is in the spool, or in every destination where the spool is in memory.
    Flush(oneshot::Sender<()>),
    /// Drain within this time, end, and say what remained.
    Shutdown(Duration, oneshot::Sender<u64>),
}

/// Starts the thread and waits until its pipeline is there; it ends with the last handle or at a shutdown.
///
/// # Errors
///
/// When the platform can not be as the settings want it, or there is no thread.
pub(super) fn start(
    settings: MahavishnuSettings,
    inbox: mpsc::Receiver<Command>,
    make: impl FnOnce(&Pipeline) -> Arc<Shared> + Send + 'static,
) -> Result<Arc<Shared>, StoreError> {
    let no_thread = |error: std::io::Error| {
        StoreError::Unavailable(format!("the system gives no thread for telemetry: {error}"))
    };
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("mahavishnu-otel")
        .enable_all()
        .build()
        .map_err(no_thread)?;
    let (started, starting) = std_mpsc::sync_channel(1);
    let run = move || {
        runtime.block_on(async move {
            match pipeline(settings).await {
                Ok(pipeline) => {
                    let shared = make(&pipeline);
                    let weak = Arc::downgrade(&shared);
                    let _gone = started.send(Ok(shared));
                    run(weak, inbox, pipeline).await;
                }
                Err(error) => {
                    let _gone = started.send(Err(error));
                }
            }
        });
    };
    std::thread::Builder::new().name("mahavishnu-otel".to_owned()).spawn(run).map_err(no_thread)?;
    starting.recv().unwrap_or_else(|_| {
        Err(StoreError::Unavailable("the thread for telemetry ended at its start".to_owned()))
    })
}

/// An application goes on where its disk can not be used: its telemetry then waits in memory.
async fn pipeline(mut settings: MahavishnuSettings) -> Result<Pipeline, StoreError> {
    let started = Pipeline::start(&settings, Place::Application).await;
    match started {
        Err(StoreError::Unavailable(reason)) if settings.durability != Durability::Memory => {
            error!(reason, "spool-unavailable: telemetry waits in memory");
            settings.durability = Durability::Memory;
            Pipeline::start(&settings, Place::Application).await
        }
        started => started,
    }
}

async fn run(shared: Weak<Shared>, mut inbox: mpsc::Receiver<Command>, pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(GATHER);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut dropped_said = 0;
    loop {
        let command = tokio::select! {
            command = inbox.recv() => command,
            _ = ticks.tick() => {
                let Some(shared) = shared.upgrade() else { continue };
                hand_on(&shared, pipeline.intake(), None).await;
                say_dropped(&shared, &mut dropped_said);
                continue;
            }
        };
        match command {
            Some(Command::Flush(done)) => {
                if let Some(shared) = shared.upgrade() {
                    hand_on(&shared, pipeline.intake(), None).await;
                }
                let reached = pipeline.directory().is_none().then(|| pipeline.reached());
                tokio::spawn(async move {
                    if let Some(reached) = reached {
                        reached.await;
                    }
                    let _gone = done.send(());
                });
            }
            Some(Command::Shutdown(deadline, done)) => {
                let until = Instant::now() + deadline;
                if let Some(shared) = shared.upgrade() {
                    hand_on(&shared, pipeline.intake(), Some(until)).await;
                }
                let left = until.saturating_duration_since(Instant::now());
                let _gone = done.send(pipeline.shutdown_within(left).await);
                return;
            }
            // The last handle is gone, and with it whoever could wait.
            None => {
                pipeline.shutdown_within(PAUSE).await;
                return;
            }
        }
    }
}

/// Makes requests of what has gathered and hands them over, until nothing is left or the time has come.
async fn hand_on(shared: &Shared, intake: &Intake, until: Option<Instant>) {
    loop {
        let gathered = {
            let mut recent = shared.lock_recent();
            recent.gather(&shared.queue);
            recent.take()
        };
        if gathered.is_empty() {
            return;
        }
        for batch in gathered.batches(&shared.requests) {
            submit(shared, intake, batch, until).await;
        }
    }
}

/// Tries until there is room: what is recorded meanwhile waits in the queue, and is dropped and counted there.
async fn submit(shared: &Shared, intake: &Intake, batch: Batch, until: Option<Instant>) {
    loop {
        let reason = match intake.submit(batch.clone()).await {
            Ok(()) => return,
            Err(Refusal::Unacceptable { reason }) => reason,
            Err(Refusal::Full { .. } | Refusal::Busy { .. })
                if until.is_none_or(|until| Instant::now() < until) =>
            {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(Refusal::Full { reason, .. } | Refusal::Busy { reason, .. }) => reason,
        };
        let records = batch.records();
        error!(records, reason, "records-dropped");
        shared.dropped.fetch_add(records as u64, Ordering::Relaxed);
        return;
    }
}

/// Said once, and again when it has doubled.
fn say_dropped(shared: &Shared, said: &mut u64) {
    let dropped = shared.dropped.load(Ordering::Relaxed);
    if dropped > 0 && dropped >= said.saturating_mul(2) {
        *said = dropped;
        warn!(dropped, "records were dropped because the queue of the manager was full");
    }
}
