//! Rows from bytes against rows from objects: the same, whatever the request is.

use mahavishnu_pipeline::{Signal, check::check};
use mahavishnu_semantic::PatternId;
use mahavishnu_test_util::telemetry;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::KeyValue,
};
use proptest::{
    prelude::{ProptestConfig, prop_assert_eq, proptest},
    test_runner::TestCaseError,
};
use prost::Message;

use super::{
    copy::CopyBuffer,
    error, log, oracle,
    span::{self, Meaning, Origin},
    view::{Attribute, Group, LogView, SpanView, groups, plain},
};
use crate::{
    attributes::{write_attribute_views, write_attributes},
    time::UnixNanos,
};

const ORIGIN: Origin<'_> = Origin { resource_id: 3, scope_id: 5, service: "checkout" };
const MEANING: Meaning = Meaning { pattern: Some(PatternId(7)), error: None };
const RECEIVED: UnixNanos = UnixNanos(1_700_000_000_123_456_789);

/// The records of a request as they came, after the check.
fn records(request: &[u8]) -> Vec<&[u8]> {
    let groups = groups(request).expect("plain").into_iter().map(|group| Group::of(group).expect("plain"));
    let scopes = groups.flat_map(|group| group.members).map(|scope| Group::of(scope).expect("plain"));
    scopes.flat_map(|scope| scope.members).collect()
}

fn same_spans(request: &[u8]) -> Result<(), TestCaseError> {
    let batch = check(Signal::Traces, request.to_vec().into()).expect("well formed").batch;
    let request = plain(&batch).expect("decodable");
    let objects = ExportTraceServiceRequest::decode(&batch.request()[..]).expect("decodable");
    let scopes = objects.resource_spans.iter().flat_map(|group| &group.scope_spans);
    let mut view = SpanView::default();
    let (mut new, mut old) = (CopyBuffer::default(), CopyBuffer::default());
    for (object, bytes) in scopes.flat_map(|scope| &scope.spans).zip(records(&request)) {
        view.read(bytes).expect("plain");
        span::encode_span(&mut new, &view, ORIGIN, MEANING, None);
        oracle::encode_span(&mut old, object, ORIGIN, MEANING);
        prop_assert_eq!(error::span_error(&view), oracle::span_error(object));
    }
    prop_assert_eq!(new.rows(), batch.records());
    prop_assert_eq!(new.finish().concat(), old.finish().concat());
    Ok(())
}

fn same_logs(request: &[u8]) -> Result<(), TestCaseError> {
    let batch = check(Signal::Logs, request.to_vec().into()).expect("well formed").batch;
    let request = plain(&batch).expect("decodable");
    let objects = ExportLogsServiceRequest::decode(&batch.request()[..]).expect("decodable");
    let scopes = objects.resource_logs.iter().flat_map(|group| &group.scope_logs);
    let mut view = LogView::default();
    let (mut new, mut old) = (CopyBuffer::default(), CopyBuffer::default());
    for (object, bytes) in scopes.flat_map(|scope| &scope.log_records).zip(records(&request)) {
        view.read(bytes).expect("plain");
        log::encode_log(&mut new, &view, ORIGIN, MEANING, None, RECEIVED);
        oracle::encode_log(&mut old, object, ORIGIN, MEANING, RECEIVED);
        let text = log::log_text(&view);
        prop_assert_eq!(&text, &oracle::log_text(object));
        prop_assert_eq!(error::log_error(&view, text.as_ref()), oracle::log_error(object, text.as_ref()));
    }
    prop_assert_eq!(new.rows(), batch.records());
    prop_assert_eq!(new.finish().concat(), old.finish().concat());
    Ok(())
}

/// The same request with a field that nobody knows, and a resource in two parts, as protobuf allows.
fn oddly(request: &[u8]) -> Vec<u8> {
    let mut odd = Vec::new();
    for group in groups(request).expect("plain") {
        let mut group = group.to_vec();
        // A schema twice, a resource twice, and an unknown group.
        group.extend([0x1a, 1, b'x', 0x0a, 2, 0x10, 1, 0x0a, 2, 0x10, 2, 0xfb, 0x7d, 0xfc, 0x7d]);
        odd.push(0x0a);
        prost::encoding::encode_varint(group.len() as u64, &mut odd);
        odd.extend(group);
    }
    odd
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rows_of_spans_are_those_of_their_objects(request in telemetry::traces_request()) {
        let request = request.encode_to_vec();
        same_spans(&request)?;
        same_spans(&oddly(&request))?;
    }

    #[test]
    fn rows_of_log_records_are_those_of_their_objects(request in telemetry::logs_request()) {
        let request = request.encode_to_vec();
        same_logs(&request)?;
        same_logs(&oddly(&request))?;
    }

    #[test]
    fn attributes_are_those_of_their_objects(attributes in telemetry::value::attributes()) {
        let bytes: Vec<Vec<u8>> = attributes.iter().map(KeyValue::encode_to_vec).collect();
        let views: Vec<Attribute<'_>> = bytes.iter().map(|bytes| Attribute::of(bytes).expect("plain")).collect();
        let (mut new, mut old) = (Vec::new(), Vec::new());
        write_attribute_views(&mut new, &views);
        write_attributes(&mut old, &attributes);
        prop_assert_eq!(String::from_utf8(new), String::from_utf8(old));
    }
}
