//! Tests of the event loop with scripted input, an in-memory terminal, and channels in place of the watchers.
//!
//! Time is tokio's and paused: it advances to the next timer whenever every task waits.

mod harness;
mod look_back;
mod record;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

use super::*;
use crate::{
    app::{
        FinishTracker,
        test_support::{HERE, task, tasks},
    },
    task::fixture::at,
    watch::ConnectionState,
};
use harness::{Harness, key};

fn running(progress: i32) -> Update {
    let more = json!({"progress": progress, "entityName": "db-prod-01"});
    tasks(vec![task("task-1", &more)])
}

fn finished() -> Update {
    let more = json!({"state": "success", "completeTime": at(60).to_string()});
    tasks(vec![task("task-1", &more)])
}

#[tokio::test(start_paused = true)]
async fn updates_are_drawn_and_q_quits() {
    let mut harness = Harness::start();
    harness.until("connecting").await;
    harness
        .update(Update::Connection(ConnectionState::Live))
        .await;
    harness.update(running(42)).await;
    harness.until("42%").await;
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn commands_reach_the_server_in_order() {
    let mut harness = Harness::start();
    harness.update(running(42)).await;
    harness.until("42%").await;
    for character in ['p', 'p', 'r', 'c'] {
        harness.press(character);
    }
    harness.input(key(KeyCode::Enter));
    harness.press('y');
    harness.until("no response yet").await;
    let task = || vec!["task-1".into()];
    let sent: Vec<_> = std::iter::from_fn(|| harness.commands.try_recv().ok()).collect();
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
async fn lost_terminal_ends_the_loop() {
    let mut harness = Harness::start();
    harness.input_error();
    assert_eq!(harness.exit().await, ExitReason::TerminalLost);
    let mut harness = Harness::start();
    harness.end_input();
    assert_eq!(harness.exit().await, ExitReason::TerminalLost);
    let mut harness = Harness::start();
    harness.until("connecting").await;
    harness.screen.break_off();
    harness.press('?');
    assert_eq!(harness.exit().await, ExitReason::TerminalLost);
}

#[tokio::test(start_paused = true)]
async fn signals_end_the_loop() {
    for (signal, exit) in [
        (StopSignal::Interrupt, ExitReason::Interrupted),
        (StopSignal::Terminate, ExitReason::Terminated),
        (StopSignal::Hangup, ExitReason::TerminalLost),
    ] {
        let mut harness = Harness::start();
        harness.signal(Signal::Stop(signal));
        assert_eq!(harness.exit().await, exit);
    }
}

#[tokio::test(start_paused = true)]
async fn panic_of_another_thread_ends_the_loop() {
    let mut harness = Harness::start();
    harness.host.panicked.notify_one();
    assert_eq!(harness.exit().await, ExitReason::Panicked);
}

#[tokio::test(start_paused = true)]
async fn resume_redraws_everything() {
    for stop in [Signal::Suspend, Signal::Resume] {
        let harness = Harness::start();
        harness.until("connecting").await;
        harness.screen.scribble();
        harness.signal(stop);
        harness.until("connecting").await;
        assert!(!harness.screen.text().contains("scribble"));
    }
    let harness = Harness::start();
    harness.until("connecting").await;
    harness.screen.scribble();
    harness.input(harness::control('z'));
    harness.until("connecting").await;
    assert_eq!(harness.host.suspended(), 1);
}

#[tokio::test(start_paused = true)]
async fn suspend_without_shell_shows_a_warning() {
    let harness = Harness::start();
    harness.host.forbid_suspension();
    harness.input(harness::control('z'));
    harness.until("No shell to suspend to").await;
}

#[tokio::test(start_paused = true)]
async fn copied_text_reaches_the_host() {
    let harness = Harness::start();
    harness.update(running(42)).await;
    harness.until("42%").await;
    harness.press('Y');
    harness.until("Copied task ID").await;
    assert_eq!(harness.host.copied(), ["task-1"]);
}

#[tokio::test(start_paused = true)]
async fn at_most_one_frame_a_minute_without_changes() {
    let mut harness = Harness::start();
    harness
        .update(Update::Connection(ConnectionState::Live))
        .await;
    harness.update(finished()).await;
    harness.until("done").await;
    let frames = harness.screen.frames();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    // The row shows how long ago the task finished.
    let more = harness.screen.frames() - frames;
    assert!((1..=61).contains(&more), "{more} frames");
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn running_clock_draws_one_frame_a_second() {
    let harness = Harness::start();
    harness
        .update(Update::Connection(ConnectionState::Live))
        .await;
    let young = json!({"progress": 5, "startTime": harness.now().to_string()});
    harness.update(tasks(vec![task("task-1", &young)])).await;
    harness.until("5%").await;
    let frames = harness.screen.frames();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let drawn = harness.screen.frames() - frames;
    assert!((59..=61).contains(&drawn), "{drawn}");
}

#[tokio::test(start_paused = true)]
async fn updates_are_batched() {
    let harness = Harness::start();
    harness.until("connecting").await;
    let frames = harness.screen.frames();
    for number in 0..1000 {
        harness.update(running(number / 10)).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    harness.until("99%").await;
    let drawn = harness.screen.frames() - frames;
    assert!((20..=33).contains(&drawn), "{drawn}");
}

#[tokio::test(start_paused = true)]
async fn keys_are_handled_during_a_flood_of_updates() {
    let harness = Harness::start();
    harness.update(running(1)).await;
    harness.until("1%").await;
    // A frame was drawn just now; a key does not wait for the next frame interval.
    let before = Instant::now();
    harness.press('?');
    harness.until("Keys").await;
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn resize_is_handled() {
    let harness = Harness::start();
    harness.until("connecting").await;
    harness.screen.resize(40, 10);
    harness.input(Input::Resize(40, 10));
    harness.until("connecting").await;
    let text = harness.screen.text();
    assert_eq!(text.lines().count(), 10);
}

/// A terminal that was made smaller and larger between two frames has lost its content.
#[tokio::test(start_paused = true)]
async fn resize_back_between_frames_redraws_everything() {
    let harness = Harness::start();
    harness.until("connecting").await;
    let size = ratatui::backend::Backend::size(&harness.screen).unwrap();
    harness.screen.scribble();
    harness.input(Input::Resize(size.width, size.height));
    harness.until("connecting").await;
    assert!(!harness.screen.text().contains("scribble"));
}

/// A resize before the signal handler is installed sends no event; the rows must fit the new size nevertheless.
#[tokio::test(start_paused = true)]
async fn resize_without_event_is_detected_at_the_next_frame() {
    let harness = Harness::start();
    harness.until("connecting").await;
    harness.screen.resize(100, 9);
    harness.update(finished()).await;
    harness.press('3');
    // Low and wide: at the new size the details are beside the list.
    harness.until("│ Overview").await;
}

#[tokio::test(start_paused = true)]
async fn screen_stays_after_the_watcher_stops() {
    let mut harness = Harness::start();
    harness.update(finished()).await;
    harness.until("done").await;
    harness.end_updates();
    harness.press('r');
    harness.until("vc01.lab is no longer connected").await;
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

/// Sends the terminal's reply to the background query as key events.
fn answer(harness: &Harness, color: &str) {
    harness.input(Input::Key(KeyEvent::new(
        KeyCode::Char(']'),
        KeyModifiers::ALT,
    )));
    for character in format!("11;rgb:{color}").chars() {
        harness.press(character);
    }
    harness.input(Input::Key(KeyEvent::new(
        KeyCode::Char('\\'),
        KeyModifiers::ALT,
    )));
}

fn ground_of_selection(theme: &crate::app::ThemeChoice) -> ratatui::style::Color {
    let theme = ui::Theme::load(theme, crate::app::ColorDepth::True);
    theme.style(ui::Role::Selected).bg.unwrap()
}

#[tokio::test(start_paused = true)]
async fn background_reply_selects_the_theme() {
    use crate::app::{ThemeChoice, Themes};
    let mut harness = Harness::start_with(Options {
        themes: Themes::named("auto").unwrap(),
        query_background: true,
        ..Options::default()
    });
    harness.update(running(42)).await;
    harness.until("42%").await;
    assert_eq!(harness.host.requests(), 1);
    let [dark, light] = [ThemeChoice::Dark, ThemeChoice::Light].map(|t| ground_of_selection(&t));
    assert!(harness.screen.has_color(dark) && !harness.screen.has_color(light));
    answer(&harness, "ffff/ffff/ffff");
    harness.update(running(43)).await;
    harness.until("43%").await;
    assert!(harness.screen.has_color(light) && !harness.screen.has_color(dark));
    assert!(
        harness.commands.try_recv().is_err(),
        "no key of the answer did anything"
    );
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn chosen_theme_sends_no_background_query() {
    use crate::app::{ThemeChoice, Themes};
    let mut harness = Harness::start_with(Options {
        themes: Themes::only(ThemeChoice::Light),
        query_background: true,
        ..Options::default()
    });
    harness.until("connecting").await;
    assert_eq!(harness.host.requests(), 0);
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn config_warnings_are_shown_at_the_start() {
    let mut harness = Harness::start_with(Options {
        config_warnings: vec!["line 3: one".into(), "line 5: two".into()],
        ..Options::default()
    });
    harness.until("2 problems in the config file").await;
    harness.press('n');
    harness.until("line 3: one").await;
    harness.until("line 5: two").await;
    harness.press('q');
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_key_does_not_wait_for_a_flood_of_updates() {
    const TASKS: usize = 20_000;
    let mut harness = Harness::start_with(Options {
        finish_tracker: Some(FinishTracker::default()),
        ..Options::default()
    });
    harness.until("connecting").await;
    harness.press_during_update('q');
    let all = (0..TASKS).map(|number| task(&format!("task-{number}"), &json!({})));
    harness.update(tasks(all.collect())).await;
    let (exit, metrics) = harness.exit_with_metrics().await;
    assert_eq!(exit, ExitReason::Quit);
    let applied = usize::try_from(metrics.changes).unwrap();
    assert!(applied > 0 && applied < TASKS, "{applied}");
}
