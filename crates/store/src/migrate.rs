//! The schema, brought up to date under a lock.
//!
//! Any number of processes may start at once: one migrates, the others wait for it and find nothing to do. A
//! migration that was applied is never edited; a checksum tells if one was.

use tokio_postgres::Client;

use crate::error::StoreError;

/// One step of the schema. Each runs in a transaction of its own.
#[derive(Debug)]
struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 12] = [
    Migration { version: 1, name: "telemetry", sql: include_str!("../migrations/0001_telemetry.sql") },
    Migration { version: 2, name: "views", sql: include_str!("../migrations/0002_views.sql") },
    Migration { version: 3, name: "delivery", sql: include_str!("../migrations/0003_delivery.sql") },
    Migration { version: 4, name: "patterns", sql: include_str!("../migrations/0004_patterns.sql") },
    Migration { version: 5, name: "density", sql: include_str!("../migrations/0005_density.sql") },
    Migration { version: 6, name: "seconds", sql: include_str!("../migrations/0006_seconds.sql") },
    Migration { version: 7, name: "words", sql: include_str!("../migrations/0007_words.sql") },
    Migration { version: 8, name: "rollup", sql: include_str!("../migrations/0008_rollup.sql") },
    Migration { version: 9, name: "messages", sql: include_str!("../migrations/0009_messages.sql") },
    Migration { version: 10, name: "six_hours", sql: include_str!("../migrations/0010_six_hours.sql") },
    Migration { version: 11, name: "span_sets", sql: include_str!("../migrations/0011_span_sets.sql") },
    Migration { version: 12, name: "own_words", sql: include_str!("../migrations/0012_own_words.sql") },
];

/// The schema version that this program brings a database to.
pub const SCHEMA_VERSION: i32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// PostgreSQL's advisory locks are numbers; this one is ours ("mahavish" in ASCII).
const LOCK: i64 = 0x6d61_6861_7669_7368;

/// The oldest server that has what the schema uses, as `server_version_num`.
const OLDEST_SERVER: i32 = 150_000;

/// Brings the schema up to date and says which versions were applied now.
///
/// # Errors
///
/// [`StoreError::Unsuitable`] when this database can not serve us as it is.
pub async fn migrate(client: &mut Client) -> Result<Vec<i32>, StoreError> {
    check_server(client).await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let result = apply(client).await;
    // When this fails the connection is broken, and the lock is gone with it.
    let _unlocked = client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await;
    result
}

async fn check_server(client: &Client) -> Result<(), StoreError> {
    let row = client.query_one(include_str!("../queries/server/check.sql"), &[]).await?;
    suitable(row.get(0), row.get(1), row.get(2))
}

/// Whether such a server can serve us.
fn suitable(version_number: i32, version: &str, has_vector: bool) -> Result<(), StoreError> {
    if version_number < OLDEST_SERVER {
        return Err(StoreError::Unsuitable(format!(
            "the server is PostgreSQL {version}, which is too old: use PostgreSQL 15 or newer"
        )));
    }
    if !has_vector {
        return Err(StoreError::Unsuitable(
            "the server has no pgvector: install the extension \"vector\" for this PostgreSQL (Debian: \
             postgresql-NN-pgvector) and start again"
                .to_owned(),
        ));
    }
    Ok(())
}

async fn apply(client: &mut Client) -> Result<Vec<i32>, StoreError> {
    let applied = applied(client).await?;
    if let Some((newest, _)) = applied.last()
        && *newest > SCHEMA_VERSION
    {
        return Err(StoreError::Unsuitable(format!(
            "the database has schema version {newest}, and this program knows only {SCHEMA_VERSION}: use a newer \
             mahavishnu-otel"
        )));
    }
    let mut now = Vec::new();
    for migration in &MIGRATIONS {
        let checksum = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(migration.sql.as_bytes()));
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, there)) if *there == checksum => {}
            Some(_) => {
                return Err(StoreError::Unsuitable(format!(
                    "migration {} of this database is not the one this program knows: it was made by another build",
                    migration.version
                )));
            }
            None => {
                run(client, migration, &checksum).await?;
                now.push(migration.version);
            }
        }
    }
    Ok(now)
}

async fn applied(client: &Client) -> Result<Vec<(i32, String)>, StoreError> {
    let exists: bool =
        client.query_one("SELECT to_regclass('otel.schema_migration') IS NOT NULL", &[]).await?.get(0);
    if !exists {
        return Ok(Vec::new());
    }
    let rows =
        client.query("SELECT version, checksum FROM otel.schema_migration ORDER BY version", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn run(client: &mut Client, migration: &Migration, checksum: &str) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(include_str!("../queries/server/migration_table.sql")).await?;
    transaction.batch_execute(migration.sql).await?;
    transaction
        .execute(
            "INSERT INTO otel.schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
            &[&migration.version, &migration.name, &checksum],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_or_lacks_pgvector_is_refused_with_what_to_do() {
        assert!(suitable(150_000, "15.0", true).is_ok());
        let old = suitable(140_011, "14.11", true).expect_err("too old").to_string();
        assert!(old.contains("14.11") && old.contains("15 or newer"), "{old}");
        let bare = suitable(180_004, "18.4", false).expect_err("no pgvector").to_string();
        assert!(bare.contains("pgvector") && bare.contains("install"), "{bare}");
    }
}
