//! Spans from an agent, on the same way as everybody's.

use mahavishnu_pipeline::{Intake, Signal, check::check, json::to_protobuf};
use serde_json::{Value, json};

use super::{answer::Answer, arguments::Given, quoted, refusal::Refusal};

/// Characters of the sentence about what was rejected: somebody else's text is in it.
const REASON_CHARACTERS: usize = 300;

/// Takes one OTLP request in JSON.
pub async fn take(intake: Option<&Intake>, given: &Given) -> Result<Answer, Refusal> {
    let intake = intake.ok_or_else(|| Refusal::wrong("agents may not write here"))?;
    let request = given.value("request").unwrap_or(&Value::Null).to_string();
    let wrong = |error: &dyn std::fmt::Display| {
        Refusal::wrong(format!("the request can not be read: {}", quoted::clean(&error.to_string())))
    };
    let protobuf = to_protobuf(Signal::Traces, request.as_bytes()).map_err(|error| wrong(&error))?;
    let checked = check(Signal::Traces, protobuf).map_err(|error| wrong(&error))?;
    let (taken, rejected) = (checked.batch.records(), checked.rejected);
    intake.ledger().rejected(Signal::Traces, rejected);
    intake.submit(checked.batch).await.map_err(|refusal| Refusal::wrong(refusal.to_string()))?;
    let mut text = format!("{taken} spans taken, {rejected} rejected.");
    if !checked.reason.is_empty() {
        text.push_str(&format!(" Why: {}", quoted::quote(&checked.reason, REASON_CHARACTERS)));
    }
    let reason = quoted::shortened(&json!(checked.reason), REASON_CHARACTERS);
    Ok(Answer { text, data: json!({"taken": taken, "rejected": rejected, "reason": reason}) })
}
