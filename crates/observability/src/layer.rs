//! Programs that use `tracing` feed a manager without a change to their code.
//!
//! ```no_run
//! use mahavishnu_observability::{MahavishnuSettings, ObservabilityLayer, ObservabilityManager};
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! let manager = ObservabilityManager::new(&MahavishnuSettings::default())?;
//! let subscriber = tracing_subscriber::registry().with(ObservabilityLayer::new(manager));
//! tracing::subscriber::set_global_default(subscriber)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{borrow::Cow, fmt, time::SystemTime};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::{
    LogLevel, ObservabilityManager,
    manager::{EndedSpan, Open},
    transformation::{AttributeValue, Attributes},
};

/// The field that holds what an event says.
const MESSAGE: &str = "message";

/// Crates that a manager works with: what they say while it sends would be sent in turn, for ever.
const OURS: [&str; 9] =
    ["mahavishnu_", "h2", "hyper", "hyper_util", "rustls", "tokio_postgres", "tokio_util", "tonic", "tower"];

/// Makes log entries of events and spans of spans. What this crate and those it works with say is left out.
#[derive(Clone, Debug)]
pub struct ObservabilityLayer {
    manager: ObservabilityManager,
}

/// What is known of a span that is open.
struct Known {
    open: Open,
    attributes: Attributes,
    failed: bool,
}

impl ObservabilityLayer {
    /// Feeds this manager.
    #[must_use]
    pub fn new(manager: ObservabilityManager) -> Self {
        Self { manager }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ObservabilityLayer {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| is_theirs(span.metadata())) else { return };
        let parent =
            span.parent().and_then(|parent| parent.extensions().get::<Known>().map(|known| known.open));
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Known {
            open: Open::child_of(parent, SystemTime::now()),
            attributes: fields.attributes,
            failed: false,
        });
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(known) = span.extensions_mut().get_mut::<Known>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            known.attributes.extend(fields.attributes);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if !is_theirs(metadata) {
            return;
        }
        let level = level(*metadata.level());
        let mut fields = Fields::default();
        event.record(&mut fields);
        fields.attributes.push(("log.target".into(), metadata.target().into()));
        let span = context.event_span(event).and_then(|span| {
            let mut extensions = span.extensions_mut();
            let known = extensions.get_mut::<Known>()?;
            known.failed |= level >= LogLevel::Error;
            Some(known.open)
        });
        self.manager.log_in_span(level, fields.message, fields.attributes, span);
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Known { open, attributes, failed }) = span.extensions_mut().remove::<Known>() else {
            return;
        };
        let name = Cow::Borrowed(span.metadata().name());
        self.manager.end_span(EndedSpan { span: open, ended: SystemTime::now(), name, attributes, failed });
    }
}

/// Whether this is not said by the one who would send it.
fn is_theirs(metadata: &Metadata<'_>) -> bool {
    is_target_of_theirs(metadata.target())
}

fn is_target_of_theirs(target: &str) -> bool {
    !OURS.iter().any(|ours| {
        target
            .strip_prefix(ours)
            .is_some_and(|rest| ours.ends_with('_') || rest.is_empty() || rest.starts_with("::"))
    })
}

/// There is no level below DEBUG and none above ERROR in `tracing` that is told apart here.
fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        Level::DEBUG | Level::TRACE => LogLevel::Debug,
    }
}

/// The fields of an event or a span.
#[derive(Default)]
struct Fields {
    message: String,
    attributes: Attributes,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<AttributeValue>) {
        self.attributes.push((field.name().into(), value.into()));
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.put(field, value),
            Err(_) => self.put(field, value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE { self.message = value.to_owned() } else { self.put(field, value) }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == MESSAGE { self.message = text } else { self.put(field, text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sending_says_is_left_out_and_nothing_else_is() {
        for target in ["h2", "h2::client", "mahavishnu_pipeline::delivery", "tower::buffer"] {
            assert!(!is_target_of_theirs(target), "{target}");
        }
        for target in ["h2o", "towering", "billing::hyper", "mahavishnu"] {
            assert!(is_target_of_theirs(target), "{target}");
        }
    }
}
