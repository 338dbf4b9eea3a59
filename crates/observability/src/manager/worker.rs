//! The thread that hands on what was recorded.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use mahavishnu_pipeline::forwarding::Forwarding;
use mahavishnu_store::StoreError;
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior},
};
use tracing::warn;

use super::Shared;
use crate::{
    adapter::OtelStorageAdapter,
    settings::MahavishnuSettings,
    wiring::{POSTGRESQL, resilience, selection::Selection, upstream},
};

/// How long a record waits for others to share a request with.
const GATHER: Duration = Duration::from_millis(20);

/// Destinations and the thread itself; the database's connections run here too.
const THREADS: usize = 2;

/// What may wait in memory for PostgreSQL, in bytes: what a busy process makes in some minutes.
const BUDGET_BYTES: u64 = 64 * 1024 * 1024;

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Answer when every destination has what was recorded.
    Flush(oneshot::Sender<()>),
    /// Drain within this time, end, and say what remained.
    Shutdown(Duration, oneshot::Sender<u64>),
}

/// Starts the thread; it ends with the last handle or at a shutdown.
///
/// # Errors
///
/// When a destination can not be as the settings want it, or there is no thread.
pub(super) fn start(
    shared: &Arc<Shared>,
    inbox: mpsc::Receiver<Command>,
    settings: MahavishnuSettings,
    adapter: Option<OtelStorageAdapter>,
) -> Result<(), StoreError> {
    let no_thread = |error: std::io::Error| {
        StoreError::Unavailable(format!("the system gives no thread for telemetry: {error}"))
    };
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("mahavishnu-otel")
        .enable_all()
        .build()
        .map_err(no_thread)?;
    let destinations = {
        let _inside = runtime.enter();
        destinations(&settings, adapter.clone())?
    };
    let shared = Arc::downgrade(shared);
    let run = move || runtime.block_on(run(shared, inbox, destinations, adapter));
    std::thread::Builder::new().name("mahavishnu-otel".to_owned()).spawn(run).map_err(no_thread)?;
    Ok(())
}

fn destinations(
    settings: &MahavishnuSettings,
    adapter: Option<OtelStorageAdapter>,
) -> Result<Vec<Forwarding>, StoreError> {
    let mut destinations = Vec::new();
    if let Some(adapter) = adapter {
        let exporter = Arc::new(Selection::new(adapter, settings));
        let forwarding = Forwarding::start(exporter, &resilience(settings, POSTGRESQL)?, BUDGET_BYTES)
            .map_err(|error| StoreError::InvalidArgument(error.to_string()))?;
        destinations.push(forwarding);
    }
    if settings.otel_storage_backend.forwards() {
        destinations.push(upstream::start(settings)?);
    }
    Ok(destinations)
}

async fn run(
    shared: Weak<Shared>,
    mut inbox: mpsc::Receiver<Command>,
    destinations: Vec<Forwarding>,
    adapter: Option<OtelStorageAdapter>,
) {
    let mut ticks = tokio::time::interval(GATHER);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut dropped_said = 0;
    loop {
        let command = tokio::select! {
            command = inbox.recv() => command,
            _ = ticks.tick() => {
                let Some(shared) = shared.upgrade() else { continue };
                hand_on(&shared, &destinations);
                say_dropped(&shared, &mut dropped_said);
                continue;
            }
        };
        if let Some(shared) = shared.upgrade() {
            hand_on(&shared, &destinations);
        }
        match command {
            Some(Command::Flush(done)) => {
                let waits: Vec<_> = destinations.iter().map(|it| it.forwarder().reached()).collect();
                tokio::spawn(async move {
                    for wait in waits {
                        wait.await;
                    }
                    let _gone = done.send(());
                });
            }
            Some(Command::Shutdown(deadline, done)) => {
                let remained = stop(destinations, deadline).await;
                if let Some(adapter) = adapter {
                    adapter.cleanup().await;
                }
                let _gone = done.send(remained);
                return;
            }
            // The last handle is gone, and with it whoever could wait.
            None => return,
        }
    }
}

/// All at the same time: one that is away takes nothing from the time of the others.
async fn stop(destinations: Vec<Forwarding>, deadline: Duration) -> u64 {
    let until = Instant::now() + deadline;
    let stopping: Vec<_> = destinations
        .into_iter()
        .map(|destination| {
            tokio::spawn(destination.shutdown(until.saturating_duration_since(Instant::now())))
        })
        .collect();
    let mut remained = 0;
    for stopped in stopping {
        remained += stopped.await.unwrap_or_default();
    }
    if remained > 0 {
        warn!(requests = remained, "stopped with requests that a destination did not get");
    }
    remained
}

fn hand_on(shared: &Shared, destinations: &[Forwarding]) {
    loop {
        let gathered = {
            let mut recent = shared.lock_recent();
            recent.gather(&shared.queue);
            recent.take()
        };
        if gathered.is_empty() {
            return;
        }
        for batch in gathered.batches() {
            for destination in destinations {
                destination.forwarder().forward(&batch);
            }
        }
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
