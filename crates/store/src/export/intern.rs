//! What many rows share, known by its digest.
//!
//! Each new one is stored in a statement of its own, committed before the rows that name it: two writers that meet
//! the same new resource wait for one statement, never for a whole batch.

use std::{collections::HashMap, hash::Hash, sync::Mutex};

use deadpool_postgres::Object;
use uuid::Uuid;

use crate::{
    encode::{
        metric::SeriesRow,
        shared::{ResourceRow, ScopeRow},
    },
    error::StoreError,
};

/// Entries of one cache: some 10 MB. Past that it starts again empty, which costs look-ups and nothing else.
const CACHE_ENTRIES: usize = 200_000;

/// The ids that are known.
#[derive(Debug, Default)]
pub(crate) struct Interned {
    resources: Cache<i32>,
    scopes: Cache<i32>,
    series: Cache<i64>,
}

impl Interned {
    pub(crate) async fn resource(
        &self,
        client: &Object,
        digest: Uuid,
        row: impl FnOnce() -> ResourceRow,
    ) -> Result<i32, StoreError> {
        if let Some(id) = self.resources.get(digest) {
            return Ok(id);
        }
        let row = row();
        let statement = client.prepare_cached(include_str!("../../queries/resource/intern.sql")).await?;
        let found = client
            .query_one(&statement, &[&row.digest, &row.service, &row.attributes, &row.schema_url, &row.extra])
            .await?;
        Ok(self.resources.put(digest, found.get(0)))
    }

    pub(crate) async fn scope(
        &self,
        client: &Object,
        digest: Uuid,
        row: impl FnOnce() -> ScopeRow,
    ) -> Result<i32, StoreError> {
        if let Some(id) = self.scopes.get(digest) {
            return Ok(id);
        }
        let row = row();
        let statement = client.prepare_cached(include_str!("../../queries/scope/intern.sql")).await?;
        let found = client
            .query_one(
                &statement,
                &[&row.digest, &row.name, &row.version, &row.attributes, &row.schema_url, &row.extra],
            )
            .await?;
        Ok(self.scopes.put(digest, found.get(0)))
    }

    pub(crate) async fn series(
        &self,
        client: &Object,
        digest: Uuid,
        row: impl FnOnce() -> SeriesRow,
    ) -> Result<i64, StoreError> {
        if let Some(id) = self.series.get(digest) {
            return Ok(id);
        }
        let row = row();
        let statement = client.prepare_cached(include_str!("../../queries/metric/intern.sql")).await?;
        let found = client
            .query_one(
                &statement,
                &[
                    &row.digest,
                    &row.resource_id,
                    &row.scope_id,
                    &row.service,
                    &row.name,
                    &row.kind,
                    &row.unit,
                    &row.description,
                    &row.temporality,
                    &row.monotonic,
                    &row.bounds,
                    &row.attributes,
                    &row.extra,
                ],
            )
            .await?;
        Ok(self.series.put(digest, found.get(0)))
    }
}

#[derive(Debug)]
struct Cache<Id> {
    ids: Mutex<HashMap<Uuid, Id>>,
}

impl<Id> Default for Cache<Id> {
    fn default() -> Self {
        Self { ids: Mutex::default() }
    }
}

impl<Id: Copy + Eq + Hash> Cache<Id> {
    fn get(&self, digest: Uuid) -> Option<Id> {
        self.ids.lock().expect("no holder of this lock panics").get(&digest).copied()
    }

    fn put(&self, digest: Uuid, id: Id) -> Id {
        let mut ids = self.ids.lock().expect("no holder of this lock panics");
        if ids.len() >= CACHE_ENTRIES {
            ids.clear();
        }
        ids.insert(digest, id);
        id
    }
}
