//! A span as a row of `otel.span`.

use mahavishnu_semantic::PatternId;

use crate::{
    attributes::{write_attribute_views, write_key, write_string, write_value_view},
    encode::{
        copy::CopyBuffer,
        extra::Extra,
        view::{Attribute, EventView, LinkView, SpanView},
    },
    export::{Column, Division},
    time::UnixNanos,
};

/// The columns in the order in which [`encode_span`] pushes them.
pub(crate) const COPY_SPANS: &str = include_str!("../../queries/span/copy.sql");

const COLUMNS: i16 = 22;

/// What a row says of where its record comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) resource_id: i32,
    pub(crate) scope_id: i32,
    pub(crate) service: &'a str,
}

/// What a row says of its meaning.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meaning {
    pub(crate) pattern: Option<PatternId>,
    pub(crate) error: Option<PatternId>,
}

impl Meaning {
    /// The last columns of a row.
    pub(crate) fn push(self, rows: &mut CopyBuffer) {
        for id in [self.pattern, self.error] {
            rows.optional(id.map(|PatternId(id)| id.cast_signed()), CopyBuffer::int8);
        }
    }
}

/// A checked trace id. Checked requests have no other.
pub(crate) fn trace_id(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}

/// A checked span id, as the bigint of its big-endian bytes.
pub(crate) fn span_id(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

/// All attributes as an object; where they are divided, the values that the row holds as an array.
pub(crate) fn attributes(rows: &mut CopyBuffer, attributes: &[Attribute<'_>], division: Option<Division>) {
    rows.jsonb(|out| match division {
        None if attributes.is_empty() => {}
        None => write_attribute_views(out, attributes),
        Some(Division { own: 0, .. }) => {}
        Some(division) => {
            out.push(b'[');
            write_own_values(out, attributes, division);
            out.push(b']');
        }
    });
}

/// The values that the row holds, as JSON with commas between.
pub(crate) fn write_own_values(out: &mut Vec<u8>, attributes: &[Attribute<'_>], division: Division) {
    let own = attributes.iter().enumerate().filter(|(index, _)| division.holds(*index));
    for (number, (_, attribute)) in own.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write_value_view(out, attribute.value());
    }
}

pub(crate) fn encode_span(
    rows: &mut CopyBuffer,
    span: &SpanView<'_>,
    origin: Origin<'_>,
    meaning: Meaning,
    division: Option<Division>,
) {
    let (Some(trace), Some(id)) = (trace_id(span.trace_id), span_id(span.span_id)) else { return };
    let mut extra = Extra::default();
    let start = UnixNanos(span.start);
    let name = extra.text("name", span.name);
    let message = Some(span.status_message).filter(|message| !message.is_empty());
    let message = message.map(|message| extra.text("status_message", message));
    let kind = extra.small("kind", span.kind);
    let status = extra.small("status", span.status);
    extra.string("trace_state", span.trace_state);
    extra.count("dropped_attributes_count", span.dropped_attributes);
    extra.count("dropped_events_count", span.dropped_events);
    extra.count("dropped_links_count", span.dropped_links);
    let own = |column| division.is_none_or(|division| division.holds_column(column));

    rows.begin_row(COLUMNS);
    rows.uuid(trace);
    rows.int8(id);
    rows.optional(span_id(span.parent_span_id), CopyBuffer::int8);
    rows.timestamptz(start);
    // The difference wraps, so that start and duration give back any end.
    rows.int8(span.end.wrapping_sub(span.start).cast_signed());
    rows.int4(origin.resource_id);
    rows.optional(own(Column::Scope).then_some(origin.scope_id), CopyBuffer::int4);
    rows.int2(start.remainder_nanos());
    rows.optional(own(Column::Kind).then_some(kind), CopyBuffer::int2);
    rows.int2(status);
    rows.optional(own(Column::Flags).then_some(span.flags.cast_signed()), CopyBuffer::int4);
    rows.text(origin.service);
    rows.text(&name);
    rows.optional(message.as_deref(), CopyBuffer::text);
    match division {
        None => attributes(rows, &span.attributes, None),
        Some(_) => rows.null(),
    }
    rows.jsonb_array(&span.events, |out, event| write_event(out, event));
    rows.jsonb_array(&span.links, |out, link| write_link(out, link));
    rows.jsonb(|out| extra.write(out));
    meaning.push(rows);
    rows.optional(division.map(|division| division.set), CopyBuffer::int8);
    rows.optional(division, |rows, division| {
        rows.written_text(|out| write_own_values(out, &span.attributes, division));
    });
}

fn write_event(out: &mut Vec<u8>, event: &[u8]) {
    // The request was walked through before: it is an event.
    let event = EventView::of(event).unwrap_or_default();
    out.push(b'{');
    write_key(out, true, "time");
    out.extend_from_slice(event.time.to_string().as_bytes());
    write_key(out, false, "name");
    write_string(out, event.name);
    if !event.attributes.is_empty() {
        write_key(out, false, "attributes");
        write_attribute_views(out, &event.attributes);
    }
    write_count(out, "dropped_attributes_count", event.dropped_attributes);
    out.push(b'}');
}

fn write_link(out: &mut Vec<u8>, link: &[u8]) {
    // The request was walked through before: it is a link.
    let link = LinkView::of(link).unwrap_or_default();
    out.push(b'{');
    write_key(out, true, "trace_id");
    write_string(out, &const_hex::encode(link.trace_id));
    write_key(out, false, "span_id");
    write_string(out, &const_hex::encode(link.span_id));
    if !link.trace_state.is_empty() {
        write_key(out, false, "trace_state");
        write_string(out, link.trace_state);
    }
    if !link.attributes.is_empty() {
        write_key(out, false, "attributes");
        write_attribute_views(out, &link.attributes);
    }
    write_count(out, "dropped_attributes_count", link.dropped_attributes);
    write_count(out, "flags", link.flags);
    out.push(b'}');
}

fn write_count(out: &mut Vec<u8>, key: &str, value: u32) {
    if value != 0 {
        write_key(out, false, key);
        out.extend_from_slice(value.to_string().as_bytes());
    }
}
