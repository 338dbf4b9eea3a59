//! Log records.

use super::{Depth, List, Once, optional_id, text, value};
use crate::{
    check::MAX_DEPTH,
    wire::{Fields, Odd, Value},
};

pub(super) fn walk(bytes: &[u8], depth: Depth) -> Result<usize, Odd> {
    let depth = depth.enter()?;
    let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
    let (mut fields, mut attributes, mut once) = (Fields::of(bytes), List::default(), Once::default());
    while let Some(field) = fields.next()? {
        match field {
            (6, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (1 | 11, Value::Fixed64(_)) | (2 | 7, Value::Varint(_)) | (8, Value::Fixed32(_)) => {}
            (3 | 12, Value::Bytes(bytes)) => text(bytes)?,
            (5, Value::Bytes(bytes)) => {
                once.only()?;
                value(bytes, depth, MAX_DEPTH)?;
            }
            (9, Value::Bytes(bytes)) => trace_id = bytes,
            (10, Value::Bytes(bytes)) => span_id = bytes,
            (1..=3 | 5..=12, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    optional_id(trace_id, 16)?;
    optional_id(span_id, 8)?;
    Ok(1)
}
