//! The services of the scenario, as their resources and instrumentation scopes describe them.

use opentelemetry_proto::tonic::{
    common::v1::InstrumentationScope, logs::v1::SeverityNumber, resource::v1::Resource,
};

use super::value::attribute;

/// The version of the semantic conventions that the attributes follow.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.37.0";

/// A program that sends telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The workflow orchestrator, in Python.
    Mahavishnu,
    /// Fetches repositories, in Go.
    Git,
    /// Speaks with the providers of language models, in JavaScript.
    Llm,
    /// Charges cards, in Java.
    Payment,
    /// The database server; it has no SDK, a collector reads its log file.
    Postgres,
}

/// One running copy of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// Which service.
    pub service: Service,
    /// Which of its hosts, from 0.
    pub replica: usize,
}

/// The library inside a service that records a span, a log record or a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The service.
    pub service: Service,
    /// The name of the scope.
    pub scope: &'static str,
    /// The version of the scope.
    pub version: &'static str,
}

impl Origin {
    const fn new(service: Service, scope: &'static str, version: &'static str) -> Self {
        Self { service, scope, version }
    }

    /// The scope as OTLP has it.
    pub fn scope(self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.scope.to_owned(),
            version: self.version.to_owned(),
            ..InstrumentationScope::default()
        }
    }
}

/// Workflows and repositories.
pub const ORCHESTRATOR: Origin = Origin::new(Service::Mahavishnu, "mahavishnu.observability", "0.24.2");
/// The orchestrator's HTTP client.
pub const ORCHESTRATOR_HTTP: Origin =
    Origin::new(Service::Mahavishnu, "opentelemetry.instrumentation.httpx", "0.58b0");
/// The orchestrator's database client.
pub const ORCHESTRATOR_SQL: Origin =
    Origin::new(Service::Mahavishnu, "opentelemetry.instrumentation.psycopg", "0.58b0");
/// The HTTP server of git-service.
pub const GIT_HTTP: Origin =
    Origin::new(Service::Git, "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.63.0");
/// What git-service does with repositories.
pub const GIT_REPOSITORY: Origin = Origin::new(Service::Git, "git-service/internal/repository", "1.9.3");
/// The metrics of the Go runtime, scraped by a collector.
pub const GIT_RUNTIME: Origin = Origin::new(
    Service::Git,
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver",
    "0.138.0",
);
/// The HTTP server of llm-gateway.
pub const LLM_HTTP: Origin = Origin::new(Service::Llm, "@opentelemetry/instrumentation-http", "0.207.0");
/// What llm-gateway asks of providers.
pub const LLM_PROVIDER: Origin = Origin::new(Service::Llm, "llm-gateway/providers", "3.4.0");
/// The HTTP server of payment-service.
pub const PAYMENT_HTTP: Origin =
    Origin::new(Service::Payment, "io.opentelemetry.tomcat-10.0", "2.20.1-alpha");
/// The HTTP client of payment-service.
pub const PAYMENT_CLIENT: Origin =
    Origin::new(Service::Payment, "io.opentelemetry.java-http-client", "2.20.1-alpha");
/// The database client of payment-service.
pub const PAYMENT_SQL: Origin = Origin::new(Service::Payment, "io.opentelemetry.jdbc", "2.20.1-alpha");
/// The code of payment-service.
pub const PAYMENT_CODE: Origin = Origin::new(Service::Payment, "com.northwind.payments", "2.11.0");
/// The connection pool of payment-service.
pub const PAYMENT_POOL: Origin =
    Origin::new(Service::Payment, "io.opentelemetry.hikaricp-3.0", "2.20.1-alpha");

/// What a resource says of a service.
struct Profile {
    name: &'static str,
    version: &'static str,
    hosts: &'static [&'static str],
    pid: i64,
    runtime: (&'static str, &'static str),
    /// The language and version of the SDK; the database server has none.
    sdk: Option<(&'static str, &'static str)>,
    logger: (&'static str, &'static str),
}

impl Service {
    /// Every service that has an SDK.
    pub const WITH_SDK: [Self; 4] = [Self::Mahavishnu, Self::Git, Self::Llm, Self::Payment];

    const fn profile(self) -> Profile {
        match self {
            Self::Mahavishnu => Profile {
                name: "mahavishnu",
                version: "0.24.2",
                hosts: &["mahavishnu-worker-0", "mahavishnu-worker-1"],
                pid: 17,
                runtime: ("cpython", "3.13.9"),
                sdk: Some(("python", "1.37.0")),
                logger: ("mahavishnu.core.app", ""),
            },
            Self::Git => Profile {
                name: "git-service",
                version: "1.9.3",
                hosts: &["git-service-7c9d8b64f5-x2kqp"],
                pid: 1,
                runtime: ("go", "go1.25.3"),
                sdk: Some(("go", "1.38.0")),
                logger: ("go.opentelemetry.io/contrib/bridges/otelslog", "0.13.0"),
            },
            Self::Llm => Profile {
                name: "llm-gateway",
                version: "3.4.0",
                hosts: &["llm-gateway-5f6b9c7d48-h8v2n", "llm-gateway-5f6b9c7d48-tz4wm"],
                pid: 7,
                runtime: ("nodejs", "22.20.0"),
                sdk: Some(("nodejs", "2.2.0")),
                logger: ("@opentelemetry/instrumentation-pino", "0.54.0"),
            },
            Self::Payment => Profile {
                name: "payment-service",
                version: "2.11.0",
                hosts: &["payment-service-6d4f7b9c5-9jrlw"],
                pid: 1,
                runtime: ("OpenJDK Runtime Environment", "21.0.9+10-LTS"),
                sdk: Some(("java", "1.54.1")),
                logger: ("com.northwind.payments.ChargeController", ""),
            },
            Self::Postgres => Profile {
                name: "postgres",
                version: "17.6",
                hosts: &["postgres-primary-0"],
                pid: 1,
                runtime: ("postgres", "17.6"),
                sdk: None,
                logger: (
                    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver",
                    "0.138.0",
                ),
            },
        }
    }

    /// How many copies of it run.
    pub const fn replicas(self) -> usize {
        self.profile().hosts.len()
    }

    /// The scope of its log records.
    pub const fn logger(self) -> Origin {
        let (scope, version) = self.profile().logger;
        Origin::new(self, scope, version)
    }

    /// How its logging library writes a severity.
    pub const fn severity_text(self, severity: SeverityNumber) -> &'static str {
        match (self, severity) {
            (_, SeverityNumber::Debug) => "DEBUG",
            (Self::Postgres, SeverityNumber::Info) => "LOG",
            (_, SeverityNumber::Info) => "INFO",
            (Self::Mahavishnu | Self::Postgres, SeverityNumber::Warn) => "WARNING",
            (_, SeverityNumber::Warn) => "WARN",
            (_, SeverityNumber::Fatal) => "FATAL",
            _ => "ERROR",
        }
    }
}

impl Instance {
    /// The resource that an SDK in this process describes.
    pub fn resource(self) -> Resource {
        let profile = self.service.profile();
        let host = profile.hosts[self.replica];
        let mut attributes = vec![
            attribute("service.name", profile.name),
            attribute("service.namespace", "northwind"),
            attribute("service.version", profile.version),
            attribute("service.instance.id", format!("{host}:{}", profile.pid)),
            attribute("host.name", host),
            attribute("deployment.environment.name", "production"),
            attribute("process.pid", profile.pid),
            attribute("process.runtime.name", profile.runtime.0),
            attribute("process.runtime.version", profile.runtime.1),
        ];
        if let Some((language, version)) = profile.sdk {
            attributes.push(attribute("telemetry.sdk.name", "opentelemetry"));
            attributes.push(attribute("telemetry.sdk.language", language));
            attributes.push(attribute("telemetry.sdk.version", version));
        }
        Resource { attributes, ..Resource::default() }
    }
}
