//! Both ends of every range, by the table and by the contract.

use mahavishnu_observability::keys::{KEYS, Kind};

use crate::{Case, shown};

/// The ranges that are promised to users; the table must not drift from them.
const PROMISED: [(&str, &str, &str); 18] = [
    ("otel_storage_circuit_breaker_failures", "1", "100"),
    ("otel_storage_circuit_breaker_timeout", "10", "600"),
    ("otel_storage_retry_max_attempts", "0", "10"),
    ("otel_storage_retry_backoff_ms", "0", "5000"),
    ("observability.queue_records", "100", "10000000"),
    ("spool.budget_bytes", "1048576", "1125899906842624"),
    ("embedding_dimension", "1", "2000"),
    ("cache_size", "100", "10000"),
    ("similarity_threshold", "0", "1"),
    ("retention.traces_days", "1", "3650"),
    ("retention.logs_days", "1", "3650"),
    ("retention.metrics_days", "1", "3650"),
    ("batch_size", "1", "100000"),
    ("batch_interval_seconds", "1", "3600"),
    ("hnsw.m", "4", "48"),
    ("hnsw.ef_construction", "4", "1000"),
    ("hnsw.ef_search", "1", "1000"),
    ("server.max_request_bytes", "1024", "1073741824"),
];

fn yaml(key: &str, value: &str) -> String {
    match key.split_once('.') {
        Some((section, name)) => format!("{section}:\n  {name}: {value}\n"),
        None => format!("{key}: {value}\n"),
    }
}

#[test]
fn the_table_has_the_ranges_of_the_contract() {
    let ranges: Vec<(&str, String, String)> = KEYS
        .iter()
        .filter_map(|key| match key.kind {
            Kind::Whole { least, most } => Some((key.name, least.to_string(), most.to_string())),
            Kind::Number { least, most } => Some((key.name, least.to_string(), most.to_string())),
            _ => None,
        })
        .collect();
    let promised: Vec<_> = PROMISED.map(|(key, least, most)| (key, least.to_owned(), most.to_owned())).into();
    assert_eq!(ranges, promised);
}

#[test]
fn both_ends_of_every_range_are_allowed_and_what_is_beyond_is_not() {
    for key in KEYS {
        let (allowed, refused) = match key.kind {
            Kind::Whole { least, most } => {
                ([least, most].map(|n| n.to_string()), [least - 1, most + 1].map(|n| n.to_string()))
            }
            Kind::Number { least, most } => {
                ([least, most].map(|n| n.to_string()), [least - 0.001, most + 0.001].map(|n| n.to_string()))
            }
            _ => continue,
        };
        for value in allowed {
            for case in
                [Case::new().yaml(&yaml(key.name, &value)), Case::new().variable(&key.variable(), &value)]
            {
                let (is, _) = shown(&case.load().unwrap(), key.name);
                assert_eq!(is.parse::<f64>().unwrap(), value.parse::<f64>().unwrap(), "{}", key.name);
            }
        }
        for value in refused {
            for case in
                [Case::new().yaml(&yaml(key.name, &value)), Case::new().variable(&key.variable(), &value)]
            {
                let message = case.refused();
                assert!(message.contains(key.name) && message.contains(&value), "{message}");
                assert!(message.ends_with(&key.kind.allowed()), "{message}");
            }
        }
    }
}

#[test]
fn not_a_number_is_in_no_range() {
    for value in ["NaN", "inf", "-0.1", ""] {
        Case::new().variable("MAHAVISHNU_SIMILARITY_THRESHOLD", value).refused();
    }
}

#[test]
fn every_word_of_a_choice_is_allowed() {
    for key in KEYS {
        let Kind::Choice(words) = key.kind else { continue };
        for word in words {
            let (is, _) = shown(&Case::new().variable(&key.variable(), word).load().unwrap(), key.name);
            assert_eq!(is, *word);
        }
        Case::new().variable(&key.variable(), "something else").refused();
    }
}
