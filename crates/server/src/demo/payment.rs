//! payment-service: charges the card of an account for what its workflows used.

use opentelemetry_proto::tonic::{logs::v1::SeverityNumber, trace::v1::span::SpanKind};

use super::{
    builder::{SpanKey, TraceBuilder},
    database::{INSERT_CHARGE, SELECT_ACCOUNT, query},
    failures::{Exception, Failure},
    http::{Answer, Route, request},
    random::MILLISECOND,
    services::{ORCHESTRATOR, ORCHESTRATOR_HTTP, PAYMENT_CLIENT, PAYMENT_CODE, PAYMENT_HTTP},
    value::attribute,
};

const CHARGE: Route = Route {
    client: ORCHESTRATOR_HTTP,
    server: PAYMENT_HTTP,
    method: "POST",
    host: "payment-service",
    port: 8443,
    template: "/v1/charges",
};

/// Why issuers decline, with the codes of card networks.
const DECLINES: [(&str, &str); 4] = [
    ("insufficient_funds", "51"),
    ("do_not_honor", "05"),
    ("expired_card", "54"),
    ("transaction_not_permitted", "57"),
];

/// What is to be paid.
struct Charge {
    id: String,
    account: String,
    cents: u64,
    currency: &'static str,
}

impl Charge {
    fn amount(&self) -> String {
        format!("{}.{:02} {}", self.cents / 100, self.cents % 100, self.currency)
    }
}

/// Charges an account for the orchestrator; a success is announced to a queue which `workflow` consumes.
pub fn charge(trace: &mut TraceBuilder, workflow: SpanKey, at: u64) -> Answer {
    let charge = Charge {
        id: format!("ch_{}", trace.random.hex(16)),
        account: format!("acct_{:05}", trace.random.range(1_020, 48_700)),
        cents: trace.random.range(900, 249_900),
        currency: trace.random.pick(&["EUR", "USD", "GBP"]),
    };
    let mut receipt = None;
    let mut answer = request(trace, workflow, at, &CHARGE, "/v1/charges", |trace, server, at| {
        trace.set(server, "payment.account", charge.account.as_str());
        let at = query(trace, server, at, &SELECT_ACCOUNT);
        let (at, declined) = authorize(trace, server, at, &charge);
        let at = query(trace, server, at, &INSERT_CHARGE);
        if let Some(declined) = declined {
            return decline(at, &declined);
        }
        let (producer, end) = publish(trace, server, at, &charge);
        receipt = Some(producer);
        Answer { end, status: Some(201), error: None }
    });
    if let Some(producer) = receipt {
        answer.end = consume(trace, workflow, answer.end, producer);
    }
    answer
}

/// Asks the issuer through the acquirer.
fn authorize(
    trace: &mut TraceBuilder,
    server: SpanKey,
    at: u64,
    charge: &Charge,
) -> (u64, Option<Exception>) {
    let declined = trace.strikes(Failure::PaymentDeclined);
    let span =
        trace.open(PAYMENT_CODE, Some(server), SpanKind::Internal, "ChargeService.authorizeAndCapture", at);
    trace.set(span, "payment.charge_id", charge.id.as_str());
    trace.set(span, "payment.amount_cents", charge.cents);
    trace.set(span, "payment.currency", charge.currency);
    let asked = at + trace.random.latency(1.5);
    let acquirer = trace.open(PAYMENT_CLIENT, Some(span), SpanKind::Client, "POST", asked);
    trace.set(acquirer, "http.request.method", "POST");
    trace.set(acquirer, "url.full", "https://api.acquirer.example/v2/authorizations");
    trace.set(acquirer, "server.address", "api.acquirer.example");
    trace.set(acquirer, "server.port", 443_i64);
    let answered = asked + trace.random.latency(340.0);
    trace.set(acquirer, "http.response.status_code", if declined { 402_i64 } else { 201 });
    trace.close(acquirer, answered);
    let end = answered + trace.random.latency(1.0);
    trace.close(span, end);
    if !declined {
        if trace.is_talkative(60) {
            let text = format!(
                "Charge {} of {} authorized for account {}",
                charge.id,
                charge.amount(),
                charge.account
            );
            trace.log(span, end, SeverityNumber::Info, text).attributes = vec![
                attribute("payment.charge_id", charge.id.as_str()),
                attribute("thread.name", "virtual-112"),
            ];
        }
        return (end, None);
    }
    trace.fail(acquirer, "402", "");
    let (reason, code) = trace.random.pick(&DECLINES);
    let exception = Exception::card_declined(reason, code, &charge.id);
    trace.set(span, "payment.decline_code", code);
    trace.throw(span, end, &exception);
    let text = format!(
        "Charge {} of {} for account {} failed: {}",
        charge.id,
        charge.amount(),
        charge.account,
        exception.message
    );
    let log = trace.log_exception(span, end, text, &exception);
    log.attributes.push(attribute("payment.charge_id", charge.id.as_str()));
    log.attributes.push(attribute("payment.decline_code", code));
    (end, Some(exception))
}

/// What the orchestrator makes of a declined charge.
fn decline(end: u64, declined: &Exception) -> Answer {
    let call = ("clients/payments.py", 117, "charge", "raise PaymentDeclinedError(problem.detail)");
    let error = Exception::python("mahavishnu.errors.PaymentDeclinedError", declined.message.clone(), call);
    Answer::failed(end, 402, error)
}

/// Announces a charge to the queue.
fn publish(trace: &mut TraceBuilder, server: SpanKey, at: u64, charge: &Charge) -> (SpanKey, u64) {
    let span = trace.open(PAYMENT_CODE, Some(server), SpanKind::Producer, "send charge-receipts", at);
    trace.set(span, "messaging.system", "rabbitmq");
    trace.set(span, "messaging.operation.type", "send");
    trace.set(span, "messaging.destination.name", "charge-receipts");
    trace.set(span, "messaging.message.id", charge.id.as_str());
    let end = at + trace.random.latency(2.2);
    trace.close(span, end);
    (span, end)
}

/// The orchestrator takes the receipt; its span belongs to the workflow and links to the producer's.
fn consume(trace: &mut TraceBuilder, workflow: SpanKey, at: u64, producer: SpanKey) -> u64 {
    let start = at + trace.random.latency(14.0);
    let span = trace.open(ORCHESTRATOR, Some(workflow), SpanKind::Consumer, "process charge-receipts", start);
    trace.set(span, "messaging.system", "rabbitmq");
    trace.set(span, "messaging.operation.type", "process");
    trace.set(span, "messaging.destination.name", "charge-receipts");
    let (trace_id, span_id) = (trace.span(producer).trace_id.clone(), trace.span(producer).span_id.clone());
    trace.link(span, trace_id, span_id, vec![attribute("messaging.operation.type", "send")]);
    let end = start + 2 * MILLISECOND + trace.random.latency(6.0);
    trace.close(span, end);
    end
}
