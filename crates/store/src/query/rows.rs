//! Rows of PostgreSQL as answers.

use mahavishnu_semantic::PatternId;
use serde_json::{Map, Value};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    error::StoreError,
    query::{LogRecord, MetricPoint, Number, Resource, Scope, Span, SpanId, TraceId},
    time::{PgTimestamp, UnixNanos},
};

/// A time from its column and the column of the remaining nanoseconds.
pub(crate) fn time(row: &Row, micros: &str, nanos: &str) -> Result<UnixNanos, StoreError> {
    let PgTimestamp(micros) = row.try_get(micros)?;
    Ok(UnixNanos::from_postgres(micros, row.try_get(nanos)?))
}

pub(crate) fn trace_id(id: Uuid) -> TraceId {
    TraceId(id.into_bytes())
}

fn span_id(id: i64) -> SpanId {
    SpanId(id.to_be_bytes())
}

fn pattern(row: &Row, column: &str) -> Result<Option<PatternId>, StoreError> {
    Ok(row.try_get::<_, Option<i64>>(column)?.map(|id| PatternId(id.cast_unsigned())))
}

fn object(row: &Row, column: &str) -> Result<Value, StoreError> {
    Ok(row.try_get::<_, Option<Value>>(column)?.unwrap_or_else(|| Value::Object(Map::new())))
}

fn array(row: &Row, column: &str) -> Result<Value, StoreError> {
    Ok(row.try_get::<_, Option<Value>>(column)?.unwrap_or_else(|| Value::Array(Vec::new())))
}

fn resource(row: &Row) -> Result<Resource, StoreError> {
    Ok(Resource {
        attributes: object(row, "resource_attributes")?,
        schema_url: row.try_get("resource_schema_url")?,
        extra: object(row, "resource_extra")?,
    })
}

fn scope(row: &Row) -> Result<Scope, StoreError> {
    Ok(Scope {
        name: row.try_get::<_, Option<String>>("scope_name")?.unwrap_or_default(),
        version: row.try_get("scope_version")?,
        attributes: object(row, "scope_attributes")?,
        schema_url: row.try_get("scope_schema_url")?,
        extra: object(row, "scope_extra")?,
    })
}

pub(crate) fn span(row: &Row) -> Result<Span, StoreError> {
    let start_time = time(row, "start_time", "start_nanos")?;
    let duration: i64 = row.try_get("duration_ns")?;
    Ok(Span {
        trace_id: trace_id(row.try_get("trace_id")?),
        span_id: span_id(row.try_get("span_id")?),
        parent_span_id: row.try_get::<_, Option<i64>>("parent_span_id")?.map(span_id),
        service: row.try_get("service")?,
        name: row.try_get("name")?,
        kind: row.try_get::<_, i16>("kind")?.into(),
        status: row.try_get::<_, i16>("status")?.into(),
        status_message: row.try_get("status_message")?,
        start_time,
        end_time: UnixNanos(start_time.0.wrapping_add_signed(duration)),
        attributes: object(row, "attributes")?,
        events: array(row, "events")?,
        links: array(row, "links")?,
        flags: row.try_get::<_, i32>("flags")?.cast_unsigned(),
        extra: object(row, "extra")?,
        pattern_id: pattern(row, "pattern_id")?,
        error_id: pattern(row, "error_id")?,
        resource: resource(row)?,
        scope: scope(row)?,
    })
}

pub(crate) fn log_record(row: &Row) -> Result<LogRecord, StoreError> {
    let time = time(row, "time", "time_nanos")?;
    let observed: Option<i64> = row.try_get("observed_delta_ns")?;
    Ok(LogRecord {
        time,
        service: row.try_get("service")?,
        severity_number: row.try_get::<_, i16>("severity_number")?.into(),
        severity_text: row.try_get("severity_text")?,
        message: row.try_get("message")?,
        body: row.try_get("body")?,
        event_name: row.try_get("event_name")?,
        trace_id: row.try_get::<_, Option<Uuid>>("trace_id")?.map(trace_id),
        span_id: row.try_get::<_, Option<i64>>("span_id")?.map(span_id),
        attributes: object(row, "attributes")?,
        observed_time: observed.map(|delta| UnixNanos(time.0.wrapping_add_signed(delta))),
        flags: row.try_get::<_, i32>("flags")?.cast_unsigned(),
        extra: object(row, "extra")?,
        pattern_id: pattern(row, "pattern_id")?,
        resource: resource(row)?,
        scope: scope(row)?,
    })
}

pub(crate) fn metric_point(row: &Row) -> Result<MetricPoint, StoreError> {
    let time = time(row, "time", "time_nanos")?;
    let start_delta: Option<i64> = row.try_get("start_delta_ns")?;
    let int: Option<i64> = row.try_get("value_int")?;
    let double: Option<f64> = row.try_get("value_double")?;
    let bucket_counts: Option<Vec<i64>> = row.try_get("bucket_counts")?;
    Ok(MetricPoint {
        time,
        start_time: start_delta.map(|delta| UnixNanos(time.0.wrapping_sub(delta.cast_unsigned()))),
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        unit: row.try_get("unit")?,
        description: row.try_get("description")?,
        temporality: row.try_get::<_, Option<i16>>("temporality")?.map(i32::from),
        monotonic: row.try_get("monotonic")?,
        service: row.try_get("service")?,
        attributes: object(row, "attributes")?,
        value: int.map(Number::Int).or(double.map(Number::Double)),
        flags: row.try_get::<_, i32>("flags")?.cast_unsigned(),
        count: row.try_get::<_, Option<i64>>("count")?.map(i64::cast_unsigned),
        sum: row.try_get("sum")?,
        min: row.try_get("min")?,
        max: row.try_get("max")?,
        bounds: row.try_get("bounds")?,
        bucket_counts: bucket_counts.map(|counts| counts.into_iter().map(i64::cast_unsigned).collect()),
        detail: object(row, "detail")?,
        exemplars: array(row, "exemplars")?,
        extra: object(row, "extra")?,
        resource: resource(row)?,
        scope: scope(row)?,
    })
}
