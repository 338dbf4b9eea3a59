//! Any request of metrics.

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
        summary_data_point::ValueAtQuantile,
    },
};
use proptest::{
    collection::vec,
    option,
    prelude::{BoxedStrategy, Just, Strategy, any},
    prop_oneof,
};

use super::value::{
    attributes, count, double, enum_number, int, optional_id, resource, schema_url, scope, text, time,
};

/// Names of aggregation temporalities.
const TEMPORALITIES: i32 = 3;

/// Any request of metrics; it may hold none.
pub fn metrics_request() -> BoxedStrategy<ExportMetricsServiceRequest> {
    let scope_metrics = (scope(), vec(metric(), 0..4), schema_url())
        .prop_map(|(scope, metrics, schema_url)| ScopeMetrics { scope, metrics, schema_url });
    let resource_metrics = (resource(), vec(scope_metrics, 0..3), schema_url()).prop_map(
        |(resource, scope_metrics, schema_url)| ResourceMetrics { resource, scope_metrics, schema_url },
    );
    vec(resource_metrics, 0..3)
        .prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
        .boxed()
}

/// Any metric of any kind, with any number of points; now and then of no kind at all.
pub fn metric() -> BoxedStrategy<Metric> {
    let temporality = || enum_number(TEMPORALITIES);
    let data = prop_oneof![
        4 => vec(number_point(), 0..3).prop_map(|data_points| Some(Data::Gauge(Gauge { data_points }))),
        4 => (vec(number_point(), 0..3), temporality(), any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| {
                Some(Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic }))
            }
        ),
        4 => (vec(histogram_point(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            Some(Data::Histogram(Histogram { data_points, aggregation_temporality }))
        }),
        4 => (vec(exponential_point(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            Some(Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality }))
        }),
        4 => vec(summary_point(), 0..3).prop_map(|data_points| Some(Data::Summary(Summary { data_points }))),
        1 => Just(None),
    ];
    (text(), text(), text(), attributes(), data)
        .prop_map(|(name, description, unit, metadata, data)| Metric {
            name,
            description,
            unit,
            metadata,
            data,
        })
        .boxed()
}

fn number_point() -> BoxedStrategy<NumberDataPoint> {
    let value = option::weighted(
        0.9,
        prop_oneof![
            int().prop_map(number_data_point::Value::AsInt),
            double().prop_map(number_data_point::Value::AsDouble),
        ],
    );
    (attributes(), time(), time(), exemplars(), flags(), value)
        .prop_map(|(attributes, start_time_unix_nano, time_unix_nano, exemplars, flags, value)| {
            NumberDataPoint { attributes, start_time_unix_nano, time_unix_nano, exemplars, flags, value }
        })
        .boxed()
}

/// The numbers of its buckets and bounds need not fit together.
fn histogram_point() -> BoxedStrategy<HistogramDataPoint> {
    let bounds = prop_oneof![3 => Just(vec![0.5, 1.0, 2.5]), 1 => vec(double(), 0..4)];
    let totals = (count(), option::of(double()), option::of(double()), option::of(double()));
    (attributes(), time(), time(), totals, vec(count(), 0..5), bounds, exemplars(), flags())
        .prop_map(
            |(
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                totals,
                bucket_counts,
                bounds,
                exemplars,
                flags,
            )| {
                let (count, sum, min, max) = totals;
                HistogramDataPoint {
                    attributes,
                    start_time_unix_nano,
                    time_unix_nano,
                    count,
                    sum,
                    bucket_counts,
                    explicit_bounds: bounds,
                    exemplars,
                    flags,
                    min,
                    max,
                }
            },
        )
        .boxed()
}

fn exponential_point() -> BoxedStrategy<ExponentialHistogramDataPoint> {
    let totals = (count(), option::of(double()), option::of(double()), option::of(double()));
    let buckets = || {
        option::of(
            (any::<i32>(), vec(count(), 0..5))
                .prop_map(|(offset, bucket_counts)| Buckets { offset, bucket_counts }),
        )
    };
    let shape = (-10..20_i32, count(), double(), buckets(), buckets());
    (attributes(), time(), time(), totals, shape, exemplars(), flags())
        .prop_map(|(attributes, start_time_unix_nano, time_unix_nano, totals, shape, exemplars, flags)| {
            let (count, sum, min, max) = totals;
            let (scale, zero_count, zero_threshold, positive, negative) = shape;
            ExponentialHistogramDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                count,
                sum,
                scale,
                zero_count,
                positive,
                negative,
                flags,
                exemplars,
                min,
                max,
                zero_threshold,
            }
        })
        .boxed()
}

fn summary_point() -> BoxedStrategy<SummaryDataPoint> {
    let quantile = (double(), double()).prop_map(|(quantile, value)| ValueAtQuantile { quantile, value });
    (attributes(), time(), time(), count(), double(), vec(quantile, 0..4), flags())
        .prop_map(|(attributes, start_time_unix_nano, time_unix_nano, count, sum, quantile_values, flags)| {
            SummaryDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                count,
                sum,
                quantile_values,
                flags,
            }
        })
        .boxed()
}

fn exemplars() -> BoxedStrategy<Vec<Exemplar>> {
    let value = option::weighted(
        0.9,
        prop_oneof![int().prop_map(exemplar::Value::AsInt), double().prop_map(exemplar::Value::AsDouble)],
    );
    let exemplar = (attributes(), time(), optional_id(8), optional_id(16), value).prop_map(
        |(filtered_attributes, time_unix_nano, span_id, trace_id, value)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            span_id,
            trace_id,
            value,
        },
    );
    vec(exemplar, 0..3).boxed()
}

/// Bit 0 says that there was no value; the others have no meaning yet.
fn flags() -> BoxedStrategy<u32> {
    prop_oneof![6 => Just(0), 2 => Just(1), 1 => any::<u32>()].boxed()
}
