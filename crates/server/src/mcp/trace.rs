//! One trace within a budget: its root and every failing span always, the rest as far as there is room.
//!
//! What is shown first: root and failing spans (and the one that was asked for); logs of errors; what leads to a
//! failing span; warnings; the longest spans; the other logs. A span that is left out is counted at the nearest span
//! above it that is shown. Where even the first ones do not fit, their texts are cut, then left out, and at last
//! there are their ids alone: they may exceed the budget, and nothing else ever does.

mod order;
mod render;
mod tree;

use serde_json::json;

use super::{
    answer::{Answer, Call, MOST_CHARACTERS},
    arguments::Given,
    refusal::Refusal,
};
use crate::{shapes::TraceContext, source::Source};
use order::Order;
use render::{Detail, View};
use tree::Tree;

/// With details, the spans that are always shown may take so much of the budget; otherwise they come in a line each.
const DETAIL_SHARE: f64 = 0.6;

/// In a line each, they may take so much of it; otherwise their texts are cut.
const LINE_SHARE: f64 = 0.9;

/// No span or log record takes fewer characters, so more than this many need not be tried.
const LEAST_ENTRY: usize = 40;

/// `get_otel_trace`.
pub async fn answer(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let id = given.text("trace_id").unwrap_or_default();
    let context = source.trace(&id).await?;
    let focus = given.text("span_id").map(|id| id.to_ascii_lowercase());
    if let Some(focus) = &focus
        && !context.spans.iter().any(|span| span.span_id == *focus)
    {
        return Err(Refusal::argument(
            "span_id",
            &json!(focus),
            &format!(
                "is not a span of trace {}: take one of those that get_otel_trace shows without span_id",
                context.trace_id
            ),
        ));
    }
    Ok(fit(&context, focus.as_deref(), given.whole("offset"), given.whole("max_chars")))
}

/// As much of a trace as fits.
pub fn fit(context: &TraceContext, focus: Option<&str>, offset: usize, budget: usize) -> Answer {
    let tree = Tree::new(&context.spans);
    let focus = focus.and_then(|id| context.spans.iter().position(|span| span.span_id == id));
    let order = Order::new(context, &tree, focus);
    let mut again = Call::new("get_otel_trace", &json!({"trace_id": context.trace_id}));
    if let Some(focus) = focus {
        again = again.with("span_id", context.spans[focus].span_id.as_str());
    }
    if budget != super::answer::DEFAULT_CHARACTERS {
        again = again.with("max_chars", budget);
    }
    let offset = offset.min(order.rest.len());
    let more_characters = (budget * 2).min(MOST_CHARACTERS);
    let view = View { context, tree: &tree, order: &order, focus, offset, again, more_characters };
    let rest = (order.rest.len() - view.offset).min(budget / LEAST_ENTRY);
    let size = |detail, shown| view.render(detail, shown, false).characters();
    if size(Detail::Everything, rest) <= budget {
        return view.render(Detail::Everything, rest, false);
    }
    let within = |share: f64| (budget as f64 * share) as usize;
    let steps = [
        (Detail::Always, within(DETAIL_SHARE)),
        (Detail::Lines, within(LINE_SHARE)),
        (Detail::Short, budget),
        (Detail::Names, budget),
        (Detail::Ids, budget),
    ];
    for (detail, room) in steps {
        if size(detail, 0) <= room {
            let shown = largest(rest, |shown| size(detail, shown) <= budget);
            return view.render(detail, shown, false);
        }
    }
    view.render(Detail::Ids, 0, true)
}

/// The largest number up to `most` that fits, where less always fits if more does.
fn largest(most: usize, fits: impl Fn(usize) -> bool) -> usize {
    if fits(most) {
        return most;
    }
    let (mut fitting, mut too_many) = (0, most);
    while too_many - fitting > 1 {
        let middle = fitting + (too_many - fitting) / 2;
        if fits(middle) { fitting = middle } else { too_many = middle }
    }
    fitting
}

#[cfg(test)]
mod tests;
