//! Which layer wins.

use std::time::Duration;

use mahavishnu_observability::{LogLevel, MahavishnuSettings, StorageBackend};
use mahavishnu_store::Location;

use crate::{Case, shown};

#[test]
fn without_anything_every_key_has_the_default_of_the_contract() {
    let loaded = Case::new().load().unwrap();
    let settings = loaded.settings.clone();
    assert_eq!(settings, MahavishnuSettings::default());
    assert_eq!(settings.otel_storage_backend, StorageBackend::Otlp);
    let database = Location::parse("postgresql://postgres:postgres@localhost:5432/otel").unwrap();
    assert!(settings.otel_storage_connection_string == database);
    assert!(settings.store_traces && settings.store_metrics && settings.store_logs);
    assert_eq!(settings.otel_storage_circuit_breaker_failures, 5);
    assert_eq!(settings.otel_storage_circuit_breaker_timeout, Duration::from_secs(60));
    assert_eq!(settings.otel_storage_retry_max_attempts, 3);
    assert_eq!(settings.otel_storage_retry_backoff, Duration::from_millis(100));
    assert_eq!(settings.observability.otlp_endpoint.url().as_str(), "http://localhost:4317/");
    assert!(settings.observability.metrics_enabled && settings.observability.tracing_enabled);
    assert_eq!(settings.log_level, LogLevel::Info);
    let tuning = &settings.tuning;
    assert_eq!((tuning.embedding_model.as_str(), tuning.embedding_dimension), ("all-MiniLM-L6-v2", 384));
    assert_eq!((tuning.cache_size, tuning.similarity_threshold), (1000, 0.85));
    assert_eq!((tuning.batch_size, tuning.batch_interval), (1000, Duration::from_secs(5)));
    assert_eq!((tuning.hnsw.m, tuning.hnsw.ef_construction, tuning.hnsw.ef_search), (16, 64, 40));
    let server = &settings.server;
    assert_eq!(
        [&server.grpc, &server.http, &server.api],
        ["localhost:4317", "localhost:4318", "localhost:4319"]
    );
    assert_eq!(server.max_request_bytes, 67_108_864);
    assert!(loaded.shown.iter().all(|shown| shown.origin == "default"));
}

#[test]
fn later_wins() {
    let key = "otel_storage_retry_max_attempts";
    let value = |case: &Case| {
        let (value, origin) = shown(&case.load().unwrap(), key);
        (value, origin.replace(&format!("{}/", case.path().display()), ""))
    };
    let case = Case::new();
    assert_eq!(value(&case), ("3".to_owned(), "default".to_owned()));
    let case = case.default(key, "1");
    assert_eq!(value(&case), ("1".to_owned(), "default of serve".to_owned()));
    let case = case.yaml("otel_storage_retry_max_attempts: 4\n");
    assert_eq!(value(&case), ("4".to_owned(), "settings/mahavishnu.yaml".to_owned()));
    let case = case.file("local.yaml", "otel_storage_retry_max_attempts: 5\n");
    assert_eq!(value(&case), ("5".to_owned(), "settings/local.yaml".to_owned()));
    let case = case.variable("MAHAVISHNU_OTEL_STORAGE_RETRY_MAX_ATTEMPTS", "6");
    assert_eq!(value(&case), ("6".to_owned(), "MAHAVISHNU_OTEL_STORAGE_RETRY_MAX_ATTEMPTS".to_owned()));
    let case = case.flag(key, "7", "--attempts");
    assert_eq!(value(&case), ("7".to_owned(), "--attempts".to_owned()));
    assert_eq!(case.settings().otel_storage_retry_max_attempts, 7);
}

#[test]
fn a_layer_changes_only_the_keys_that_it_names() {
    let case = Case::new()
        .yaml("store_logs: false\nobservability:\n  metrics_enabled: false\n  tracing_enabled: false\n")
        .file("local.yaml", "observability:\n  tracing_enabled: true\n");
    let settings = case.settings();
    assert!(!settings.store_logs && settings.store_traces);
    assert!(!settings.observability.metrics_enabled && settings.observability.tracing_enabled);
}

#[test]
fn the_variables_of_the_contract_work_exactly_so() {
    let settings = Case::new()
        .variable("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both")
        .variable("MAHAVISHNU_STORE_METRICS", "false")
        .settings();
    assert_eq!(settings.otel_storage_backend, StorageBackend::Both);
    assert!(!settings.store_metrics && settings.store_logs && settings.store_traces);
}

#[test]
fn two_underscores_nest() {
    let settings = Case::new()
        .variable("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", "https://otlp.example.com/otlp")
        .variable("MAHAVISHNU_HNSW__M", "32")
        .variable("MAHAVISHNU_SERVER__API", "[::1]:0")
        .settings();
    assert_eq!(settings.observability.otlp_endpoint.to_string(), "https://otlp.example.com/otlp");
    assert_eq!((settings.tuning.hnsw.m, settings.server.api.as_str()), (32, "[::1]:0"));
}

#[test]
fn the_standard_variable_feeds_the_endpoint_below_ours_and_above_the_files() {
    let case = Case::new()
        .yaml("observability:\n  otlp_endpoint: http://file:1\n")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:1")
        .variable("OTEL_SERVICE_NAME", "somebody else's");
    assert_eq!(case.settings().observability.otlp_endpoint.to_string(), "http://standard:1");
    assert_eq!(shown(&case.load().unwrap(), "observability.otlp_endpoint").1, "OTEL_EXPORTER_OTLP_ENDPOINT");
    let case = case.variable("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", "http://ours:1");
    assert_eq!(case.settings().observability.otlp_endpoint.to_string(), "http://ours:1");
    let empty = Case::new().variable("OTEL_EXPORTER_OTLP_ENDPOINT", "");
    assert_eq!(empty.settings(), MahavishnuSettings::default());
}

#[test]
fn files_that_are_missing_or_say_nothing_are_fine() {
    let comments = "# a comment\n".repeat(500);
    for text in [
        "",
        "\n# nothing\n",
        "---\n",
        "{}",
        "observability:\n",
        "otel_storage_connection_string:\n",
        &comments,
    ] {
        let loaded = Case::new().yaml(text).load().unwrap();
        assert_eq!(loaded.settings, MahavishnuSettings::default(), "{text}");
    }
    let settings = Case::new().yaml(&format!("hnsw:\n{}  m: 8\n", comments.replace('#', "  #"))).settings();
    assert_eq!(settings.tuning.hnsw.m, 8);
}

#[test]
fn words_are_read_in_either_case_and_switches_in_the_usual_words() {
    let case = Case::new()
        .yaml("log_level: warning\notel_storage_backend: PostgreSQL\nstore_logs: no\n")
        .variable("MAHAVISHNU_STORE_TRACES", " Off ");
    let settings = case.settings();
    assert_eq!(
        (settings.log_level, settings.otel_storage_backend),
        (LogLevel::Warning, StorageBackend::Postgresql)
    );
    assert!(!settings.store_logs && !settings.store_traces);
    assert_eq!(shown(&case.load().unwrap(), "log_level").0, "WARNING");
}
