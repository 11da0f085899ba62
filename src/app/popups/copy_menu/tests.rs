use crate::app::{CopyMenu, test_support::*};

#[test]
fn copy_menu_copies_the_selected_item() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4740");
    press(&mut state, "3y");
    assert!(matches!(
        state.popup,
        Some(Popup::CopyMenu(CopyMenu { highlighted: 1, .. }))
    ));
    let [Effect::Copy(text)] = &press(&mut state, "<enter>")[..] else {
        panic!("nothing was copied");
    };
    assert!(text.starts_with("InsufficientHostCpuCapacityFault: "));
    press(&mut state, "y");
    let copied = press(&mut state, "<down><down><down><down><enter>");
    let [Effect::Copy(text)] = &copied[..] else {
        panic!("{copied:?}");
    };
    assert!(text.starts_with("curl ") && text.contains("/Task/task-4740/info'"));
    assert!(text.contains("$VTASK_SESSION"));
    press(&mut state, "y");
    let copied = press(&mut state, "<down><down><down><enter>");
    let [Effect::Copy(text)] = &copied[..] else {
        panic!("{copied:?}");
    };
    assert!(
        text.starts_with("### ") && text.contains("- **Task:** task-4740"),
        "{text}"
    );
}

#[test]
fn unavailable_items_are_not_copied() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4711");
    assert_eq!(press(&mut state, "y<down><enter>"), []);
    let message = state.notifications.iter().next().unwrap();
    assert!(message.text.contains("Not available"), "{}", message.text);
}
