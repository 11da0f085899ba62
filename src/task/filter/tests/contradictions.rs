use super::*;

#[test]
fn contradictions_are_explained() {
    for (filter, reason) in [
        (
            "state:running state:failed",
            "no task matches both state:running and state:failed",
        ),
        (
            "is:root web is:child",
            "no task matches both is:root and is:child",
        ),
        (
            "progress>100",
            "progress>100 never matches: progress is between 0 and 100",
        ),
        (
            "elapsed>2h elapsed<1h",
            "no task matches both elapsed>2h00m and elapsed<1h00m",
        ),
        (
            "elapsed<0s",
            "elapsed<0s never matches: a duration cannot be negative",
        ),
        (
            "progress:none progress>5",
            "no task matches both progress:none and progress>5",
        ),
        (
            "is:stalled state:queued",
            "no task matches both state:queued and is:stalled",
        ),
        (
            "ended<1h state:active",
            "no task matches both state:active and ended<1h00m",
        ),
        (
            "is:pinned -is:pinned",
            "no task matches both is:pinned and -is:pinned",
        ),
        (
            "(state:running or state:queued) state:failed",
            "no task matches both (state:running or state:queued) and state:failed",
        ),
        (
            "progress>100 or state:lost state:queued",
            "no task matches both state:lost and state:queued",
        ),
        (
            "children<3 children>3",
            "no task matches both children<3 and children>3",
        ),
    ] {
        assert_eq!(
            Filter::from(filter).contradiction().as_deref(),
            Some(reason),
            "{filter}"
        );
    }
    for filter in [
        "",
        "web",
        "state:running",
        "state:running elapsed>1h",
        "elapsed>1h elapsed<2h",
        "progress>=100",
        "progress<1",
        "elapsed<1s",
        "children>3 progress<3",
        "target=a target=b",
        "-state:running -state:queued",
        "progress>100 or web",
        "is:flagged state:queued",
        "not (state:running state:failed)",
    ] {
        assert_eq!(Filter::from(filter).contradiction(), None, "{filter}");
    }
}

#[test]
fn values_that_no_task_has_are_explained() {
    let mut store = TaskStore::new();
    for (number, target) in ["db-1", "db-2", "web-1", "web-2", "web-3"]
        .into_iter()
        .enumerate()
    {
        let change = TaskChange::Full {
            info: info(&format!("task-{number}"), &json!({"entityName": target})),
            at: at(0),
        };
        let mut touched = ChangeSet::default();
        store.apply(ServerId(0), change, &mut touched).unwrap();
    }
    store.set_server_name(ServerId(0), "lab");
    let reason = |filter: &str| Filter::from(filter).unmatched(EvalContext::from(&store));
    for (filter, expected) in [
        (
            "target:mail",
            Some("no target matches; known: db-1, db-2, web-1, web-2 and 1 more"),
        ),
        ("endpoint:branch", Some("no endpoint matches; known: lab")),
        ("cluster:prod-*", Some("no cluster is known")),
        ("web host:esx,esy", Some("no host is known")),
        ("target:mail,db", None),
        ("-target:mail", None),
        ("target:db state:failed", None),
        ("mail", None),
    ] {
        assert_eq!(reason(filter).as_deref(), expected, "{filter}");
    }
}
