//! A metric as a series and its points, whatever its kind.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{Exemplar, Metric, exemplar, metric::Data, number_data_point::Value},
};
use prost::Message;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::{
    attributes::{write_attributes, write_key, write_string},
    encode::{
        copy::CopyBuffer,
        extra::Extra,
        shared::{attributes_json, non_empty},
        span::{Origin, trace_id},
    },
    time::UnixNanos,
};

mod point;

pub(crate) use point::{Point, points};

/// The columns in the order in which [`encode_point`] pushes them.
pub(crate) const COPY_POINTS: &str = include_str!("../../queries/metric/copy.sql");

const COLUMNS: i16 = 15;

/// A row of `otel.metric_series`: what the points of one series share.
#[derive(Debug)]
pub(crate) struct SeriesRow {
    pub(crate) digest: Uuid,
    pub(crate) resource_id: i32,
    pub(crate) scope_id: i32,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) unit: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) temporality: Option<i16>,
    pub(crate) monotonic: Option<bool>,
    pub(crate) bounds: Option<Vec<f64>>,
    pub(crate) attributes: Option<String>,
    pub(crate) extra: Option<String>,
}

/// What a metric's kind says of all its points.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    temporality: Option<i32>,
    monotonic: Option<bool>,
}

fn kind(metric: &Metric) -> Option<Kind> {
    let (name, temporality, monotonic) = match metric.data.as_ref()? {
        Data::Gauge(_) => ("gauge", None, None),
        Data::Sum(sum) => ("sum", Some(sum.aggregation_temporality), Some(sum.is_monotonic)),
        Data::Histogram(histogram) => ("histogram", Some(histogram.aggregation_temporality), None),
        Data::ExponentialHistogram(histogram) => {
            ("exponential_histogram", Some(histogram.aggregation_temporality), None)
        }
        Data::Summary(_) => ("summary", None, None),
    };
    Some(Kind { name, temporality, monotonic })
}

/// What tells a series from every other. The order of attributes does not.
pub(crate) fn series_digest(metric: &Metric, point: &Point<'_>, origin: Origin<'_>) -> Uuid {
    let mut content = Vec::with_capacity(256);
    content.extend_from_slice(&origin.resource_id.to_le_bytes());
    content.extend_from_slice(&origin.scope_id.to_le_bytes());
    if let Some(kind) = kind(metric) {
        content.extend_from_slice(kind.name.as_bytes());
        content.extend_from_slice(&kind.temporality.unwrap_or(-1).to_le_bytes());
        content.push(kind.monotonic.map_or(2, u8::from));
    }
    for text in [&metric.name, &metric.unit, &metric.description] {
        content.extend_from_slice(&(text.len() as u64).to_le_bytes());
        content.extend_from_slice(text.as_bytes());
    }
    content.extend_from_slice(&(point.bounds.len() as u64).to_le_bytes());
    for bound in point.bounds {
        content.extend_from_slice(&bound.to_bits().to_le_bytes());
    }
    encode_sorted(&mut content, &metric.metadata);
    encode_sorted(&mut content, point.attributes);
    Uuid::from_u128(xxh3_128(&content))
}

fn encode_sorted(content: &mut Vec<u8>, attributes: &[KeyValue]) {
    content.extend_from_slice(&(attributes.len() as u64).to_le_bytes());
    let mut sorted: Vec<&KeyValue> = attributes.iter().collect();
    sorted.sort_by(|one, other| one.key.cmp(&other.key));
    for attribute in sorted {
        attribute.encode_length_delimited(content).expect("a Vec has room");
    }
}

pub(crate) fn series_row(metric: &Metric, point: &Point<'_>, origin: Origin<'_>) -> SeriesRow {
    let mut extra = Extra::default();
    let kind = kind(metric).unwrap_or(Kind { name: "gauge", temporality: None, monotonic: None });
    extra.attributes("metadata", &metric.metadata);
    SeriesRow {
        digest: series_digest(metric, point, origin),
        resource_id: origin.resource_id,
        scope_id: origin.scope_id,
        service: origin.service.to_owned(),
        name: extra.text("name", &metric.name).into_owned(),
        kind: kind.name,
        unit: non_empty(extra.text("unit", &metric.unit).into_owned()),
        description: non_empty(extra.text("description", &metric.description).into_owned()),
        temporality: kind.temporality.map(|temporality| extra.small("temporality", temporality)),
        monotonic: kind.monotonic,
        bounds: (!point.bounds.is_empty()).then(|| point.bounds.to_vec()),
        attributes: attributes_json(point.attributes),
        extra: extra.into_json(),
    }
}

pub(crate) fn encode_point(rows: &mut CopyBuffer, point: &Point<'_>, series_id: i64) {
    let time = UnixNanos(point.time_unix_nano);
    let start = Some(point.start_time_unix_nano).filter(|nanos| *nanos != 0);
    let mut traces: Vec<[u8; 16]> =
        point.exemplars.iter().filter_map(|one| trace_id(&one.trace_id)).collect();
    traces.sort_unstable();
    traces.dedup();

    rows.begin_row(COLUMNS);
    rows.timestamptz(time);
    rows.int8(series_id);
    rows.optional(
        start.map(|nanos| point.time_unix_nano.wrapping_sub(nanos).cast_signed()),
        CopyBuffer::int8,
    );
    rows.int2(time.remainder_nanos());
    rows.int4(point.flags.cast_signed());
    match point.value {
        Some(Value::AsDouble(double)) => rows.float8(double),
        _ => rows.null(),
    }
    match point.value {
        Some(Value::AsInt(int)) => rows.int8(int),
        _ => rows.null(),
    }
    rows.optional(point.count.map(u64::cast_signed), CopyBuffer::int8);
    rows.optional(point.sum, CopyBuffer::float8);
    rows.optional(point.min, CopyBuffer::float8);
    rows.optional(point.max, CopyBuffer::float8);
    if point.bucket_counts.is_empty() {
        rows.null();
    } else {
        rows.int8_array(point.bucket_counts);
    }
    rows.jsonb(|out| point.detail.write(out));
    rows.jsonb_array(point.exemplars, write_exemplar);
    if traces.is_empty() {
        rows.null();
    } else {
        rows.uuid_array(&traces);
    }
}

fn write_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar) {
    out.push(b'{');
    write_key(out, true, "time");
    out.extend_from_slice(exemplar.time_unix_nano.to_string().as_bytes());
    for (key, id) in [("trace_id", &exemplar.trace_id), ("span_id", &exemplar.span_id)] {
        if !id.is_empty() {
            write_key(out, false, key);
            write_string(out, &const_hex::encode(id));
        }
    }
    match exemplar.value {
        Some(exemplar::Value::AsDouble(double)) => {
            write_key(out, false, "value");
            crate::attributes::write_double(out, double);
        }
        Some(exemplar::Value::AsInt(int)) => {
            write_key(out, false, "value");
            out.extend_from_slice(int.to_string().as_bytes());
        }
        None => {}
    }
    if !exemplar.filtered_attributes.is_empty() {
        write_key(out, false, "attributes");
        write_attributes(out, &exemplar.filtered_attributes);
    }
    out.push(b'}');
}
