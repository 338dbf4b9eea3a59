//! What came between two points of a counter or histogram.

use super::{
    distribution::Buckets,
    rows::{Kind, Point, SeriesRow},
};

/// What came in a time.
#[derive(Debug, Default)]
pub(super) struct Increase {
    pub(super) from: u64,
    pub(super) to: u64,
    /// What a counter counted; measurements of a histogram.
    pub(super) amount: f64,
    /// The sum of measurements.
    pub(super) sum: f64,
    pub(super) buckets: Buckets,
    /// The least and the largest that bound its buckets.
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    /// Whether they are of what came, not of all since the start.
    pub(super) exact: bool,
}

/// What came, from the points of a series in the order of their times.
///
/// A counter whose first point is not known to begin after `known_from` says nothing by it: what it counted came
/// before.
pub(super) fn increases(series: &SeriesRow, points: &[Point], known_from: u64) -> Vec<Increase> {
    let mut before: Option<&Point> = None;
    let mut all = Vec::with_capacity(points.len());
    for point in points {
        let increase = if series.delta {
            let from = point.start.or(before.map(|before| before.time)).unwrap_or(point.time);
            Some(whole(series, point, from))
        } else {
            cumulative(series, before, point, known_from)
        };
        all.extend(increase);
        before = Some(point);
    }
    all
}

fn cumulative(
    series: &SeriesRow,
    before: Option<&Point>,
    point: &Point,
    known_from: u64,
) -> Option<Increase> {
    let Some(before) = before else {
        let start = point.start.filter(|start| *start >= known_from && *start < point.time)?;
        return Some(whole(series, point, start));
    };
    let began_anew = point.start.is_some_and(|start| Some(start) != before.start && start >= before.time);
    if began_anew || amount(series, point) < amount(series, before) {
        return Some(whole(series, point, point.start.unwrap_or(0).max(before.time)));
    }
    let buckets = match series.kind {
        Kind::Histogram | Kind::Exponential => {
            let now = point.buckets(series);
            now.since(&before.buckets(series)).unwrap_or(now)
        }
        _ => Buckets::default(),
    };
    Some(Increase {
        from: before.time,
        to: point.time,
        amount: amount(series, point) - amount(series, before),
        sum: point.sum - before.sum,
        buckets,
        min: point.min,
        max: point.max,
        exact: false,
    })
}

/// All that a point says, as what came since a moment.
fn whole(series: &SeriesRow, point: &Point, from: u64) -> Increase {
    Increase {
        from: from.min(point.time),
        to: point.time,
        amount: amount(series, point),
        sum: point.sum,
        buckets: point.buckets(series),
        min: point.min,
        max: point.max,
        exact: true,
    }
}

fn amount(series: &SeriesRow, point: &Point) -> f64 {
    match series.kind {
        Kind::Counter => point.value.unwrap_or(0.0),
        _ => point.count as f64,
    }
}
