use opentelemetry_proto::tonic::common::v1::any_value;

use super::*;

const PAGE: &str = r#"# HELP vtask_build Version of vtask.
# TYPE vtask_build info
vtask_build_info{version="0.1.0"} 1
# HELP vtask_tasks_finished Tasks that finished.
# TYPE vtask_tasks_finished counter
vtask_tasks_finished_total{vcenter="lab",target="a\"b\\c\nd,e}"} 7
vtask_tasks_finished_total{vcenter="branch",target=""} 3
# HELP vtask_task_duration_seconds Run time.
# TYPE vtask_task_duration_seconds histogram
# UNIT vtask_task_duration_seconds seconds
vtask_task_duration_seconds_sum{operation="x"} 12.5
vtask_task_duration_seconds_count{operation="x"} 4
vtask_task_duration_seconds_bucket{le="1.0",operation="x"} 1
vtask_task_duration_seconds_bucket{le="5.0",operation="x"} 3
vtask_task_duration_seconds_bucket{le="+Inf",operation="x"} 4
vtask_task_duration_seconds_sum{operation="y"} 1.0
vtask_task_duration_seconds_count{operation="y"} 1
vtask_task_duration_seconds_bucket{le="1.0",operation="y"} 1
vtask_task_duration_seconds_bucket{le="5.0",operation="y"} 1
vtask_task_duration_seconds_bucket{le="+Inf",operation="y"} 1
# HELP vtask_task_progress_ratio Progress.
# TYPE vtask_task_progress_ratio gauge
vtask_task_progress_ratio{task="task-1"} 0.25
# HELP vtask_tasks_stalled None.
# TYPE vtask_tasks_stalled gauge
# EOF
"#;

fn label(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|pair| pair.key == key).unwrap();
    match found.value.clone().unwrap().value.unwrap() {
        any_value::Value::StringValue(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_type_has_its_form() {
    let metrics = metrics(PAGE, 5, 9);
    let described = metrics
        .iter()
        .map(|metric| (metric.name.as_str(), metric.unit.as_str()));
    let described: Vec<_> = described.collect();
    let expected = [
        ("vtask_build", ""),
        ("vtask_tasks_finished", ""),
        ("vtask_task_duration_seconds", "s"),
        ("vtask_task_progress_ratio", "1"),
    ];
    assert_eq!(described, expected);
    assert_eq!(metrics[1].description, "Tasks that finished");

    let Some(Data::Sum(sum)) = &metrics[1].data else {
        panic!("no sum");
    };
    assert!(sum.is_monotonic);
    assert_eq!(
        sum.aggregation_temporality(),
        AggregationTemporality::Cumulative
    );
    let point = &sum.data_points[0];
    assert_eq!(label(&point.attributes, "target"), "a\"b\\c\nd,e}");
    assert_eq!(point.value, Some(Value::AsInt(7)));
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (5, 9));
    assert_eq!(label(&sum.data_points[1].attributes, "target"), "");

    let Some(Data::Histogram(histogram)) = &metrics[2].data else {
        panic!("no histogram");
    };
    let [x, y] = &histogram.data_points[..] else {
        panic!("{histogram:?}");
    };
    assert_eq!((x.sum, x.count), (Some(12.5), 4));
    assert_eq!(
        (&x.bucket_counts[..], &x.explicit_bounds[..]),
        (&[1, 2, 1][..], &[1.0, 5.0][..])
    );
    assert_eq!((&y.bucket_counts[..], y.count), (&[1, 0, 0][..], 1));
    assert_eq!(label(&y.attributes, "operation"), "y");

    let Some(Data::Gauge(gauge)) = &metrics[3].data else {
        panic!("no gauge");
    };
    assert_eq!(gauge.data_points[0].value, Some(Value::AsDouble(0.25)));
}

#[test]
fn broken_lines_are_skipped() {
    let page = "x 1\n# TYPE a gauge\na{b=\"c} 1\na{b=\"c\\\na 2\n# TYPE\n\n";
    let metrics = metrics(page, 0, 0);
    let [
        Metric {
            data: Some(Data::Gauge(gauge)),
            ..
        },
    ] = &metrics[..]
    else {
        panic!("{metrics:?}");
    };
    assert_eq!(gauge.data_points.len(), 1);
}
