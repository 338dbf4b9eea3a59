//! Passwords and tokens are used, and never shown.

use mahavishnu_observability::keys::KEYS;

use crate::{Case, shown};

const SECRET: &str = "s3cret";

const DATABASE: &str = "postgresql://otel:s3cret@db:5432/otel?sslmode=require&password=s3cret";

fn assert_hidden(text: &str) {
    assert!(!text.contains(SECRET), "{text}");
}

#[test]
fn secrets_are_not_in_debug_display_or_what_is_shown() {
    let case = Case::new()
        .yaml(&format!("otel_storage_connection_string: {DATABASE}\n"))
        .variable("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", "https://user:s3cret@otlp:443/v1?key=s3cret")
        .default("otel_storage_connection_string", DATABASE)
        .flag("otel_storage_connection_string", DATABASE, "--storage");
    let loaded = case.load().unwrap();
    assert_hidden(&format!("{loaded:?}"));
    assert_hidden(&format!("{:?} {:?}", case.sources, case.sources.flags));
    assert_hidden(&serde_json::to_string(&loaded.shown).unwrap());
    assert_eq!(shown(&loaded, "otel_storage_connection_string").0, "postgresql://otel@db:5432/otel");
    assert_eq!(shown(&loaded, "observability.otlp_endpoint").0, "https://otlp/v1");
    assert_eq!(loaded.settings.observability.otlp_endpoint.url().password(), Some(SECRET), "but it is there");
}

#[test]
fn a_secret_is_not_in_a_message_wherever_it_was_written() {
    for key in KEYS {
        for text in [
            "mysql://u:s3cret@h",
            "postgresql:u:s3cret@h",
            "host=h password=s3cret",
            "{password: s3cret}",
            "[s3cret]",
        ] {
            let file = match key.name.split_once('.') {
                Some((section, name)) => format!("{section}:\n  {name}: {text}\n"),
                None => format!("{}: {text}\n", key.name),
            };
            // The name of a model may be anything.
            let Err(error) = Case::new().yaml(&file).variable(&key.variable(), text).load() else { continue };
            if text.contains(['@', '=']) || key.secret {
                assert_hidden(&format!("{error} {error:?}"));
            } else {
                assert_hidden(&Case::new().yaml(&file).refused());
            }
        }
    }
}

#[test]
fn a_secret_under_a_wrong_name_is_not_in_a_message() {
    let case = Case::new()
        .yaml(&format!(
            "otel_storage_conection_string: {DATABASE}\ntoken: s3cret\npassword: {{of: s3cret}}\n"
        ))
        .variable("MAHAVISHNU_DATABASE_URL", DATABASE)
        .variable("MAHAVISHNU_TOKEN", SECRET);
    let error = case.load().unwrap_err();
    assert_eq!(error.mistakes().len(), 5);
    assert_hidden(&format!("{error} {error:?}"));
}

#[test]
fn a_secret_written_as_a_key_is_not_in_a_message_and_a_message_stays_on_its_line() {
    for text in [
        "postgresql://u:s3cret@h/d: 1\n",
        "server:\n  \"password=s3cret\": 1\n",
        "postgresql://u:s3cret@h/d: 1\npostgresql://u:s3cret@h/d: 2\n",
        "\"a\\nstore_logs = 1\": 1\n",
        "\"\\e[31m\": 1\n",
    ] {
        let message = Case::new().yaml(text).refused();
        assert_hidden(&message);
        assert!(message.lines().count() == 1 && !message.contains(char::is_control), "{message:?}");
    }
    let message = Case::new().variable("MAHAVISHNU_u:s3cret@h", "1").refused();
    assert_hidden(&message);
}

#[test]
fn a_password_that_ends_the_host_too_early_is_refused_and_not_shown() {
    for key in ["otel_storage_connection_string", "observability.otlp_endpoint"] {
        let scheme = if key.starts_with("otel") { "postgresql" } else { "http" };
        for sign in ['/', '?', '#'] {
            let url = format!("{scheme}://u:12{sign}s3cret@h/d");
            let message = Case::new().flag(key, &url, "--flag").refused();
            assert_hidden(&message);
            assert!(message.starts_with(key) && message.contains("--flag"), "{message}");
        }
    }
}

#[test]
fn a_secret_in_yaml_that_can_not_be_parsed_is_not_in_the_message() {
    for text in [
        "token: \"s3cret\n",
        "token: 's3cret\n",
        "token: [s3cret\n",
        "token: *s3cret\n",
        "token: !s3cret x\n",
        "token: &s3cret\n\t- s3cret\n",
        "token: s3cret: s3cret\n",
        "token: \"\\s3cret\"\n",
        "token: @s3cret\n",
        "token: `s3cret\n",
        "token: %s3cret\n",
        "token: |s3cret\n",
        "token: a\n s3cret\ns3cret\nx: 1\n",
        "%s3cret\n---\n",
        "<<: s3cret\n",
        "token: !!int s3cret\n",
        "token: !!binary s3cret%\n",
    ] {
        if let Err(error) = Case::new().yaml(text).load() {
            assert_hidden(&format!("{error} {error:?}"));
        }
    }
}
