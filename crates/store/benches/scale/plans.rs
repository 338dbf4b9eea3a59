//! The plans that PostgreSQL chooses for these questions, with the values of one of each.

use anyhow::Result;
use mahavishnu_store::Store;

use crate::load::{LARGE_EVERY, Load};

/// As the sessions that ask are set.
const SESSION: &str = include_str!("../../queries/server/asking.sql");

/// Prints them.
pub async fn print(store: &Store, load: &Load) -> Result<()> {
    let client = store.connection().await?;
    client.batch_execute(SESSION).await?;
    let pattern = async |kind: &str| -> Result<String> {
        let sql = "SELECT pattern_id FROM otel.pattern WHERE kind = $1 ORDER BY pattern_id LIMIT 1";
        let id: i64 = client.query_one(sql, &[&kind]).await?.get(0);
        Ok(format!("'{{{id}}}'::bigint[]"))
    };
    let with_patterns =
        include_str!("../../queries/trace/with_patterns.sql").replace("$column", "pattern_id");
    let of_logs = include_str!("../../queries/trace/with_log_patterns.sql");
    let logs = include_str!("../../queries/log/list.sql");
    let none = "NULL";
    let (spans_of, logs_of) = (pattern("span").await?, pattern("log").await?);
    let filters = |patterns: &str| {
        let mut values = vec![patterns.to_owned(), "10".to_owned()];
        values.extend(std::iter::repeat_n(none.to_owned(), 8));
        values
    };
    let owned = |values: &[&str]| values.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let id = format!("'{}'", uuid::Uuid::from_bytes(Load::trace_id(LARGE_EVERY)));
    let (one, many) =
        (format!("'''{}'':*'", Load::reference(5)), format!("'''{}'':*'", load.templates[3][0]));
    let (ten, eleven) = ("'2026-11-24T10:00:00Z'", "'2026-11-24T11:00:00Z'");
    let (last, day, next) = ("'2026-11-24T23:58:00Z'", "'2026-11-24T00:00:00Z'", "'2026-11-25T00:00:00Z'");
    let cases = [
        ("Spans of a pattern, as search asks", with_patterns.as_str(), filters(&spans_of)),
        ("Traces of log records of a pattern, as search asks", of_logs, filters(&logs_of)),
        ("Spans of a trace", include_str!("../../queries/span/of_trace.sql"), owned(&[&id, "100"])),
        (
            "Log records by a word that one of them has",
            logs,
            owned(&[&one, none, none, none, none, none, "100"]),
        ),
        (
            "Log records by a frequent word, in the first window",
            logs,
            owned(&[&many, none, none, none, last, none, "100"]),
        ),
        (
            "Data points of a metric in an hour",
            include_str!("../../queries/metric/points.sql"),
            owned(&["'load.metric.7'", none, ten, eleven, "100"]),
        ),
        (
            "Error groups of a day",
            include_str!("../../queries/error/groups.sql"),
            owned(&[none, day, next, "100"]),
        ),
    ];
    for (name, sql, values) in cases {
        println!("\n### {name}\n\n```");
        let sql = format!("EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {}", filled(sql, &values));
        for row in client.query(&sql, &[]).await? {
            println!("{}", row.get::<_, &str>(0));
        }
        println!("```");
    }
    Ok(())
}

/// A statement with its values written into it: `$10` before `$1`.
fn filled(sql: &str, values: &[String]) -> String {
    let numbered = values.iter().enumerate().rev();
    numbered.fold(sql.to_owned(), |sql, (at, value)| sql.replace(&format!("${}", at + 1), value))
}
