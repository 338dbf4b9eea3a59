//! Which span is below which, whatever the ids say: a parent may be missing, doubled, or its own child.

use std::collections::HashMap;

use crate::shapes::Span;

/// The spans of a trace as a forest, by their place in the list.
#[derive(Debug)]
pub struct Tree {
    /// The span above each, where it came.
    pub parent: Vec<Option<usize>>,
    /// Every span, each before what is below it, siblings by start.
    pub order: Vec<usize>,
    /// How far each is from the top.
    pub depth: Vec<usize>,
    /// When the first began, in Unix nanoseconds.
    pub start: u64,
    places: HashMap<String, usize>,
}

impl Tree {
    pub fn new(spans: &[Span]) -> Self {
        let mut by_id = HashMap::new();
        for (at, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id.clone()).or_insert(at);
        }
        let mut parent: Vec<Option<usize>> = spans
            .iter()
            .enumerate()
            .map(|(at, span)| {
                span.parent_span_id
                    .as_deref()
                    .and_then(|id| by_id.get(id).copied())
                    .filter(|parent| *parent != at)
            })
            .collect();
        let mut children = vec![Vec::new(); spans.len()];
        for (at, parent) in parent.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(at);
            }
        }
        let by_start = |list: &mut Vec<usize>| list.sort_by_key(|at| (spans[*at].start_time, *at));
        children.iter_mut().for_each(by_start);
        let mut heads: Vec<usize> = (0..spans.len()).filter(|at| parent[*at].is_none()).collect();
        by_start(&mut heads);
        let mut tree = Self {
            parent: Vec::new(),
            order: Vec::with_capacity(spans.len()),
            depth: vec![0; spans.len()],
            start: spans.iter().map(|span| span.start_time.0.0).min().unwrap_or_default(),
            places: by_id,
        };
        let mut seen = vec![false; spans.len()];
        for head in heads {
            tree.walk(head, &children, &mut seen);
        }
        // Spans that are below each other in a circle hang from none: the first of each circle becomes a head.
        for at in 0..spans.len() {
            if !seen[at] {
                parent[at] = None;
                tree.walk(at, &children, &mut seen);
            }
        }
        tree.parent = parent;
        tree
    }

    /// Where the span of this id is.
    pub fn place_of(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// Everything below a head, without recursion: a trace may be as deep as it has spans.
    fn walk(&mut self, head: usize, children: &[Vec<usize>], seen: &mut [bool]) {
        let mut stack = vec![(head, 0)];
        while let Some((at, depth)) = stack.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            self.order.push(at);
            self.depth[at] = depth;
            stack.extend(children[at].iter().rev().map(|child| (*child, depth + 1)));
        }
    }
}
