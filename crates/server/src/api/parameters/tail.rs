//! Parameters of what is watched live.

use mahavishnu_pipeline::Signal;
use mahavishnu_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::shapes::{LogRecord, TraceSummary};

/// The least severity number of an error.
const ERROR: i32 = 17;

/// What is watched.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TailQuery {
    /// `logs` or `traces`.
    pub signal: Option<String>,
    /// Only of this service; of traces the service of the root.
    pub service: Option<String>,
    /// Log records of this severity number or above: 17 is ERROR.
    pub min_severity: Option<i32>,
    /// Words that must all occur in the message, or in the name of the trace.
    pub text: Option<String>,
    /// Only log records of severity ERROR or worse, only traces with a failing span.
    #[serde(default)]
    pub errors: bool,
}

impl TailQuery {
    /// Which signal is watched.
    pub fn signal(&self) -> Result<Signal, StoreError> {
        match self.signal.as_deref() {
            None | Some("logs") => Ok(Signal::Logs),
            Some("traces") => Ok(Signal::Traces),
            Some(_) => Err(StoreError::InvalidArgument("what can be watched is logs or traces".to_owned())),
        }
    }

    /// Whether a log record is wanted.
    pub fn wants_log(&self, log: &LogRecord) -> bool {
        let least = if self.errors { ERROR } else { i32::MIN };
        let message = log.message.as_deref().or(log.event_name.as_deref()).unwrap_or_default();
        log.severity_number >= least.max(self.min_severity.unwrap_or(i32::MIN))
            && self.is_of(&log.service)
            && self.reads(message)
    }

    /// Whether a trace is wanted.
    pub fn wants_trace(&self, trace: &TraceSummary) -> bool {
        (!self.errors || trace.errors > 0) && self.is_of(&trace.service) && self.reads(&trace.name)
    }

    fn is_of(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == service)
    }

    /// Whether all words occur in a text, whatever their case.
    fn reads(&self, text: &str) -> bool {
        let Some(words) = &self.text else { return true };
        let text = text.to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}
