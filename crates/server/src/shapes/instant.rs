//! A time on the wire: RFC 3339 in UTC with nanoseconds.

use jiff::{Timestamp, tz::TimeZone};
use mahavishnu_store::UnixNanos;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::ToSchema;

/// A moment, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T10:00:00.000000000Z")]
pub struct Instant(pub UnixNanos);

impl Instant {
    /// As programs read it, to the millisecond.
    pub fn utc(self) -> String {
        format!("{:.3}", self.timestamp())
    }

    /// As people read it: local time to the millisecond.
    pub fn local(self) -> String {
        self.timestamp().to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    /// Local time to the minute, for what is counted by the minute.
    pub fn local_minute(self) -> String {
        self.timestamp().to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The time of the day alone.
    pub fn local_time(self) -> String {
        self.timestamp().to_zoned_datetime(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
    }

    fn timestamp(self) -> Timestamp {
        // OTLP ends in the year 2554, a timestamp in 9999.
        Timestamp::from_nanosecond(i128::from(self.0.0)).unwrap_or(Timestamp::MAX)
    }
}

impl From<UnixNanos> for Instant {
    fn from(time: UnixNanos) -> Self {
        Self(time)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.9}", self.timestamp()))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let timestamp: Timestamp = text.parse().map_err(D::Error::custom)?;
        let nanos = u64::try_from(timestamp.as_nanosecond()).map_err(D::Error::custom)?;
        Ok(Self(UnixNanos(nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_otlp_time_survives_its_text() {
        for nanos in [0, 1, 1_764_000_000_123_456_789, u64::MAX] {
            let instant = Instant(UnixNanos(nanos));
            let text = serde_json::to_string(&instant).expect("a string");
            assert_eq!(serde_json::from_str::<Instant>(&text).expect("the same"), instant, "{text}");
        }
        assert_eq!(
            serde_json::to_string(&Instant(UnixNanos(0))).expect("a string"),
            "\"1970-01-01T00:00:00.000000000Z\""
        );
    }
}
