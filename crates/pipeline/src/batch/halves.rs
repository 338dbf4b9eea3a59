//! Cutting a batch in two.

use bytes::Bytes;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    logs::v1::{ResourceLogs, ScopeLogs},
    metrics::v1::{
        ExponentialHistogram, Gauge, Histogram, Metric, ResourceMetrics, ScopeMetrics, Sum, Summary,
        metric::Data,
    },
    trace::v1::{ResourceSpans, ScopeSpans},
};
use prost::Message;

use super::Batch;
use crate::signal::Signal;

impl Batch {
    /// Its first and its second half; `None` where it holds a single record or can not be decoded.
    #[must_use]
    pub fn halves(&self) -> Option<(Self, Self)> {
        let half = self.records / 2;
        if half == 0 {
            return None;
        }
        let bytes = self.request.clone();
        let (first, second) = match self.signal {
            Signal::Traces => cut(ExportTraceServiceRequest::decode(bytes).ok()?, half, cut_traces),
            Signal::Metrics => cut(ExportMetricsServiceRequest::decode(bytes).ok()?, half, cut_metrics),
            Signal::Logs => cut(ExportLogsServiceRequest::decode(bytes).ok()?, half, cut_logs),
        };
        let part = |request, records| Self { request, records, ..self.clone() };
        Some((part(first, half), part(second, self.records - half)))
    }
}

/// Takes the first `half` records out of the request.
fn cut<M: Message>(mut request: M, mut half: usize, take: fn(&mut M, &mut usize) -> M) -> (Bytes, Bytes) {
    let first = take(&mut request, &mut half);
    (first.encode_to_vec().into(), request.encode_to_vec().into())
}

/// Takes as many as are still wanted from the beginning.
fn take<T>(from: &mut Vec<T>, wanted: &mut usize) -> Vec<T> {
    let count = from.len().min(*wanted);
    *wanted -= count;
    from.drain(..count).collect()
}

/// Goes through groups until enough were taken; `open` takes out of one group into another that is like it.
fn take_groups<G>(groups: &mut [G], wanted: &mut usize, open: impl Fn(&mut G, &mut usize) -> G) -> Vec<G> {
    let mut taken = Vec::new();
    for group in groups {
        if *wanted == 0 {
            break;
        }
        taken.push(open(group, wanted));
    }
    taken
}

fn cut_traces(request: &mut ExportTraceServiceRequest, half: &mut usize) -> ExportTraceServiceRequest {
    let scope = |scope: &mut ScopeSpans, wanted: &mut usize| {
        let spans = take(&mut scope.spans, wanted);
        ScopeSpans { scope: scope.scope.clone(), schema_url: scope.schema_url.clone(), spans }
    };
    let resource = |group: &mut ResourceSpans, wanted: &mut usize| {
        let scope_spans = take_groups(&mut group.scope_spans, wanted, scope);
        ResourceSpans { resource: group.resource.clone(), schema_url: group.schema_url.clone(), scope_spans }
    };
    ExportTraceServiceRequest { resource_spans: take_groups(&mut request.resource_spans, half, resource) }
}

fn cut_logs(request: &mut ExportLogsServiceRequest, half: &mut usize) -> ExportLogsServiceRequest {
    let scope = |scope: &mut ScopeLogs, wanted: &mut usize| {
        let log_records = take(&mut scope.log_records, wanted);
        ScopeLogs { scope: scope.scope.clone(), schema_url: scope.schema_url.clone(), log_records }
    };
    let resource = |group: &mut ResourceLogs, wanted: &mut usize| {
        let scope_logs = take_groups(&mut group.scope_logs, wanted, scope);
        ResourceLogs { resource: group.resource.clone(), schema_url: group.schema_url.clone(), scope_logs }
    };
    ExportLogsServiceRequest { resource_logs: take_groups(&mut request.resource_logs, half, resource) }
}

fn cut_metrics(request: &mut ExportMetricsServiceRequest, half: &mut usize) -> ExportMetricsServiceRequest {
    let scope = |scope: &mut ScopeMetrics, wanted: &mut usize| {
        let metrics = take_groups(&mut scope.metrics, wanted, take_points);
        ScopeMetrics { scope: scope.scope.clone(), schema_url: scope.schema_url.clone(), metrics }
    };
    let resource = |group: &mut ResourceMetrics, wanted: &mut usize| {
        let scope_metrics = take_groups(&mut group.scope_metrics, wanted, scope);
        ResourceMetrics {
            resource: group.resource.clone(),
            schema_url: group.schema_url.clone(),
            scope_metrics,
        }
    };
    ExportMetricsServiceRequest {
        resource_metrics: take_groups(&mut request.resource_metrics, half, resource),
    }
}

fn take_points(metric: &mut Metric, wanted: &mut usize) -> Metric {
    let data = metric.data.as_mut().map(|data| match data {
        Data::Gauge(gauge) => Data::Gauge(Gauge { data_points: take(&mut gauge.data_points, wanted) }),
        Data::Sum(sum) => Data::Sum(Sum { data_points: take(&mut sum.data_points, wanted), ..*sum }),
        Data::Histogram(it) => {
            Data::Histogram(Histogram { data_points: take(&mut it.data_points, wanted), ..*it })
        }
        Data::ExponentialHistogram(it) => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: take(&mut it.data_points, wanted),
            ..*it
        }),
        Data::Summary(it) => Data::Summary(Summary { data_points: take(&mut it.data_points, wanted) }),
    });
    Metric {
        name: metric.name.clone(),
        description: metric.description.clone(),
        unit: metric.unit.clone(),
        metadata: metric.metadata.clone(),
        data,
    }
}

#[cfg(test)]
mod tests {
    use mahavishnu_test_util::telemetry::{logs_request, metrics_request, traces_request};
    use proptest::{
        prelude::{ProptestConfig, prop_assert_eq, proptest},
        test_runner::TestCaseError,
    };

    use super::*;
    use crate::check::check;

    /// The single records of a batch, each as a batch of its own.
    fn singles(batch: &Batch) -> Vec<Batch> {
        match batch.halves() {
            None => vec![batch.clone()],
            Some((first, second)) => [singles(&first), singles(&second)].concat(),
        }
    }

    fn halves_have_all_records_once(signal: Signal, request: &impl Message) -> Result<(), TestCaseError> {
        let batch = check(signal, request.encode_to_vec().into()).expect("decodable").batch;
        let singles = if batch.records() == 0 { Vec::new() } else { singles(&batch) };
        prop_assert_eq!(singles.len(), batch.records());
        for single in singles {
            let again = check(signal, single.request().clone()).expect("decodable");
            prop_assert_eq!((again.batch.records(), again.rejected), (1, 0));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn halves_of_traces_have_every_span_once(request in traces_request()) {
            halves_have_all_records_once(Signal::Traces, &request)?;
        }

        #[test]
        fn halves_of_metrics_have_every_data_point_once(request in metrics_request()) {
            halves_have_all_records_once(Signal::Metrics, &request)?;
        }

        #[test]
        fn halves_of_logs_have_every_record_once(request in logs_request()) {
            halves_have_all_records_once(Signal::Logs, &request)?;
        }
    }
}
