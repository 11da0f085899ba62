//! Playback of a record, and of the session so far.

use crate::app::{Playback, test_support::*};

#[test]
fn changes_since_an_absence_are_not_shown_in_a_replay() {
    let mut state = busy(120, 40);
    state.playback = Some(Playback::new(now(), 1.0));
    press(&mut state, "N");
    let text = &state.notifications.shown(now()).unwrap().text;
    assert_eq!(text, "Not available in a replay");
}
