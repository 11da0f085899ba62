use super::*;

#[test]
fn completion_offers_names_and_values() {
    let store = store_of(&[
        ("task-1", a_task()),
        (
            "task-2",
            json!({"entityName": "db two", "descriptionId": "x.clone"}),
        ),
        ("task-3", json!({"entityName": "web-1"})),
    ]);
    let complete = |text: &str| {
        let Completion { start, candidates } = complete(text, &saved(), (&store).into());
        (start, candidates)
    };
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(complete("web sta"), (4, texts(&["state:", "started>"])));
    assert_eq!(complete("-(us"), (2, texts(&["user:"])));
    assert_eq!(complete("state:f"), (6, texts(&["failed", "finished"])));
    assert_eq!(complete("state:running,q"), (14, texts(&["queued"])));
    assert_eq!(complete("is:st"), (3, texts(&["stalled"])));
    assert_eq!(
        complete("target:db"),
        (7, texts(&["\"db two\"", "db-prod-01"]))
    );
    assert_eq!(complete("target:\"db t"), (7, texts(&["\"db two\""])));
    assert_eq!(complete("op:cl"), (3, texts(&["\"Clone x\""])));
    assert_eq!(complete("user:kim").1, texts(&["VSPHERE.LOCAL\\kim"]));
    assert_eq!(complete("@m"), (0, texts(&["@mine"])));
    assert_eq!(complete("web"), (0, Vec::new()));
    assert_eq!(complete("web state : f").0, 12);
    assert_eq!(complete("state: running, q"), (16, texts(&["queued"])));
    assert_eq!(complete("elapsed > 4"), (10, texts(&["4h"])));
}
