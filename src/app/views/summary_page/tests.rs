use serde_json::json;

use crate::{
    app::{RowSubject, SectionKind, test_support::*},
    task::{Labels, TaskChange},
    vim::types::OperationLabel,
    watch::Update,
};

fn entries(state: &Screen) -> Vec<RowSubject> {
    let Some(Popup::Summary(page)) = &state.popup else {
        panic!("no summary")
    };
    let columns = page.columns(state, now());
    let entries = columns.iter().flatten().flat_map(|section| &section.rows);
    entries.map(|entry| entry.subject.clone()).collect()
}

fn chosen(state: &Screen) -> RowSubject {
    let entries = entries(state);
    let Some(Popup::Summary(page)) = &state.popup else {
        panic!("no summary")
    };
    entries[page.selected_index(&entries)].clone()
}

/// Selects a row.
fn go_to(state: &mut Screen, subject: &RowSubject) {
    press(state, "g");
    for _ in 0..entries(state).len() {
        if chosen(state) == *subject {
            return;
        }
        press(state, "j");
    }
    panic!("{subject:?} is not there");
}

#[test]
fn opening_a_count_filters_the_list() {
    let mut state = busy(80, 24);
    press(&mut state, "o");
    assert_eq!(state.context(), Context::Summary);
    go_to(
        &mut state,
        &RowSubject::Operation("Clone virtual machine".into()),
    );
    press(&mut state, "<enter>");
    assert_eq!(
        state.view().row_model.view().filter.text(),
        "op=\"Clone virtual machine\""
    );
    assert_eq!(rows(&state), ["task-4730", "task-4741"]);
    press(&mut state, "o");
    go_to(&mut state, &RowSubject::User("VSPHERE.LOCAL\\kim".into()));
    press(&mut state, "<enter>");
    assert_eq!(rows(&state), ["task-4721"]);
    let mut two = twins(160, 40);
    press(&mut two, "o");
    let second_server = crate::app::test_support::THERE;
    go_to(&mut two, &RowSubject::Server(second_server));
    press(&mut two, "<enter>");
    assert_eq!(
        two.view().row_model.view().filter.text(),
        "endpoint=vc02.lab"
    );
    assert_eq!(two.view().row_model.matching(), 3);
}

#[test]
fn names_with_special_characters_are_quoted_in_the_filter() {
    let mut state = busy(80, 24);
    let label = OperationLabel {
        description_id: "VirtualMachine.clone".into(),
        label: "Clone (all) or \"none\" *".into(),
    };
    press(&mut state, "o");
    apply_update(&mut state, Update::Labels(Labels::new(vec![label])));
    go_to(
        &mut state,
        &RowSubject::Operation("Clone (all) or \"none\" *".into()),
    );
    press(&mut state, "<enter>");
    assert_eq!(rows(&state), ["task-4730", "task-4741"]);
}

#[test]
fn opening_a_task_selects_it_in_the_list() {
    let mut state = busy(80, 24);
    press(&mut state, "-");
    press(&mut state, "/web<enter>o");
    assert_eq!(rows(&state), ["task-4740"]);
    let task = RowSubject::Task(find(&state, "task-4712"));
    go_to(&mut state, &task);
    press(&mut state, "<enter>");
    assert!(state.popup.is_none());
    assert_eq!(selected(&state), "task-4712");
    assert!(state.view().row_model.view().filter.is_empty());
    let message = &state.notifications.shown(now()).unwrap().text;
    assert!(message.contains("Filter cleared"), "{message}");
    press(&mut state, "o");
    let task = RowSubject::Task(find(&state, "task-4740"));
    go_to(&mut state, &task);
    press(&mut state, "<enter>");
    assert_eq!(selected(&state), "task-4740");
    assert_eq!(state.tab, Tab::Error, "why it failed");
}

#[test]
fn updates_change_the_counts_and_keep_the_selection() {
    let mut state = busy(180, 40);
    press(&mut state, "o");
    let relocate = RowSubject::Operation("Migrate virtual machine".into());
    go_to(&mut state, &relocate);
    let more: Vec<TaskChange> = (0..30)
        .map(|number| {
            let more = json!({"descriptionId": format!("vm.new{number}")});
            task(&format!("task-9{number}"), &more)
        })
        .collect();
    let before = entries(&state).len();
    apply_update(&mut state, tasks(more));
    let after = entries(&state);
    assert!(after.len() < before + 20, "bounded");
    assert!(after.contains(&RowSubject::More(SectionKind::Operations)));
    let Some(Popup::Summary(page)) = &state.popup else {
        panic!()
    };
    assert_eq!(page.summary.len(), state.view().store.len());
    go_to(&mut state, &RowSubject::More(SectionKind::Operations));
    press(&mut state, "<enter>");
    assert!(entries(&state).len() > after.len() + 15, "opened");
    go_to(&mut state, &relocate);
    let dropped = TaskChange::Unwatched {
        mo_id: "task-4650".into(),
    };
    apply_update(&mut state, tasks(vec![dropped]));
    assert!(!entries(&state).contains(&relocate));
    let _ = chosen(&state);
}

#[test]
fn sections_are_cycled_and_rows_can_be_clicked() {
    let mut state = busy(180, 40);
    press(&mut state, "o<tab>");
    let first = chosen(&state);
    assert!(matches!(first, RowSubject::User(_)), "{first:?}");
    press(&mut state, "<tab>");
    assert!(matches!(chosen(&state), RowSubject::Task(_)));
    press(&mut state, "hh");
    assert!(matches!(chosen(&state), RowSubject::Operation(_)));
    press(&mut state, "h");
    let queued = RowSubject::Task(find(&state, "task-4731"));
    assert_eq!(chosen(&state), queued);
    let index = entries(&state).iter().position(|entry| *entry == queued);
    draw(&mut state);
    let hit = state.frame.targets.iter();
    assert!(
        !hit.into_iter()
            .any(|(_, target)| matches!(target, ClickTarget::Row(_)))
    );
    click(&mut state, ClickTarget::PopupEntry(index.unwrap()));
    assert_eq!(selected(&state), "task-4731");
    press(&mut state, "oq");
    assert!(state.popup.is_none());
}
