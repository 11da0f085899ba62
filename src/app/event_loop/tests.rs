//! The real loop with scripted keys, on a terminal in memory, with channels where the fetch loops would be.
//!
//! Time is tokio's and paused: it jumps to the next timer whenever everything waits.

mod rig;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

use super::*;
use crate::{
    app::test_support::{HERE, task, tasks},
    task::fixture::at,
    watch::Link,
};
use rig::{Rig, key};

fn running(progress: i32) -> Update {
    let more = json!({"progress": progress, "entityName": "db-prod-01"});
    tasks(vec![task("task-1", &more)])
}

fn finished() -> Update {
    let more = json!({"state": "success", "completeTime": at(60).to_string()});
    tasks(vec![task("task-1", &more)])
}

#[tokio::test(start_paused = true)]
async fn news_come_on_the_screen_and_q_leaves() {
    let mut rig = Rig::start();
    rig.until("connecting").await;
    rig.tell(Update::Link(Link::Live)).await;
    rig.tell(running(42)).await;
    rig.until("42%").await;
    rig.press('q');
    assert_eq!(rig.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn commands_reach_the_endpoint_in_order() {
    let mut rig = Rig::start();
    rig.tell(running(42)).await;
    rig.until("42%").await;
    for character in ['p', 'p', 'r', 'c'] {
        rig.press(character);
    }
    rig.input(key(KeyCode::Enter));
    rig.press('y');
    rig.until("has not answered yet").await;
    let task = || vec!["task-1".into()];
    let sent: Vec<_> = std::iter::from_fn(|| rig.commands.try_recv().ok()).collect();
    let is_check = |command: &Command| matches!(command, Command::CheckPrivilege(trace) if *trace.mo_id == *"task-1");
    let (checks, sent): (Vec<_>, Vec<_>) = sent.into_iter().partition(is_check);
    assert_eq!(checks.len(), 1);
    assert_eq!(
        sent,
        [
            Command::Pause(true),
            Command::Pause(false),
            Command::Refresh(Vec::new()),
            Command::Refresh(task()),
            Command::Cancel("task-1".into()),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_terminal_ends_the_loop() {
    let mut rig = Rig::start();
    rig.input_error();
    assert_eq!(rig.exit().await, ExitReason::TerminalLost);
    let mut rig = Rig::start();
    rig.end_input();
    assert_eq!(rig.exit().await, ExitReason::TerminalLost);
    let mut rig = Rig::start();
    rig.until("connecting").await;
    rig.screen.break_off();
    rig.press('?');
    assert_eq!(rig.exit().await, ExitReason::TerminalLost);
}

#[tokio::test(start_paused = true)]
async fn signals_end_the_loop_each_in_its_way() {
    for (signal, exit) in [
        (Signal::Interrupt, ExitReason::Interrupted),
        (Signal::Terminate, ExitReason::Terminated),
        (Signal::HangUp, ExitReason::TerminalLost),
    ] {
        let mut rig = Rig::start();
        rig.signal(signal);
        assert_eq!(rig.exit().await, exit);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_elsewhere_ends_the_loop() {
    let mut rig = Rig::start();
    rig.host.panicked.notify_one();
    assert_eq!(rig.exit().await, ExitReason::Panicked);
}

#[tokio::test(start_paused = true)]
async fn after_a_suspension_everything_is_drawn_anew() {
    for stop in [Signal::Suspend, Signal::Resume] {
        let rig = Rig::start();
        rig.until("connecting").await;
        rig.screen.scribble();
        rig.signal(stop);
        rig.until("connecting").await;
        assert!(!rig.screen.text().contains("scribble"));
    }
    let rig = Rig::start();
    rig.until("connecting").await;
    rig.screen.scribble();
    rig.input(rig::control('z'));
    rig.until("connecting").await;
    assert_eq!(rig.host.suspended(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_shell_there_is_no_suspension() {
    let rig = Rig::start();
    rig.host.forbid_suspension();
    rig.input(rig::control('z'));
    rig.until("There is no shell to go back to").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_copied_goes_to_the_host() {
    let rig = Rig::start();
    rig.tell(running(42)).await;
    rig.until("42%").await;
    rig.press('Y');
    rig.until("Copied the task's id").await;
    assert_eq!(rig.host.copied(), ["task-1"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_while_nothing_changes() {
    let mut rig = Rig::start();
    rig.tell(Update::Link(Link::Live)).await;
    rig.tell(finished()).await;
    rig.until("done").await;
    let frames = rig.screen.frames();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(rig.screen.frames(), frames);
    rig.press('q');
    assert_eq!(rig.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_running_clock_costs_a_frame_a_second_at_most() {
    let rig = Rig::start();
    rig.tell(Update::Link(Link::Live)).await;
    let young = json!({"progress": 5, "startTime": rig.now().to_string()});
    rig.tell(tasks(vec![task("task-1", &young)])).await;
    rig.until("5%").await;
    let frames = rig.screen.frames();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let drawn = rig.screen.frames() - frames;
    assert!((59..=61).contains(&drawn), "{drawn}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_news_is_gathered() {
    let rig = Rig::start();
    rig.until("connecting").await;
    let frames = rig.screen.frames();
    for number in 0..1000 {
        rig.tell(running(number / 10)).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    rig.until("99%").await;
    let drawn = rig.screen.frames() - frames;
    assert!((20..=33).contains(&drawn), "{drawn}");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_answered_at_once_in_the_middle_of_a_flood() {
    let rig = Rig::start();
    rig.tell(running(1)).await;
    rig.until("1%").await;
    // A frame was drawn just now; a key does not wait for the next that is due.
    let before = Instant::now();
    rig.press('?');
    rig.until("Keys").await;
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_resize_is_followed() {
    let rig = Rig::start();
    rig.until("connecting").await;
    rig.screen.resize(40, 10);
    rig.input(Input::Resize(40, 10));
    rig.until("connecting").await;
    let text = rig.screen.text();
    assert_eq!(text.lines().count(), 10);
}

/// A window that is resized before its signal is listened for tells nobody; then the rows must fit it all the same.
#[tokio::test(start_paused = true)]
async fn a_resize_that_nobody_tells_is_followed_at_the_next_frame() {
    let rig = Rig::start();
    rig.until("connecting").await;
    rig.screen.resize(100, 9);
    rig.tell(finished()).await;
    rig.press('3');
    // Low and wide: the details stand beside the list, by the size that is there now.
    rig.until("│ Overview").await;
}

#[tokio::test(start_paused = true)]
async fn when_the_fetch_loop_has_ended_the_screen_stays() {
    let mut rig = Rig::start();
    rig.tell(finished()).await;
    rig.until("done").await;
    rig.end_updates();
    rig.press('r');
    rig.until("vc01.lab is not connected any more").await;
    rig.press('q');
    assert_eq!(rig.exit().await, ExitReason::Quit);
}

/// Types the terminal's answer to the question for its background.
fn answer(rig: &Rig, color: &str) {
    rig.input(Input::Key(KeyEvent::new(
        KeyCode::Char(']'),
        KeyModifiers::ALT,
    )));
    for character in format!("11;rgb:{color}").chars() {
        rig.press(character);
    }
    rig.input(Input::Key(KeyEvent::new(
        KeyCode::Char('\\'),
        KeyModifiers::ALT,
    )));
}

fn ground_of_selection(theme: &crate::app::ThemeChoice) -> ratatui::style::Color {
    let theme = ui::Theme::load(theme, crate::app::ColorDepth::True);
    theme.style(ui::Role::Selected).bg.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_terminals_answer_chooses_the_theme_and_types_nothing() {
    use crate::app::{ThemeChoice, Themes};
    let mut rig = Rig::start_with(Options {
        themes: Themes::named("auto").unwrap(),
        query_background: true,
        ..Options::default()
    });
    rig.tell(running(42)).await;
    rig.until("42%").await;
    assert_eq!(rig.host.asked(), 1);
    let [dark, light] = [ThemeChoice::Dark, ThemeChoice::Light].map(|t| ground_of_selection(&t));
    assert!(rig.screen.has_color(dark) && !rig.screen.has_color(light));
    answer(&rig, "ffff/ffff/ffff");
    rig.tell(running(43)).await;
    rig.until("43%").await;
    assert!(rig.screen.has_color(light) && !rig.screen.has_color(dark));
    assert!(
        rig.commands.try_recv().is_err(),
        "no key of the answer did anything"
    );
    rig.press('q');
    assert_eq!(rig.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_theme_that_was_chosen_needs_no_answer() {
    use crate::app::{ThemeChoice, Themes};
    let mut rig = Rig::start_with(Options {
        themes: Themes::only(ThemeChoice::Light),
        query_background: true,
        ..Options::default()
    });
    rig.until("connecting").await;
    assert_eq!(rig.host.asked(), 0);
    rig.press('q');
    assert_eq!(rig.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn complaints_about_the_configuration_are_said_at_the_start() {
    let mut rig = Rig::start_with(Options {
        config_warnings: vec!["line 3: one".into(), "line 5: two".into()],
        ..Options::default()
    });
    rig.until("2 things in the config file are wrong").await;
    rig.press('n');
    rig.until("line 3: one").await;
    rig.until("line 5: two").await;
    rig.press('q');
    rig.press('q');
    assert_eq!(rig.exit().await, ExitReason::Quit);
}
