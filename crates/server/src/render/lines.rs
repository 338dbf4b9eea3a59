//! What comes live, a line each.

use super::{
    tables::message,
    text::{DIM, RED, YELLOW, count, duration, level_style, paint, printable},
};
use crate::shapes::{LogRecord, TraceSummary};

/// A log record.
pub fn log_line(log: &LogRecord) -> String {
    let trace =
        log.trace_id.as_deref().map(|id| format!(" {}", paint(DIM, &printable(id)))).unwrap_or_default();
    format!(
        "{} {} {} {}{trace}",
        paint(DIM, &log.timestamp.local_time()),
        paint(level_style(log.severity_number), &format!("{:<8}", printable(&log.level))),
        printable(&log.service),
        printable(message(log)),
    )
}

/// A trace.
pub fn trace_line(trace: &TraceSummary) -> String {
    let errors = match trace.errors {
        0 => String::new(),
        errors => paint(RED, &format!(" \u{2717} {}", count(errors))),
    };
    let missing = if trace.root_missing { " (root missing)" } else { "" };
    format!(
        "{} {} {} {}{missing} {}, {} spans{errors}",
        paint(DIM, &trace.start_time.local_time()),
        paint(DIM, &printable(&trace.trace_id)),
        printable(&trace.service),
        printable(&trace.name),
        duration(trace.duration_ms),
        count(trace.spans),
    )
}

/// What was too much to be shown.
pub fn skipped_line(records: u64) -> String {
    paint(YELLOW, &format!("... {} came too fast to be shown", count(records)))
}

#[cfg(test)]
mod tests {
    use mahavishnu_store::UnixNanos;

    use super::*;

    #[test]
    fn a_line_stays_one_line_whatever_it_holds() {
        let trace = TraceSummary {
            trace_id: "00".repeat(16),
            service: "a\nb".to_owned(),
            name: "\u{1b}[2J\u{202e}x".to_owned(),
            start_time: UnixNanos(0).into(),
            duration_ms: 1.5,
            spans: 2,
            errors: 1,
            root_missing: true,
        };
        let line = trace_line(&trace);
        assert!(!line.contains('\n') && !line.contains("\u{1b}[2J") && !line.contains('\u{202e}'), "{line}");
    }
}
