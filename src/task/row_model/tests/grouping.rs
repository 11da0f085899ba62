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
fn harness() -> Harness {
    let mut harness = Harness::new(grouped(GroupBy::User));
    harness.put("k1", &by("kim", &ended("success", 9)));
    harness.put("k2", &by("kim", &json!({})));
    harness.put("o1", &by("ops", &ended("success", 20)));
    harness.put("o2", &by("ops", &ended("success", 30)));
    harness.apply(TaskChange::Placeholder {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    harness
}

#[test]
fn groups_are_sorted_by_first_member() {
    let mut harness = harness();
    let picture = ["▼[kim]", "├k2", "└k1", "▶[ops]+2", "▶[]+1"];
    assert_eq!(harness.picture(), picture);
    harness.put("o1", &by("ops", &json!({"startTime": at(-50).to_string()})));
    let picture = ["▼[ops]", "├o1", "└o2", "▼[kim]", "├k2", "└k1", "▶[]+1"];
    assert_eq!(harness.picture(), picture, "it runs longest");
    harness.put("o1", &by("ops", &ended("error", 20)));
    let picture = ["▼[kim]", "├k2", "└k1", "▼[ops]", "├o1", "└o2", "▶[]+1"];
    assert_eq!(harness.picture(), picture);
}

#[test]
fn group_exists_while_it_has_members() {
    let mut harness = harness();
    harness.put("k2", &by("new", &json!({})));
    let picture = ["▼[new]", "└k2", "▶[ops]+2", "▶[kim]+1", "▶[]+1"];
    assert_eq!(harness.picture(), picture);
    harness.drop("k1");
    harness.drop("k2");
    assert_eq!(harness.picture(), ["▶[ops]+2", "▶[]+1"]);
    assert_eq!(harness.model.groups.len(), 2);
    assert_eq!(harness.model.group_ids.len(), 2);
}

#[test]
fn group_counts_its_members() {
    let harness = harness();
    let Some(RowId::Group(kim)) = harness.model.row(0) else {
        unreachable!()
    };
    let shown = harness.model.group(kim).unwrap();
    assert_eq!(shown.first_member, harness.find("k2"));
    assert_eq!(shown.counts[Status::Running], 1);
    assert_eq!(shown.counts[Status::Success], 1);
    assert_eq!(shown.counts.total(), 2);
    assert_eq!(harness.model.above(harness.find("k1")), Some(kim.into()));
    assert_eq!(harness.model.above(kim), None);
}

#[test]
fn chosen_group_fold_is_kept_until_grouping_changes() {
    let mut harness = harness();
    let kim = harness.model.row(0).unwrap();
    harness.model.toggle_fold(&harness.store, kim);
    assert_eq!(harness.picture(), ["▶[kim]+2", "▶[ops]+2", "▶[]+1"]);
    let k1 = harness.find("k1");
    assert_eq!(harness.model.position(k1), None);
    assert_eq!(harness.model.nearest_visible(k1), Some(0));
    harness.put("k1", &by("kim", &ended("error", 9)));
    let sorted = View {
        sort: "-target".parse().unwrap(),
        ..grouped(GroupBy::User)
    };
    harness.set_view(sorted);
    assert!(harness.picture().contains(&"▶[kim]+2".to_owned()));
    assert!(
        harness.model.position(kim).is_some(),
        "it is the same group"
    );
    harness.model.reveal(&harness.store, k1);
    assert!(harness.model.position(k1).is_some());
    harness.model.set_all_folded(&harness.store, true);
    harness.finish();
    assert_eq!(harness.model.len(), 3);
    harness.set_view(flat());
    harness.set_view(grouped(GroupBy::User));
    assert!(harness.model.position(k1).is_some(), "another choice");
}

#[test]
fn filter_hides_and_reorders_groups() {
    let mut harness = harness();
    harness.set_view(View {
        filter: "success".into(),
        ..grouped(GroupBy::User)
    });
    assert_eq!(harness.picture(), ["▼[ops]", "├o2", "└o1", "▼[kim]", "└k1"]);
    assert_eq!(harness.model.matching(), 3);
    harness.set_view(View {
        filter: "running".into(),
        ..grouped(GroupBy::User)
    });
    assert_eq!(harness.picture(), ["▼[kim]", "└k2"]);
}

#[test]
fn family_group_moves_as_a_whole() {
    let mut harness = Harness::new(grouped(GroupBy::Root));
    harness.put("a", &json!({}));
    harness.put("a1", &child_of("a", &json!({})));
    harness.put("a11", &child_of("a1", &json!({})));
    harness.put("b", &json!({"startTime": at(5).to_string()}));
    let picture = ["▼[a]", "├a", "├a1", "└a11", "▼[b]", "└b"];
    assert_eq!(harness.picture(), picture);
    harness.put("a1", &child_of("b", &json!({})));
    let picture = ["▼[a]", "└a", "▼[b]", "├a1", "├a11", "└b"];
    assert_eq!(harness.picture(), picture, "the one below it came along");
    harness.drop("b");
    let picture = ["▼[a]", "└a", "▼[a1]", "├a1", "└a11"];
    assert_eq!(harness.picture(), picture);
}

#[test]
fn target_groups_are_per_server_and_operations_shared() {
    let mut harness = Harness::new(grouped(GroupBy::Target));
    let second_server = ServerId(1);
    let vm = json!({"entity": {"type": "VirtualMachine", "value": "vm-1"}, "entityName": "db"});
    harness.put("task-1", &vm);
    let change = TaskChange::Full {
        info: info("task-1", &vm),
        at: at(10),
    };
    let mut touched = ChangeSet::default();
    harness
        .store
        .apply(second_server, change, &mut touched)
        .unwrap();
    harness.follow(&touched);
    assert_eq!(harness.model.groups.len(), 2);
    harness.set_view(grouped(GroupBy::Operation));
    assert_eq!(harness.model.groups.len(), 1);
    let mut by = Some(GroupBy::Root);
    for expected in GroupBy::CYCLE {
        assert_eq!(by, Some(expected));
        by = expected.next();
    }
    assert_eq!(by, None);
}
