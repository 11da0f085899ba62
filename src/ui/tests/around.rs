//! What was looked up around tasks, or why it is not known, as the details show it.

use insta::assert_snapshot;

use super::{
    draw_text,
    panels::{labelled, press},
};
use crate::{
    app::{
        State,
        fixture::{choose, tell},
    },
    task::PendingQuestion,
    watch::Update,
};

fn asked(width: u16, height: u16) -> State {
    let mut state = labelled(width, height);
    let text = "This virtual machine might have been moved or copied. In order to configure certain \
                management and networking features, VMware ESX needs to know if it was moved or copied.";
    let question = PendingQuestion {
        text: text.to_owned(),
        choices: ["Cancel", "I Moved It", "I Copied It"]
            .map(str::to_owned)
            .to_vec(),
    };
    tell(
        &mut state,
        Update::Question {
            mo_id: "task-4711".into(),
            question: Some(question),
        },
    );
    choose(&mut state, "task-4711");
    state
}

#[test]
fn a_question_of_a_virtual_machine_is_marked_and_shown_with_its_answers() {
    for (width, height) in [(80, 24), (160, 45)] {
        let mut state = asked(width, height);
        assert_snapshot!(format!("question_{width}x{height}"), draw_text(&state));
        press(&mut state, "1z");
        assert_snapshot!(
            format!("question_zoomed_{width}x{height}"),
            draw_text(&state)
        );
        let over = Update::Question {
            mo_id: "task-4711".into(),
            question: None,
        };
        tell(&mut state, over);
        assert!(!draw_text(&state).contains("I Moved It"));
    }
}
