//! A log record in the bytes of a request.

use mahavishnu_pipeline::wire::{Fields, Odd, Value as Wire};

use super::{Attribute, Value, int32, text, uint32};

/// A log record; one value is used for many, so that its list is allocated once.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogView<'a> {
    pub(crate) time: u64,
    pub(crate) observed_time: u64,
    pub(crate) severity_number: i32,
    pub(crate) severity_text: &'a str,
    pub(crate) body: Value<'a>,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) dropped_attributes: u32,
    pub(crate) flags: u32,
    pub(crate) trace_id: &'a [u8],
    pub(crate) span_id: &'a [u8],
    pub(crate) event_name: &'a str,
}

impl<'a> LogView<'a> {
    /// Reads another record.
    pub(crate) fn read(&mut self, bytes: &'a [u8]) -> Result<(), Odd> {
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        *self = Self { attributes, ..Self::default() };
        let mut fields = Fields::of(bytes);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Fixed64(time)) => self.time = time,
                (2, Wire::Varint(number)) => self.severity_number = int32(number),
                (3, Wire::Bytes(name)) => self.severity_text = text(name)?,
                (5, Wire::Bytes(body)) => self.body = Value::of(body)?,
                (6, Wire::Bytes(bytes)) => self.attributes.push(Attribute::of(bytes)?),
                (7, Wire::Varint(count)) => self.dropped_attributes = uint32(count),
                (8, Wire::Fixed32(flags)) => self.flags = flags,
                (9, Wire::Bytes(id)) => self.trace_id = id,
                (10, Wire::Bytes(id)) => self.span_id = id,
                (11, Wire::Fixed64(time)) => self.observed_time = time,
                (12, Wire::Bytes(name)) => self.event_name = text(name)?,
                _ => {}
            }
        }
        Ok(())
    }
}
