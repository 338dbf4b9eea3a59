//! What all signals are made of: strings, attributes, ids, times, resources and scopes.

use opentelemetry_proto::tonic::{
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
    },
    resource::v1::Resource,
};
use proptest::{
    collection::vec,
    prelude::{BoxedStrategy, Just, Strategy, any},
    prop_oneof,
};

/// The longest string and byte value: far more than one page of PostgreSQL, so that it is kept out of line.
const HUGE_BYTES: usize = 100_000;

/// Values within values; decoders stop at 100.
const DEPTH: u32 = 4;

/// 2020-01-01 and 2030-01-01 in nanoseconds: the times that most records have.
const ORDINARY_TIMES: std::ops::Range<u64> = 1_577_836_800_000_000_000..1_893_456_000_000_000_000;

/// Any string: mostly short and plain, at times empty, with NUL, of any characters, or huge.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        60 => "[a-z][a-z0-9_.]{0,15}",
        10 => "[ -~]{0,40}",
        8 => vec(any::<char>(), 0..12).prop_map(String::from_iter),
        4 => Just(String::new()),
        6 => "[a-z\\\\\0]{1,8}",
        1 => (prop_oneof![Just('x'), Just('\u{e9}'), Just('\\'), Just('\0')], 2_000..HUGE_BYTES / 2)
            .prop_map(|(character, count)| character.to_string().repeat(count)),
    ]
    .boxed()
}

/// Any key of an attribute: few different ones, so that a key stands twice now and then.
pub fn key() -> BoxedStrategy<String> {
    prop_oneof![
        20 => "[a-d]",
        20 => "(http|db|rpc)\\.[a-z]{1,6}",
        4 => "\\$(bytes|double|text|pairs|strindex|[a-z]{0,3})",
        2 => text(),
    ]
    .boxed()
}

/// Any double: ordinary ones, every special one, any pattern of bits that is not another NaN.
pub fn double() -> BoxedStrategy<f64> {
    let special = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::EPSILON,
        f64::MIN_POSITIVE,
        5e-324, // the least subnormal
        1e22,
        1e16,
        9_007_199_254_740_993.0, // 2^53 + 1 is no double
    ];
    prop_oneof![
        4 => -1000.0..1000.0,
        4 => proptest::sample::select(special.to_vec()),
        2 => any::<u64>().prop_map(f64::from_bits).prop_map(|any| if any.is_nan() { f64::NAN } else { any }),
    ]
    .boxed()
}

/// Any int, the ends of its range often.
pub fn int() -> BoxedStrategy<i64> {
    prop_oneof![
        4 => -1000..1000_i64,
        1 => proptest::sample::select(vec![i64::MIN, i64::MAX, 0, -1, 1 << 53, (1 << 53) + 1]),
        1 => any::<i64>(),
    ]
    .boxed()
}

/// Any count without a sign, 0 and the largest often.
pub fn count() -> BoxedStrategy<u64> {
    prop_oneof![8 => 0..1000_u64, 1 => Just(u64::MAX), 1 => Just(1 << 63), 1 => any::<u64>()].boxed()
}

/// Any 32 bits, mostly 0.
pub fn dropped() -> BoxedStrategy<u32> {
    prop_oneof![8 => Just(0), 1 => Just(u32::MAX), 1 => any::<u32>()].boxed()
}

/// A number of an enum of `known` names from 0 on; now and then one that nobody has named, or a negative one.
pub fn enum_number(known: i32) -> BoxedStrategy<i32> {
    prop_oneof![12 => 0..known, 1 => Just(known), 1 => Just(-1), 1 => any::<i32>()].boxed()
}

/// Any time in nanoseconds since 1970: mostly ordinary, else 0, 1, and later than 2262 (above [`i64::MAX`]).
pub fn time() -> BoxedStrategy<u64> {
    let edge = vec![0, 1, i64::MAX as u64 - 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX];
    prop_oneof![20 => ORDINARY_TIMES, 2 => proptest::sample::select(edge), 1 => any::<u64>()].boxed()
}

/// An id of `length` bytes that is valid.
pub fn valid_id(length: usize) -> BoxedStrategy<Vec<u8>> {
    vec(any::<u8>(), length).prop_filter("all zero is no id", |id| id.iter().any(|byte| *byte != 0)).boxed()
}

/// An id that must be there: mostly valid, now and then empty, zero, or of the wrong length.
pub fn id(length: usize) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![40 => valid_id(length), 1 => wrong_id(length)].boxed()
}

/// An id that need not be there: as [`id`], and often empty.
pub fn optional_id(length: usize) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![20 => Just(Vec::new()), 20 => valid_id(length), 1 => wrong_id(length)].boxed()
}

fn wrong_id(length: usize) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![Just(Vec::new()), Just(vec![0; length]), vec(any::<u8>(), 1..40)].boxed()
}

/// Any attribute value: every kind, empty, nested.
pub fn any_value() -> BoxedStrategy<AnyValue> {
    let bytes = prop_oneof![
        20 => vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), 0..HUGE_BYTES).prop_map(|(byte, length)| vec![byte; length]),
    ];
    let leaf = prop_oneof![
        30 => text().prop_map(|text| Some(Value::StringValue(text))),
        10 => any::<bool>().prop_map(|flag| Some(Value::BoolValue(flag))),
        20 => int().prop_map(|int| Some(Value::IntValue(int))),
        20 => double().prop_map(|double| Some(Value::DoubleValue(double))),
        10 => bytes.prop_map(|bytes| Some(Value::BytesValue(bytes))),
        4 => Just(None),
        1 => (0..9).prop_map(|index| Some(Value::StringValueStrindex(index))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(DEPTH, 20, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            vec(key_value(inner), 0..5).prop_map(|values| Value::KvlistValue(KeyValueList { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
    .boxed()
}

/// Any list of attributes, a key twice now and then.
pub fn attributes() -> BoxedStrategy<Vec<KeyValue>> {
    vec(key_value(any_value()), 0..5).boxed()
}

fn key_value(value: impl Strategy<Value = AnyValue> + 'static) -> BoxedStrategy<KeyValue> {
    (key(), value)
        .prop_map(|(key, value)| KeyValue { key, value: Some(value), ..KeyValue::default() })
        .boxed()
}

/// Any resource, or none; often with a service, at times one that is no string.
pub fn resource() -> BoxedStrategy<Option<Resource>> {
    let name = prop_oneof![8 => text().prop_map(|text| AnyValue { value: Some(Value::StringValue(text)) }), 1 => any_value()];
    let service = name.prop_map(|name| KeyValue {
        key: "service.name".to_owned(),
        value: Some(name),
        ..KeyValue::default()
    });
    let entity = (text(), text(), vec(key(), 0..2), vec(key(), 0..2)).prop_map(
        |(schema_url, r#type, id_keys, description_keys)| EntityRef {
            schema_url,
            r#type,
            id_keys,
            description_keys,
        },
    );
    let resource = (attributes(), proptest::option::of(service), dropped(), vec(entity, 0..2)).prop_map(
        |(mut attributes, service, dropped_attributes_count, entity_refs)| {
            attributes.extend(service);
            Resource { attributes, dropped_attributes_count, entity_refs }
        },
    );
    proptest::option::weighted(0.9, resource).boxed()
}

/// Any instrumentation scope, or none.
pub fn scope() -> BoxedStrategy<Option<InstrumentationScope>> {
    let scope = (text(), text(), attributes(), dropped()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| InstrumentationScope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    );
    proptest::option::weighted(0.9, scope).boxed()
}

/// A schema URL, mostly empty.
pub fn schema_url() -> BoxedStrategy<String> {
    prop_oneof![6 => Just(String::new()), 2 => Just("https://opentelemetry.io/schemas/1.37.0".to_owned()), 1 => text()]
        .boxed()
}
