//! What the program says on standard output.

use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;

/// Prints a text; its colours are left out where nobody sees them.
pub fn text(text: &str) -> Result<()> {
    done(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Prints JSON on lines of its own.
pub fn json(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    done(io::stdout().lock().write_all(text.as_bytes()))
}

/// A reader that has read enough, as `head` does, is no failure.
fn done(written: io::Result<()>) -> Result<()> {
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("the answer can not be printed")
        }
        _ => Ok(()),
    }
}
