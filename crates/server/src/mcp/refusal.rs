//! Why a tool has no answer, in one sentence that says what to do; the agent reads it.

use std::fmt;

use mahavishnu_store::StoreError;
use serde_json::Value;

use super::quoted;
use crate::failure::{Away, NotFound};

/// Characters of somebody else's sentence that are passed on.
const CHARACTERS: usize = 500;

/// Characters of a wrong argument that are shown: enough to recognise it.
const SHOWN_CHARACTERS: usize = 60;

/// When to come again to a database that can not answer now.
const RETRY_AFTER_SECONDS: u64 = 2;

/// A sentence for the agent.
#[derive(Debug)]
pub struct Refusal {
    sentence: String,
    /// Who was asked does not answer now.
    is_away: bool,
}

impl Refusal {
    /// What was asked for can not be.
    pub fn wrong(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), is_away: false }
    }

    /// An argument is wrong.
    pub fn argument(name: &str, value: &Value, why: &str) -> Self {
        let shown = match value {
            Value::String(text) => quoted::quote(text, SHOWN_CHARACTERS),
            other => quoted::json(&quoted::shortened(other, SHOWN_CHARACTERS))
                .chars()
                .take(SHOWN_CHARACTERS)
                .collect(),
        };
        Self::wrong(format!("the argument {} ({shown}) {why}", quoted::clean(name)))
    }

    fn later(reason: &str) -> Self {
        let reason = short(reason);
        let sentence =
            format!("there is no answer now ({reason}): ask the same again in {RETRY_AFTER_SECONDS} seconds");
        Self { sentence, is_away: true }
    }

    /// Whether the same may be answered later, by whoever is there then.
    pub fn is_away(&self) -> bool {
        self.is_away
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self::later(&reason),
            StoreError::TraceNotFound(_) => Self::not_found(&error.to_string()),
            other => Self::wrong(short(&other.to_string())),
        }
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        if let Some(NotFound(sentence)) = error.downcast_ref() {
            return Self::not_found(sentence);
        }
        if let Some(Away(reason)) = error.downcast_ref() {
            return Self::later(reason);
        }
        match error.downcast_ref::<StoreError>() {
            Some(StoreError::Unavailable(_)) => Self::later(&format!("{error:#}")),
            _ => Self::wrong(short(&format!("{error:#}"))),
        }
    }
}

impl Refusal {
    fn not_found(sentence: &str) -> Self {
        let sentence = short(sentence);
        Self::wrong(format!(
            "{sentence}: find one with search_otel_traces, by words ({{\"query\": \"payment declined\"}}) or the newest ({{}})"
        ))
    }
}

/// A sentence that may quote telemetry or a database.
fn short(sentence: &str) -> String {
    let line = sentence.replace(['\n', '\r', '\t'], " ");
    quoted::clean(&line).chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_says_when_to_ask_again() {
        let away = Refusal::from(StoreError::Unavailable("connection refused".to_owned()));
        assert_eq!(
            away.to_string(),
            "there is no answer now (connection refused): ask the same again in 2 seconds"
        );
        let context =
            anyhow::Error::from(StoreError::Unavailable("refused".to_owned())).context("no server answers");
        assert!(Refusal::from(context).to_string().contains("no server answers: refused"));
    }

    #[test]
    fn a_trace_that_is_not_there_says_how_to_search() {
        let missing = Refusal::from(StoreError::TraceNotFound("ab".to_owned())).to_string();
        assert!(
            missing.starts_with("no trace ab in the store: find one with search_otel_traces"),
            "{missing}"
        );
    }

    #[test]
    fn a_refusal_can_not_write_to_a_terminal() {
        let error = Refusal::from(StoreError::InvalidSql("bad \u{1b}[31m\nvalue".to_owned()));
        assert_eq!(error.to_string(), "bad \\u{1b}[31m value");
    }
}
