//! Builds one trace: spans and log records whose times count from the trace's beginning until the end is known.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    logs::v1::{LogRecord, SeverityNumber},
    trace::v1::{
        Span, Status,
        span::{Event, Link, SpanKind},
        status::StatusCode,
    },
};

use super::{
    failures::{Exception, Failure},
    random::{MILLISECOND, Random},
    services::{Instance, Origin, Service},
    value::{IntoValue, attribute},
};

/// Bits of a span's flags: it is sampled, and we know whether its parent is in another process.
const SAMPLED: u32 = 0x101;
/// The bit that says that the parent is in another process.
const REMOTE_PARENT: u32 = 0x200;
/// Log records of a trace before the ones that every trace or failure writes; all of them are six at most.
const MAX_CASUAL_LOGS: usize = 3;
/// A log record is collected this long after it was written.
const COLLECTION_DELAY: u64 = 3 * MILLISECOND;

/// A span of a trace under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanKey(usize);

/// A span or log record and who recorded it.
#[derive(Clone, Debug)]
pub struct Recorded<T> {
    /// The process.
    pub instance: Instance,
    /// The library in it.
    pub origin: Origin,
    /// What it recorded.
    pub record: T,
}

/// A trace that is complete, in absolute times.
#[derive(Debug)]
pub struct Trace {
    /// Its id.
    pub id: Vec<u8>,
    /// Its spans; the first is the root.
    pub spans: Vec<Recorded<Span>>,
    /// Its log records, and those without a trace that it caused.
    pub logs: Vec<Recorded<LogRecord>>,
    /// The process that was killed while the trace ran, and when.
    pub killed: Option<(Instance, u64)>,
}

/// A trace under construction.
pub struct TraceBuilder {
    /// Where its variety comes from.
    pub random: Random,
    trace: Trace,
    /// What goes wrong, until it has.
    pending: Option<Failure>,
    state: String,
    replicas: [usize; Service::WITH_SDK.len()],
    lost: Vec<SpanKey>,
}

impl TraceBuilder {
    /// A trace in which this goes wrong.
    pub fn new(mut random: Random, failure: Option<Failure>) -> Self {
        let id = random.id(16);
        let replicas =
            Service::WITH_SDK.map(|service| random.range(1, service.replicas() as u64) as usize - 1);
        let state = if random.chance(8) {
            format!("ot=th:c;rv:{},northwind=tier-{}", random.hex(14), random.range(1, 3))
        } else {
            String::new()
        };
        let trace = Trace { id, spans: Vec::new(), logs: Vec::new(), killed: None };
        Self { random, trace, pending: failure, state, replicas, lost: Vec::new() }
    }

    /// Whether this failure happens now; it happens once.
    pub fn strikes(&mut self, failure: Failure) -> bool {
        self.pending.take_if(|pending| *pending == failure).is_some()
    }

    /// Begins a span; it ends where it began until [`Self::close`] says otherwise.
    pub fn open(
        &mut self,
        origin: Origin,
        parent: Option<SpanKey>,
        kind: SpanKind,
        name: impl Into<String>,
        start: u64,
    ) -> SpanKey {
        let instance = self.instance(origin.service);
        let remote = parent.is_some_and(|parent| self.trace.spans[parent.0].instance != instance);
        let record = Span {
            trace_id: self.trace.id.clone(),
            span_id: self.random.id(8),
            parent_span_id: parent.map(|parent| self.span(parent).span_id.clone()).unwrap_or_default(),
            trace_state: self.state.clone(),
            flags: if remote { SAMPLED | REMOTE_PARENT } else { SAMPLED },
            name: name.into(),
            kind: kind.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: start,
            status: Some(Status::default()),
            ..Span::default()
        };
        self.trace.spans.push(Recorded { instance, origin, record });
        SpanKey(self.trace.spans.len() - 1)
    }

    /// Ends a span.
    pub fn close(&mut self, span: SpanKey, end: u64) {
        self.span_mut(span).end_time_unix_nano = end;
    }

    /// Sets an attribute of a span.
    pub fn set(&mut self, span: SpanKey, key: &str, value: impl IntoValue) {
        self.span_mut(span).attributes.push(attribute(key, value));
    }

    /// Adds an event to a span.
    pub fn event(&mut self, span: SpanKey, at: u64, name: &str, attributes: Vec<KeyValue>) {
        let event = Event { time_unix_nano: at, name: name.to_owned(), attributes, ..Event::default() };
        self.span_mut(span).events.push(event);
    }

    /// Links a span to another one.
    pub fn link(&mut self, span: SpanKey, trace_id: Vec<u8>, span_id: Vec<u8>, attributes: Vec<KeyValue>) {
        let link = Link { trace_id, span_id, attributes, flags: SAMPLED | REMOTE_PARENT, ..Link::default() };
        self.span_mut(span).links.push(link);
    }

    /// Marks a span as successful.
    pub fn succeed(&mut self, span: SpanKey) {
        self.span_mut(span).status = Some(Status { code: StatusCode::Ok.into(), message: String::new() });
    }

    /// Marks a span as failed.
    pub fn fail(&mut self, span: SpanKey, error_type: &str, message: &str) {
        self.set(span, "error.type", error_type);
        let status = Status { code: StatusCode::Error.into(), message: message.to_owned() };
        self.span_mut(span).status = Some(status);
    }

    /// Marks a span as failed by an exception, which becomes an event of it.
    pub fn throw(&mut self, span: SpanKey, at: u64, exception: &Exception) {
        self.event(span, at, "exception", exception.attributes());
        self.fail(span, &exception.kind, &exception.message);
    }

    /// Writes a log record within a span.
    pub fn log(
        &mut self,
        span: SpanKey,
        at: u64,
        severity: SeverityNumber,
        body: impl IntoValue,
    ) -> &mut LogRecord {
        let service = self.trace.spans[span.0].origin.service;
        let (trace_id, span_id) = (self.trace.id.clone(), self.span(span).span_id.clone());
        let record = self.log_outside(service, at, severity, body);
        record.trace_id = trace_id;
        record.span_id = span_id;
        record.flags = 1;
        record
    }

    /// Writes a log record of an exception within a span.
    pub fn log_exception(
        &mut self,
        span: SpanKey,
        at: u64,
        body: String,
        exception: &Exception,
    ) -> &mut LogRecord {
        let record = self.log(span, at, SeverityNumber::Error, body);
        record.attributes = exception.attributes();
        record
    }

    /// Writes a log record that belongs to no trace.
    pub fn log_outside(
        &mut self,
        service: Service,
        at: u64,
        severity: SeverityNumber,
        body: impl IntoValue,
    ) -> &mut LogRecord {
        let recorded = log_record(self.instance(service), at, severity, body);
        self.trace.logs.push(recorded);
        &mut self.trace.logs.last_mut().expect("a record was pushed").record
    }

    /// Whether there is room for a log record that need not be written.
    pub fn is_talkative(&mut self, percent: u64) -> bool {
        self.trace.logs.len() < MAX_CASUAL_LOGS && self.random.chance(percent)
    }

    /// The process of this span is killed: the span never arrives.
    pub fn kill(&mut self, span: SpanKey, at: u64) {
        self.trace.killed = Some((self.trace.spans[span.0].instance, at));
        self.lost.push(span);
    }

    /// A span of this trace.
    pub fn span(&self, span: SpanKey) -> &Span {
        &self.trace.spans[span.0].record
    }

    /// The complete trace, which ended at this time.
    pub fn finish(mut self, end: u64) -> Trace {
        let mut index = 0;
        self.trace.spans.retain(|_| {
            index += 1;
            !self.lost.contains(&SpanKey(index - 1))
        });
        let last_span = self.trace.spans.iter().map(|span| span.record.end_time_unix_nano).max();
        let last_log = self.trace.logs.iter().map(|log| log.record.observed_time_unix_nano).max();
        let offset = end.saturating_sub(last_span.max(last_log).unwrap_or(0));
        for Recorded { record, .. } in &mut self.trace.spans {
            record.start_time_unix_nano += offset;
            record.end_time_unix_nano += offset;
            for event in &mut record.events {
                event.time_unix_nano += offset;
            }
        }
        for Recorded { record, .. } in &mut self.trace.logs {
            record.time_unix_nano += offset;
            record.observed_time_unix_nano += offset;
        }
        self.trace.killed = self.trace.killed.map(|(instance, at)| (instance, at + offset));
        self.trace
    }

    fn span_mut(&mut self, span: SpanKey) -> &mut Span {
        &mut self.trace.spans[span.0].record
    }

    fn instance(&self, service: Service) -> Instance {
        let place = Service::WITH_SDK.iter().position(|with_sdk| *with_sdk == service);
        Instance { service, replica: place.map_or(0, |place| self.replicas[place]) }
    }
}

/// A log record of a process, outside every trace.
pub fn log_record(
    instance: Instance,
    at: u64,
    severity: SeverityNumber,
    body: impl IntoValue,
) -> Recorded<LogRecord> {
    let record = LogRecord {
        time_unix_nano: at,
        observed_time_unix_nano: at + COLLECTION_DELAY,
        severity_number: severity.into(),
        severity_text: instance.service.severity_text(severity).to_owned(),
        body: Some(body.into_value()),
        ..LogRecord::default()
    };
    Recorded { instance, origin: instance.service.logger(), record }
}
