//! A line that moves, for what people wait for.

use std::{future::Future, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// What takes less says nothing.
const PATIENCE: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(120);

/// Waits for something; after a second a line on the terminal says what for, and for how long already.
pub async fn while_waiting<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(PATIENCE, work.as_mut()).await {
        return done;
    }
    // Drawn on stderr, and only where that is a terminal.
    let line = ProgressBar::new_spinner().with_message(what).with_elapsed(PATIENCE);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        line.set_style(style);
    }
    line.enable_steady_tick(TICK);
    let done = work.await;
    line.finish_and_clear();
    done
}
