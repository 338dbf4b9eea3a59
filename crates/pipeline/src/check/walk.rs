//! The same check on the bytes as they came, for requests with which nothing is wrong: nearly all of them.
//!
//! A request is walked through once, field by field, and no object is built. Whatever is wrong, rare or merely
//! written in an unusual way ends the walk, and the request is decoded into objects and judged there: this path never
//! says what is wrong with a request, only that nothing is. Tests hold both paths against each other.

use super::{MAX_ATTRIBUTES, MAX_DEPTH};
use crate::{
    signal::Signal,
    wire::{Fields, Odd, Value, short_bytes, short_pair},
};

mod log;
mod metric;
mod span;
#[cfg(test)]
mod tests;

/// Messages within messages that the decoder of objects follows.
const DECODER_DEPTH: u32 = 100;

/// How deep the decoder may still go: its limit counts every message, ours only lists within values.
#[derive(Clone, Copy, Debug)]
struct Depth(u32);

impl Depth {
    /// Into a message.
    fn enter(self) -> Result<Self, Odd> {
        self.0.checked_sub(1).map(Self).ok_or(Odd)
    }

    /// Over a field that we do not know; the decoder does not look at it where it would not go deeper.
    fn skip(self) -> Result<(), Odd> {
        if self.0 == 0 { Err(Odd) } else { Ok(()) }
    }
}

/// How many records the request holds, where all of them can be kept and nothing has to be said.
pub(super) fn records(signal: Signal, request: &[u8]) -> Option<usize> {
    let walk = match signal {
        Signal::Traces => span::walk,
        Signal::Metrics => metric::walk,
        Signal::Logs => log::walk,
    };
    let (depth, mut records) = (Depth(DECODER_DEPTH), 0);
    let mut fields = Fields::of(request);
    loop {
        match fields.next() {
            Err(Odd) => return None,
            Ok(None) => return Some(records),
            Ok(Some((1, Value::Bytes(group)))) => records += self::group(group, depth, walk).ok()?,
            Ok(Some((1, _))) => return None,
            Ok(Some(_)) => {}
        }
    }
}

/// Walks a record; says how many it counts for.
type Walk = fn(&[u8], Depth) -> Result<usize, Odd>;

/// `ResourceSpans` and its like.
fn group(bytes: &[u8], depth: Depth, walk: Walk) -> Result<usize, Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut records, mut once) = (Fields::of(bytes), 0, Once::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => {
                once.only()?;
                resource(bytes, depth)?;
            }
            (2, Value::Bytes(bytes)) => records += scope_group(bytes, depth, walk)?,
            (3, Value::Bytes(bytes)) => text(bytes)?,
            (1..=3, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(records)
}

/// `ScopeSpans` and its like.
fn scope_group(bytes: &[u8], depth: Depth, walk: Walk) -> Result<usize, Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut records, mut once) = (Fields::of(bytes), 0, Once::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => {
                once.only()?;
                scope(bytes, depth)?;
            }
            (2, Value::Bytes(bytes)) => records += walk(bytes, depth)?,
            (3, Value::Bytes(bytes)) => text(bytes)?,
            (1..=3, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(records)
}

fn resource(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (2, Value::Varint(_)) => {}
            (3, Value::Bytes(bytes)) => entity(bytes, depth)?,
            (1..=3, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

/// `EntityRef`: texts under all four numbers.
fn entity(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let mut fields = Fields::of(bytes);
    while let Some(field) = fields.next()? {
        match field {
            (1..=4, Value::Bytes(bytes)) => text(bytes)?,
            (1..=4, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn scope(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (1 | 2, Value::Bytes(bytes)) => text(bytes)?,
            (3, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (4, Value::Varint(_)) => {}
            (1..=4, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

/// A message of which there is one: the decoder joins several, and so does nobody else.
#[derive(Clone, Copy, Debug, Default)]
struct Once(bool);

impl Once {
    fn only(&mut self) -> Result<(), Odd> {
        if std::mem::replace(&mut self.0, true) { Err(Odd) } else { Ok(()) }
    }
}

/// A list of attributes, of limited length.
#[derive(Clone, Copy, Debug, Default)]
struct List(usize);

impl List {
    /// One `KeyValue`, whose value may nest lists so deep.
    #[inline]
    fn entry(&mut self, bytes: &[u8], depth: Depth, nesting: usize) -> Result<(), Odd> {
        self.0 += 1;
        if self.0 > MAX_ATTRIBUTES {
            return Err(Odd);
        }
        let depth = depth.enter()?;
        if let Some((key, bytes)) = short_pair(bytes) {
            text(key)?;
            return value(bytes, depth, nesting);
        }
        let (mut fields, mut once) = (Fields::of(bytes), Once::default());
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(key)) => text(key)?,
                (2, Value::Bytes(bytes)) => {
                    once.only()?;
                    value(bytes, depth, nesting)?;
                }
                (3, Value::Varint(_)) => {}
                (1..=3, _) => return Err(Odd),
                _ => depth.skip()?,
            }
        }
        Ok(())
    }
}

/// An `AnyValue` that nests lists at most so deep.
fn value(bytes: &[u8], depth: Depth, nesting: usize) -> Result<(), Odd> {
    let depth = depth.enter()?;
    if let Some((bytes, [])) = short_bytes(bytes, 1) {
        return text(bytes);
    }
    let (mut fields, mut once) = (Fields::of(bytes), Once::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => text(bytes)?,
            (2 | 3 | 8, Value::Varint(_)) | (4, Value::Fixed64(_)) | (7, Value::Bytes(_)) => {}
            (5, Value::Bytes(bytes)) => array(bytes, depth, nesting.checked_sub(1).ok_or(Odd)?)?,
            (6, Value::Bytes(bytes)) => pairs(bytes, depth, nesting.checked_sub(1).ok_or(Odd)?)?,
            (1..=8, _) => return Err(Odd),
            _ => {
                depth.skip()?;
                continue;
            }
        }
        once.only()?;
    }
    Ok(())
}

fn array(bytes: &[u8], depth: Depth, nesting: usize) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let mut fields = Fields::of(bytes);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => value(bytes, depth, nesting)?,
            (1, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn pairs(bytes: &[u8], depth: Depth, nesting: usize) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut list) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => list.entry(bytes, depth, nesting)?,
            (1, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

/// A text is UTF-8; most are ASCII, which is found faster.
#[inline]
fn text(bytes: &[u8]) -> Result<(), Odd> {
    if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() { Ok(()) } else { Err(Odd) }
}

/// An id that is there: so many bytes, not all of them zero.
fn id(bytes: &[u8], length: usize) -> Result<(), Odd> {
    if bytes.len() == length && bytes.iter().any(|byte| *byte != 0) { Ok(()) } else { Err(Odd) }
}

/// An id that may be left out.
fn optional_id(bytes: &[u8], length: usize) -> Result<(), Odd> {
    if bytes.is_empty() || bytes.len() == length { Ok(()) } else { Err(Odd) }
}
