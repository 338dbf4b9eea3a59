//! Spans.

use super::{Depth, List, Once, id, optional_id, text};
use crate::{
    check::MAX_DEPTH,
    wire::{Fields, Odd, Value},
};

pub(super) fn walk(bytes: &[u8], depth: Depth) -> Result<usize, Odd> {
    let depth = depth.enter()?;
    let (mut trace_id, mut span_id, mut parent_span_id): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
    let (mut fields, mut attributes, mut once) = (Fields::of(bytes), List::default(), Once::default());
    while let Some(field) = fields.next()? {
        match field {
            (9, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (1, Value::Bytes(bytes)) => trace_id = bytes,
            (2, Value::Bytes(bytes)) => span_id = bytes,
            (4, Value::Bytes(bytes)) => parent_span_id = bytes,
            (3 | 5, Value::Bytes(bytes)) => text(bytes)?,
            (6 | 10 | 12 | 14, Value::Varint(_)) | (7 | 8, Value::Fixed64(_)) | (16, Value::Fixed32(_)) => {}
            (11, Value::Bytes(bytes)) => event(bytes, depth)?,
            (13, Value::Bytes(bytes)) => link(bytes, depth)?,
            (15, Value::Bytes(bytes)) => {
                once.only()?;
                status(bytes, depth)?;
            }
            (1..=16, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    id(trace_id, 16)?;
    id(span_id, 8)?;
    optional_id(parent_span_id, 8)?;
    Ok(1)
}

fn event(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Fixed64(_)) | (4, Value::Varint(_)) => {}
            (2, Value::Bytes(bytes)) => text(bytes)?,
            (3, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (1..=4, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn link(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            // The ids of a link may be anything: they name what others sent.
            (1 | 2, Value::Bytes(_)) | (5, Value::Varint(_)) | (6, Value::Fixed32(_)) => {}
            (3, Value::Bytes(bytes)) => text(bytes)?,
            (4, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (1..=6, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn status(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let mut fields = Fields::of(bytes);
    while let Some(field) = fields.next()? {
        match field {
            (2, Value::Bytes(bytes)) => text(bytes)?,
            (3, Value::Varint(_)) => {}
            (2 | 3, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}
