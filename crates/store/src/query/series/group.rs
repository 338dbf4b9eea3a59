//! The steps of one group of series.

use serde_json::{Map, Value};

use super::{
    Aggregate, Series, Steps,
    distribution::Distribution,
    increase::increases,
    rows::{Kind, Point, SeriesRow},
};

const NANOS_PER_SECOND: f64 = 1e9;

/// Series that are shown together, step by step.
#[derive(Debug)]
pub(super) struct Group {
    labels: Map<String, Value>,
    steps: Vec<Step>,
}

/// What is known of one step.
#[derive(Clone, Debug, Default)]
struct Step {
    /// Levels of gauges.
    levels: Vec<f64>,
    /// The mean level of each series.
    means: f64,
    /// What came in a second, of each series.
    rates: Vec<f64>,
    /// What came.
    amount: f64,
    sum: f64,
    points: u64,
    distribution: Distribution,
}

impl Group {
    pub(super) fn new(labels: Map<String, Value>, steps: usize) -> Self {
        Self { labels, steps: vec![Step::default(); steps] }
    }

    /// Adds a series with its points in the order of their times.
    pub(super) fn add(&mut self, series: &SeriesRow, points: &[Point], steps: Steps, known_from: u64) {
        for point in points {
            if let Some(step) = self.at(steps, point.time) {
                step.points += 1;
            }
        }
        match series.kind {
            Kind::Gauge | Kind::Level => self.levels(points, steps),
            _ => self.increases(series, points, steps, known_from),
        }
    }

    fn at(&mut self, steps: Steps, time: u64) -> Option<&mut Step> {
        self.steps.get_mut(steps.index(time)?)
    }

    fn levels(&mut self, points: &[Point], steps: Steps) {
        let mut of_series: Vec<(f64, u32)> = vec![(0.0, 0); self.steps.len()];
        for point in points {
            let (Some(index), Some(value)) = (steps.index(point.time), point.value) else { continue };
            self.steps[index].levels.push(value);
            of_series[index].0 += value;
            of_series[index].1 += 1;
        }
        for (step, (sum, number)) in self.steps.iter_mut().zip(of_series) {
            if number > 0 {
                step.means += sum / f64::from(number);
            }
        }
    }

    fn increases(&mut self, series: &SeriesRow, points: &[Point], steps: Steps, known_from: u64) {
        // What came, and in how much of the step something is known to have come or not.
        let mut of_series = vec![(0.0, 0u64); self.steps.len()];
        for came in increases(series, points, known_from) {
            let length = came.to.saturating_sub(came.from);
            // What came until the very end of a step came in it.
            if let Some(step) = self.at(steps, came.to.saturating_sub(1).max(came.from)) {
                step.distribution.add(&came.buckets, came.min, came.max);
                if came.exact {
                    step.distribution.within(came.min, came.max);
                }
                if length == 0 {
                    step.amount += came.amount;
                    step.sum += came.sum;
                }
            }
            for (index, inside) in steps.spread(came.from, came.to) {
                let share = inside as f64 / length as f64;
                of_series[index].0 += came.amount * share;
                of_series[index].1 += inside;
                self.steps[index].amount += came.amount * share;
                self.steps[index].sum += came.sum * share;
            }
        }
        for (step, (amount, nanos)) in self.steps.iter_mut().zip(of_series) {
            if nanos > 0 {
                step.rates.push(amount * NANOS_PER_SECOND / nanos as f64);
            }
        }
    }

    /// What is said of each step.
    pub(super) fn finish(self, aggregate: Aggregate, kind: Kind) -> Series {
        let values =
            self.steps.iter().map(|step| step.say(aggregate, kind).filter(|value| value.is_finite()));
        Series { values: values.collect(), labels: self.labels }
    }
}

impl Step {
    fn say(&self, aggregate: Aggregate, kind: Kind) -> Option<f64> {
        if aggregate == Aggregate::Count && matches!(kind, Kind::Gauge | Kind::Level | Kind::Counter) {
            return (self.points > 0).then_some(self.points as f64);
        }
        match kind {
            Kind::Gauge | Kind::Level => self.level(aggregate),
            Kind::Counter => self.counter(aggregate),
            Kind::Histogram | Kind::Exponential | Kind::Summary => self.measured(aggregate),
        }
    }

    fn level(&self, aggregate: Aggregate) -> Option<f64> {
        match aggregate {
            Aggregate::Sum => (!self.levels.is_empty()).then_some(self.means),
            _ => of(aggregate, &self.levels),
        }
    }

    fn counter(&self, aggregate: Aggregate) -> Option<f64> {
        match aggregate {
            Aggregate::Rate => (!self.rates.is_empty()).then(|| self.rates.iter().sum()),
            Aggregate::Sum => (!self.rates.is_empty() || self.amount > 0.0).then_some(self.amount),
            _ => of(aggregate, &self.rates),
        }
    }

    fn measured(&self, aggregate: Aggregate) -> Option<f64> {
        let known = !self.rates.is_empty() || self.amount > 0.0;
        match aggregate {
            Aggregate::Rate => (!self.rates.is_empty()).then(|| self.rates.iter().sum()),
            Aggregate::Count => known.then_some(self.amount),
            Aggregate::Sum => known.then_some(self.sum),
            Aggregate::Avg => (self.amount > 0.0).then(|| self.sum / self.amount),
            Aggregate::Min => self.distribution.quantile(0.0),
            Aggregate::Max => self.distribution.quantile(1.0),
            _ => self.distribution.quantile(aggregate.quantile()?),
        }
    }
}

/// What is said of some numbers.
fn of(aggregate: Aggregate, numbers: &[f64]) -> Option<f64> {
    let last = numbers.len().checked_sub(1)?;
    match aggregate {
        Aggregate::Min => numbers.iter().copied().reduce(f64::min),
        Aggregate::Max => numbers.iter().copied().reduce(f64::max),
        Aggregate::Avg => Some(numbers.iter().sum::<f64>() / numbers.len() as f64),
        _ => {
            let mut sorted = numbers.to_vec();
            sorted.sort_by(f64::total_cmp);
            let place = aggregate.quantile()? * last as f64;
            let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            Some(below + (above - below) * place.fract())
        }
    }
}
