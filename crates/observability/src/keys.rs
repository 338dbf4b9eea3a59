//! The one table of every setting: its name, what it may be, its default, what it means.
//!
//! Reading, checking, showing and the JSON Schema all follow from it.

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name, sections first: `observability.otlp_endpoint`.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is where nobody says otherwise, written as in a variable.
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether it may hold a password or a token: what was given is never repeated, what is shown has none.
    pub secret: bool,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Whole {
        /// The least that is allowed.
        least: i64,
        /// The most that is allowed.
        most: i64,
    },
    /// A number with a fraction.
    Number {
        /// The least that is allowed.
        least: f64,
        /// The most that is allowed.
        most: f64,
    },
    /// Words, not none.
    Text,
    /// `name,name`, each of letters, digits and `-`; may be empty. PostgreSQL and the signals have theirs already.
    Names,
    /// `host,host`, without ports; may be empty.
    Hosts,
    /// `name=value,name=value`, percent-encoded as in W3C baggage; may be empty.
    Pairs,
    /// A database: `postgresql://`, `postgres://` or `embedded:DIR`.
    Storage,
    /// An `http://` or `https://` URL.
    Endpoint,
    /// `HOST:PORT`.
    Address,
}

impl Kind {
    /// What is allowed, to follow "give".
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Switch => "true or false".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::Number { least, most } => format!("a number from {least} to {most}"),
            Self::Text => "some text".to_owned(),
            Self::Names => {
                "names with commas between, of letters, digits and -, as in grafana,new-relic; or nothing".to_owned()
            }
            Self::Hosts => {
                "host names or addresses with commas between, without ports, as in otel.example,10.0.0.7; or nothing"
                    .to_owned()
            }
            Self::Pairs => "name=value pairs with commas between, as in team=ops,region=eu; or nothing".to_owned(),
            Self::Storage => {
                "a postgresql:// or postgres:// URL, as in postgresql://user@host/db, or embedded:DIR; in a password, / \
                 is written %2F, ? is %3F, # is %23"
                    .to_owned()
            }
            Self::Endpoint => "an http:// or https:// URL, as in http://localhost:4317".to_owned(),
            Self::Address => "HOST:PORT, as in localhost:4317 (port 0 picks a free one)".to_owned(),
        }
    }
}

const fn whole(least: i64, most: i64) -> Kind {
    Kind::Whole { least, most }
}

const fn key(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Key {
    let secret = matches!(kind, Kind::Storage | Kind::Endpoint);
    Key { name, kind, default, meaning, secret }
}

/// The words of [`crate::StorageBackend`].
pub(crate) const BACKENDS: &[&str] = &["otlp", "postgresql", "both"];

/// The words of [`crate::LogLevel`].
pub(crate) const LEVELS: &[&str] = &["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/// The words of [`crate::Durability`].
pub(crate) const DURABILITIES: &[&str] = &["disk", "process", "memory"];

/// The words of [`crate::WhenFull`].
pub(crate) const WHEN_FULL: &[&str] = &["refuse", "drop_oldest"];

/// Fewer records would not fill a request; more are some gigabytes.
const LEAST_QUEUE: i64 = 100;
const MOST_QUEUE: i64 = 10_000_000;

/// Less would not hold a few requests; nobody has more than a petabyte.
const LEAST_BUDGET_BYTES: i64 = 1024 * 1024;
const MOST_BUDGET_BYTES: i64 = 1 << 50;

/// pgvector indexes vectors of at most so many dimensions.
const MOST_DIMENSIONS: i64 = 2000;

/// pgvector's own bounds of `ef_construction` and `ef_search`.
const LEAST_EF_CONSTRUCTION: i64 = 4;
const MOST_EF: i64 = 1000;

/// A request below this could not hold one span; one above it would be most of a small machine's memory.
const LEAST_REQUEST_BYTES: i64 = 1024;
const MOST_REQUEST_BYTES: i64 = 1024 * 1024 * 1024;

/// Ten years.
const MOST_DAYS: i64 = 3650;

/// A transaction with more records takes seconds, and all of it again when it fails.
const MOST_BATCH: i64 = 100_000;

/// More than an hour between two batches is a queue, not a batch.
const MOST_BATCH_INTERVAL_SECONDS: i64 = 3600;

/// Every setting, in the order in which they are shown.
pub static KEYS: &[Key] = &[
    key("otel_storage_backend", Kind::Choice(BACKENDS), "otlp", "where telemetry goes"),
    key(
        "otel_storage_connection_string",
        Kind::Storage,
        "postgresql://postgres:postgres@localhost:5432/otel",
        "the database",
    ),
    key("store_traces", Kind::Switch, "true", "whether PostgreSQL gets traces"),
    key("store_metrics", Kind::Switch, "true", "whether PostgreSQL gets metrics"),
    key("store_logs", Kind::Switch, "true", "whether PostgreSQL gets logs"),
    key(
        "otel_storage_circuit_breaker_failures",
        whole(1, 100),
        "5",
        "failures, within the window, that open the breaker",
    ),
    key(
        "otel_storage_circuit_breaker_timeout",
        whole(10, 600),
        "60",
        "seconds that the breaker stays open; also the window in which failures are counted",
    ),
    key(
        "otel_storage_retry_max_attempts",
        whole(0, 10),
        "3",
        "attempts of one operation; 0 and 1 both mean no retry",
    ),
    key(
        "otel_storage_retry_backoff_ms",
        whole(0, 5000),
        "100",
        "milliseconds before the first retry; doubled for each one after it",
    ),
    key("observability.otlp_endpoint", Kind::Endpoint, "http://localhost:4317", "the OTLP platform"),
    key(
        "observability.more_upstreams",
        Kind::Names,
        "",
        "further OTLP platforms; each has the variables of the specification with its name in them, as in \
         OTEL_EXPORTER_OTLP_GRAFANA_ENDPOINT",
    ),
    key("observability.metrics_enabled", Kind::Switch, "true", "whether metrics are produced at all"),
    key("observability.tracing_enabled", Kind::Switch, "true", "whether spans are produced at all"),
    key(
        "observability.service_name",
        Kind::Text,
        "mahavishnu",
        "the service that an application's own records belong to; OTEL_SERVICE_NAME says the same",
    ),
    key(
        "observability.resource_attributes",
        Kind::Pairs,
        "",
        "what else is known of the application; OTEL_RESOURCE_ATTRIBUTES says the same",
    ),
    key(
        "observability.queue_records",
        whole(LEAST_QUEUE, MOST_QUEUE),
        "65536",
        "records of an application that wait in memory to be made into requests; more are dropped and counted",
    ),
    key("log_level", Kind::Choice(LEVELS), "INFO", "the least level that is recorded"),
    key(
        "durability",
        Kind::Choice(DURABILITIES),
        "disk",
        "what accepted telemetry survives on its way: a power cut, a crash of the process, or nothing",
    ),
    key(
        "spool.directory",
        Kind::Text,
        "auto",
        "where telemetry waits on its way; auto is beside the embedded database, or in this user's data directory",
    ),
    key(
        "spool.budget_bytes",
        whole(LEAST_BUDGET_BYTES, MOST_BUDGET_BYTES),
        "1073741824",
        "bytes that may wait, on disk or in memory",
    ),
    key(
        "spool.when_full",
        Kind::Choice(WHEN_FULL),
        "refuse",
        "what happens when the budget is reached: senders are told to come again, or the oldest is dropped",
    ),
    key(
        "deduplicate_requests",
        Kind::Switch,
        "true",
        "whether a request that comes again within ten minutes is acknowledged and not stored twice",
    ),
    key(
        "embedding_model",
        Kind::Text,
        "all-MiniLM-L6-v2",
        "the model that turns text into vectors: the bundled one, the directory of another, `endpoint:NAME` for one that a \
         service runs, or `none`",
    ),
    key(
        "embedding_endpoint",
        Kind::Endpoint,
        "http://localhost:11434/v1",
        "the service with OpenAI's embeddings that `endpoint:NAME` asks; a token stands where a password does, as in \
         https://:TOKEN@api.openai.com/v1",
    ),
    key("embedding_dimension", whole(1, MOST_DIMENSIONS), "384", "numbers in one of its vectors"),
    key("cache_size", whole(100, 10_000), "1000", "vectors of recent texts that are kept in memory"),
    key(
        "similarity_threshold",
        Kind::Number { least: 0.0, most: 1.0 },
        "0.85",
        "how alike two texts must be to count as similar",
    ),
    key(
        "retention.traces_days",
        whole(1, MOST_DAYS),
        "90",
        "days for which spans are kept; what is older than 90 days when it comes stays",
    ),
    key("retention.logs_days", whole(1, MOST_DAYS), "90", "days for which log records are kept"),
    key("retention.metrics_days", whole(1, MOST_DAYS), "90", "days for which data points are kept"),
    key("batch_size", whole(1, MOST_BATCH), "1000", "records that are written together"),
    key(
        "batch_interval_seconds",
        whole(1, MOST_BATCH_INTERVAL_SECONDS),
        "5",
        "seconds after which a batch is written though it is not full",
    ),
    key("hnsw.m", whole(4, 48), "16", "links of one vector in the index"),
    key(
        "hnsw.ef_construction",
        whole(LEAST_EF_CONSTRUCTION, MOST_EF),
        "64",
        "candidates looked at when a vector enters the index",
    ),
    key("hnsw.ef_search", whole(1, MOST_EF), "40", "candidates looked at by a search"),
    key("server.grpc", Kind::Address, "localhost:4317", "where OTLP over gRPC is taken"),
    key("server.http", Kind::Address, "localhost:4318", "where OTLP over HTTP is taken"),
    key("server.api", Kind::Address, "localhost:4319", "where the API answers"),
    key(
        "server.api_hosts",
        Kind::Hosts,
        "",
        "the hosts by which the API may be asked, beside this machine's own; it listens on other addresses than loopback \
         only where this names some, and then answers everybody who reaches it",
    ),
    key(
        "server.max_request_bytes",
        whole(LEAST_REQUEST_BYTES, MOST_REQUEST_BYTES),
        "67108864",
        "bytes of one request at most, after decompression",
    ),
    key("mcp.allow_writes", Kind::Switch, "false", "whether agents may hand in telemetry over MCP"),
];

impl Key {
    /// The setting of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Its environment variable: `MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_ascii_uppercase())
    }
}

/// How the variables of our settings begin.
pub const PREFIX: &str = "MAHAVISHNU_";

/// Whether settings stand below this name, as below `observability`.
pub(crate) fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(section, _)| section == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_one_deep_and_no_key_has_its_name() {
        for key in KEYS {
            assert!(key.name.split('.').count() <= 2, "{}", key.name);
            assert!(!is_section(key.name), "{}", key.name);
        }
    }

    #[test]
    fn nested_keys_have_two_underscores_in_their_variable() {
        let key = Key::find("observability.otlp_endpoint").expect("a key");
        assert_eq!(key.variable(), "MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT");
    }

    #[test]
    fn no_two_keys_share_a_name_or_a_variable() {
        let mut variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), KEYS.len());
    }
}
