//! A metric over time: what its data points say in each step, of all series together or of each group.
//!
//! A gauge says a level. A counter and a histogram say how much came since their start, or since the point before
//! (delta): what came between two points is spread over the time between them, and a counter that begins anew
//! (another start, or a smaller value) takes nothing away. Percentiles come from the buckets of all series of a group
//! together, whatever their bounds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{QueryService, timestamp};
use crate::{error::StoreError, time::UnixNanos};

mod aggregate;
mod distribution;
mod group;
mod increase;
mod rows;

pub use aggregate::Aggregate;

use group::Group;
use rows::{Kind, Point, SeriesRow};

/// Steps of an answer, where nobody says how long one is, and at most.
const STEPS: u64 = 120;
const MOST_STEPS: u64 = 2_000;

/// The shortest step where nobody says how long one is: few sources report more often.
const LEAST_STEP_MS: u64 = 1_000;

/// Series of a metric that are read: the newest.
const MOST_SERIES: usize = 1_000;

/// Data points that are read: some 50 ms.
const MOST_POINTS: usize = 50_000;

/// How long before and after the time a point may lie with which its first and last one are compared.
const MARGIN_NANOS: u64 = 600_000_000_000;

/// Groups of an answer, those with the largest numbers, and exemplars, the latest.
const MOST_GROUPS: usize = 50;
const MOST_EXEMPLARS: usize = 200;

/// What is asked of a metric.
#[derive(Clone, Debug)]
pub struct SeriesFilter {
    /// Its name, exactly.
    pub name: String,
    /// Only of this service.
    pub service: Option<String>,
    /// From when.
    pub since: UnixNanos,
    /// Until when.
    pub until: UnixNanos,
    /// How long a step is, in milliseconds; some 120 steps by default.
    pub step_ms: Option<u64>,
    /// What is said of each step; what suits the kind by default.
    pub aggregate: Option<Aggregate>,
    /// One series for each value of this label; of `service`, or of all labels with `*`.
    pub group_by: Option<String>,
    /// Only series with these labels.
    pub labels: Map<String, Value>,
}

/// A metric over time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    /// Its name.
    pub name: String,
    /// gauge, sum, histogram, exponential_histogram or summary.
    pub kind: String,
    /// Its unit in UCUM.
    pub unit: Option<String>,
    /// How long a step is.
    pub step_ms: u64,
    /// Where the first step begins.
    pub start: UnixNanos,
    /// What is said of each step.
    pub aggregate: Aggregate,
    /// One for each group, those with the largest numbers first.
    pub series: Vec<Series>,
    /// Groups that are not here.
    pub left_out: usize,
    /// The latest measurements of which the trace is known.
    pub exemplars: Vec<Exemplar>,
    /// The labels of its series.
    pub labels: Vec<String>,
    /// Whether all data points of the time were read; otherwise the oldest are missing.
    pub complete: bool,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// By what its group is told from the others.
    pub labels: Map<String, Value>,
    /// One number for each step, where there is one.
    pub values: Vec<Option<f64>>,
}

/// A measurement with its trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// When it was measured.
    pub time: UnixNanos,
    /// What was measured.
    pub value: f64,
    /// In which trace, in hex.
    pub trace_id: String,
    /// In which span, in hex.
    pub span_id: Option<String>,
    /// The labels of its series.
    pub labels: Value,
}

/// The steps of the time that is asked for.
#[derive(Clone, Copy, Debug)]
struct Steps {
    since: u64,
    nanos: u64,
    number: usize,
}

impl Steps {
    /// The steps that are asked for; otherwise some 120, none shorter than `least_ms`.
    fn new(filter: &SeriesFilter, least_ms: u64) -> Result<Self, StoreError> {
        let Some(length) = filter.until.0.checked_sub(filter.since.0).filter(|length| *length > 0) else {
            let reason = "the time ends before it begins: since must be before until";
            return Err(StoreError::InvalidArgument(reason.to_owned()));
        };
        let length_ms = length.div_ceil(1_000_000);
        let asked = filter.step_ms.unwrap_or_else(|| length_ms.div_ceil(STEPS).max(least_ms));
        let step_ms = asked.clamp(length_ms.div_ceil(MOST_STEPS).max(1), length_ms.max(1));
        let number = usize::try_from(length_ms.div_ceil(step_ms)).unwrap_or(0);
        Ok(Self { since: filter.since.0, nanos: step_ms.saturating_mul(1_000_000), number })
    }

    /// The step of a time.
    fn index(&self, time: u64) -> Option<usize> {
        let index = usize::try_from(time.checked_sub(self.since)? / self.nanos).ok()?;
        (index < self.number).then_some(index)
    }

    /// The steps that a time from one moment to another touches, with how many of its nanoseconds lie in each.
    fn spread(&self, from: u64, to: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let Self { since, nanos, number } = *self;
        let end = since.saturating_add(nanos.saturating_mul(number as u64));
        let (from, to) = (from.max(since), to.min(end));
        let first = (from - since) / nanos;
        (first..number as u64)
            .map(move |step| (step, since + step * nanos))
            .take_while(move |(_, begin)| *begin < to)
            .filter_map(move |(step, begin)| {
                let inside = to.min(begin + nanos).checked_sub(from.max(begin))?;
                (inside > 0).then_some((usize::try_from(step).ok()?, inside))
            })
    }
}

impl QueryService {
    /// A metric over time.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] for an aggregate that the kind of metric does not have, and where the time ends
    /// before it begins; [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn metric_series(&self, filter: &SeriesFilter) -> Result<MetricSeries, StoreError> {
        // A time that is none is refused before anything is read.
        Steps::new(filter, LEAST_STEP_MS)?;
        let all = self.series_of(filter).await?;
        let kind = most_frequent_kind(&all);
        let all: Vec<SeriesRow> = all.into_iter().filter(|series| Some(series.kind) == kind).collect();
        let kind = kind.unwrap_or(Kind::Gauge);
        let aggregate = filter.aggregate.unwrap_or_else(|| Aggregate::suits(kind));
        aggregate.check(kind)?;
        let (points, complete) = self.points_of(&all, filter).await?;
        let steps = Steps::new(filter, interval_ms(&points).max(LEAST_STEP_MS))?;
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let mut exemplars = Vec::new();
        for series in &all {
            let Some(points) = points.get(&series.id) else { continue };
            let labels = group_labels(series, filter.group_by.as_deref());
            let key = serde_json::to_string(&labels).unwrap_or_default();
            let group = groups.entry(key).or_insert_with(|| Group::new(labels, steps.number));
            group.add(series, points, steps, filter.since.0.saturating_sub(MARGIN_NANOS));
            let time = filter.since.0..filter.until.0;
            let within = points.iter().filter(|point| time.contains(&point.time));
            exemplars.extend(within.flat_map(|point| point.exemplars(series)));
        }
        exemplars.sort_by_key(|exemplar: &Exemplar| std::cmp::Reverse(exemplar.time));
        exemplars.truncate(MOST_EXEMPLARS);
        let mut series: Vec<Series> =
            groups.into_values().map(|group| group.finish(aggregate, kind)).collect();
        series.sort_by(|one, other| size(other).total_cmp(&size(one)));
        let left_out = series.len().saturating_sub(MOST_GROUPS);
        series.truncate(MOST_GROUPS);
        Ok(MetricSeries {
            name: filter.name.clone(),
            kind: all.first().map(|series| series.kind_name.clone()).unwrap_or_default(),
            unit: all.first().and_then(|series| series.unit.clone()),
            step_ms: steps.nanos / 1_000_000,
            start: filter.since,
            aggregate,
            series,
            left_out,
            exemplars,
            labels: labels_of(&all),
            complete,
        })
    }

    async fn series_of(&self, filter: &SeriesFilter) -> Result<Vec<SeriesRow>, StoreError> {
        let labels = (!filter.labels.is_empty()).then(|| Value::Object(filter.labels.clone()));
        let sql = include_str!("../../queries/metric/series.sql");
        let most = MOST_SERIES as i64;
        let rows = self.rows(sql, &[&filter.name, &filter.service, &labels, &most]).await?;
        rows.iter().map(SeriesRow::read).collect()
    }

    /// The points of these series by time, oldest first, and whether they are all.
    async fn points_of(
        &self,
        series: &[SeriesRow],
        filter: &SeriesFilter,
    ) -> Result<(BTreeMap<i64, Vec<Point>>, bool), StoreError> {
        let ids: Vec<i64> = series.iter().map(|series| series.id).collect();
        let from = UnixNanos(filter.since.0.saturating_sub(MARGIN_NANOS));
        let each = (MOST_POINTS / ids.len().max(1)).max(2);
        let sql = include_str!("../../queries/metric/points_of_series.sql");
        let to = UnixNanos(filter.until.0.saturating_add(MARGIN_NANOS));
        let window = (timestamp(Some(from)), timestamp(Some(to)));
        let rows = self.rows(sql, &[&ids, &window.0, &window.1, &(each as i64)]).await?;
        let mut points: BTreeMap<i64, Vec<Point>> = BTreeMap::new();
        for row in &rows {
            points.entry(row.try_get("series_id")?).or_default().push(Point::read(row)?);
        }
        let mut complete = true;
        for of_series in points.values_mut() {
            of_series.reverse();
            complete &=
                of_series.len() < each || of_series.first().is_some_and(|first| first.time < filter.since.0);
        }
        Ok((points, complete))
    }
}

/// A metric has one kind; where services differ, that of most series counts.
fn most_frequent_kind(series: &[SeriesRow]) -> Option<Kind> {
    let number = |kind: Kind| series.iter().filter(|series| series.kind == kind).count();
    series.iter().map(|series| series.kind).max_by_key(|kind| number(*kind))
}

/// How often the series report, in whole seconds: a shorter step would have gaps.
fn interval_ms(points: &BTreeMap<i64, Vec<Point>>) -> u64 {
    let pairs = points.values().flat_map(|of_series| of_series.windows(2));
    let mut intervals: Vec<u64> = pairs.map(|pair| pair[1].time.saturating_sub(pair[0].time)).collect();
    if intervals.is_empty() {
        return 0;
    }
    let middle = intervals.len() / 2;
    let (_, median, _) = intervals.select_nth_unstable(middle);
    median.div_ceil(1_000_000_000) * 1_000
}

fn group_labels(series: &SeriesRow, group_by: Option<&str>) -> Map<String, Value> {
    let mut labels = Map::new();
    match group_by {
        None => {}
        Some("*") => {
            labels = series.attributes.as_object().cloned().unwrap_or_default();
            labels.insert("service".to_owned(), series.service.clone().into());
        }
        Some(key) => {
            let of_service = || (key == "service").then(|| Value::from(series.service.clone()));
            let value = series.attributes.get(key).cloned().or_else(of_service);
            labels.insert(key.to_owned(), value.unwrap_or(Value::Null));
        }
    }
    labels
}

fn labels_of(series: &[SeriesRow]) -> Vec<String> {
    let keys = series.iter().filter_map(|series| series.attributes.as_object()).flat_map(Map::keys);
    let mut labels: Vec<String> = keys.cloned().collect();
    labels.sort();
    labels.dedup();
    labels
}

/// By which groups are ordered.
fn size(series: &Series) -> f64 {
    series.values.iter().flatten().map(|value| value.abs()).sum()
}
