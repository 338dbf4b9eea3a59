//! The points of a metric in one form, whatever its kind.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{
        Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
        SummaryDataPoint, exponential_histogram_data_point::Buckets, metric::Data, number_data_point::Value,
    },
};

use crate::{
    attributes::{write_array, write_double, write_key},
    encode::extra::Extra,
};

/// A data point; what its kind does not have is empty.
#[derive(Debug, Default)]
pub(crate) struct Point<'a> {
    pub(crate) attributes: &'a [KeyValue],
    pub(crate) start_time_unix_nano: u64,
    pub(crate) time_unix_nano: u64,
    pub(crate) flags: u32,
    pub(crate) exemplars: &'a [Exemplar],
    pub(crate) value: Option<Value>,
    pub(crate) count: Option<u64>,
    pub(crate) sum: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) bounds: &'a [f64],
    pub(crate) bucket_counts: &'a [u64],
    pub(crate) detail: Extra,
}

/// Every point of a metric, in order.
pub(crate) fn points(metric: &Metric) -> Vec<Point<'_>> {
    match &metric.data {
        None => Vec::new(),
        Some(Data::Gauge(gauge)) => gauge.data_points.iter().map(number).collect(),
        Some(Data::Sum(sum)) => sum.data_points.iter().map(number).collect(),
        Some(Data::Histogram(histogram)) => histogram.data_points.iter().map(histogram_point).collect(),
        Some(Data::ExponentialHistogram(histogram)) => {
            histogram.data_points.iter().map(exponential).collect()
        }
        Some(Data::Summary(summary)) => summary.data_points.iter().map(summary_point).collect(),
    }
}

fn number(point: &NumberDataPoint) -> Point<'_> {
    Point {
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        flags: point.flags,
        exemplars: &point.exemplars,
        value: point.value,
        ..Point::default()
    }
}

fn histogram_point(point: &HistogramDataPoint) -> Point<'_> {
    Point {
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        flags: point.flags,
        exemplars: &point.exemplars,
        count: Some(point.count),
        sum: point.sum,
        min: point.min,
        max: point.max,
        bounds: &point.explicit_bounds,
        bucket_counts: &point.bucket_counts,
        ..Point::default()
    }
}

fn exponential(point: &ExponentialHistogramDataPoint) -> Point<'_> {
    let mut detail = Extra::default();
    detail.number("scale", point.scale);
    detail.number("zero_count", point.zero_count);
    detail.put("zero_threshold", |out| write_double(out, point.zero_threshold));
    for (key, buckets) in [("positive", &point.positive), ("negative", &point.negative)] {
        if let Some(buckets) = buckets {
            detail.put(key, |out| write_buckets(out, buckets));
        }
    }
    Point {
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        flags: point.flags,
        exemplars: &point.exemplars,
        count: Some(point.count),
        sum: point.sum,
        min: point.min,
        max: point.max,
        detail,
        ..Point::default()
    }
}

fn summary_point(point: &SummaryDataPoint) -> Point<'_> {
    let mut detail = Extra::default();
    detail.put("quantiles", |out| {
        write_array(out, &point.quantile_values, |out, quantile| {
            out.push(b'[');
            write_double(out, quantile.quantile);
            out.push(b',');
            write_double(out, quantile.value);
            out.push(b']');
        });
    });
    Point {
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        flags: point.flags,
        count: Some(point.count),
        sum: Some(point.sum),
        detail,
        ..Point::default()
    }
}

fn write_buckets(out: &mut Vec<u8>, buckets: &Buckets) {
    out.push(b'{');
    write_key(out, true, "offset");
    out.extend_from_slice(buckets.offset.to_string().as_bytes());
    write_key(out, false, "bucket_counts");
    write_array(out, &buckets.bucket_counts, |out, count| {
        out.extend_from_slice(count.to_string().as_bytes())
    });
    out.push(b'}');
}
