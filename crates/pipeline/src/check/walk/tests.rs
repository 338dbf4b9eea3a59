//! The walk over the bytes against the check of objects: the same answer, whatever the bytes are.

use bytes::Bytes;
use mahavishnu_test_util::telemetry;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any},
    trace::v1::{ResourceSpans, ScopeSpans, Span, span::Event},
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any, prop_assert_eq, proptest},
    test_runner::TestCaseError,
};
use prost::{Message, encoding::encode_varint};

use super::records;
use crate::{
    check::{self, Checked, Malformed},
    signal::Signal,
    wire::{Fields, Value},
};

/// What the check of objects finds nothing wrong with.
fn clean(signal: Signal, request: &Bytes, checked: &Result<Checked, Malformed>) -> Option<usize> {
    let checked = checked.as_ref().ok()?;
    let untouched = checked.rejected == 0 && checked.reason.is_empty();
    untouched.then(|| {
        assert_eq!((checked.batch.signal(), checked.batch.request()), (signal, request));
        checked.batch.records()
    })
}

/// Whatever the walk accepts, the objects say the same of. Says whether the walk accepted it.
fn agree(signal: Signal, request: &Bytes) -> Result<bool, TestCaseError> {
    let Some(walked) = records(signal, request) else { return Ok(false) };
    let decoded = check::decode(signal, request.clone());
    prop_assert_eq!(Some(walked), clean(signal, request, &decoded));
    Ok(true)
}

/// Requests as our own encoder writes them are never left to the slow path without need.
fn agree_both_ways(signal: Signal, request: &Bytes) -> Result<(), TestCaseError> {
    let decoded = check::decode(signal, request.clone());
    prop_assert_eq!(records(signal, request), clean(signal, request, &decoded));
    Ok(())
}

/// Numbers without end from a few, to decide what is done to a request.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn long_varint(value: u64, padding: u64, out: &mut Vec<u8>) {
    encode_varint(value, out);
    if padding > 0 && value < 1 << 56 {
        if let Some(last) = out.last_mut() {
            *last |= 0x80;
        }
        out.extend((1..padding).map(|_| 0x80));
        out.push(0);
    }
}

/// The same message, written as nobody writes it: long varints, unknown fields, groups, fields twice or in another
/// order, packed lists unpacked and the other way round, wrong types.
fn rewrite(message: &[u8], dice: &mut Dice, depth: u32) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut fields = Fields::of(message);
    while let Ok(Some((tag, value))) = fields.next() {
        let mut part = Vec::new();
        let padding = if dice.roll(40) == 0 { 1 + dice.roll(3) } else { 0 };
        let tag = if dice.roll(400) == 0 { dice.roll(20) as u32 } else { tag };
        let key = |wire: u64| u64::from(tag) << 3 | wire;
        match value {
            Value::Varint(value) => {
                long_varint(key(0), padding, &mut part);
                long_varint(value, padding, &mut part);
            }
            Value::Fixed64(value) => {
                long_varint(key(1), padding, &mut part);
                part.extend(value.to_le_bytes());
            }
            Value::Fixed32(value) => {
                long_varint(key(5), padding, &mut part);
                part.extend(value.to_le_bytes());
            }
            Value::Bytes(bytes) if dice.roll(60) == 0 => {
                for byte in bytes.iter().take(20) {
                    encode_varint(key(0), &mut part);
                    encode_varint(u64::from(*byte), &mut part);
                }
            }
            Value::Bytes(bytes) => {
                let looks_like_a_message = depth < 8 && is_message(bytes);
                let bytes =
                    if looks_like_a_message { rewrite(bytes, dice, depth + 1) } else { bytes.to_vec() };
                long_varint(key(2), padding, &mut part);
                long_varint(bytes.len() as u64, padding, &mut part);
                part.extend(bytes);
            }
        }
        if dice.roll(50) == 0 {
            parts.push(part.clone());
        }
        parts.push(part);
    }
    if dice.roll(10) == 0 {
        parts.push(unknown(dice));
    }
    if dice.roll(10) == 0 && parts.len() > 1 {
        let (one, other) = (dice.roll(parts.len() as u64), dice.roll(parts.len() as u64));
        parts.swap(one as usize, other as usize);
    }
    parts.concat()
}

fn is_message(bytes: &[u8]) -> bool {
    let mut fields = Fields::of(bytes);
    loop {
        match fields.next() {
            Ok(None) => return !bytes.is_empty(),
            Ok(Some((tag, _))) if tag < 20 => {}
            _ => return false,
        }
    }
}

fn unknown(dice: &mut Dice) -> Vec<u8> {
    let tag = [17, 100, 1000, 536_870_911][dice.roll(4) as usize] << 3;
    let mut part = Vec::new();
    match dice.roll(6) {
        0 => {
            encode_varint(tag, &mut part);
            encode_varint(u64::MAX, &mut part);
        }
        1 => {
            encode_varint(tag | 1, &mut part);
            part.extend([7; 8]);
        }
        2 => {
            encode_varint(tag | 2, &mut part);
            part.extend([3, 1, 2, 3]);
        }
        3 => {
            encode_varint(tag | 5, &mut part);
            part.extend([7; 4]);
        }
        4 => {
            encode_varint(tag | 3, &mut part);
            part.extend([0x08, 1]);
            encode_varint(tag | 4, &mut part);
        }
        _ => {
            encode_varint(tag | 2, &mut part);
            part.push(200);
        }
    }
    part
}

fn any_form_agrees(signal: Signal, request: &impl Message, seeds: &[u64]) -> Result<(), TestCaseError> {
    let plain: Bytes = request.encode_to_vec().into();
    agree_both_ways(signal, &plain)?;
    for seed in seeds {
        let mut dice = Dice(*seed);
        let rewritten = rewrite(&plain, &mut dice, 0);
        agree(signal, &rewritten.clone().into())?;
        for damaged in [&plain[..], &rewritten] {
            let mut damaged = damaged.to_vec();
            for _ in 0..=dice.roll(3) {
                if damaged.is_empty() {
                    break;
                }
                let at = dice.roll(damaged.len() as u64) as usize;
                match dice.roll(4) {
                    0 => damaged.truncate(at),
                    1 => damaged[at] ^= 1 << dice.roll(8),
                    2 => damaged.insert(at, dice.roll(256) as u8),
                    _ => drop(damaged.remove(at)),
                }
            }
            agree(signal, &damaged.into())?;
        }
    }
    Ok(())
}

fn in_a_request(span: Span) -> Bytes {
    let scope = ScopeSpans { spans: vec![span], ..ScopeSpans::default() };
    let group = ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec().into()
}

/// A value in lists and lists of pairs, by the bits of `kinds`.
fn nested(depth: u32, kinds: u64) -> AnyValue {
    (0..depth).fold(AnyValue { value: Some(Any::IntValue(1)) }, |value, level| {
        let value = if kinds >> (level % 64) & 1 == 0 {
            Any::ArrayValue(ArrayValue { values: vec![value] })
        } else {
            let pair = KeyValue { key: "k".to_owned(), value: Some(value), ..KeyValue::default() };
            Any::KvlistValue(KeyValueList { values: vec![pair] })
        };
        AnyValue { value: Some(value) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_form_of_a_traces_request_is_judged_as_its_objects(
        request in telemetry::traces_request(), seeds in vec(any::<u64>(), 8),
    ) {
        any_form_agrees(Signal::Traces, &request, &seeds)?;
    }

    #[test]
    fn any_form_of_a_metrics_request_is_judged_as_its_objects(
        request in telemetry::metrics_request(), seeds in vec(any::<u64>(), 8),
    ) {
        any_form_agrees(Signal::Metrics, &request, &seeds)?;
    }

    #[test]
    fn any_form_of_a_logs_request_is_judged_as_its_objects(
        request in telemetry::logs_request(), seeds in vec(any::<u64>(), 8),
    ) {
        any_form_agrees(Signal::Logs, &request, &seeds)?;
    }

    #[test]
    fn any_bytes_are_judged_as_their_objects(bytes in vec(any::<u8>(), 0..64)) {
        for signal in Signal::ALL {
            agree(signal, &bytes.clone().into())?;
        }
    }

    #[test]
    fn any_depth_is_judged_as_its_objects(depth in 0_u32..40, kinds in any::<u64>(), in_event in any::<bool>()) {
        let attributes = vec![KeyValue { key: "deep".to_owned(), value: Some(nested(depth, kinds)), ..KeyValue::default() }];
        let mut span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Span::default() };
        if in_event {
            span.events = vec![Event { attributes, ..Event::default() }];
        } else {
            span.attributes = attributes;
        }
        agree_both_ways(Signal::Traces, &in_a_request(span))?;
    }
}

#[test]
fn what_senders_send_is_walked_and_not_decoded() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut walked = 0;
    for _ in 0..200 {
        use proptest::strategy::{Strategy, ValueTree};
        let request = telemetry::traces_request().new_tree(&mut runner).expect("a request").current();
        let plain: Bytes = request.encode_to_vec().into();
        walked += usize::from(agree(Signal::Traces, &plain).expect("the same answer"));
        // Long varints and unknown fields are no reason to decode.
        let mut with_unknown = plain.to_vec();
        with_unknown.extend([0xf8, 0x07, 0x80, 0x00]);
        assert_eq!(records(Signal::Traces, &with_unknown), records(Signal::Traces, &plain));
    }
    assert!(walked > 20, "only {walked} of 200 were walked");
}

#[test]
fn a_span_twice_in_one_field_is_left_to_the_objects() {
    // A status given twice is joined by the decoder; a key given twice is replaced.
    let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Span::default() };
    let mut bytes = span.encode_to_vec();
    bytes.extend([0x7a, 2, 0x18, 1, 0x7a, 2, 0x18, 2]);
    let request = |span: &[u8]| -> Bytes {
        let wrap = |bytes: &[u8]| [&[0x12, bytes.len() as u8][..], bytes].concat();
        let group = wrap(&wrap(span));
        [&[0x0a, group.len() as u8][..], &group].concat().into()
    };
    assert_eq!(records(Signal::Traces, &request(&bytes)), None);
    let checked = check::check(Signal::Traces, request(&bytes)).expect("well formed");
    assert_eq!((checked.batch.records(), checked.batch.request()), (1, &request(&bytes)));
}

#[test]
fn the_walk_counts_what_it_walked() {
    let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Span::default() };
    assert_eq!(records(Signal::Traces, &in_a_request(span)), Some(1));
    for signal in Signal::ALL {
        assert_eq!(records(signal, &[]), Some(0));
    }
}
