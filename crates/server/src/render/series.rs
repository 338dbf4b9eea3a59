//! A metric over time, a line of bars for each group.

use serde_json::Value;

use super::{
    meaning::bars,
    table::{Rows, width},
    text::{DIM, paint, printable},
};
use crate::shapes::MetricSeries;

/// Bars of a line where nobody says how wide the terminal is, and characters beside them.
const WIDEST: usize = 120;
const BESIDE: usize = 60;
const NARROWEST: usize = 20;

/// Heights of a bar: what is drawn is a share of the highest.
const HEIGHTS: f64 = 1000.0;

/// Lines of bars, with the least, the latest and the largest number of each.
pub fn metric_series(metric: &MetricSeries) -> String {
    if metric.series.iter().all(|series| series.points.iter().all(|(_, value)| value.is_none())) {
        return "no data points in this time: list the metrics with mahavishnu-otel metrics\n".to_owned();
    }
    let wide = usize::from(width()).saturating_sub(BESIDE).clamp(NARROWEST, WIDEST);
    let unit = metric.unit.as_deref().map(|unit| format!(" in {}", printable(unit))).unwrap_or_default();
    let per = if metric.aggregate == "rate" { " per second" } else { "" };
    let mut rows = Rows::new(&["", "=over time", ">least", ">latest", ">most"]);
    for series in &metric.series {
        let values: Vec<Option<f64>> = series.points.iter().map(|(_, value)| *value).collect();
        let known = || values.iter().flatten().copied();
        let (least, most) = (known().reduce(f64::min), known().reduce(f64::max));
        rows.add([
            labels(&series.labels),
            bars(&heights(&values, wide, most.unwrap_or(0.0))),
            number(least),
            number(known().next_back()),
            number(most),
        ]);
    }
    let from = metric.start.local();
    let mut notes = format!("{} {}{unit}{per}, from {from}", printable(&metric.name), metric.aggregate);
    if metric.left_out > 0 {
        notes.push_str(&format!("; {} groups are left out: choose with --where", metric.left_out));
    }
    if !metric.complete {
        notes.push_str("; the oldest data points are left out: ask for a shorter time");
    }
    format!("{}{}\n", rows.render(), paint(DIM, &notes))
}

/// The steps as so many bars: the highest of those that share one.
fn heights(values: &[Option<f64>], wide: usize, most: f64) -> Vec<u64> {
    let of_bar = values.len().div_ceil(wide).max(1);
    let height = |value: f64| if most > 0.0 { (value.max(0.0) / most * HEIGHTS).ceil() as u64 } else { 0 };
    values.chunks(of_bar).map(|part| part.iter().flatten().copied().map(height).max().unwrap_or(0)).collect()
}

fn labels(labels: &serde_json::Map<String, Value>) -> String {
    if labels.is_empty() {
        return "all".to_owned();
    }
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<String> = labels.iter().map(|(key, it)| format!("{key}={}", value(it))).collect();
    printable(&pairs.join(" "))
}

fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value != 0.0 && value.abs() < 0.001 => format!("{value:.2e}"),
        Some(value) if value.abs() < 100.0 => {
            format!("{:.3}", value).trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Some(value) => format!("{value:.0}"),
    }
}
