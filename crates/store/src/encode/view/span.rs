//! A span in the bytes of a request.

use mahavishnu_pipeline::wire::{Fields, Odd, Value as Wire};

use super::{Attribute, int32, text, uint32};

/// A span; one value is used for many, so that its lists are allocated once.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpanView<'a> {
    pub(crate) trace_id: &'a [u8],
    pub(crate) span_id: &'a [u8],
    pub(crate) parent_span_id: &'a [u8],
    pub(crate) trace_state: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: i32,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) flags: u32,
    pub(crate) status: i32,
    pub(crate) status_message: &'a str,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) events: Vec<&'a [u8]>,
    pub(crate) links: Vec<&'a [u8]>,
    pub(crate) dropped_attributes: u32,
    pub(crate) dropped_events: u32,
    pub(crate) dropped_links: u32,
}

impl<'a> SpanView<'a> {
    /// Reads another span.
    pub(crate) fn read(&mut self, bytes: &'a [u8]) -> Result<(), Odd> {
        let Self { mut attributes, mut events, mut links, .. } = std::mem::take(self);
        attributes.clear();
        events.clear();
        links.clear();
        *self = Self { attributes, events, links, ..Self::default() };
        let mut fields = Fields::of(bytes);
        while let Some(field) = fields.next()? {
            match field {
                (9, Wire::Bytes(bytes)) => self.attributes.push(Attribute::of(bytes)?),
                (1, Wire::Bytes(id)) => self.trace_id = id,
                (2, Wire::Bytes(id)) => self.span_id = id,
                (3, Wire::Bytes(state)) => self.trace_state = text(state)?,
                (4, Wire::Bytes(id)) => self.parent_span_id = id,
                (5, Wire::Bytes(name)) => self.name = text(name)?,
                (6, Wire::Varint(kind)) => self.kind = int32(kind),
                (7, Wire::Fixed64(time)) => self.start = time,
                (8, Wire::Fixed64(time)) => self.end = time,
                (10, Wire::Varint(count)) => self.dropped_attributes = uint32(count),
                (11, Wire::Bytes(event)) => self.events.push(event),
                (12, Wire::Varint(count)) => self.dropped_events = uint32(count),
                (13, Wire::Bytes(link)) => self.links.push(link),
                (14, Wire::Varint(count)) => self.dropped_links = uint32(count),
                (15, Wire::Bytes(status)) => self.read_status(status)?,
                (16, Wire::Fixed32(flags)) => self.flags = flags,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_status(&mut self, bytes: &'a [u8]) -> Result<(), Odd> {
        let mut fields = Fields::of(bytes);
        while let Some(field) = fields.next()? {
            match field {
                (2, Wire::Bytes(message)) => self.status_message = text(message)?,
                (3, Wire::Varint(code)) => self.status = int32(code),
                _ => {}
            }
        }
        Ok(())
    }
}

/// An event of a span.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventView<'a> {
    pub(crate) time: u64,
    pub(crate) name: &'a str,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) dropped_attributes: u32,
}

impl<'a> EventView<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Odd> {
        let (mut fields, mut event) = (Fields::of(bytes), Self::default());
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Fixed64(time)) => event.time = time,
                (2, Wire::Bytes(name)) => event.name = text(name)?,
                (3, Wire::Bytes(bytes)) => event.attributes.push(Attribute::of(bytes)?),
                (4, Wire::Varint(count)) => event.dropped_attributes = uint32(count),
                _ => {}
            }
        }
        Ok(event)
    }
}

/// A link of a span.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkView<'a> {
    pub(crate) trace_id: &'a [u8],
    pub(crate) span_id: &'a [u8],
    pub(crate) trace_state: &'a str,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) dropped_attributes: u32,
    pub(crate) flags: u32,
}

impl<'a> LinkView<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Odd> {
        let (mut fields, mut link) = (Fields::of(bytes), Self::default());
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(id)) => link.trace_id = id,
                (2, Wire::Bytes(id)) => link.span_id = id,
                (3, Wire::Bytes(state)) => link.trace_state = text(state)?,
                (4, Wire::Bytes(bytes)) => link.attributes.push(Attribute::of(bytes)?),
                (5, Wire::Varint(count)) => link.dropped_attributes = uint32(count),
                (6, Wire::Fixed32(flags)) => link.flags = flags,
                _ => {}
            }
        }
        Ok(link)
    }
}
