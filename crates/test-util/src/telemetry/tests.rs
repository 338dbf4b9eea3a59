//! What the strategies promise: every kind comes up, and nothing that a decoder would refuse.

use opentelemetry_proto::tonic::{common::v1::any_value::Value, metrics::v1::metric::Data};
use proptest::{
    prelude::Strategy,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use std::collections::HashSet;

use super::{
    metric::metric,
    trace::span,
    value::{any_value, text, time},
};

/// Enough samples for the rarest kind.
const SAMPLES: usize = 3000;

fn samples<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    (0..SAMPLES).map(|_| strategy.new_tree(&mut runner).expect("a sample").current()).collect()
}

#[test]
fn every_kind_of_value_comes_up() {
    let kinds: HashSet<_> =
        samples(any_value()).iter().map(|any| any.value.as_ref().map(std::mem::discriminant)).collect();
    assert_eq!(kinds.len(), 9, "eight kinds and none");
    assert!(
        samples(any_value())
            .iter()
            .any(|any| matches!(any.value, Some(Value::DoubleValue(double)) if double.is_nan()))
    );
}

#[test]
fn every_kind_of_metric_comes_up() {
    let all = samples(metric());
    let kinds: HashSet<_> =
        all.iter().map(|metric| metric.data.as_ref().map(std::mem::discriminant)).collect();
    assert_eq!(kinds.len(), 6, "five kinds and none");
    assert!(
        all.iter()
            .any(|metric| matches!(&metric.data, Some(Data::Gauge(gauge)) if gauge.data_points.len() > 1))
    );
}

#[test]
fn odd_strings_and_times_come_up() {
    let texts = samples(text());
    assert!(texts.iter().any(|text| text.contains('\0')));
    assert!(texts.iter().any(String::is_empty));
    assert!(texts.iter().any(|text| text.len() > 10_000));
    let times = samples(time());
    assert!(times.contains(&0) && times.contains(&u64::MAX) && times.contains(&(i64::MAX as u64 + 1)));
}

#[test]
fn most_ids_are_valid_and_some_are_not() {
    let wrong = samples(span()).iter().filter(|span| span.trace_id.len() != 16).count();
    assert!((1..SAMPLES / 10).contains(&wrong), "{wrong} of {SAMPLES}");
}
