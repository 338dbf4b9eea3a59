//! Patterns, what was found and why, errors, services, each as a table.

use super::{
    table::Rows,
    text::{DIM, RED, count, duration, paint, printable},
};
use crate::shapes::{
    ErrorDetail, ErrorGroup, Instant, Operation, PatternChange, PatternHit, PatternTrend, ServiceMap,
    ServiceSummary, SimilarTrace, TraceResult,
};

/// Eight heights of a bar.
const BARS: [char; 8] =
    ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];

/// Traces that a search found.
pub fn search(found: &[TraceResult]) -> String {
    if found.is_empty() {
        return "nothing matches: try other words, or --threshold 0\n".to_owned();
    }
    let mut rows = Rows::new(&[">score", "=trace", "service", "name", ">duration", "matched", "why"]);
    for one in found {
        rows.add([
            format!("{:.2}", one.similarity),
            one.trace_id.clone(),
            printable(&one.service),
            failing(&one.status, &one.name),
            duration(one.duration_ms),
            printable(&one.matched),
            paint(DIM, &printable(&one.why)),
        ]);
    }
    rows.render()
}

/// Patterns that a search found.
pub fn hits(hits: &[PatternHit]) -> String {
    if hits.is_empty() {
        return "no pattern matches\n".to_owned();
    }
    let mut rows = Rows::new(&[">score", "=kind", "service", "pattern", ">count", "why"]);
    for hit in hits {
        rows.add([
            format!("{:.2}", hit.score),
            hit.pattern.kind.clone(),
            printable(&hit.pattern.service),
            printable(&hit.pattern.text),
            count(hit.pattern.count),
            paint(DIM, &printable(&hit.why)),
        ]);
    }
    rows.render()
}

/// Traces like one.
pub fn similar(similar: &[SimilarTrace]) -> String {
    if similar.is_empty() {
        return "no other trace is like it\n".to_owned();
    }
    let mut rows =
        Rows::new(&[">alike", "=trace", "service", "name", ">duration", ">spans", ">errors", "why"]);
    for one in similar {
        rows.add([
            format!("{:.2}", one.similarity),
            one.trace.trace_id.clone(),
            printable(&one.trace.service),
            printable(&one.trace.name),
            duration(one.trace.duration_ms),
            count(one.trace.spans),
            failures(one.trace.errors),
            paint(DIM, &printable(&one.why)),
        ]);
    }
    rows.render()
}

/// Groups of errors.
pub fn errors(groups: &[ErrorGroup]) -> String {
    if groups.is_empty() {
        return "no errors in this time\n".to_owned();
    }
    let mut rows = Rows::new(&[">count", "=trend", "=last seen", "service", "error", "where", "=id"]);
    for group in groups {
        let detail = group.pattern.detail.as_ref();
        let frames = detail.and_then(|detail| detail.get("frames")?.as_array());
        let place = frames.and_then(|frames| frames.first()?.as_str()).unwrap_or_default();
        rows.add([
            paint(RED, &count(group.pattern.count)),
            bars(&group.trend),
            group.pattern.last_seen.map(Instant::local_minute).unwrap_or_default(),
            printable(&group.pattern.service),
            printable(&group.pattern.text),
            printable(place),
            paint(DIM, &group.pattern.pattern_id),
        ]);
    }
    rows.render()
}

/// One group of errors: what it is, why it is one, and traces.
pub fn error(detail: &ErrorDetail) -> String {
    let pattern = &detail.group.pattern;
    let mut text = format!(
        "{} {}\n{}, {} in this time, first seen {}\n{}\n",
        paint(RED, "\u{2717}"),
        printable(&pattern.text),
        printable(&pattern.service),
        count(pattern.count),
        pattern.first_seen.local(),
        bars(&detail.group.trend),
    );
    let part = |key: &str| pattern.detail.as_ref().and_then(|detail| detail.get(key));
    for frame in part("frames").and_then(|frames| frames.as_array()).into_iter().flatten() {
        text.push_str(&format!("  at {}\n", printable(frame.as_str().unwrap_or_default())));
    }
    if let Some(why) = part("why").and_then(|why| why.as_str()) {
        text.push_str(&format!("{}\n", paint(DIM, &printable(why))));
    }
    text.push_str(&format!("\n{}", super::traces(&detail.traces)));
    if !detail.healthy.is_empty() {
        let title = paint(DIM, "the same operation when it went well");
        text.push_str(&format!("\n{title}\n{}", super::traces(&detail.healthy)));
    }
    text
}

/// Patterns.
pub fn patterns(patterns: &[PatternTrend]) -> String {
    if patterns.is_empty() {
        return "no patterns in this time\n".to_owned();
    }
    let mut rows =
        Rows::new(&[">count", ">errors", "=trend", "=kind", "=last seen", "service", "pattern", "=id"]);
    for PatternTrend { pattern, trend } in patterns {
        rows.add([
            count(pattern.count),
            failures(pattern.errors),
            bars(trend),
            pattern.kind.clone(),
            pattern.last_seen.map(Instant::local_minute).unwrap_or_default(),
            printable(&pattern.service),
            printable(&pattern.text),
            paint(DIM, &pattern.pattern_id),
        ]);
    }
    rows.render()
}

/// One pattern.
pub fn pattern(pattern: &PatternTrend) -> String {
    let example = format!("{} {}\n", paint(DIM, "for example:"), printable(&pattern.pattern.example));
    patterns(std::slice::from_ref(pattern)) + &example
}

/// Patterns that changed.
pub fn changes(changes: &[PatternChange]) -> String {
    if changes.is_empty() {
        return "nothing changed beyond chance\n".to_owned();
    }
    let mut rows = Rows::new(&["=change", ">before", ">now", ">rate", "=kind", "service", "pattern"]);
    for change in changes {
        rows.add([
            change.change.clone(),
            count(change.before),
            count(change.pattern.count),
            change.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default(),
            change.pattern.kind.clone(),
            printable(&change.pattern.service),
            printable(&change.pattern.text),
        ]);
    }
    rows.render()
}

/// Services.
pub fn services(services: &[ServiceSummary]) -> String {
    if services.is_empty() {
        return "no service sent anything in this time\n".to_owned();
    }
    let mut rows =
        Rows::new(&["service", ">spans", ">errors", ">p50", ">p95", ">p99", ">logs", "=last seen"]);
    for service in services {
        // Who sends logs alone took no time.
        let within = |ms| if service.spans == 0 { String::new() } else { duration(ms) };
        rows.add([
            printable(&service.name),
            count(service.spans),
            failures(service.errors),
            within(service.p50_ms),
            within(service.p95_ms),
            within(service.p99_ms),
            count(service.logs),
            service.last_seen.map(Instant::local_minute).unwrap_or_default(),
        ]);
    }
    rows.render()
}

/// What a service does.
pub fn operations(operations: &[Operation]) -> String {
    if operations.is_empty() {
        return "this service sent no spans in this time\n".to_owned();
    }
    let mut rows = Rows::new(&["operation", ">spans", ">errors", ">mean", ">p50", ">p95", ">p99"]);
    for operation in operations {
        rows.add([
            printable(&operation.name),
            count(operation.spans),
            failures(operation.errors),
            duration(operation.mean_duration_ms),
            duration(operation.p50_ms),
            duration(operation.p95_ms),
            duration(operation.p99_ms),
        ]);
    }
    rows.render()
}

/// Who calls whom.
pub fn service_map(map: &ServiceMap) -> String {
    if map.calls.is_empty() {
        return "no service called another in this time\n".to_owned();
    }
    let mut rows = Rows::new(&["caller", "called", ">calls", ">errors", ">p50", ">p95"]);
    for call in &map.calls {
        rows.add([
            printable(&call.caller),
            printable(&call.called),
            count(call.calls),
            failures(call.errors),
            duration(call.p50_ms),
            duration(call.p95_ms),
        ]);
    }
    format!("{}of the latest {} traces\n", rows.render(), count(map.traces))
}

fn failing(status: &str, name: &str) -> String {
    if status == "ERROR" { paint(RED, &format!("\u{2717} {}", printable(name))) } else { printable(name) }
}

fn failures(errors: u64) -> String {
    if errors == 0 { String::new() } else { paint(RED, &format!("\u{2717} {}", count(errors))) }
}

/// Numbers as bars beside each other.
pub(super) fn bars(numbers: &[u64]) -> String {
    let most = numbers.iter().copied().max().unwrap_or(0).max(1);
    let bar = |number: &u64| match *number {
        0 => ' ',
        number => BARS[usize::try_from((number * 8).div_ceil(most) - 1).unwrap_or(0).min(7)],
    };
    numbers.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::bars;

    #[test]
    fn a_trend_is_drawn_to_its_highest() {
        assert_eq!(bars(&[0, 1, 4, 8]), " \u{2581}\u{2584}\u{2588}");
        assert_eq!(bars(&[0, 0]), "  ");
        assert_eq!(bars(&[1]), "\u{2588}");
    }
}
