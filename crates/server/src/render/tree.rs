//! A trace as a tree: who called whom, when and for how long, what failed, and what was logged meanwhile.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    table::width,
    tables::message,
    text::{BLUE, BOLD, DIM, RED, clip, count, duration, level_style, paint, printable},
};
use crate::shapes::{LogRecord, Span, TraceContext};

/// Characters of the time axis: a third of the line, within these.
const BAR_WIDTHS: (usize, usize) = (20, 60);
/// Characters of a duration: `1234.56 s`.
const DURATION_WIDTH: usize = 10;
/// The narrowest and the widest first column.
const NAME_WIDTHS: (usize, usize) = (24, 90);
/// Deeper spans are drawn at this depth: a chain of calls must not push everything off the screen.
const MAX_INDENT: usize = 24;

/// Draws a trace.
pub fn trace(context: &TraceContext) -> String {
    let tree = Tree::new(context);
    let mut text = tree.head(context);
    for root in &tree.roots {
        tree.draw(&mut text, *root);
    }
    let orphans: Vec<&LogRecord> =
        context.logs.iter().filter(|log| !tree.has_span(log.span_id.as_deref())).collect();
    if !orphans.is_empty() {
        text.push_str(&paint(DIM, "logs without a span of this trace\n"));
        for log in orphans {
            tree.log(&mut text, "  ", log);
        }
    }
    text
}

struct Tree<'a> {
    spans: &'a [Span],
    /// Children by the position of their parent, by start.
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
    /// Roots whose parent has not come.
    adrift: HashSet<usize>,
    by_id: HashMap<&'a str, usize>,
    logs: BTreeMap<usize, Vec<&'a LogRecord>>,
    start: u64,
    length: u64,
    name_width: usize,
    bar_width: usize,
}

impl<'a> Tree<'a> {
    fn new(context: &'a TraceContext) -> Self {
        let spans = &context.spans;
        // A span that was sent twice is drawn twice; its children hang below the first.
        let mut by_id = HashMap::new();
        for (index, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id.as_str()).or_insert(index);
        }
        let parents: Vec<Option<usize>> = spans
            .iter()
            .map(|span| span.parent_span_id.as_deref().and_then(|id| by_id.get(id)).copied())
            .collect();
        let mut children = vec![Vec::new(); spans.len()];
        let mut roots = Vec::new();
        let mut adrift = HashSet::new();
        for (index, span) in spans.iter().enumerate() {
            match parents[index] {
                Some(parent) if !in_circle(&parents, index) => children[parent].push(index),
                _ => {
                    roots.push(index);
                    if span.parent_span_id.is_some() {
                        adrift.insert(index);
                    }
                }
            }
        }
        let mut logs: BTreeMap<usize, Vec<&LogRecord>> = BTreeMap::new();
        for log in &context.logs {
            if let Some(span) = log.span_id.as_deref().and_then(|id| by_id.get(id)) {
                logs.entry(*span).or_default().push(log);
            }
        }
        let start = spans.iter().map(|span| span.start_time.0.0).min().unwrap_or(0);
        let end = spans.iter().map(|span| span.end_time.0.0.max(span.start_time.0.0)).max().unwrap_or(0);
        let (name_width, bar_width) = columns(usize::from(width()));
        let length = (end - start).max(1);
        Self { spans, children, roots, adrift, by_id, logs, start, length, name_width, bar_width }
    }

    fn has_span(&self, id: Option<&str>) -> bool {
        id.is_some_and(|id| self.by_id.contains_key(id))
    }

    fn head(&self, context: &TraceContext) -> String {
        let failing = self.spans.iter().filter(|span| span.status == "ERROR").count() as u64;
        let started = self.spans.first().map(|span| span.start_time.local()).unwrap_or_default();
        let failing = match failing {
            0 => String::new(),
            number => format!(", {}", paint(RED, &format!("\u{2717} {} failing", count(number)))),
        };
        format!(
            "{} {}\n{started}, {}, {} spans{failing}, {} logs, {} data points\n\n{}\n",
            paint(DIM, "trace"),
            paint(BOLD, &context.trace_id),
            duration(self.length as f64 / 1e6),
            count(context.spans.len() as u64),
            count(context.logs.len() as u64),
            count(context.metrics.len() as u64),
            self.axis(),
        )
    }

    /// The time above the bars.
    fn axis(&self) -> String {
        let end = duration(self.length as f64 / 1e6);
        let line = "\u{2500}".repeat(self.bar_width.saturating_sub(end.chars().count() + 4));
        let margin = " ".repeat(self.name_width + 2);
        format!("{margin}{}", paint(DIM, &format!("0 {line} {end} ")))
    }

    /// Draws a root and all below it. A stack instead of recursion: a trace may be as deep as it likes.
    fn draw(&self, text: &mut String, root: usize) {
        let mut stack = vec![(root, String::new(), String::new())];
        while let Some((index, guide, below)) = stack.pop() {
            let children = &self.children[index];
            self.span(text, &guide, index);
            let inner = format!("{below}{}", if children.is_empty() { "  " } else { "\u{2502} " });
            self.failure(text, &inner, &self.spans[index]);
            for log in self.logs.get(&index).into_iter().flatten() {
                self.log(text, &inner, log);
            }
            for (position, child) in children.iter().enumerate().rev() {
                let deep = below.chars().count() >= MAX_INDENT * 3;
                let last = position + 1 == children.len();
                let (branch, next) = match (deep, last) {
                    (true, _) => ("", ""),
                    (false, true) => ("\u{2514}\u{2500} ", "   "),
                    (false, false) => ("\u{251c}\u{2500} ", "\u{2502}  "),
                };
                stack.push((*child, format!("{below}{branch}"), format!("{below}{next}")));
            }
        }
    }

    fn span(&self, text: &mut String, guide: &str, index: usize) {
        let span = &self.spans[index];
        let failing = span.status == "ERROR";
        let mark = if failing { "\u{2717} " } else { "" };
        let adrift = if self.adrift.contains(&index) { " (parent missing)" } else { "" };
        let name = format!("{mark}{} {}{adrift}", printable(&span.service), printable(&span.name));
        let room = self.name_width.saturating_sub(guide.chars().count());
        let name = clip(&name, room);
        let padding = " ".repeat(room.saturating_sub(name.chars().count()));
        let style = if failing { RED } else { anstyle::Style::new() };
        let bar_style = if failing { RED } else { BLUE };
        text.push_str(&format!(
            "{}{}{padding}  {}  {:>DURATION_WIDTH$}\n",
            paint(DIM, guide),
            paint(style, &name),
            paint(bar_style, &self.bar(span)),
            duration(span.duration_ms),
        ));
    }

    /// Where the span lies on the time of the trace.
    fn bar(&self, span: &Span) -> String {
        let place = |time: u64| {
            let share = time.saturating_sub(self.start) as f64 / self.length as f64;
            ((share * self.bar_width as f64) as usize).min(self.bar_width)
        };
        let from = place(span.start_time.0.0).min(self.bar_width - 1);
        let to = place(span.end_time.0.0).max(from + 1);
        format!("{}{}{}", " ".repeat(from), "\u{2588}".repeat(to - from), " ".repeat(self.bar_width - to))
    }

    /// Why a span failed: the status says it, or an exception does.
    fn failure(&self, text: &mut String, guide: &str, span: &Span) {
        let exceptions = span.events.iter().filter(|event| event["name"] == "exception").map(|event| {
            let attributes = &event["attributes"];
            let part = |key: &str| attributes[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", part("exception.type"), part("exception.message"))
        });
        let mut reasons: Vec<String> = span.status_message.iter().cloned().chain(exceptions).collect();
        reasons.dedup();
        for reason in reasons {
            let reason = clip(&printable(&reason), self.line_room(guide));
            text.push_str(&format!("{}  {}\n", paint(DIM, guide), paint(RED, &reason)));
        }
    }

    fn log(&self, text: &mut String, guide: &str, log: &LogRecord) {
        let line = format!("{} {}", printable(&log.level), printable(message(log)));
        let line = clip(&line, self.line_room(guide).saturating_sub(13));
        text.push_str(&format!(
            "{}  {} {}\n",
            paint(DIM, guide),
            paint(DIM, &log.timestamp.local_time()),
            paint(level_style(log.severity_number), &line),
        ));
    }

    fn line_room(&self, guide: &str) -> usize {
        (self.name_width + self.bar_width + DURATION_WIDTH + 4).saturating_sub(guide.chars().count() + 2)
    }
}

/// How wide names and bars are on lines of this width.
fn columns(width: usize) -> (usize, usize) {
    let room = width.saturating_sub(DURATION_WIDTH + 4);
    let bars = (room / 3).clamp(BAR_WIDTHS.0, BAR_WIDTHS.1);
    (room.saturating_sub(bars).clamp(NAME_WIDTHS.0, NAME_WIDTHS.1), bars)
}

/// Whether following parents from a span comes back to it: hostile data can say so.
fn in_circle(parents: &[Option<usize>], index: usize) -> bool {
    let mut slow = parents[index];
    let mut steps = 0;
    while let Some(at) = slow {
        if at == index || steps > parents.len() {
            return true;
        }
        slow = parents[at];
        steps += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_the_terminal() {
        for width in [80, 100, 120, 160] {
            let (names, bars) = columns(width);
            assert!(names + bars + DURATION_WIDTH + 4 <= width, "{width}: {names} and {bars}");
        }
        assert_eq!(columns(usize::from(u16::MAX)), (NAME_WIDTHS.1, BAR_WIDTHS.1));
    }
}
