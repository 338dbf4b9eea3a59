//! Data points that can not be kept.

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::KeyValue,
    metrics::v1::{Exemplar, Metric, metric::Data},
};

use super::{Findings, rules};

pub(super) fn sift(request: &mut ExportMetricsServiceRequest, findings: &mut Findings) {
    for group in &mut request.resource_metrics {
        let group_fault = rules::resource(group.resource.as_ref());
        for scope in &mut group.scope_metrics {
            let shared_fault = group_fault.clone().or_else(|| rules::scope(scope.scope.as_ref()));
            scope.metrics.retain_mut(|metric| {
                let metadata = || rules::attributes("metadata entries", &metric.metadata);
                let metric_fault = shared_fault.clone().or_else(metadata);
                sift_metric(metric, metric_fault.as_deref(), findings)
            });
        }
    }
}

/// Says whether the metric stays: one that lost every point goes, one that never had any changes nothing.
fn sift_metric(metric: &mut Metric, shared_fault: Option<&str>, findings: &mut Findings) -> bool {
    let (kept, rejected) = (findings.kept, findings.rejected);
    let name = metric.name.as_str();
    let mut keep = |attributes: &[KeyValue], exemplars: &[Exemplar]| {
        let fault = shared_fault.map(str::to_owned).or_else(|| fault(attributes, exemplars));
        findings.record(fault, || format!("a point of {}", rules::quoted(name)))
    };
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => {
            gauge.data_points.retain(|point| keep(&point.attributes, &point.exemplars))
        }
        Some(Data::Sum(sum)) => sum.data_points.retain(|point| keep(&point.attributes, &point.exemplars)),
        Some(Data::Histogram(histogram)) => {
            histogram.data_points.retain(|point| keep(&point.attributes, &point.exemplars));
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            histogram.data_points.retain(|point| keep(&point.attributes, &point.exemplars));
        }
        Some(Data::Summary(summary)) => summary.data_points.retain(|point| keep(&point.attributes, &[])),
        None => findings.metric_without_data(name),
    }
    findings.kept > kept || findings.rejected == rejected
}

fn fault(attributes: &[KeyValue], exemplars: &[Exemplar]) -> Option<String> {
    rules::attributes("attributes", attributes).or_else(|| {
        exemplars.iter().find_map(|exemplar| {
            rules::optional_id("an exemplar trace id", &exemplar.trace_id, 16)
                .or_else(|| rules::optional_id("an exemplar span id", &exemplar.span_id, 8))
                .or_else(|| rules::attributes("exemplar attributes", &exemplar.filtered_attributes))
        })
    })
}
