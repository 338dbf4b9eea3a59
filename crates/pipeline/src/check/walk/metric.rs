//! Metrics, of which each data point is a record.

use super::{Depth, List, Once, optional_id, text};
use crate::{
    check::MAX_DEPTH,
    wire::{self, Fields, Odd, Value},
};

pub(super) fn walk(bytes: &[u8], depth: Depth) -> Result<usize, Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut metadata, mut points) = (Fields::of(bytes), List::default(), None);
    while let Some(field) = fields.next()? {
        match field {
            (1..=3, Value::Bytes(bytes)) => text(bytes)?,
            // A second kind of data replaces the first.
            (5 | 7 | 9..=11, _) if points.is_some() => return Err(Odd),
            (5, Value::Bytes(bytes)) => points = Some(data(bytes, depth, 1, number_point)?),
            (7, Value::Bytes(bytes)) => points = Some(data(bytes, depth, 3, number_point)?),
            (9, Value::Bytes(bytes)) => points = Some(data(bytes, depth, 2, histogram_point)?),
            (10, Value::Bytes(bytes)) => points = Some(data(bytes, depth, 2, exponential_point)?),
            (11, Value::Bytes(bytes)) => points = Some(data(bytes, depth, 1, summary_point)?),
            (12, Value::Bytes(bytes)) => metadata.entry(bytes, depth, MAX_DEPTH)?,
            (1..=3 | 5 | 7 | 9..=12, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    // A metric without data is mentioned.
    points.ok_or(Odd)
}

/// The data of any kind: its points are field 1, and its settings, all varints, the fields from 2 to `last_setting`.
fn data(
    bytes: &[u8],
    depth: Depth,
    last_setting: u32,
    point: fn(&[u8], Depth) -> Result<(), Odd>,
) -> Result<usize, Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut points) = (Fields::of(bytes), 0);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => {
                point(bytes, depth)?;
                points += 1;
            }
            (number, Value::Varint(_)) if (2..=last_setting).contains(&number) => {}
            (number, _) if (1..=last_setting).contains(&number) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(points)
}

fn number_point(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (2..=4 | 6, Value::Fixed64(_)) | (8, Value::Varint(_)) => {}
            (5, Value::Bytes(bytes)) => exemplar(bytes, depth)?,
            (7, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (2..=8, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn histogram_point(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (2..=5 | 11 | 12, Value::Fixed64(_)) | (10, Value::Varint(_)) => {}
            (6 | 7, list) => wire::fixed64s(list, |_| ())?,
            (8, Value::Bytes(bytes)) => exemplar(bytes, depth)?,
            (9, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (2..=12, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn exponential_point(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    let (mut positive, mut negative) = (Once::default(), Once::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (2..=5 | 7 | 12..=14, Value::Fixed64(_)) | (6 | 10, Value::Varint(_)) => {}
            (8, Value::Bytes(bytes)) => {
                positive.only()?;
                buckets(bytes, depth)?;
            }
            (9, Value::Bytes(bytes)) => {
                negative.only()?;
                buckets(bytes, depth)?;
            }
            (11, Value::Bytes(bytes)) => exemplar(bytes, depth)?,
            (1..=14, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn buckets(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let mut fields = Fields::of(bytes);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Varint(_)) => {}
            (2, list) => wire::varints(list, |_| ())?,
            (1, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn summary_point(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (2..=5, Value::Fixed64(_)) | (8, Value::Varint(_)) => {}
            (6, Value::Bytes(bytes)) => quantile(bytes, depth)?,
            (7, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (2..=8, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn quantile(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let mut fields = Fields::of(bytes);
    while let Some(field) = fields.next()? {
        match field {
            (1 | 2, Value::Fixed64(_)) => {}
            (1 | 2, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    Ok(())
}

fn exemplar(bytes: &[u8], depth: Depth) -> Result<(), Odd> {
    let depth = depth.enter()?;
    let (mut span_id, mut trace_id): (&[u8], &[u8]) = (&[], &[]);
    let (mut fields, mut attributes) = (Fields::of(bytes), List::default());
    while let Some(field) = fields.next()? {
        match field {
            (2 | 3 | 6, Value::Fixed64(_)) => {}
            (4, Value::Bytes(bytes)) => span_id = bytes,
            (5, Value::Bytes(bytes)) => trace_id = bytes,
            (7, Value::Bytes(bytes)) => attributes.entry(bytes, depth, MAX_DEPTH)?,
            (2..=7, _) => return Err(Odd),
            _ => depth.skip()?,
        }
    }
    optional_id(trace_id, 16)?;
    optional_id(span_id, 8)
}
