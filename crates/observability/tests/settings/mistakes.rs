//! What is refused, and in which words.

use crate::Case;

#[test]
fn one_message_lists_every_mistake_with_key_value_what_is_allowed_and_origin() {
    let case = Case::new()
        .yaml("otel_storage_backend: mysql\nobservability:\n  metrics_enabled: 3\nstore_log: true\n")
        .file("local.yaml", "otel_storage_retry_max_attempts: 11\nserver: 4317\n")
        .variable("MAHAVISHNU_STORE_METRICS", "maybe")
        .variable("MAHAVISHNU_STORE_METRIC", "true")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")
        .flag("server.grpc", "4317", "--grpc");
    let file = "settings/mahavishnu.yaml";
    let mut lines: Vec<String> = case.refused().lines().map(str::to_owned).collect();
    lines.sort();
    let mut expected = vec![
        format!("otel_storage_backend = \"mysql\" (from {file}) is not allowed: give one of otlp, postgresql, both"),
        format!("observability.metrics_enabled = 3 (from {file}) is not allowed: give true or false"),
        format!("store_log (from {file}) is not a setting: did you mean store_logs?"),
        "otel_storage_retry_max_attempts = 11 (from settings/local.yaml) is not allowed: give a whole number from 0 to 10"
            .to_owned(),
        "server (from settings/local.yaml) is a section: write its keys indented below it".to_owned(),
        "MAHAVISHNU_STORE_METRIC is not a setting: did you mean MAHAVISHNU_STORE_METRICS?".to_owned(),
        "store_metrics = \"maybe\" (from MAHAVISHNU_STORE_METRICS) is not allowed: give true or false".to_owned(),
        "observability.otlp_endpoint = (not shown) (from OTEL_EXPORTER_OTLP_ENDPOINT) is not allowed: give an http:// or \
         https:// URL, as in http://localhost:4317"
            .to_owned(),
        "server.grpc = \"4317\" (from --grpc) is not allowed: give HOST:PORT, as in localhost:4317 (port 0 picks a free one)"
            .to_owned(),
    ];
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn mistakes_are_told_in_the_order_of_the_layers() {
    let case = Case::new()
        .flag("server.api", "x", "--api")
        .variable("MAHAVISHNU_CACHE_SIZE", "1")
        .file("local.yaml", "cache_size: 2\n")
        .yaml("cache_size: 3\nunknown: 1\n");
    let error = case.load().unwrap_err();
    let origins: Vec<String> = error
        .mistakes()
        .iter()
        .map(|mistake| mistake.origin.to_string().replace(&format!("{}/", case.path().display()), ""))
        .collect();
    let file = "settings/mahavishnu.yaml";
    assert_eq!(origins, [file, file, "settings/local.yaml", "MAHAVISHNU_CACHE_SIZE", "--api"]);
}

#[test]
fn a_mistake_is_a_mistake_though_a_later_layer_wins_over_it() {
    let case = Case::new().yaml("store_logs: 7\n").variable("MAHAVISHNU_STORE_LOGS", "true");
    assert_eq!(
        case.refused(),
        "store_logs = 7 (from settings/mahavishnu.yaml) is not allowed: give true or false"
    );
}

#[test]
fn an_unknown_key_is_refused_with_what_was_probably_meant() {
    for (text, expected) in [
        (
            "otel_storage_backnd: both",
            "otel_storage_backnd (from settings/mahavishnu.yaml) is not a setting: did you mean otel_storage_backend?",
        ),
        (
            "otlp_endpoint: http://h",
            "otlp_endpoint (from settings/mahavishnu.yaml) is not a setting: did you mean observability.otlp_endpoint?",
        ),
        (
            "server:\n  grcp: h:1",
            "server.grcp (from settings/mahavishnu.yaml) is not a setting: did you mean server.grpc?",
        ),
        (
            "server:\n  http.x: h:1",
            "server.http.x (from settings/mahavishnu.yaml) is not a setting: did you mean server.http?",
        ),
        (
            "workflows: 1",
            "workflows (from settings/mahavishnu.yaml) is not a setting: take it out (mahavishnu-otel config show lists all there are)",
        ),
        (
            "hnsw.m: 8",
            "hnsw.m (from settings/mahavishnu.yaml) is written with a dot: write the section, and the key indented below it",
        ),
    ] {
        assert_eq!(Case::new().yaml(text).refused(), expected);
    }
}

#[test]
fn an_unknown_variable_with_our_prefix_is_refused_and_others_are_not_ours() {
    let case = Case::new()
        .variable("MAHAVISHNU_OBSERVABILITY_OTLP_ENDPOINT", "http://h")
        .variable("mahavishnu_x", "1");
    assert_eq!(
        case.refused(),
        "MAHAVISHNU_OBSERVABILITY_OTLP_ENDPOINT is not a setting: did you mean MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT?"
    );
    let case = Case::new().variable("MAHAVISHNU_", "x");
    assert!(case.refused().starts_with("MAHAVISHNU_ is not a setting"));
}

#[test]
fn a_wrong_type_is_refused() {
    for text in [
        "store_logs: \"true\"",
        "store_logs:",
        "otel_storage_retry_max_attempts: \"3\"",
        "otel_storage_retry_max_attempts: 3.0",
        "otel_storage_retry_max_attempts: 99999999999999999999",
        "similarity_threshold: high",
        "embedding_model: 5",
        "embedding_model: \"\"",
        "log_level: [INFO]",
        "log_level: {least: INFO}",
        "server:\n  grpc: 4317",
        "otel_storage_connection_string: 5",
    ] {
        let message = Case::new().yaml(text).refused();
        assert!(
            message.contains(" is not allowed: give ") && message.lines().count() == 1,
            "{text}: {message}"
        );
    }
    let empty = Case::new().variable("MAHAVISHNU_STORE_LOGS", "").refused();
    assert_eq!(empty, "store_logs = \"\" (from MAHAVISHNU_STORE_LOGS) is not allowed: give true or false");
}

#[test]
fn a_key_given_twice_and_bad_yaml_are_one_sentence_with_file_and_line() {
    for (text, place) in [
        (
            "store_logs: true\nstore_logs: false\n",
            "line 2, column 1: \"store_logs\" is given twice: keep one",
        ),
        ("server:\n  api: h:1\n  api: h:2\n", "line 3, column 3: \"api\" is given twice: keep one"),
        (
            "store_logs: true\n---\nstore_logs: false\n",
            "line 3, column 1: a second YAML document begins: keep one",
        ),
        ("store_logs: [true\nlog_level: INFO\n", "line "),
        ("store_logs: true\n\tlog_level: INFO\n", "line "),
        ("store_logs: true\n log_level: INFO\n", "line "),
        ("store_logs: \"true\n", "line "),
        (
            "log_level: *nothing\n",
            "line 1, column 12: the alias behind \"*\" names nothing: put quotes around text that begins with \"*\"",
        ),
        ("similarity_threshold: .nan\n", "line 1, column 23: a number is not finite: give a finite one"),
        ("- store_logs\n", "does not hold settings"),
        ("store_logs\n", "does not hold settings"),
    ] {
        let message = Case::new().yaml(text).refused();
        assert!(message.starts_with(&format!("settings/mahavishnu.yaml {place}")), "{text}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_file_that_can_not_be_read_is_a_mistake() {
    let case = Case::new().file("mahavishnu.yaml", b"log_level: \xff\n");
    assert_eq!(case.refused(), "settings/mahavishnu.yaml is not UTF-8 text: save it as UTF-8");
    let large = Case::new().yaml(&"# x\n".repeat(300_000));
    assert!(large.refused().starts_with("settings/mahavishnu.yaml is larger than "), "{}", large.refused());
    let case = Case::new();
    std::fs::create_dir(case.path().join("settings/local.yaml")).unwrap();
    assert!(case.refused().starts_with("settings/local.yaml can not be read: "), "{}", case.refused());
}

#[test]
fn a_bomb_of_aliases_is_refused_quickly() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
    }
    let message = Case::new().yaml(&text).refused();
    assert!(message.lines().count() == 1 && message.starts_with("settings/mahavishnu.yaml "), "{message}");
}
