//! Which attributes of the records of one pattern hardly vary: they are stored once, as a set. So are some columns, and of log
//! records what stands around the values of the message.
//!
//! The first records of a pattern are stored whole, and looked at. Then the values that were the same in nearly all of them
//! make a set, and rows hold the others alone. A value that begins to vary leaves the set; how many sets there are is
//! bounded. Any division is right: a row names the set that it is to be read with.

use mahavishnu_semantic::{Frame, PatternId};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::{
    attributes::{write_array, write_attribute_views, write_string},
    encode::view::Attribute,
};

/// Records of a layout that are looked at before anything is divided.
const LEARNING: u32 = 64;

/// How often a value may change among those to be one that hardly varies.
const CHANGES: u32 = 4;

/// Sets of one layout: values that go together in more ways vary too much.
const SETS: usize = 16;

/// Layouts of one pattern; records with still other keys are stored whole.
const LAYOUTS: usize = 4;

/// Attributes of a record that is divided: a bit each, and there are [`Column`]s.
const MOST_ATTRIBUTES: usize = 48;

/// How many [`Column`]s there are.
const COLUMNS: usize = 6;

/// How the attributes of a record are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Division {
    /// The set that has the others.
    pub(crate) set: i64,
    /// A bit for each attribute that the row holds.
    pub(crate) own: u64,
    /// A bit for each [`Column`] that the row holds.
    columns: u64,
}

impl Division {
    /// Whether the row holds the attribute at this place.
    pub(crate) fn holds(self, index: usize) -> bool {
        self.own >> index & 1 == 1
    }

    /// Whether the row holds this column.
    pub(crate) fn holds_column(self, column: Column) -> bool {
        self.columns >> column as usize & 1 == 1
    }
}

/// A column that a set may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Message,
    SeverityText,
    Observed,
    Flags,
    Scope,
    Kind,
}

/// What these columns of a record hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    pub(crate) pattern: PatternId,
    /// What is around the values of a message; `None` where that is not known, or there is none.
    pub(crate) frame: Option<&'a Frame>,
    /// Empty where there is none.
    pub(crate) severity_text: &'a str,
    pub(crate) observed_delta_ns: Option<i64>,
    pub(crate) flags: i32,
    pub(crate) scope_id: i32,
    /// Of a span.
    pub(crate) kind: Option<i16>,
}

impl Columns<'_> {
    /// A digest of each, in the order of [`Column`].
    fn digests(&self) -> [u64; COLUMNS] {
        let observed = self.observed_delta_ns.map_or(u64::MAX, |delta| xxh3_64(&delta.to_le_bytes()));
        [
            // Sets are found by their words, and the rows of a set by the pattern.
            self.frame.map_or(0, |frame| frame.digest() ^ self.pattern.0),
            xxh3_64(self.severity_text.as_bytes()),
            observed,
            u64::from(self.flags.cast_unsigned()),
            u64::from(self.scope_id.cast_unsigned()),
            self.kind.map_or(u64::MAX, |kind| u64::from(kind.cast_unsigned())),
        ]
    }
}

/// A row of `otel.attribute_set`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetRow {
    /// A JSON array of the keys that rows hold the values of.
    pub(crate) keys: String,
    /// A JSON object.
    pub(crate) attributes: String,
    /// Given where there is a format.
    pub(crate) pattern: Option<i64>,
    /// As PostgreSQL's `format` takes it, with `%s` for each value.
    pub(crate) message_format: Option<String>,
    pub(crate) severity_text: Option<String>,
    pub(crate) observed_delta_ns: Option<i64>,
    pub(crate) flags: Option<i32>,
    pub(crate) scope_id: Option<i32>,
    pub(crate) kind: Option<i16>,
}

/// The layouts of one pattern.
#[derive(Debug, Default)]
pub(crate) struct Layouts(Vec<Layout>);

/// Records with the same keys in the same order.
#[derive(Debug)]
struct Layout {
    keys: Vec<String>,
    seen: u32,
    /// Of each attribute: a digest of its latest value, and how often it changed.
    values: Vec<(u64, u32)>,
    /// Bits of those that vary.
    own: u64,
    /// Sets by what they have in common, the latest last.
    sets: Vec<Set>,
}

#[derive(Debug)]
struct Set {
    common: u64,
    id: i64,
    saved: bool,
}

impl Layouts {
    /// How to divide these attributes and columns, if they are to be; and the set, where it is not known to be saved.
    pub(crate) fn divide(
        &mut self,
        attributes: &[Attribute<'_>],
        columns: &Columns<'_>,
    ) -> Option<(Division, Option<SetRow>)> {
        if attributes.len() > MOST_ATTRIBUTES {
            return None;
        }
        let same = |layout: &Layout| layout.has(attributes);
        let index = match self.0.iter().position(same) {
            Some(index) => index,
            None if self.0.len() < LAYOUTS && can_be_divided(attributes) => {
                self.0.push(Layout::new(attributes));
                self.0.len() - 1
            }
            None => return None,
        };
        self.0[index].divide(attributes, columns)
    }

    /// These sets are in the database.
    pub(crate) fn saved(&mut self, is_saved: impl Fn(i64) -> bool) {
        for set in self.0.iter_mut().flat_map(|layout| &mut layout.sets) {
            set.saved |= is_saved(set.id);
        }
    }
}

impl Layout {
    fn new(attributes: &[Attribute<'_>]) -> Self {
        let keys: Vec<String> = attributes.iter().map(|attribute| attribute.key().to_owned()).collect();
        let values = vec![(0, 0); keys.len() + COLUMNS];
        Self { keys, seen: 0, values, own: 0, sets: Vec::new() }
    }

    fn has(&self, attributes: &[Attribute<'_>]) -> bool {
        self.keys.len() == attributes.len()
            && self.keys.iter().zip(attributes).all(|(key, attribute)| key.as_bytes() == attribute.key)
    }

    fn divide(
        &mut self,
        attributes: &[Attribute<'_>],
        columns: &Columns<'_>,
    ) -> Option<(Division, Option<SetRow>)> {
        let mut changed = false;
        let of_attributes = attributes.iter().map(Digest::Of);
        let of_columns = columns.digests().into_iter().map(Digest::Known);
        for (index, (digest, (value, changes))) in
            of_attributes.chain(of_columns).zip(&mut self.values).enumerate()
        {
            if self.own >> index & 1 == 1 {
                continue;
            }
            let digest = digest.value();
            if *value != digest {
                *value = digest;
                *changes += 1;
                changed = true;
            }
        }
        if self.seen < LEARNING {
            self.seen += 1;
            if self.seen == LEARNING {
                self.settle();
            }
            return None;
        }
        if self.all_vary() {
            return None;
        }
        if changed || self.sets.is_empty() {
            self.choose();
        }
        // All of them may have begun to vary just now.
        let set = self.sets.last()?;
        let own = self.own & ((1 << attributes.len()) - 1);
        let division = Division { set: set.id, own, columns: self.own >> attributes.len() };
        Some((division, (!set.saved).then(|| row(attributes, columns, division))))
    }

    fn all_vary(&self) -> bool {
        self.own.count_ones() as usize == self.values.len()
    }

    /// Decides what varies, after the first records.
    fn settle(&mut self) {
        for (index, (_, changes)) in self.values.iter_mut().enumerate() {
            // The first value was a change.
            if *changes > CHANGES + 1 {
                self.own |= 1 << index;
            }
            *changes = 0;
        }
    }

    /// Puts the set of the latest values last, makes it where there is none, or lets what varies most leave.
    fn choose(&mut self) {
        loop {
            if self.all_vary() {
                self.sets.clear();
                return;
            }
            let common = self.common();
            if let Some(known) = self.sets.iter().position(|set| set.common == common) {
                let last = self.sets.len() - 1;
                self.sets.swap(known, last);
                return;
            }
            if self.sets.len() < SETS {
                let id = common.cast_signed();
                self.sets.push(Set { common, id, saved: false });
                return;
            }
            let most = (0..self.values.len())
                .filter(|index| self.own >> index & 1 == 0)
                .max_by_key(|index| self.values[*index].1);
            if let Some(index) = most {
                self.own |= 1 << index;
            }
            self.sets.clear();
        }
    }

    /// A digest of what the set holds: keys, which of them are common, and their values.
    fn common(&self) -> u64 {
        let mut hasher = Xxh3::new();
        hasher.update(&self.own.to_le_bytes());
        for key in &self.keys {
            hasher.update(key.as_bytes());
            hasher.update(&[0]);
        }
        for (index, (value, _)) in self.values.iter().enumerate() {
            if self.own >> index & 1 == 0 {
                hasher.update(&value.to_le_bytes());
            }
        }
        hasher.digest()
    }
}

/// A digest of a value, which is made where it is needed.
enum Digest<'a> {
    Of(&'a Attribute<'a>),
    Known(u64),
}

impl Digest<'_> {
    fn value(&self) -> u64 {
        match self {
            Self::Of(attribute) => xxh3_64(attribute.bytes),
            Self::Known(digest) => *digest,
        }
    }
}

/// Only an object has keys that can be told apart, and one whose keys begin with `$` may be the form of something else.
fn can_be_divided(attributes: &[Attribute<'_>]) -> bool {
    let odd = |key: &[u8]| key.starts_with(b"$") || key.contains(&0);
    let once = |index: usize| attributes[..index].iter().all(|earlier| earlier.key != attributes[index].key);
    (0..attributes.len()).all(|index| !odd(attributes[index].key) && once(index))
}

fn row(attributes: &[Attribute<'_>], columns: &Columns<'_>, division: Division) -> SetRow {
    let of = |own: bool| -> Vec<Attribute<'_>> {
        let chosen = attributes.iter().enumerate().filter(|(index, _)| division.holds(*index) == own);
        chosen.map(|(_, attribute)| *attribute).collect()
    };
    let (mut keys, mut common) = (Vec::new(), Vec::new());
    write_array(&mut keys, &of(true), |out, attribute| write_string(out, attribute.key()));
    write_attribute_views(&mut common, &of(false));
    let text = |json| String::from_utf8(json).expect("JSON that we wrote is UTF-8");
    let (keys, attributes) = (text(keys), text(common));
    let common = |column| Some(columns).filter(|_| !division.holds_column(column));
    let frame = common(Column::Message).and_then(|columns| columns.frame);
    let severity_text = common(Column::SeverityText).map(|columns| columns.severity_text);
    SetRow {
        keys,
        attributes,
        pattern: frame.map(|_| columns.pattern.0.cast_signed()),
        message_format: frame.map(format_of),
        severity_text: severity_text.filter(|text| !text.is_empty()).map(str::to_owned),
        observed_delta_ns: common(Column::Observed).and_then(|columns| columns.observed_delta_ns),
        flags: common(Column::Flags).map(|columns| columns.flags),
        scope_id: common(Column::Scope).map(|columns| columns.scope_id),
        kind: common(Column::Kind).and_then(|columns| columns.kind),
    }
}

fn format_of(frame: &Frame) -> String {
    let literals: Vec<String> = frame.literals().map(|literal| literal.replace('%', "%%")).collect();
    literals.join("%s")
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    use prost::Message;

    use super::{Attribute, Columns, Division, LEARNING, Layouts, PatternId, SETS, SetRow};

    const COLUMNS_OF_ALL: Columns<'_> = Columns {
        pattern: PatternId(1),
        frame: None,
        severity_text: "",
        observed_delta_ns: None,
        flags: 0,
        scope_id: 1,
        kind: Some(2),
    };

    fn encoded(values: &[(&str, i64)]) -> Vec<Vec<u8>> {
        let attribute = |(key, value): &(&str, i64)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(Value::IntValue(*value)) }),
            ..KeyValue::default()
        };
        values.iter().map(|pair| attribute(pair).encode_to_vec()).collect()
    }

    fn divide(layouts: &mut Layouts, values: &[(&str, i64)]) -> Option<(Division, Option<SetRow>)> {
        let bytes = encoded(values);
        let attributes: Vec<Attribute<'_>> =
            bytes.iter().map(|bytes| Attribute::of(bytes).expect("plain")).collect();
        layouts.divide(&attributes, &COLUMNS_OF_ALL)
    }

    #[test]
    fn what_hardly_varies_is_stored_once_and_the_rest_in_the_row() {
        let mut layouts = Layouts::default();
        for id in 0..i64::from(LEARNING) {
            assert_eq!(divide(&mut layouts, &[("method", 1), ("id", id)]), None, "the first are whole");
        }
        let (division, row) = divide(&mut layouts, &[("method", 1), ("id", 999)]).expect("divided");
        let row = row.expect("a new set");
        assert_eq!((row.keys.as_str(), row.attributes.as_str()), (r#"["id"]"#, r#"{"method":1}"#));
        assert!(division.holds(1) && !division.holds(0));
        layouts.saved(|_| true);
        assert_eq!(divide(&mut layouts, &[("method", 1), ("id", 5)]), Some((division, None)));
        let (other, row) = divide(&mut layouts, &[("method", 2), ("id", 5)]).expect("divided");
        assert!(other.set != division.set && row.is_some());
        assert_eq!(divide(&mut layouts, &[("method", 1), ("id", 6)]), Some((division, None)));
    }

    #[test]
    fn sets_are_few_whatever_comes() {
        let mut layouts = Layouts::default();
        for _ in 0..LEARNING {
            divide(&mut layouts, &[("region", 1), ("method", 1)]);
        }
        let mut sets = std::collections::HashSet::new();
        for region in 0..10_000 {
            if let Some((division, _)) = divide(&mut layouts, &[("region", region), ("method", 1)]) {
                sets.insert(division.set);
            }
        }
        assert!(sets.len() <= 2 * SETS, "{}", sets.len());
        let (last, _) = divide(&mut layouts, &[("region", 7), ("method", 1)]).expect("divided");
        assert!(last.holds(0) && !last.holds(1));
    }

    #[test]
    fn what_is_no_plain_object_is_stored_whole() {
        let mut layouts = Layouts::default();
        for _ in 0..2 * LEARNING {
            assert_eq!(divide(&mut layouts, &[("$text", 1)]), None);
            assert_eq!(divide(&mut layouts, &[("twice", 1), ("twice", 1)]), None);
        }
    }
}
