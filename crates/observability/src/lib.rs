//! temporary
#![allow(missing_docs)]
use std::path::PathBuf;
use std::sync::Arc;
use mahavishnu_pipeline::{delivery::Delivery, Intake, Ledger};
use mahavishnu_store::{Location, PostgresExporter, QueryService, Store, StoreError, UnixNanos};
#[derive(Clone, Debug)]
pub struct Flag { pub key: &'static str, pub value: String, pub flag: &'static str }
#[derive(Debug)]
pub struct Sources { pub directory: PathBuf, pub environment: Vec<(String,String)>, pub flags: Vec<Flag>, pub defaults: Vec<(&'static str, String)> }
#[derive(Debug)]
pub struct Shown { pub key: String, pub value: serde_json::Value, pub origin: String }
#[derive(Debug)]
pub struct Loaded { pub settings: MahavishnuSettings, pub shown: Vec<Shown> }
#[derive(Debug)]
pub struct ServerSettings { pub grpc: String, pub http: String, pub api: String, pub max_request_bytes: usize }
#[derive(Debug)]
pub struct MahavishnuSettings { pub otel_storage_connection_string: Location, pub server: ServerSettings }
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);
pub fn default_embedded_directory() -> Option<PathBuf> { Some(PathBuf::from("/tmp/mahavishnu-default")) }
impl MahavishnuSettings { pub fn load(s: &Sources) -> Result<Loaded, SettingsError> {
 let get = |k: &str, d: &str| s.flags.iter().find(|f| f.key==k).map(|f| f.value.clone()).or_else(|| s.defaults.iter().find(|(n,_)| *n==k).map(|(_,v)| v.clone())).unwrap_or(d.to_owned());
 Ok(Loaded { settings: MahavishnuSettings { otel_storage_connection_string: Location::parse(&get("otel_storage_connection_string","")).map_err(|e| SettingsError(e.to_string()))?, server: ServerSettings { grpc: get("server.grpc","localhost:4317"), http: get("server.http","localhost:4318"), api: get("server.api","localhost:4319"), max_request_bytes: 67108864 } }, shown: vec![] })
}}
#[derive(Debug)]
pub struct Pipeline { intake: Intake, store: Store, delivery: Delivery }
fn clock() -> UnixNanos { UnixNanos(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64)) }
impl Pipeline {
 pub async fn start(s: &MahavishnuSettings) -> Result<Self, StoreError> {
  let store = Store::open(&s.otel_storage_connection_string).await?;
  let (intake, outlet) = Intake::new(mahavishnu_pipeline::intake::CAPACITY_BYTES, Arc::new(Ledger::default()));
  let delivery = Delivery::start(&outlet, &Arc::new(PostgresExporter::new(store.clone(), clock)), store.writers());
  Ok(Self { intake, store, delivery })
 }
 pub fn intake(&self) -> &Intake { &self.intake }
 pub fn store(&self) -> &Store { &self.store }
 pub fn query(&self) -> QueryService { QueryService::new(self.store.clone()) }
 pub async fn shutdown(self) { drop(self.intake); self.delivery.drain().await; self.store.close().await; }
}
