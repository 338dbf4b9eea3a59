//! The patterns of one kind of text of one service.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    fmt::Write,
};

use mahavishnu_semantic::{Frame, Miner, Pattern, PatternId, stack};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    PatternRow,
    layout::{Columns, Division, Layouts, SetRow},
};
use crate::{
    encode::{
        error::Described,
        extra::{small, without_nul},
        log::{ATTRIBUTES_SEPARATOR, LogDivision, VALUE_SEPARATOR, observed_delta},
        view::{self, LogView, SpanView},
    },
    time::UnixNanos,
};

/// Characters of an example; the whole text is with its record.
const EXAMPLE: usize = 2000;

/// Characters of an exception's type, a name in every language.
const TYPE: usize = 500;

/// What a pattern is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Log,
    Span,
    /// A group of errors: their messages follow one pattern, and type and frames are the same.
    Error,
}

impl Kind {
    /// In `otel.pattern`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Span => "span",
            Self::Error => "error",
        }
    }

    /// In `otel.pattern_count`.
    pub(crate) fn letter(self) -> u8 {
        self.name().as_bytes()[0]
    }
}

/// A miner with what it found and did not save yet.
#[derive(Debug)]
pub(crate) struct Scope {
    kind: Kind,
    service: String,
    miner: Miner,
    /// Of errors only, by their number.
    groups: HashMap<u64, Group>,
    unsaved: HashMap<u64, First>,
    /// Of names only, which come again as they are: the pattern by a digest of the text.
    names: HashMap<u64, PatternId, foldhash::fast::RandomState>,
    /// Of the attributes of the records of each pattern.
    layouts: HashMap<PatternId, Layouts, foldhash::fast::RandomState>,
}

/// Patterns whose attributes are looked at; forgotten together when there are more.
const MOST_LAYOUTS: usize = 2_000;

/// Names whose pattern is known without looking into them; forgotten together when there are more.
const KNOWN_NAMES: usize = 10_000;

/// What the errors of a group have in common.
#[derive(Clone, Debug)]
struct Group {
    kind: String,
    frames: Vec<String>,
    message: PatternId,
}

/// Where a pattern was first seen.
#[derive(Clone, Debug)]
struct First {
    example: String,
    time: UnixNanos,
}

impl Scope {
    pub(crate) fn new(kind: Kind, service: &str) -> Self {
        let scope = format!("{}\n{service}", kind.name());
        let miner = if kind == Kind::Span { Miner::of_names(&scope) } else { Miner::new(&scope) };
        let (groups, unsaved, names) = (HashMap::new(), HashMap::new(), HashMap::default());
        let layouts = HashMap::default();
        Self { kind, service: service.to_owned(), miner, groups, unsaved, names, layouts }
    }

    pub(crate) fn is(&self, kind: &str, service: &str) -> bool {
        self.kind.name() == kind && self.service == service
    }

    pub(crate) fn len(&self) -> usize {
        self.miner.patterns().len() + self.groups.len()
    }

    /// Takes on a saved pattern.
    pub(crate) fn learn(&mut self, id: i64, template: &str, detail: Option<&Value>) {
        let id = id.cast_unsigned();
        self.names.clear();
        if self.kind != Kind::Error {
            self.miner.adopt(PatternId(id), template, 0);
            return;
        }
        let text = |key: &str| detail.and_then(|detail| detail.get(key)?.as_str()).unwrap_or_default();
        let Ok(message) = u64::from_str_radix(text("message_id"), 16) else { return };
        self.miner.adopt(PatternId(message), text("message"), 0);
        let frames = detail.and_then(|detail| detail.get("frames")?.as_array()).into_iter().flatten();
        let frames = frames.filter_map(|frame| frame.as_str().map(str::to_owned)).collect();
        self.groups.insert(id, Group { kind: text("type").to_owned(), frames, message: PatternId(message) });
    }

    /// The pattern of a text that a record had at `time`.
    pub(crate) fn mine(&mut self, text: &str, time: UnixNanos) -> PatternId {
        let name = (self.kind == Kind::Span).then(|| xxh3_64(text.as_bytes()));
        if let Some(known) = name.and_then(|name| self.names.get(&name)) {
            return *known;
        }
        let mined = self.miner.mine(text);
        if mined.changed {
            self.note(mined.pattern.0, text, time);
        }
        if let Some(name) = name {
            if self.names.len() >= KNOWN_NAMES {
                self.names.clear();
            }
            self.names.insert(name, mined.pattern);
        }
        mined.pattern
    }

    /// The group of an error that a record had at `time`: by type, frames of the application, and pattern of the message.
    pub(crate) fn group(&mut self, error: &Described<'_>, time: UnixNanos) -> PatternId {
        let message = clean(&error.message, EXAMPLE);
        let mined = self.miner.mine(&message);
        if mined.changed {
            let same = |group: &&u64| self.groups[*group].message == mined.pattern;
            let groups: Vec<u64> = self.groups.keys().filter(same).copied().collect();
            for group in groups {
                self.note(group, &message, time);
            }
        }
        let group = Group {
            kind: clean(error.kind, TYPE),
            frames: stack::frames(error.stack).into_iter().map(|frame| frame.replace('\0', "")).collect(),
            message: mined.pattern,
        };
        let id = group.number(&self.service);
        if let Entry::Vacant(vacant) = self.groups.entry(id) {
            vacant.insert(group);
            self.note(id, &message, time);
        }
        PatternId(id)
    }

    /// How a span of this pattern is divided between its row and a set, if it is; and the set, where it is not known to be saved.
    pub(crate) fn divide(
        &mut self,
        pattern: PatternId,
        span: &SpanView<'_>,
        scope_id: i32,
    ) -> Option<(Division, Option<SetRow>)> {
        self.forget_layouts(pattern);
        let columns = Columns {
            pattern,
            frame: None,
            severity_text: "",
            observed_delta_ns: None,
            flags: span.flags.cast_signed(),
            scope_id,
            kind: Some(small(span.kind)),
        };
        self.layouts.entry(pattern).or_default().divide(&span.attributes, &columns)
    }

    /// The same of a log record, of which the set may also have what is around the values of the message.
    pub(crate) fn divide_log<'a>(
        &mut self,
        pattern: PatternId,
        log: &LogView<'a>,
        time: UnixNanos,
        scope_id: i32,
    ) -> Option<(LogDivision<'a>, Option<SetRow>)> {
        let message = if let view::Value::Text(text) = log.body { Some(text) } else { None };
        if message.is_some_and(|text| text.contains(ATTRIBUTES_SEPARATOR)) {
            return None;
        }
        self.forget_layouts(pattern);
        let frame = self.miner.pattern(pattern).map(Pattern::frame);
        let (frame, values) = frame.and_then(|frame| Some((frame, message_values(frame, message?)?))).unzip();
        let columns = Columns {
            pattern,
            frame,
            severity_text: &without_nul(log.severity_text),
            observed_delta_ns: observed_delta(log, time),
            flags: log.flags.cast_signed(),
            scope_id,
            kind: None,
        };
        let layouts = self.layouts.entry(pattern).or_default();
        let (division, set) = layouts.divide(&log.attributes, &columns)?;
        Some((LogDivision { division, values }, set))
    }

    fn forget_layouts(&mut self, pattern: PatternId) {
        if self.layouts.len() >= MOST_LAYOUTS && !self.layouts.contains_key(&pattern) {
            self.layouts.clear();
        }
    }

    /// These sets are in the database.
    pub(crate) fn sets_saved(&mut self, is_saved: impl Fn(i64) -> bool) {
        for layouts in self.layouts.values_mut() {
            layouts.saved(&is_saved);
        }
    }

    fn note(&mut self, id: u64, text: &str, time: UnixNanos) {
        self.unsaved.entry(id).or_insert_with(|| First { example: clean(text, EXAMPLE), time });
    }

    pub(crate) fn unsaved(&self) -> Vec<i64> {
        self.unsaved.keys().map(|id| id.cast_signed()).collect()
    }

    /// What is not saved yet, as it is now.
    pub(crate) fn rows(&self) -> Vec<(i64, PatternRow)> {
        let row = |(id, first): (&u64, &First)| Some((id.cast_signed(), self.row(*id, first)?));
        self.unsaved.iter().filter_map(row).collect()
    }

    fn row(&self, id: u64, first: &First) -> Option<PatternRow> {
        let (template, detail) = match self.groups.get(&id) {
            None => (self.miner.pattern(PatternId(id))?.to_string(), None),
            Some(group) => {
                let message = self.miner.pattern(group.message)?.to_string();
                (group.title(&message), Some(group.detail(&message)))
            }
        };
        Some(PatternRow {
            kind: self.kind,
            service: self.service.clone(),
            template,
            example: first.example.clone(),
            first_seen: first.time,
            detail,
        })
    }

    /// These rows are in the database, unless they changed since.
    pub(crate) fn saved(&mut self, rows: &BTreeMap<i64, PatternRow>) {
        let done: Vec<u64> = self
            .rows()
            .into_iter()
            .filter(|(id, row)| rows.get(id).is_some_and(|saved| saved.template == row.template))
            .map(|(id, _)| id.cast_unsigned())
            .collect();
        for id in done {
            self.unsaved.remove(&id);
        }
    }
}

impl Group {
    fn number(&self, service: &str) -> u64 {
        let mut text = format!("error\n{service}\n{}\n{}", self.kind, self.message);
        for frame in &self.frames {
            text.push('\n');
            text.push_str(frame);
        }
        xxh3_64(text.as_bytes())
    }

    fn title(&self, message: &str) -> String {
        match (self.kind.as_str(), message) {
            ("", message) => message.to_owned(),
            (kind, "") => kind.to_owned(),
            (kind, message) => format!("{kind}: {message}"),
        }
    }

    fn detail(&self, message: &str) -> Value {
        let mut why = String::from("same service");
        if !self.kind.is_empty() {
            why.push_str(", same exception type");
        }
        if !self.frames.is_empty() {
            let frames = self.frames.len();
            let _ = write!(why, ", same {frames} innermost frames of the application");
        }
        if !message.is_empty() {
            why.push_str(", messages of one pattern");
        }
        json!({
            "type": self.kind,
            "frames": self.frames,
            "message": message,
            "message_id": self.message.to_string(),
            "why": why,
        })
    }
}

/// The values of a message of this frame, where they can be told apart in one column.
fn message_values<'a>(frame: &Frame, message: &'a str) -> Option<Vec<&'a str>> {
    let values = frame.values(message)?;
    let plain = |value: &&str| !value.contains(['\0', VALUE_SEPARATOR]);
    values.iter().all(plain).then_some(values)
}

/// As a text column can hold it, and no longer than `most` characters.
fn clean(text: &str, most: usize) -> String {
    text.chars().take(most).map(|character| if character == '\0' { '\u{fffd}' } else { character }).collect()
}
