//! The plans that PostgreSQL chooses for these questions, with the values of one of each.

use anyhow::Result;
use mahavishnu_store::Store;

use crate::load::{LARGE_EVERY, Load};

/// As the sessions that ask are set.
const SESSION: &str = include_str!("../../queries/server/asking.sql");

const MOST_PARAMETERS: usize = 15;

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
    let nearest =
        include_str!("../../queries/pattern/nearest.sql").replace("$dimension", "384").replace("$model", "1");
    let by_time = logs(include_str!("../../queries/log/found_by_time.sql"));
    let by_words = logs(include_str!("../../queries/log/found_by_words.sql"));
    let none = "NULL";
    let (spans_of, logs_of) = (pattern("span").await?, pattern("log").await?);
    let owned = |values: &[&str]| values.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let id = format!("'{}'", uuid::Uuid::from_bytes(Load::trace_id(LARGE_EVERY)));
    let reference = format!("{:012}", Load::reference(5));
    let ((one, one_like), (many, many_like)) = (word(&reference), word(load.templates[3][0]));
    let pieces = pieces(&reference);
    let (ten, eleven) = ("'2026-11-24T10:00:00Z'", "'2026-11-24T11:00:00Z'");
    let (last, day, next) = ("'2026-11-24T23:58:00Z'", "'2026-11-24T00:00:00Z'", "'2026-11-25T00:00:00Z'");
    let text = async |sql: &str| -> Result<String> {
        Ok(format!("'{}'", client.query_one(sql, &[]).await?.get::<_, String>(0)))
    };
    let vector = text("SELECT embedding::text FROM otel.embedding ORDER BY pattern_id LIMIT 1").await?;
    let held = format!("otel.attribute_set WHERE message_words @@ to_tsquery('simple', {many})");
    let sets = text(&format!("SELECT coalesce(array_agg(set_id), '{{}}')::text FROM {held}")).await?;
    let sets = format!("{sets}::bigint[]");
    let service = text("SELECT service FROM otel.trace ORDER BY trace_id LIMIT 1").await?;
    let name = text("SELECT name FROM otel.trace ORDER BY trace_id LIMIT 1").await?;
    let cases = [
        ("Patterns near a vector", nearest.as_str(), owned(&[&vector, "10"])),
        ("Spans of a pattern, as search asks", with_patterns.as_str(), owned(&[&spans_of, "10"])),
        ("Traces of log records of a pattern, as search asks", of_logs, owned(&[&logs_of, "10"])),
        ("Spans of a trace", include_str!("../../queries/span/of_trace.sql"), owned(&[&id, "100"])),
        (
            "Log records by a rare word, after the first window",
            by_words.as_str(),
            owned(&[&one, &one_like, "'{}'", day, last, "'{}'", &pieces, none, none, "100"]),
        ),
        (
            "Log records by a frequent word, in the first window",
            by_time.as_str(),
            owned(&[&many, &many_like, &sets, last, none, &sets, &many_like, none, none, "100"]),
        ),
        (
            "Traces that may be like one",
            include_str!("../../queries/trace/candidates.sql"),
            owned(&[&id, &service, &name, &spans_of, "500"]),
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
        explain(&client, name, &filled(sql, &values)).await?;
    }
    Ok(())
}

async fn explain(client: &tokio_postgres::Client, name: &str, sql: &str) -> Result<()> {
    println!("\n### {name}\n\n```");
    for row in client.query(&format!("EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {sql}"), &[]).await? {
        println!("{}", row.get::<_, &str>(0));
    }
    println!("```");
    Ok(())
}

/// The list of log records that are found so.
fn logs(found: &str) -> String {
    include_str!("../../queries/log/list.sql")
        .replace("$columns", include_str!("../../queries/log/columns.sql"))
        .replace("$found", found)
        .replace("$matches", include_str!("../../queries/log/matches.sql"))
        .replace("$may_have_text", include_str!("../../queries/log/may_have_text_by_time.sql"))
        .replace("$has_text", include_str!("../../queries/log/has_text.sql"))
        .replace("$message", include_str!("../../queries/log/message.sql"))
}

/// The first pieces of a long number, as a query over the words that records hold themselves.
fn pieces(number: &str) -> String {
    format!("'''{}'' & ''{}'''", &number[..4], &number[4..8])
}

/// A word as a text query and as LIKE patterns.
fn word(word: &str) -> (String, String) {
    (format!("'''{word}'':*'"), format!("'{{%{word}%}}'::text[]"))
}

/// A statement with its values written into it, `$10` before `$1`; those that are not given are NULL.
fn filled(sql: &str, values: &[String]) -> String {
    (0..MOST_PARAMETERS).rev().fold(sql.to_owned(), |sql, at| {
        sql.replace(&format!("${}", at + 1), values.get(at).map_or("NULL", String::as_str))
    })
}
