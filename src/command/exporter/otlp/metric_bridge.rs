//! Converts the metrics from their `OpenMetrics` text to OTLP, so that both have the same values.
//!
//! A family keeps its name without `_total`: receivers that store it for Prometheus add the suffix again.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
        metric::Data, number_data_point::Value,
    },
};

use super::proto::attribute;

/// Converts a page of metrics. Counters and histograms have counted since `start`; both times are in nanoseconds since
/// 1970.
pub(super) fn metrics(page: &str, start: u64, now: u64) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            describe(&mut metrics, comment);
        } else if let Some(metric) = metrics.last_mut()
            && let Some(sample) = Sample::parse(line)
        {
            add(metric, sample, start, now);
        }
    }
    metrics.retain(|metric| !is_empty(metric));
    metrics
}

/// Applies a comment: `HELP name text`, `TYPE name type` or `UNIT name unit`. A new name begins a family.
fn describe(metrics: &mut Vec<Metric>, comment: &str) {
    let mut words = comment.splitn(3, ' ');
    let (Some(kind), Some(name), Some(text)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    if metrics.last().is_none_or(|metric| metric.name != name) {
        metrics.push(Metric {
            name: name.to_owned(),
            unit: if name.ends_with("_ratio") { "1" } else { "" }.to_owned(),
            ..Metric::default()
        });
    }
    let Some(metric) = metrics.last_mut() else {
        return;
    };
    match kind {
        "HELP" => text
            .trim_end_matches('.')
            .clone_into(&mut metric.description),
        "UNIT" => unit(text).clone_into(&mut metric.unit),
        "TYPE" => metric.data = Some(empty_data(text)),
        _ => {}
    }
}

/// Returns a unit by the Unified Code for Units of Measure.
fn unit(name: &str) -> &str {
    match name {
        "seconds" => "s",
        "bytes" => "By",
        other => other,
    }
}

fn empty_data(kind: &str) -> Data {
    let cumulative = AggregationTemporality::Cumulative.into();
    match kind {
        "counter" => Data::Sum(Sum {
            aggregation_temporality: cumulative,
            is_monotonic: true,
            ..Sum::default()
        }),
        "histogram" => Data::Histogram(Histogram {
            aggregation_temporality: cumulative,
            ..Histogram::default()
        }),
        _ => Data::Gauge(Gauge::default()),
    }
}

fn is_empty(metric: &Metric) -> bool {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.is_empty(),
        Some(Data::Sum(sum)) => sum.data_points.is_empty(),
        Some(Data::Histogram(histogram)) => histogram.data_points.is_empty(),
        _ => true,
    }
}

/// A line with a value.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(String, String)>,
    value: &'a str,
}

impl<'a> Sample<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let end = line.find(['{', ' '])?;
        let (name, rest) = line.split_at(end);
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest)?,
            None => (Vec::new(), rest),
        };
        Some(Self {
            name,
            labels,
            value: value.split_whitespace().next()?,
        })
    }

    fn attributes(self) -> Vec<KeyValue> {
        let labels = self.labels.into_iter();
        labels
            .map(|(name, value)| attribute(&name, value))
            .collect()
    }
}

/// Parses labels after the opening brace. Returns them and the rest of the line.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.trim_start_matches(',').split_once("=\"")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    escaped => value.push(escaped),
                },
                (_, character) => value.push(character),
            }
        };
        labels.push((name.to_owned(), value));
        rest = after.get(end + 1..)?;
    }
}

fn add(metric: &mut Metric, sample: Sample<'_>, start: u64, now: u64) {
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.extend(point(sample, 0, now)),
        Some(Data::Sum(sum)) => sum.data_points.extend(point(sample, start, now)),
        Some(Data::Histogram(histogram)) => {
            add_to_histogram(&mut histogram.data_points, &metric.name, sample, start, now);
        }
        _ => {}
    }
}

fn point(sample: Sample<'_>, start: u64, now: u64) -> Option<NumberDataPoint> {
    let value = match sample.value.parse() {
        Ok(whole) => Value::AsInt(whole),
        Err(_) => Value::AsDouble(sample.value.parse().ok()?),
    };
    Some(NumberDataPoint {
        attributes: sample.attributes(),
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

/// Adds a line of a histogram to the point of its labels. Buckets are cumulative in the text and come in ascending order.
fn add_to_histogram(
    points: &mut Vec<HistogramDataPoint>,
    name: &str,
    mut sample: Sample<'_>,
    start: u64,
    now: u64,
) {
    let Some(part) = sample.name.strip_prefix(name) else {
        return;
    };
    let part = part.to_owned();
    let is_bound = |(name, _): &(String, String)| name == "le";
    let bound = sample.labels.iter().position(is_bound);
    let bound = bound.map(|at| sample.labels.remove(at).1);
    let value = sample.value;
    let attributes = sample.attributes();
    // The lines of a series follow each other.
    if points
        .last()
        .is_none_or(|point| point.attributes != attributes)
    {
        points.push(HistogramDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: now,
            ..HistogramDataPoint::default()
        });
    }
    let Some(point) = points.last_mut() else {
        return;
    };
    match part.as_str() {
        "_sum" => point.sum = value.parse().ok(),
        "_count" => point.count = value.parse().unwrap_or_default(),
        "_bucket" => {
            let before: u64 = point.bucket_counts.iter().sum();
            let up_to: u64 = value.parse().unwrap_or_default();
            point.bucket_counts.push(up_to.saturating_sub(before));
            let bound = bound.and_then(|bound| bound.parse::<f64>().ok());
            point
                .explicit_bounds
                .extend(bound.filter(|bound| bound.is_finite()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
