//! Lists from above: bars over time, and what traces have in common.

use serde_json::Value;

use super::{
    table::{Rows, width},
    text::{BLUE, DIM, RED, count, paint, printable},
};
use crate::shapes::{Facet, Instant, LogHistogram, TraceFacets, TraceHistogram};

/// Characters of the longest bar, and the least.
const BAR_WIDTHS: (usize, usize) = (20, 80);

/// Characters of a line beside its bar: the time, two counts, blanks.
const BESIDE: usize = 50;

/// Traces over time.
pub fn trace_histogram(histogram: &TraceHistogram) -> String {
    let counts = histogram.buckets.iter().map(|bucket| (bucket.traces, bucket.errors));
    let bars = bars(histogram.start, histogram.step_ms, counts.collect());
    bars + &estimate(histogram.share, histogram.looked_at, "traces")
}

/// Log records over time.
pub fn log_histogram(histogram: &LogHistogram) -> String {
    let counts = histogram.buckets.iter().map(|bucket| (bucket.records, bucket.errors));
    let bars = bars(histogram.start, histogram.step_ms, counts.collect());
    bars + &estimate(histogram.share, histogram.looked_at, "log records")
}

/// A line for each bucket; the failing part of its bar is marked.
fn bars(start: Instant, step_ms: u64, counts: Vec<(u64, u64)>) -> String {
    let most = counts.iter().map(|(all, _)| *all).max().unwrap_or(0);
    if most == 0 {
        return "nothing in this time\n".to_owned();
    }
    let wide = usize::from(width()).saturating_sub(BESIDE).clamp(BAR_WIDTHS.0, BAR_WIDTHS.1);
    // At least one character for what is there at all.
    let length = |number: u64| (number as f64 / most as f64 * wide as f64).ceil() as usize;
    let mut text = String::new();
    for (index, (all, errors)) in counts.into_iter().enumerate() {
        let nanos = start.0.0.saturating_add(step_ms.saturating_mul(1_000_000).saturating_mul(index as u64));
        let time = Instant(mahavishnu_store::UnixNanos(nanos)).local();
        let failing = length(errors).min(length(all));
        let (red, rest) =
            ("\u{2588}".repeat(failing), "\u{2588}".repeat(length(all).saturating_sub(failing)));
        let marked =
            if errors > 0 { paint(RED, &format!(" \u{2717} {}", count(errors))) } else { String::new() };
        let bar = format!("{}{}", paint(RED, &red), paint(BLUE, &rest));
        text.push_str(&format!("{}  {:>8}  {bar}{marked}\n", paint(DIM, &time), count(all)));
    }
    text
}

fn estimate(share: f64, looked_at: u64, what: &str) -> String {
    if share >= 1.0 {
        return String::new();
    }
    let note = format!("(estimates, from {} {what})", count(looked_at));
    format!("{}\n", paint(DIM, &note))
}

/// What traces have in common.
pub fn facets(facets: &TraceFacets) -> String {
    if facets.of == 0 {
        return "no traces match\n".to_owned();
    }
    let mut rows = Rows::new(&["what", "value", ">traces"]);
    let groups =
        [("service", &facets.services), ("operation", &facets.operations), ("status", &facets.statuses)];
    let attributes = facets.attributes.iter().map(|attribute| (attribute.key.as_str(), &attribute.values));
    for (what, values) in groups.into_iter().chain(attributes) {
        for (index, Facet { value, count: number }) in values.iter().enumerate() {
            let what = if index == 0 { printable(what) } else { String::new() };
            rows.add([what, printable(&plain(value)), count(*number)]);
        }
    }
    format!("{}{}\n", rows.render(), paint(DIM, &format!("(of the newest {} traces)", count(facets.of))))
}

/// A string without its quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
