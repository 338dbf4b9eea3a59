//! Times as OTLP has them and as PostgreSQL has them.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// Nanoseconds since 1970-01-01 UTC, as OTLP counts them: up to the year 2554, and 0 where there is no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub u64);

/// Microseconds between 1970-01-01 and 2000-01-01, from which PostgreSQL counts.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

const NANOS_PER_MICRO: u64 = 1000;

impl UnixNanos {
    /// The microseconds of a `timestamptz` in PostgreSQL's binary form.
    #[must_use]
    pub fn postgres_micros(self) -> i64 {
        // At most 1.8e16, far inside i64.
        (self.0 / NANOS_PER_MICRO) as i64 - POSTGRES_EPOCH_MICROS
    }

    /// What a `timestamptz` can not hold, 0..=999 nanoseconds.
    #[must_use]
    pub fn remainder_nanos(self) -> i16 {
        (self.0 % NANOS_PER_MICRO) as i16
    }

    /// From a `timestamptz` in PostgreSQL's binary form and the nanoseconds beside it. Times before 1970 become 0.
    #[must_use]
    pub fn from_postgres(micros: i64, remainder_nanos: i16) -> Self {
        let unix_micros = u64::try_from(micros.saturating_add(POSTGRES_EPOCH_MICROS)).unwrap_or(0);
        Self(
            unix_micros
                .saturating_mul(NANOS_PER_MICRO)
                .saturating_add(u64::try_from(remainder_nanos).unwrap_or(0)),
        )
    }
}

/// A `timestamptz` as PostgreSQL sends it: microseconds since 2000-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PgTimestamp(pub i64);

impl From<UnixNanos> for PgTimestamp {
    fn from(time: UnixNanos) -> Self {
        Self(time.postgres_micros())
    }
}

impl ToSql for PgTimestamp {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(self.0);
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for PgTimestamp {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(i64::from_be_bytes(raw.try_into()?)))
    }

    accepts!(TIMESTAMPTZ);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_otlp_time_survives_the_way_to_postgres_and_back(nanos: u64) {
            let time = UnixNanos(nanos);
            prop_assert_eq!(UnixNanos::from_postgres(time.postgres_micros(), time.remainder_nanos()), time);
        }
    }
}
