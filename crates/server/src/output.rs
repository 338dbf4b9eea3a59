//! What the program says on standard output.

use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;

/// Prints a text; its colours are left out where nobody sees them.
pub fn text(text: &str) -> Result<()> {
    done(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Prints bytes as they are.
pub fn raw(bytes: &[u8]) -> Result<()> {
    done(io::stdout().lock().write_all(bytes))
}

/// Prints JSON on lines of its own.
pub fn json(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    done(io::stdout().lock().write_all(text.as_bytes()))
}

/// Prints a line at once; says whether anybody still reads.
pub fn line(text: &str) -> Result<bool> {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("the answer can not be printed"),
    }
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
