//! llm-gateway: asks a provider for a completion, and asks again where that helps.

use opentelemetry_proto::tonic::{logs::v1::SeverityNumber, trace::v1::span::SpanKind};

use super::{
    builder::{SpanKey, TraceBuilder},
    failures::{Exception, Failure},
    http::{Answer, Route, request},
    random::{MILLISECOND, SECOND},
    services::{LLM_HTTP, LLM_PROVIDER, ORCHESTRATOR_HTTP},
    value::attribute,
};

/// How long the gateway waits for a provider.
const PROVIDER_TIMEOUT: u64 = 30 * SECOND;
/// An answer slower than this is worth a warning.
const SLOW_ANSWER: u64 = 7 * SECOND;

const COMPLETION: Route = Route {
    client: ORCHESTRATOR_HTTP,
    server: LLM_HTTP,
    method: "POST",
    host: "llm-gateway",
    port: 8088,
    template: "/v1/chat/completions",
};

/// A provider and its model: system, requested name, name in the answer, address, typical milliseconds.
type Model = (&'static str, &'static str, &'static str, &'static str, f64);

const MODELS: [Model; 4] = [
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "api.anthropic.com", 3_900.0),
    ("openai", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "api.openai.com", 1_900.0),
    ("gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash", "generativelanguage.googleapis.com", 1_400.0),
    ("mistral_ai", "mistral-medium-latest", "mistral-medium-2508", "api.mistral.ai", 2_600.0),
];

/// Asks for a completion for the orchestrator.
pub fn complete(trace: &mut TraceBuilder, parent: SpanKey, at: u64, purpose: &str) -> Answer {
    let model = trace.random.pick(&MODELS);
    request(trace, parent, at, &COMPLETION, "/v1/chat/completions", |trace, server, at| {
        trace.set(server, "llm.purpose", purpose);
        if trace.strikes(Failure::LlmTimeout) {
            return time_out(trace, server, at, model);
        }
        let at =
            if trace.strikes(Failure::LlmRateLimited) { rate_limit(trace, server, at, model) } else { at };
        let (chat, end) = answer(trace, server, at, model);
        if trace.is_talkative(18) {
            report(trace, chat, end, end - at, model);
        }
        Answer::ok(end)
    })
}

/// The provider answers.
fn answer(trace: &mut TraceBuilder, server: SpanKey, at: u64, model: Model) -> (SpanKey, u64) {
    let chat = open(trace, server, at, model);
    let end = at + trace.random.latency(model.4);
    let first_token = at + (end - at) / 5;
    trace.event(chat, first_token, "gen_ai.first_token", Vec::new());
    let (input, output) = (trace.random.range(900, 18_400), trace.random.range(60, 1_480));
    let id = trace.random.hex(24);
    trace.set(chat, "gen_ai.response.id", format!("msg_{id}"));
    trace.set(chat, "gen_ai.response.model", model.2);
    trace.set(chat, "gen_ai.response.finish_reasons", ["stop"].as_slice());
    trace.set(chat, "gen_ai.usage.input_tokens", input);
    trace.set(chat, "gen_ai.usage.output_tokens", output);
    trace.close(chat, end);
    (chat, end)
}

/// The provider answers 429; the gateway waits and tries again from the time returned.
fn rate_limit(trace: &mut TraceBuilder, server: SpanKey, at: u64, model: Model) -> u64 {
    let chat = open(trace, server, at, model);
    let end = at + trace.random.latency(210.0);
    let wait = trace.random.range(1_200, 4_800);
    let limit = trace.random.range(2, 8) * 50_000;
    let message = format!("429 rate limit exceeded: {limit} input tokens per minute for {}", model.1);
    let exception = Exception::provider(
        "RateLimitError",
        message,
        "APIError.generate (/app/node_modules/llm-sdk/core/error.js:63:20)",
    );
    trace.set(chat, "http.response.status_code", 429_i64);
    trace.throw(chat, end, &exception);
    trace.close(chat, end);
    let text = format!("Rate limited by {} (429), retrying in {wait} ms (attempt 1 of 4)", model.0);
    trace.log(chat, end, SeverityNumber::Warn, text).attributes = vec![
        attribute("gen_ai.system", model.0),
        attribute("http.response.status_code", 429_i64),
        attribute("retry.delay_ms", wait),
    ];
    let attempt = vec![attribute("retry.attempt", 2_i64), attribute("retry.delay_ms", wait)];
    let again = end + wait * MILLISECOND;
    trace.event(server, again, "retry", attempt);
    again
}

/// The provider does not answer before the gateway gives up.
fn time_out(trace: &mut TraceBuilder, server: SpanKey, at: u64, model: Model) -> Answer {
    let chat = open(trace, server, at, model);
    let end = at + PROVIDER_TIMEOUT + trace.random.latency(4.0);
    let message = format!("Request to {} timed out after {} ms", model.3, PROVIDER_TIMEOUT / MILLISECOND);
    let place = "Timeout._onTimeout (/app/node_modules/llm-sdk/core/client.js:341:17)";
    let exception = Exception::provider("APIConnectionTimeoutError", message, place);
    trace.throw(chat, end, &exception);
    trace.close(chat, end);
    let text = format!("Completion with {} failed: {}", model.1, exception.message);
    trace.log_exception(chat, end, text, &exception);
    let call = ("clients/llm.py", 142, "complete", "response.raise_for_status()");
    let message = format!("llm-gateway answered 504: model {} did not answer in time", model.1);
    let error = Exception::python("mahavishnu.errors.LLMTimeoutError", message, call);
    Answer::failed(end, 504, error)
}

/// A structured log record of a completion, with a warning where it was slow.
fn report(trace: &mut TraceBuilder, chat: SpanKey, end: u64, duration: u64, model: Model) {
    let millis = duration / MILLISECOND;
    if duration > SLOW_ANSWER {
        let text = format!(
            "Slow completion from {}: {millis} ms (threshold {} ms)",
            model.1,
            SLOW_ANSWER / MILLISECOND
        );
        trace.log(chat, end, SeverityNumber::Warn, text);
        return;
    }
    let cached = trace.random.chance(30);
    let body = vec![
        attribute("msg", "completion finished"),
        attribute("model", model.2),
        attribute("latency_ms", millis),
        attribute("prompt_cached", cached),
        attribute("stop_sequences", ["</result>"].as_slice()),
    ];
    trace.log(chat, end, SeverityNumber::Info, body).event_name = "gateway.completion".to_owned();
}

fn open(trace: &mut TraceBuilder, server: SpanKey, at: u64, model: Model) -> SpanKey {
    let chat = trace.open(LLM_PROVIDER, Some(server), SpanKind::Client, format!("chat {}", model.1), at);
    trace.set(chat, "gen_ai.operation.name", "chat");
    trace.set(chat, "gen_ai.system", model.0);
    trace.set(chat, "gen_ai.request.model", model.1);
    trace.set(chat, "gen_ai.request.max_tokens", 2_048_i64);
    trace.set(chat, "gen_ai.request.temperature", 0.2);
    trace.set(chat, "server.address", model.3);
    trace.set(chat, "server.port", 443_i64);
    chat
}
