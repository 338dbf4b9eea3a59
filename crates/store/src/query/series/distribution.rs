//! How measurements are distributed: buckets of any bounds, put together.

use std::collections::BTreeMap;

use serde_json::Value;

/// Buckets of one exponential histogram at most: a request can not make us count for long.
const MOST_BUCKETS: usize = 4_096;

/// The counts of one histogram, by a number of the bucket that two points of a series share.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Buckets {
    scale: Scale,
    counts: BTreeMap<i64, u64>,
}

/// What the number of a bucket means.
#[derive(Clone, Debug, Default, PartialEq)]
enum Scale {
    #[default]
    None,
    /// The place among these bounds.
    Explicit(Vec<f64>),
    /// A power of the base of this scale; below [`ZERO`] for negative numbers.
    Exponential { scale: i32, threshold: f64 },
}

/// The number of the bucket of zero; positive ones are above by their index and [`OFFSET`], negative ones below.
const ZERO: i64 = 0;

/// More than any index of OTLP, so that an index is never taken for zero.
const OFFSET: i64 = 1 << 40;

impl Buckets {
    pub(super) fn explicit(bounds: &[f64], counts: &[u64]) -> Self {
        let counts = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        Self {
            scale: Scale::Explicit(bounds.to_vec()),
            counts: counts.map(|(index, count)| (index as i64, *count)).collect(),
        }
    }

    /// From the rest of a point as it is stored: scale, zero count and threshold, positive and negative buckets.
    pub(super) fn exponential(detail: &Value) -> Self {
        let scale = detail["scale"].as_i64().and_then(|scale| i32::try_from(scale).ok()).unwrap_or(0);
        let threshold = detail["zero_threshold"].as_f64().unwrap_or(0.0);
        let mut counts = BTreeMap::new();
        let zeros = detail["zero_count"].as_u64().unwrap_or(0);
        if zeros > 0 {
            counts.insert(ZERO, zeros);
        }
        for (key, sign) in [("positive", 1), ("negative", -1)] {
            let offset = detail[key]["offset"].as_i64().unwrap_or(0);
            let given = detail[key]["bucket_counts"].as_array().into_iter().flatten().take(MOST_BUCKETS);
            for (index, count) in given.enumerate() {
                let count = count.as_u64().unwrap_or(0);
                if count > 0 {
                    counts.insert(sign * (OFFSET + offset + index as i64), count);
                }
            }
        }
        Self { scale: Scale::Exponential { scale, threshold }, counts }
    }

    /// What came since `before`, a point of the same series; none where a bucket lost counts.
    pub(super) fn since(&self, before: &Self) -> Option<Self> {
        let before = before.at_scale_of(self)?;
        let mut counts = self.counts.clone();
        for (number, count) in before.counts {
            let left = counts.get(&number).copied().unwrap_or(0).checked_sub(count)?;
            counts.insert(number, left);
        }
        Some(Self { scale: self.scale.clone(), counts })
    }

    /// The same counts at the scale of a later point: a histogram that runs out of buckets makes them wider.
    fn at_scale_of(&self, later: &Self) -> Option<Self> {
        let (Scale::Exponential { scale, .. }, Scale::Exponential { scale: wanted, .. }) =
            (&self.scale, &later.scale)
        else {
            return (self.scale == later.scale).then(|| self.clone());
        };
        let narrower = u32::try_from(i64::from(*scale) - i64::from(*wanted)).ok()?.min(62);
        let mut counts = BTreeMap::new();
        for (number, count) in &self.counts {
            let number = match *number {
                ZERO => ZERO,
                number => number.signum() * (OFFSET + ((number.abs() - OFFSET) >> narrower)),
            };
            *counts.entry(number).or_insert(0) += count;
        }
        Some(Self { scale: later.scale.clone(), counts })
    }

    /// From where to where a bucket reaches; the outermost ones end at the least and the largest measurement, where
    /// they are known.
    fn reach(&self, number: i64, min: Option<f64>, max: Option<f64>) -> (f64, f64) {
        match &self.scale {
            Scale::None => (0.0, 0.0),
            Scale::Explicit(bounds) => {
                let at =
                    |index: i64| usize::try_from(index).ok().and_then(|index| bounds.get(index)).copied();
                let (low, high) = (at(number - 1), at(number));
                let first = high.map_or(0.0, |high| high.min(0.0));
                let low = low.unwrap_or_else(|| min.unwrap_or(first));
                let high = high.unwrap_or_else(|| max.unwrap_or(low).max(low));
                (low.min(high), high)
            }
            Scale::Exponential { scale, threshold } => {
                let bound = |index: i64| (index as f64 * (-f64::from(*scale)).exp2()).exp2();
                let index = number.abs() - OFFSET;
                match number.signum() {
                    0 => (-threshold, *threshold),
                    1 => (bound(index), bound(index + 1)),
                    _ => (-bound(index + 1), -bound(index)),
                }
            }
        }
    }
}

/// Measurements of many points, each somewhere in its bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Distribution {
    /// By where a bucket begins and ends, in an order of the bits.
    counts: BTreeMap<(u64, u64), f64>,
    least: Option<f64>,
    largest: Option<f64>,
}

impl Distribution {
    /// Adds what came, with the least and the largest of it where they are known.
    pub(super) fn add(&mut self, buckets: &Buckets, min: Option<f64>, max: Option<f64>) {
        for (number, count) in buckets.counts.iter().filter(|(_, count)| **count > 0) {
            let (low, high) = buckets.reach(*number, min, max);
            if low.is_finite() && high.is_finite() {
                *self.counts.entry((low.to_bits(), high.to_bits())).or_default() += *count as f64;
            }
        }
    }

    /// Notes the least and the largest of what came, where all of it is known to lie between.
    pub(super) fn within(&mut self, min: Option<f64>, max: Option<f64>) {
        self.least = min.map(|min| self.least.map_or(min, |least| least.min(min))).or(self.least);
        self.largest = max.map(|max| self.largest.map_or(max, |largest| largest.max(max))).or(self.largest);
    }

    /// The number that this part of the measurements does not exceed; within a bucket they lie evenly.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        let total: f64 = self.counts.values().sum();
        if total <= 0.0 {
            return None;
        }
        // Where the density changes, and single numbers.
        let mut changes: Vec<(f64, f64, f64)> = Vec::with_capacity(2 * self.counts.len());
        for ((low, high), count) in &self.counts {
            let (low, high) = (f64::from_bits(*low), f64::from_bits(*high));
            if high > low {
                let density = count / (high - low);
                changes.push((low, density, 0.0));
                changes.push((high, -density, 0.0));
            } else {
                changes.push((low, 0.0, *count));
            }
        }
        changes.sort_by(|one, other| one.0.total_cmp(&other.0));
        let wanted = part * total;
        let (mut below, mut density, mut at) = (0.0, 0.0_f64, changes.first()?.0);
        for (place, change, single) in changes {
            let between = density.max(0.0) * (place - at);
            if below + between >= wanted && between > 0.0 {
                return Some(self.clamp(at + (wanted - below) / density));
            }
            below += between + single;
            at = place;
            if below >= wanted && single > 0.0 {
                break;
            }
            density += change;
        }
        Some(self.clamp(at))
    }

    fn clamp(&self, value: f64) -> f64 {
        let value = self.least.map_or(value, |least| value.max(least));
        self.largest.map_or(value, |largest| value.min(largest))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn near(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 1e-6 * expected.abs().max(1.0))
    }

    #[test]
    fn percentiles_of_explicit_buckets_lie_evenly_within_them() {
        let mut all = Distribution::default();
        assert_eq!(all.quantile(0.5), None);
        all.add(&Buckets::explicit(&[10.0, 20.0, 40.0], &[10, 10, 0, 0]), None, None);
        assert!(
            near(all.quantile(0.5), 10.0) && near(all.quantile(0.25), 5.0) && near(all.quantile(0.75), 15.0)
        );
        // Above the last bound nothing is known but the largest.
        let mut open = Distribution::default();
        open.add(&Buckets::explicit(&[10.0], &[0, 4]), None, Some(30.0));
        assert!(near(open.quantile(0.5), 20.0));
        let mut unknown = Distribution::default();
        unknown.add(&Buckets::explicit(&[10.0], &[0, 4]), None, None);
        assert!(near(unknown.quantile(0.99), 10.0));
    }

    #[test]
    fn histograms_of_other_bounds_are_put_together() {
        let mut all = Distribution::default();
        all.add(&Buckets::explicit(&[10.0], &[10, 0]), None, None);
        all.add(&Buckets::explicit(&[20.0], &[10, 0]), None, None);
        // 10 in 0..10 and 10 in 0..20: 15 lie below 10.
        assert!(near(all.quantile(0.75), 10.0) && near(all.quantile(1.0), 20.0), "{all:?}");
    }

    #[test]
    fn exponential_buckets_follow_their_scale_even_when_it_changes() {
        let point = |scale: i32, offset: i64, counts: &[u64]| {
            Buckets::exponential(&json!({"scale": scale, "zero_count": 1, "zero_threshold": 0.0,
                "positive": {"offset": offset, "bucket_counts": counts}}))
        };
        // Scale 0: bucket 3 is 8..16.
        let mut all = Distribution::default();
        all.add(&point(0, 3, &[4]), None, None);
        assert!(
            near(all.quantile(1.0), 16.0) && near(all.quantile(0.1), 0.0) && near(all.quantile(0.6), 12.0)
        );
        // Scale 1 has two buckets in each of scale 0: 6 and 7 are 8..16.
        let came = point(0, 3, &[9]).since(&point(1, 6, &[2, 3])).expect("nothing was lost");
        assert_eq!(came.counts.get(&(OFFSET + 3)), Some(&4));
        assert_eq!(point(0, 3, &[1]).since(&point(0, 3, &[2])), None);
    }
}
