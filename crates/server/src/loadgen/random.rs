//! Numbers from a seed, and pieces of telemetry.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
};

use super::RUN;

/// Services that send, each with a host and a version.
const SERVICES: [&str; 4] = ["checkout", "cart", "payment", "shipping"];

/// Mixes a number so that its neighbours become far apart (the finalizer of `SplitMix64`).
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub fn int(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(value.cast_signed()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// One of the services, by the seed of a request.
pub fn resource(run: &str, seed: u64) -> Resource {
    let service = SERVICES[(mix(seed) % SERVICES.len() as u64) as usize];
    let attributes = vec![
        text("service.name", service),
        text("service.version", "1.4.2"),
        text("host.name", "node-1"),
        text(RUN, run),
    ];
    Resource { attributes, ..Resource::default() }
}

pub fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "loadgen".to_owned(), ..InstrumentationScope::default() }
}
