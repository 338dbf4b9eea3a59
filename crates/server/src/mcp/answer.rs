//! An answer within its budget: how many there are, how many it shows, what it left out and how to ask for it.
//!
//! An answer is a text for the model and the same as JSON, for programs and for hosts that show a model the JSON. The
//! budget covers both together. Things are shown whole as long as enough of them fit; then their texts are cut, and
//! each cut says how much is missing.

use serde_json::{Map, Value, json};

use super::quoted::{self, DATA_NOTE, NOTE};

/// Characters of an answer unless asked otherwise: about five thousand tokens.
pub const DEFAULT_CHARACTERS: usize = 20_000;

/// Less could not hold one thing with its counts and what to ask next.
pub const LEAST_CHARACTERS: usize = 1000;

/// More would fill the memory of most models.
pub const MOST_CHARACTERS: usize = 200_000;

/// Cut to these widths, a text is as readable as the room allows; nothing is wider than the first.
const WIDTHS: [usize; 5] = [4000, 500, 160, 60, 24];

/// So many things are worth more than fewer with longer texts.
const ENOUGH: usize = 10;

/// So many at the end of a list may fit in the room of the call that would ask for them.
const LAST: usize = 3;

/// What a tool answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: String,
    pub data: Value,
}

impl Answer {
    /// What counts against the budget.
    pub fn characters(&self) -> usize {
        self.text.chars().count() + self.data.to_string().chars().count()
    }
}

/// A call of a tool that an agent can make as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub tool: &'static str,
    pub arguments: Map<String, Value>,
}

impl Call {
    pub fn new(tool: &'static str, arguments: &Value) -> Self {
        Self { tool, arguments: arguments.as_object().cloned().unwrap_or_default() }
    }

    /// The same with another argument.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(name.to_owned(), value.into());
        self
    }

    pub fn text(&self) -> String {
        format!("{} {}", self.tool, quoted::json(&Value::Object(self.arguments.clone())))
    }

    pub fn data(&self) -> Value {
        json!({"tool": self.tool, "arguments": self.arguments})
    }
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Ours: shown as it is.
    Plain(String),
    /// From telemetry: quoted, and cut where room is short.
    Quoted(String),
    /// JSON from telemetry.
    Json(Value),
}

impl Piece {
    pub fn shown(&self, width: usize) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Quoted(text) => quoted::quote(text, width),
            Self::Json(value) => quoted::json(&quoted::shortened(value, width)),
        }
    }
}

pub fn plain(text: impl Into<String>) -> Piece {
    Piece::Plain(text.into())
}

pub fn text(text: impl Into<String>) -> Piece {
    Piece::Quoted(text.into())
}

/// One thing of a list.
#[derive(Clone, Debug)]
pub struct Item {
    /// Which of the sections it belongs to.
    pub section: usize,
    /// Its line, with blanks between the pieces.
    pub line: Vec<Piece>,
    pub data: Value,
}

impl Item {
    /// Its line and its data, with what separates them from the next.
    fn characters(&self, width: usize) -> usize {
        let data = quoted::shortened(&self.data, width).to_string();
        line(&self.line, width).chars().count() + data.chars().count() + 2
    }
}

/// A list of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its key in the data, and what its things are called.
    pub key: &'static str,
    /// How many there are.
    pub total: usize,
    /// There are more; nobody counted further.
    pub at_least: bool,
}

/// Things in the order in which they matter, to be shown as far as the budget goes.
#[derive(Debug)]
pub struct Listing {
    pub sections: Vec<Section>,
    /// The order, in words.
    pub order: &'static str,
    /// From `offset` on.
    pub items: Vec<Item>,
    pub offset: usize,
    /// Show at most so many.
    pub limit: usize,
    /// Says what else is known of all of them, before they come.
    pub head: Vec<Vec<Piece>>,
    /// The same as data.
    pub facts: Map<String, Value>,
    /// The same question again.
    pub again: Call,
    /// What to ask about one of them.
    pub hint: Option<String>,
}

impl Listing {
    /// As much of it as fits.
    pub fn fit(&self, budget: usize) -> Answer {
        let most = self.items.len().min(self.limit);
        let mut best = self.render(0, WIDTHS[WIDTHS.len() - 1], budget);
        for width in WIDTHS {
            let (shown, answer) = self.fill(most, width, budget);
            if shown > 0 {
                best = answer;
            }
            if shown >= most.min(ENOUGH) {
                break;
            }
        }
        best
    }

    /// As many as fit with texts of this width; each is measured once.
    fn fill(&self, most: usize, width: usize, budget: usize) -> (usize, Answer) {
        let (mut shown, mut size) = (0, self.render(0, width, budget).characters());
        while shown < most {
            size += self.items[shown].characters(width);
            if size > budget {
                break;
            }
            shown += 1;
        }
        // The last ones may have the room of the call that would ask for them.
        if shown < most && most - shown <= LAST {
            shown = most;
        }
        loop {
            let answer = self.render(shown, width, budget);
            if shown == 0 || answer.characters() <= budget {
                return (shown, answer);
            }
            shown -= 1;
        }
    }

    fn render(&self, shown: usize, width: usize, budget: usize) -> Answer {
        let items = &self.items[..shown];
        let mut lines = vec![format!("{} {NOTE}", self.heading(shown))];
        lines.extend(self.head.iter().map(|head| line(head, width)));
        lines.extend(items.iter().map(|item| line(&item.line, width)));
        let mut data = Map::new();
        data.insert("note".to_owned(), DATA_NOTE.into());
        let mut counts = Map::new();
        for (index, section) in self.sections.iter().enumerate() {
            let here: Vec<Value> = items
                .iter()
                .filter(|item| item.section == index)
                .map(|item| quoted::shortened(&item.data, width))
                .collect();
            counts.insert(section.key.to_owned(), section.counts(here.len()));
            data.insert(section.key.to_owned(), here.into());
        }
        data.insert("counts".to_owned(), counts.into());
        for (key, fact) in &self.facts {
            data.insert(key.clone(), quoted::shortened(fact, width));
        }
        let next: Vec<(String, Call)> = self.next(shown, budget).into_iter().collect();
        for (what, call) in &next {
            lines.push(format!("{what} Ask: {}", call.text()));
        }
        lines.extend(self.hint.clone().filter(|_| shown > 0));
        data.insert("next".to_owned(), next.iter().map(|(_, call)| call.data()).collect());
        Answer { text: lines.join("\n"), data: Value::Object(data) }
    }

    /// `57 of 312 traces, newest first.`
    fn heading(&self, shown: usize) -> String {
        if let [section] = self.sections[..] {
            let total = section.words();
            return match (shown, self.offset) {
                (0, 0) if section.total == 0 => format!("No {}.", section.key),
                (0, before) if before > 0 => {
                    format!("None of {total} {} after the first {before}.", section.key)
                }
                (_, 0) => format!("{shown} of {total} {}, {}.", section.key, self.order),
                (_, before) => {
                    format!(
                        "{} to {} of {total} {}, {}.",
                        before + 1,
                        before + shown,
                        section.key,
                        self.order
                    )
                }
            };
        }
        let of = |(index, section): (usize, &Section)| {
            let shown = self.items[..shown].iter().filter(|item| item.section == index).count();
            format!("{shown} of {} {}", section.words(), section.key)
        };
        let parts: Vec<String> = self.sections.iter().enumerate().map(of).collect();
        format!("{}; {}.", parts.join(", "), self.order)
    }

    /// What was left out after what is shown, and the call that shows it.
    fn next(&self, shown: usize, budget: usize) -> Option<(String, Call)> {
        let total: usize = self.sections.iter().map(|section| section.total).sum();
        let at_least = self.sections.iter().any(|section| section.at_least);
        let after = total.saturating_sub(self.offset + shown);
        if after == 0 && !at_least {
            return None;
        }
        let what = if at_least {
            format!("Left out: at least {after} more.")
        } else {
            format!("Left out: {after} more.")
        };
        let call = self.again.clone().with("offset", self.offset + shown);
        // Where there was no room for one of them, the same with less room would be asked for ever.
        let no_room = shown == 0 && !self.items.is_empty();
        Some((what, if no_room { call.with("max_chars", (budget * 2).min(MOST_CHARACTERS)) } else { call }))
    }
}

impl Section {
    pub fn new(key: &'static str, total: usize) -> Self {
        Self { key, total, at_least: false }
    }

    fn words(self) -> String {
        if self.at_least { format!("at least {}", self.total) } else { self.total.to_string() }
    }

    fn counts(self, shown: usize) -> Value {
        let mut counts =
            json!({"total": self.total, "shown": shown, "left_out": self.total - shown.min(self.total)});
        if self.at_least {
            counts["at_least"] = true.into();
        }
        counts
    }
}

/// A single thing, its texts cut as far as the budget needs, and then its largest fields left out by name.
pub fn single(head: &[Vec<Piece>], data: &Value, again: &Call, budget: usize) -> Answer {
    let render = |width: usize, left_out: &[String]| {
        let mut lines = vec![NOTE.to_owned()];
        lines.extend(head.iter().map(|head| line(head, width)));
        let mut data = quoted::shortened(data, width);
        data["note"] = DATA_NOTE.into();
        if let (Some(fields), false) = (data.as_object_mut(), left_out.is_empty()) {
            fields.retain(|name, _| !left_out.contains(name));
            let call = again.clone().with("max_chars", DEFAULT_CHARACTERS.max(budget * 2));
            lines.push(format!("Left out of the data: {}. Ask: {}", left_out.join(", "), call.text()));
            fields.insert("left_out".to_owned(), json!(left_out));
            fields.insert("next".to_owned(), json!([call.data()]));
        }
        Answer { text: lines.join("\n"), data }
    };
    let fits = WIDTHS.iter().map(|width| render(*width, &[])).find(|answer| answer.characters() <= budget);
    let narrow = WIDTHS[WIDTHS.len() - 1];
    fits.unwrap_or_else(|| {
        let mut fields: Vec<(String, usize)> = data
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.to_string().len()))
            .collect();
        fields.sort_by_key(|(_, size)| *size);
        let mut left_out = Vec::new();
        loop {
            let answer = render(narrow, &left_out);
            match fields.pop() {
                Some((name, _)) if answer.characters() > budget => left_out.push(name),
                _ => return answer,
            }
        }
    })
}

fn line(pieces: &[Piece], width: usize) -> String {
    pieces
        .iter()
        .map(|piece| piece.shown(width))
        .filter(|shown| !shown.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
