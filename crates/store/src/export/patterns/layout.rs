//! Which attributes of the records of one pattern hardly vary: they are stored once, as a set.
//!
//! The first records of a pattern are stored whole, and looked at. Then the values that were the same in nearly all of them
//! make a set, and rows hold the others alone. A value that begins to vary leaves the set; how many sets there are is
//! bounded. Any division is right: a row names the set that it is to be read with.

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

/// Attributes of a record that is divided: a bit each.
const MOST_ATTRIBUTES: usize = 64;

/// How the attributes of a record are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Division {
    /// The set that has the others.
    pub(crate) set: i64,
    /// A bit for each attribute that the row holds.
    pub(crate) own: u64,
}

impl Division {
    /// Whether the row holds the attribute at this place.
    pub(crate) fn holds(self, index: usize) -> bool {
        self.own >> index & 1 == 1
    }
}

/// A row of `otel.attribute_set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetRow {
    /// A JSON array of the keys that rows hold the values of.
    pub(crate) keys: String,
    /// A JSON object.
    pub(crate) attributes: String,
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
    /// How to divide these attributes, if they are to be; and the set, where it is not known to be saved.
    pub(crate) fn divide(&mut self, attributes: &[Attribute<'_>]) -> Option<(Division, Option<SetRow>)> {
        if attributes.is_empty() || attributes.len() > MOST_ATTRIBUTES {
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
        self.0[index].divide(attributes)
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
        let keys = attributes.iter().map(|attribute| attribute.key.to_owned()).collect();
        Self { keys, seen: 0, values: vec![(0, 0); attributes.len()], own: 0, sets: Vec::new() }
    }

    fn has(&self, attributes: &[Attribute<'_>]) -> bool {
        self.keys.len() == attributes.len()
            && self.keys.iter().zip(attributes).all(|(key, attribute)| key == attribute.key)
    }

    fn divide(&mut self, attributes: &[Attribute<'_>]) -> Option<(Division, Option<SetRow>)> {
        let mut changed = false;
        for (index, (attribute, (value, changes))) in attributes.iter().zip(&mut self.values).enumerate() {
            if self.own >> index & 1 == 1 {
                continue;
            }
            let digest = xxh3_64(attribute.bytes);
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
        if self.own.count_ones() as usize == attributes.len() {
            return None;
        }
        if changed || self.sets.is_empty() {
            self.choose();
        }
        // All of them may have begun to vary just now.
        let set = self.sets.last()?;
        let division = Division { set: set.id, own: self.own };
        Some((division, (!set.saved).then(|| row(attributes, division))))
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
            if self.own.count_ones() as usize == self.values.len() {
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
        for (index, (key, (value, _))) in self.keys.iter().zip(&self.values).enumerate() {
            hasher.update(key.as_bytes());
            hasher.update(&[0]);
            if self.own >> index & 1 == 0 {
                hasher.update(&value.to_le_bytes());
            }
        }
        hasher.digest()
    }
}

/// Only an object has keys that can be told apart, and one whose keys begin with `$` may be the form of something else.
fn can_be_divided(attributes: &[Attribute<'_>]) -> bool {
    let odd = |key: &str| key.starts_with('$') || key.as_bytes().contains(&0);
    let once = |index: usize| attributes[..index].iter().all(|earlier| earlier.key != attributes[index].key);
    (0..attributes.len()).all(|index| !odd(attributes[index].key) && once(index))
}

fn row(attributes: &[Attribute<'_>], division: Division) -> SetRow {
    let of = |own: bool| -> Vec<Attribute<'_>> {
        let chosen = attributes.iter().enumerate().filter(|(index, _)| division.holds(*index) == own);
        chosen.map(|(_, attribute)| *attribute).collect()
    };
    let (mut keys, mut common) = (Vec::new(), Vec::new());
    write_array(&mut keys, &of(true), |out, attribute| write_string(out, attribute.key));
    write_attribute_views(&mut common, &of(false));
    let text = |json| String::from_utf8(json).expect("JSON that we wrote is UTF-8");
    SetRow { keys: text(keys), attributes: text(common) }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    use prost::Message;

    use super::{Attribute, Division, LEARNING, Layouts, SETS};

    fn encoded(values: &[(&str, i64)]) -> Vec<Vec<u8>> {
        let attribute = |(key, value): &(&str, i64)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(Value::IntValue(*value)) }),
            ..KeyValue::default()
        };
        values.iter().map(|pair| attribute(pair).encode_to_vec()).collect()
    }

    fn divide(layouts: &mut Layouts, values: &[(&str, i64)]) -> Option<(Division, Option<super::SetRow>)> {
        let bytes = encoded(values);
        let attributes: Vec<Attribute<'_>> =
            bytes.iter().map(|bytes| Attribute::of(bytes).expect("plain")).collect();
        layouts.divide(&attributes)
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
            assert_eq!(divide(&mut layouts, &[]), None);
        }
    }
}
