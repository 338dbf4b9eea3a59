//! Which tools there are, what each may be given, and who answers.

use rmcp::model::ToolAnnotations;
use serde_json::{Map, Value};

use super::{
    answer::{Answer, DEFAULT_CHARACTERS, LEAST_CHARACTERS, MOST_CHARACTERS},
    arguments::{Argument, Given, Kind, optional, required, schema},
    ingest, lists, measures,
    refusal::Refusal,
    seat::Seat,
    trace, triage,
};

/// Rows of one answer at most: what the store gives at once.
const MOST_ROWS: usize = 10_000;

/// Things of one answer, unless asked otherwise: more than anybody reads at once.
const DEFAULT_ROWS: usize = 50;

/// Milliseconds of the longest duration anybody asks about: a year.
const MOST_MILLISECONDS: f64 = 366.0 * 86_400_000.0;

/// The longest step of a series: a month.
const MOST_STEP_MS: usize = 31 * 86_400_000;

const SERVICE: Argument = optional("service", Kind::Text, "Only of this service (service.name, exactly).");
const SINCE: Argument =
    optional("since", Kind::Moment, "Not before: how long ago (15m, 2h, 7d) or an RFC 3339 time.");
const UNTIL: Argument = optional("until", Kind::Moment, "Before this time, likewise; now unless given.");
const KIND: Argument = optional(
    "kind",
    Kind::Choice(&["log", "span", "error"]),
    "Only patterns of log messages, span names, or errors.",
);
const LIMIT: Argument =
    optional("limit", whole(1, MOST_ROWS, DEFAULT_ROWS), "At most so many in this answer.");
const OFFSET: Argument =
    optional("offset", whole(0, MOST_ROWS - 1, 0), "Leave out so many from the beginning.");
const PATTERN: Argument = optional(
    "pattern_id",
    Kind::Text,
    "Only of this pattern or group of errors: 16 hex digits, from list_patterns, new_patterns or error_groups.",
);
const MAX_CHARS: Argument = optional(
    "max_chars",
    whole(LEAST_CHARACTERS, MOST_CHARACTERS, DEFAULT_CHARACTERS),
    "Characters of the answer at most, text and structured content together.",
);

const fn whole(least: usize, most: usize, default: usize) -> Kind {
    Kind::Whole { least, most, default }
}

/// Who answers.
#[derive(Clone, Copy, Debug)]
enum Answers {
    Search,
    Trace,
    Similar,
    Errors,
    Logs,
    Metrics,
    Patterns,
    Changes,
    Services,
    Sql,
    Status,
    Triage,
    Ingest,
}

/// One tool.
#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    title: &'static str,
    description: &'static str,
    pub arguments: &'static [Argument],
    answers: Answers,
}

static TOOLS: &[Tool] = &[
    Tool {
        name: "triage",
        title: "What is wrong right now?",
        description: "What is wrong right now, most serious first: new and growing errors, new patterns of log \
            messages and operations, operations slower than before, what is not being stored; each with counts beside \
            the time before, an example trace and the call to look further. Begin here when nobody knows what is wrong.",
        arguments: &[
            SERVICE,
            optional(
                "since",
                Kind::Moment,
                "Where the window begins (15m, 2h, or an RFC 3339 time); an hour ago unless given. It is compared with as long a time before it.",
            ),
            UNTIL,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Triage,
    },
    Tool {
        name: "search_otel_traces",
        title: "Search traces",
        description: "Finds traces. With query: by what their spans, errors and logs mean, best first, each with what \
            matched and why; a \"quoted phrase\", an id or a code in it is found exactly. Without query: all that match \
            the filters, newest first.",
        arguments: &[
            optional(
                "query",
                Kind::Text,
                "What happened, in your words; a \"quoted phrase\" is found exactly.",
            ),
            SERVICE,
            optional(
                "operation",
                Kind::Text,
                "Only spans of this name, exactly (without query: traces whose root has it).",
            ),
            optional(
                "status",
                Kind::Choice(&["ok", "error", "unset"]),
                "Only this status; without query, error means traces with a failing span.",
            ),
            optional(
                "min_duration_ms",
                Kind::Number { least: 0.0, most: MOST_MILLISECONDS },
                "Took at least so many milliseconds.",
            ),
            optional(
                "max_duration_ms",
                Kind::Number { least: 0.0, most: MOST_MILLISECONDS },
                "Took at most so many milliseconds.",
            ),
            optional(
                "attributes",
                Kind::Pairs,
                "Only spans with all these attributes, as in {\"http.request.method\": \"GET\"}.",
            ),
            optional(
                "threshold",
                Kind::Number { least: 0.0, most: 1.0 },
                "The least score of a result, 0 to 1; only with query.",
            ),
            PATTERN,
            SINCE,
            UNTIL,
            LIMIT,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Search,
    },
    Tool {
        name: "get_otel_trace",
        title: "Show one trace",
        description: "One trace as a tree with its logs in place. The root and every failing span are always shown; where \
            room is short, healthy siblings are left out, counted and named with the call that shows them. With span_id \
            that span comes in full, and what is below it first.",
        arguments: &[
            required("trace_id", Kind::Text, "The trace: 32 hex digits, or the name an application gave it."),
            optional(
                "span_id",
                Kind::Text,
                "Show this span in full and what is below it first: 16 hex digits.",
            ),
            optional(
                "offset",
                whole(0, MOST_ROWS * 2, 0),
                "Leave out so many of those that are neither root nor failing.",
            ),
            MAX_CHARS,
        ],
        answers: Answers::Trace,
    },
    Tool {
        name: "similar_traces",
        title: "Traces like this one",
        description: "Traces that did the same as this one, most alike first, and what sets each apart: compare a \
            failing trace with a healthy one.",
        arguments: &[
            required("trace_id", Kind::Text, "The trace: 32 hex digits, or the name an application gave it."),
            optional("limit", whole(1, MOST_ROWS, 10), "At most so many in this answer."),
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Similar,
    },
    Tool {
        name: "error_groups",
        title: "Errors in groups",
        description: "Errors of the last day (or since), grouped by type, code location and message pattern, most \
            frequent first, with trend, first and last time and an example trace. With pattern_id: that group alone, with \
            the traces that have it and traces of the same operation that went well.",
        arguments: &[SERVICE, PATTERN, SINCE, UNTIL, LIMIT, OFFSET, MAX_CHARS],
        answers: Answers::Errors,
    },
    Tool {
        name: "search_logs",
        title: "Search log records",
        description: "Log records, newest first: with all these words, of a trace, of a level or above.",
        arguments: &[
            optional("text", Kind::Text, "Words that must all occur in the message, in any case."),
            optional("trace_id", Kind::Text, "Only of this trace: 32 hex digits."),
            optional("level", Kind::Choice(lists::LEVELS), "Only of this level or above."),
            optional("attributes", Kind::Pairs, "Only with all these attributes, as in {\"user.id\": 17}."),
            PATTERN,
            SERVICE,
            SINCE,
            UNTIL,
            LIMIT,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Logs,
    },
    Tool {
        name: "query_metrics",
        title: "Metrics and their points",
        description: "Without name: which metrics there are, with unit, services and number of series. With name: its \
            data points, newest first, with their labels and the traces of their exemplars. With aggregate too: its course \
            in steps of time, a series for each value of group_by.",
        arguments: &[
            optional("name", Kind::Text, "The metric whose data points to show, exactly."),
            optional(
                "aggregate",
                Kind::Choice(measures::AGGREGATES),
                "What to say of each step; rate is per second.",
            ),
            optional(
                "step_ms",
                whole(1, MOST_STEP_MS, 0),
                "Milliseconds of a step; unless given there are some 120 steps.",
            ),
            optional(
                "group_by",
                Kind::Text,
                "A series for each value of this label, of service, or of all labels with *.",
            ),
            optional(
                "labels",
                Kind::Pairs,
                "Only series with these labels, as in {\"http.route\": \"/pay\"}.",
            ),
            SERVICE,
            SINCE,
            UNTIL,
            LIMIT,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Metrics,
    },
    Tool {
        name: "list_patterns",
        title: "Patterns",
        description: "Patterns of log messages, span names and errors, with <*> where texts differ: the most frequent \
            first, or with query those that mean it, best first.",
        arguments: &[
            optional(
                "query",
                Kind::Text,
                "What they should mean, in your words; not together with since or until.",
            ),
            KIND,
            SERVICE,
            SINCE,
            UNTIL,
            LIMIT,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Patterns,
    },
    Tool {
        name: "new_patterns",
        title: "What is new, gone or changed",
        description: "Patterns that are new, gone, or come at another rate since a time, beside the time before it: new \
            ones first.",
        arguments: &[
            KIND,
            SERVICE,
            optional(
                "since",
                Kind::Moment,
                "Where the window begins (15m, 2h, or an RFC 3339 time); an hour ago unless given.",
            ),
            UNTIL,
            optional(
                "baseline",
                Kind::Moment,
                "Where the time before begins; unless given it is as long as the window.",
            ),
            LIMIT,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Changes,
    },
    Tool {
        name: "service_map",
        title: "Services and who calls whom",
        description: "Services with their spans, errors and durations, and who calls whom by the latest 1000 traces. With \
            service: that one's operations with their percentiles too.",
        arguments: &[
            optional("service", Kind::Text, "Also the operations of this service (service.name, exactly)."),
            SINCE,
            UNTIL,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Services,
    },
    Tool {
        name: "run_sql",
        title: "Run one reading SQL statement",
        description: "The rows of one PostgreSQL statement that reads. Views: otel_traces (a row per span: trace_id, \
            span_id, name, service, status, duration_ms, start_time, attributes, pattern_id), otel_logs (timestamp, service, \
            level, message, trace_id, attributes, pattern_id), otel_metrics (timestamp, service, name, value, attributes). \
            Bound it by time.",
        arguments: &[
            required("sql", Kind::Text, "One statement: SELECT, WITH, VALUES, TABLE or EXPLAIN."),
            optional("params", Kind::List, "The values of $1, $2 and so on."),
            LIMIT,
            OFFSET,
            MAX_CHARS,
        ],
        answers: Answers::Sql,
    },
    Tool {
        name: "otel_status",
        title: "Is telemetry arriving?",
        description: "Where the server listens, what is stored, what waits, was refused or put aside, and whether each \
            destination answers.",
        arguments: &[MAX_CHARS],
        answers: Answers::Status,
    },
    Tool {
        name: "ingest_otel_traces",
        title: "Hand in traces",
        description: "Stores spans: one OTLP request in JSON (ExportTraceServiceRequest, with resourceSpans). The same \
            request again within ten minutes is not stored twice.",
        arguments: &[required(
            "request",
            Kind::Object,
            "The OTLP request, as in {\"resourceSpans\": [...]}.",
        )],
        answers: Answers::Ingest,
    },
];

/// The tools for an agent that may only read, or may also write.
pub fn offered(may_write: bool) -> impl Iterator<Item = &'static Tool> {
    TOOLS.iter().filter(move |tool| may_write || tool.reads())
}

/// The tool of this name, where it is offered.
pub fn find(name: &str, may_write: bool) -> Option<&'static Tool> {
    offered(may_write).find(|tool| tool.name == name)
}

/// What a tool answers.
pub async fn call(seat: &Seat, name: &str, given: &Map<String, Value>) -> Result<Answer, Refusal> {
    let may_write = seat.intake().is_some();
    let Some(tool) = find(name, may_write) else {
        return Err(Refusal::wrong(match TOOLS.iter().find(|tool| tool.name == name) {
            Some(_) => format!(
                "{name} is off: whoever runs the server can allow it with the setting mcp.allow_writes"
            ),
            None => {
                let names: Vec<&str> = offered(may_write).map(|tool| tool.name).collect();
                format!("there is no such tool: there are {}", names.join(", "))
            }
        }));
    };
    let given = Given::check(tool.arguments, given)?;
    match tool.answers {
        Answers::Ingest => ingest::take(seat.intake(), &given).await,
        Answers::Status => measures::status(seat, &given).await,
        Answers::Triage => triage::answer(seat, &given).await,
        _ => {
            let source = seat.source().await?;
            match tool.answers {
                Answers::Search => lists::search(&source, &given).await,
                Answers::Trace => trace::answer(&source, &given).await,
                Answers::Similar => lists::similar(&source, &given).await,
                Answers::Errors => lists::errors(&source, &given).await,
                Answers::Logs => lists::logs(&source, &given).await,
                Answers::Metrics => measures::metrics(&source, &given).await,
                Answers::Patterns => lists::patterns(&source, &given).await,
                Answers::Changes => lists::changes(&source, &given).await,
                Answers::Services => measures::services(&source, &given).await,
                Answers::Sql => measures::sql(&source, &given).await,
                Answers::Ingest | Answers::Status | Answers::Triage => unreachable!("answered above"),
            }
        }
    }
}

impl Tool {
    fn reads(&self) -> bool {
        !matches!(self.answers, Answers::Ingest)
    }

    /// As an agent finds it in the list.
    pub fn listed(&self) -> rmcp::model::Tool {
        // Nothing here destroys anything, repeating a call changes nothing more, and no tool leaves this database.
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(self.reads())
            .destructive(false)
            .idempotent(true)
            .open_world(false);
        rmcp::model::Tool::new(self.name, self.description, schema(self.arguments))
            .with_title(self.title)
            .with_annotations(annotations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_described_and_closed() {
        for tool in TOOLS {
            let listed = serde_json::to_value(tool.listed()).expect("JSON");
            assert_eq!(listed["annotations"]["readOnlyHint"], tool.reads(), "{}", tool.name);
            assert_eq!(listed["annotations"]["destructiveHint"], false);
            assert_eq!(listed["annotations"]["openWorldHint"], false);
            assert_eq!(listed["inputSchema"]["additionalProperties"], false);
            for (name, property) in listed["inputSchema"]["properties"].as_object().expect("properties") {
                assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{name}");
            }
        }
    }

    #[test]
    fn the_documentation_names_every_tool() {
        let document = include_str!("../../../../docs/mcp.md");
        for tool in TOOLS {
            assert!(document.contains(&format!("| `{}` |", tool.name)), "{}", tool.name);
        }
    }

    #[test]
    fn nobody_can_write_unless_it_is_allowed() {
        assert!(offered(false).all(Tool::reads) && find("ingest_otel_traces", false).is_none());
        assert!(find("ingest_otel_traces", true).is_some());
    }
}
