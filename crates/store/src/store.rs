//! Connecting, checking what is there, migrating.

use std::sync::Arc;

use crate::{error::StoreError, location::Location};

/// A database that is ready: reached, checked and migrated. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    location: Location,
    pool: deadpool_postgres::Pool,
}

impl Store {
    /// Connects to the database, checks that it can serve us and brings its schema up to date.
    pub async fn open(location: &Location) -> Result<Self, StoreError> { let _ = location; unimplemented!() }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// A connection of the pool; waits for one to be free. The embedded engine has only one.
    pub async fn connection(&self) -> Result<deadpool_postgres::Object, StoreError> { unimplemented!() }

    /// Closes the connections and stops the embedded engine; waits until its files are closed.
    pub async fn close(self) {}
}
