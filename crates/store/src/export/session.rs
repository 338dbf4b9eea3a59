//! The connection with which rows are encoded.

use deadpool_postgres::Object;
use tokio::sync::OnceCell;

use crate::{error::StoreError, store::Store};

/// A connection that is waited for when it is first needed. Rows can mostly be encoded without: where there is one session
/// for everybody, another lane writes meanwhile.
pub(crate) struct Session<'a> {
    store: &'a Store,
    client: OnceCell<Object>,
}

impl<'a> Session<'a> {
    pub(crate) fn of(store: &'a Store) -> Self {
        Self { store, client: OnceCell::new() }
    }

    pub(crate) async fn client(&self) -> Result<&Object, StoreError> {
        self.client.get_or_try_init(|| self.store.connection()).await
    }
}
