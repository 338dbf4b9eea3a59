//! What many rows share, known by its digest.
//!
//! Each new one is stored in a statement of its own, committed before the rows that name it: two writers that meet
//! the same new resource wait for one statement, never for a whole batch.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, resource::v1::Resource};
use prost::Message;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::{
    encode::{
        metric::SeriesRow,
        shared::{
            ResourceRow, ScopeRow, resource_digest, resource_row, scope_digest, scope_row, service_name,
        },
        view::Shared,
    },
    error::StoreError,
    export::session::Session,
};

/// Entries of one cache: some 10 MB. Past that it starts again empty, which costs look-ups and nothing else.
const CACHE_ENTRIES: usize = 200_000;

/// The ids that are known.
#[derive(Debug, Default)]
pub(crate) struct Interned {
    resources: Cache<i32>,
    scopes: Cache<i32>,
    series: Cache<i64>,
    /// By the bytes that came, so that nothing is decoded that was met before.
    senders: Cache<Arc<Sender>>,
    instrumentation: Cache<i32>,
}

/// Who sent records.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) resource_id: i32,
    pub(crate) service: String,
}

impl Interned {
    /// The resource that these bytes are.
    pub(crate) async fn sender(
        &self,
        session: &Session<'_>,
        shared: Shared<'_>,
    ) -> Result<Arc<Sender>, StoreError> {
        let key = key(shared);
        if let Some(sender) = self.senders.get(key) {
            return Ok(sender);
        }
        let resource = decode::<Resource>(shared)?;
        let resource = resource.as_ref();
        let digest = resource_digest(resource, shared.schema_url);
        let resource_id =
            self.resource(session, digest, || resource_row(resource, shared.schema_url)).await?;
        Ok(self.senders.put(key, Arc::new(Sender { resource_id, service: service_name(resource) })))
    }

    /// The scope that these bytes are.
    pub(crate) async fn instrumentation(
        &self,
        session: &Session<'_>,
        shared: Shared<'_>,
    ) -> Result<i32, StoreError> {
        let key = key(shared);
        if let Some(id) = self.instrumentation.get(key) {
            return Ok(id);
        }
        let scope = decode::<InstrumentationScope>(shared)?;
        let digest = scope_digest(scope.as_ref(), shared.schema_url);
        let id = self.scope(session, digest, || scope_row(scope.as_ref(), shared.schema_url)).await?;
        Ok(self.instrumentation.put(key, id))
    }

    pub(crate) async fn resource(
        &self,
        session: &Session<'_>,
        digest: Uuid,
        row: impl FnOnce() -> ResourceRow,
    ) -> Result<i32, StoreError> {
        if let Some(id) = self.resources.get(digest) {
            return Ok(id);
        }
        let row = row();
        let client = session.client().await?;
        let statement = client.prepare_cached(include_str!("../../queries/resource/intern.sql")).await?;
        let found = client
            .query_one(&statement, &[&row.digest, &row.service, &row.attributes, &row.schema_url, &row.extra])
            .await?;
        Ok(self.resources.put(digest, found.get(0)))
    }

    pub(crate) async fn scope(
        &self,
        session: &Session<'_>,
        digest: Uuid,
        row: impl FnOnce() -> ScopeRow,
    ) -> Result<i32, StoreError> {
        if let Some(id) = self.scopes.get(digest) {
            return Ok(id);
        }
        let row = row();
        let client = session.client().await?;
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
        session: &Session<'_>,
        digest: Uuid,
        row: impl FnOnce() -> SeriesRow,
    ) -> Result<i64, StoreError> {
        if let Some(id) = self.series.get(digest) {
            return Ok(id);
        }
        let row = row();
        let client = session.client().await?;
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

/// What tells these bytes from others. Different bytes may say the same, and then lead to one row.
fn key(shared: Shared<'_>) -> Uuid {
    let message = xxh3_128(shared.message.unwrap_or_default());
    Uuid::from_u128(message ^ xxh3_128(shared.schema_url.as_bytes()).rotate_left(1))
}

fn decode<M: Message + Default>(shared: Shared<'_>) -> Result<Option<M>, StoreError> {
    let undecodable = |error| StoreError::Unstorable(format!("a batch can not be decoded: {error}"));
    shared.message.map(M::decode).transpose().map_err(undecodable)
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

impl<Id: Clone> Cache<Id> {
    fn get(&self, digest: Uuid) -> Option<Id> {
        self.ids.lock().expect("no holder of this lock panics").get(&digest).cloned()
    }

    fn put(&self, digest: Uuid, id: Id) -> Id {
        let mut ids = self.ids.lock().expect("no holder of this lock panics");
        if ids.len() >= CACHE_ENTRIES {
            ids.clear();
        }
        ids.insert(digest, id.clone());
        id
    }
}
