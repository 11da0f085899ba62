//! Groups of the flat list.

use super::*;

fn grouped(by: GroupBy) -> View {
    View {
        group_by: Some(by),
        ..flat()
    }
}

fn by(user: &str, more: &Value) -> Value {
    let mut fields = json!({"reason": {"_typeName": "TaskReasonUser", "userName": user}});
    for (field, value) in more.as_object().unwrap() {
        fields[field] = value.clone();
    }
    fields
}

/// Two tasks of kim, one of them running; two finished ones of ops; one without a user.
fn bench() -> Bench {
    let mut bench = Bench::new(grouped(GroupBy::User));
    bench.put("k1", &by("kim", &ended("success", 9)));
    bench.put("k2", &by("kim", &json!({})));
    bench.put("o1", &by("ops", &ended("success", 20)));
    bench.put("o2", &by("ops", &ended("success", 30)));
    bench.apply(TaskChange::Ghost {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    bench
}

#[test]
fn groups_are_sorted_by_first_member() {
    let mut bench = bench();
    let picture = ["▼[kim]", "├k2", "└k1", "▶[ops]+2", "▶[]+1"];
    assert_eq!(bench.picture(), picture);
    bench.put("o1", &by("ops", &json!({"startTime": at(-50).to_string()})));
    let picture = ["▼[ops]", "├o1", "└o2", "▼[kim]", "├k2", "└k1", "▶[]+1"];
    assert_eq!(bench.picture(), picture, "it runs longest");
    bench.put("o1", &by("ops", &ended("error", 20)));
    let picture = ["▼[kim]", "├k2", "└k1", "▼[ops]", "├o1", "└o2", "▶[]+1"];
    assert_eq!(bench.picture(), picture);
}

#[test]
fn group_exists_while_it_has_members() {
    let mut bench = bench();
    bench.put("k2", &by("new", &json!({})));
    let picture = ["▼[new]", "└k2", "▶[ops]+2", "▶[kim]+1", "▶[]+1"];
    assert_eq!(bench.picture(), picture);
    bench.drop("k1");
    bench.drop("k2");
    assert_eq!(bench.picture(), ["▶[ops]+2", "▶[]+1"]);
    assert_eq!(bench.outline.groups.len(), 2);
    assert_eq!(bench.outline.group_ids.len(), 2);
}

#[test]
fn group_counts_its_members() {
    let bench = bench();
    let Some(RowId::Group(kim)) = bench.outline.row(0) else {
        unreachable!()
    };
    let shown = bench.outline.group(kim).unwrap();
    assert_eq!(shown.best, bench.find("k2"));
    assert_eq!(shown.counts[Status::Running], 1);
    assert_eq!(shown.counts[Status::Success], 1);
    assert_eq!(shown.counts.total(), 2);
    assert_eq!(bench.outline.above(bench.find("k1")), Some(kim.into()));
    assert_eq!(bench.outline.above(kim), None);
}

#[test]
fn chosen_group_fold_is_kept_until_grouping_changes() {
    let mut bench = bench();
    let kim = bench.outline.row(0).unwrap();
    bench.outline.toggle_fold(&bench.board, kim);
    assert_eq!(bench.picture(), ["▶[kim]+2", "▶[ops]+2", "▶[]+1"]);
    let k1 = bench.find("k1");
    assert_eq!(bench.outline.position(k1), None);
    assert_eq!(bench.outline.nearest_visible(k1), Some(0));
    bench.put("k1", &by("kim", &ended("error", 9)));
    let sorted = View {
        sort: "-target".parse().unwrap(),
        ..grouped(GroupBy::User)
    };
    bench.arrange(sorted);
    assert!(bench.picture().contains(&"▶[kim]+2".to_owned()));
    assert!(
        bench.outline.position(kim).is_some(),
        "it is the same group"
    );
    bench.outline.reveal(&bench.board, k1);
    assert!(bench.outline.position(k1).is_some());
    bench.outline.set_all_folded(&bench.board, true);
    assert_eq!(bench.outline.len(), 3);
    bench.arrange(flat());
    bench.arrange(grouped(GroupBy::User));
    assert!(bench.outline.position(k1).is_some(), "another choice");
}

#[test]
fn filter_hides_and_reorders_groups() {
    let mut bench = bench();
    bench.arrange(View {
        filter: "success".into(),
        ..grouped(GroupBy::User)
    });
    assert_eq!(bench.picture(), ["▼[ops]", "├o2", "└o1", "▼[kim]", "└k1"]);
    assert_eq!(bench.outline.matching(), 3);
    bench.arrange(View {
        filter: "running".into(),
        ..grouped(GroupBy::User)
    });
    assert_eq!(bench.picture(), ["▼[kim]", "└k2"]);
}

#[test]
fn family_group_moves_as_a_whole() {
    let mut bench = Bench::new(grouped(GroupBy::Root));
    bench.put("a", &json!({}));
    bench.put("a1", &child_of("a", &json!({})));
    bench.put("a11", &child_of("a1", &json!({})));
    bench.put("b", &json!({"startTime": at(5).to_string()}));
    let picture = ["▼[a]", "├a", "├a1", "└a11", "▼[b]", "└b"];
    assert_eq!(bench.picture(), picture);
    bench.put("a1", &child_of("b", &json!({})));
    let picture = ["▼[a]", "└a", "▼[b]", "├a1", "├a11", "└b"];
    assert_eq!(bench.picture(), picture, "the one below it came along");
    bench.drop("b");
    let picture = ["▼[a]", "└a", "▼[a1]", "├a1", "└a11"];
    assert_eq!(bench.picture(), picture);
}

#[test]
fn target_groups_are_per_server_and_operations_shared() {
    let mut bench = Bench::new(grouped(GroupBy::Target));
    let there = EndpointId(1);
    let vm = json!({"entity": {"type": "VirtualMachine", "value": "vm-1"}, "entityName": "db"});
    bench.put("task-1", &vm);
    let change = TaskChange::Whole {
        info: info("task-1", &vm),
        at: at(10),
    };
    let mut touched = ChangeSet::default();
    bench.board.apply(there, change, &mut touched).unwrap();
    bench.follow(&touched);
    assert_eq!(bench.outline.groups.len(), 2);
    bench.arrange(grouped(GroupBy::Operation));
    assert_eq!(bench.outline.groups.len(), 1);
    let mut by = Some(GroupBy::Root);
    for expected in GroupBy::ALL {
        assert_eq!(by, Some(expected));
        by = expected.next();
    }
    assert_eq!(by, None);
}
