//! A time as people write it: so long ago, or a date.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::{Timestamp, civil, tz::TimeZone};
use mahavishnu_store::UnixNanos;

/// A time before now, or a fixed one. Its text is understood by [`Moment::from_str`] again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Ago(Duration),
    /// A fixed time.
    At(Timestamp),
}

impl Moment {
    /// The time that is meant now.
    pub fn resolve(self) -> UnixNanos {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.resolve_at(now)
    }

    fn resolve_at(self, now: Duration) -> UnixNanos {
        match self {
            Self::Ago(ago) => {
                UnixNanos(u64::try_from(now.saturating_sub(ago).as_nanos()).unwrap_or(u64::MAX))
            }
            // Before 1970 there is nothing.
            Self::At(time) => UnixNanos(u64::try_from(time.as_nanosecond().max(0)).unwrap_or(u64::MAX)),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(ago) = ago(text) {
            return Ok(Self::Ago(ago));
        }
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self::At(time));
        }
        // Without a zone it is meant here: a date and time, or a date alone.
        let civil = text.parse::<civil::DateTime>();
        if let Ok(Ok(zoned)) = civil.map(|civil| civil.to_zoned_datetime(TimeZone::system())) {
            return Ok(Self::At(zoned.timestamp()));
        }
        Err("write how long ago (30s, 15m, 2h, 7d) or a time (2026-11-23T10:00Z, 2026-11-23)".to_owned())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ago(ago) => write!(f, "{}s", ago.as_secs()),
            Self::At(time) => write!(f, "{time}"),
        }
    }
}

fn ago(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood_as_people_write_them() {
        let now = Duration::from_secs(1_000_000);
        let at = |text: &str| text.parse::<Moment>().map(|moment| moment.resolve_at(now).0 / 1_000_000_000);
        assert_eq!(at("15m"), Ok(1_000_000 - 900));
        assert_eq!(at("7d"), Ok(1_000_000 - 604_800));
        assert_eq!(at("1970-01-01T01:00Z"), Ok(3600));
        assert_eq!(at("1970-01-01T01:00:00+01:00"), Ok(0));
        assert!(at("2026-11-23").is_ok() && at("1960-01-01T00:00Z") == Ok(0));
        for wrong in ["", "m", "15", "15x", "yesterday", "99999999999999999999d"] {
            assert!(at(wrong).expect_err(wrong).contains("15m"), "{wrong}");
        }
    }

    #[test]
    fn a_moment_survives_its_text() {
        for text in ["900s", "2026-11-23T10:00:00Z"] {
            let moment: Moment = text.parse().expect(text);
            assert_eq!((moment.to_string(), text.parse()), (text.to_owned(), Ok(moment)));
        }
    }
}
