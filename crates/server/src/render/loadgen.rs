//! How a load went.

use super::{
    table::Rows,
    text::{count, printable},
};
use crate::commands::LoadReport;

const BYTES_PER_MB: f64 = 1e6;

/// What was sent and what arrived, as a table.
pub fn loadgen(report: &LoadReport) -> String {
    let mut rows = Rows::new(&["what", ">value"]);
    let sent = &report.sent;
    let mut add = |what: &str, value: String| rows.add([what.to_owned(), value]);
    add("signal", report.signal.to_owned());
    add("seed", report.seed.clone());
    add("acknowledged", count(sent.acknowledged));
    add("rejected", count(sent.rejected));
    add("requests", count(sent.requests));
    add("sent again for lack of room", count(sent.sent_again));
    add("seconds", format!("{:.2}", sent.seconds));
    add("records per second", count(report.records_per_second.round() as u64));
    add(
        "MB of protobuf per second",
        format!("{:.1}", sent.bytes as f64 / BYTES_PER_MB / sent.seconds.max(1e-9)),
    );
    add("answer after, median", format!("{:.2} ms", sent.p50_ms));
    add("answer after, 99 of 100", format!("{:.2} ms", sent.p99_ms));
    if let Some(arrived) = &report.arrived {
        add("seconds until all was stored", format!("{:.2}", arrived.seconds));
        for destination in &arrived.destinations {
            let name = printable(&destination.destination);
            add(&format!("stored in {name}"), count(destination.stored));
            add(&format!("not stored in {name}"), count(destination.lost));
        }
        add("rows in the database", arrived.rows.map_or_else(|| "not counted".to_owned(), count));
    }
    rows.render()
}
