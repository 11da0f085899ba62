//! Plays a record on the screen.

use super::*;
use crate::{app::restart_playback, recording::Source, replay::Replay};

const DEMO: &[u8] = include_bytes!("../../../../assets/demo.ndjson.zst");

fn demo(speed: f64) -> Harness {
    let replay = Replay::open(Source::Memory(DEMO.into()), None).unwrap();
    let player = PlaybackController::new(replay, speed, None);
    Harness::start_on(Options::default(), Some(player))
}

/// Returns the time that the header shows.
fn shown_time(harness: &Harness) -> Timestamp {
    let text = harness.screen.text();
    let date = text.find("2026-").unwrap();
    let shown = &text[date..date + "2026-11-29 06:27:12".len()];
    let shown: jiff::civil::DateTime = shown.parse().unwrap();
    jiff::tz::TimeZone::UTC.to_timestamp(shown).unwrap()
}

/// Waits until a playback is paused and the screen is as wanted.
async fn paused(harness: &Harness, is_wanted: impl Fn(Timestamp, &str) -> bool) {
    let shown = async {
        loop {
            let text = harness.screen.text();
            if text.contains("paused") && is_wanted(shown_time(harness), &text) {
                return;
            }
            harness.screen.drawn().await;
        }
    };
    let is_shown = tokio::time::timeout(Duration::from_secs(30), shown).await;
    assert!(is_shown.is_ok(), "{}", harness.screen.text());
}

#[tokio::test(start_paused = true)]
async fn plays_by_the_clock_of_the_record_at_any_speed() {
    let mut harness = demo(10.0);
    harness.until("10×").await;
    harness.until("Export VM").await;
    let began = shown_time(&harness);
    tokio::time::sleep(Duration::from_secs(6)).await;
    harness.press(')');
    harness.until("30×").await;
    let seconds = shown_time(&harness).duration_since(began).as_secs();
    assert!((55..=75).contains(&seconds), "{seconds}");
    harness.press('p');
    harness.until("paused").await;
    let paused = shown_time(&harness);
    tokio::time::sleep(Duration::from_secs(60)).await;
    harness.press('(');
    harness.press('p');
    harness.until("10×").await;
    assert!(shown_time(&harness).duration_since(paused).as_secs() < 5);
    harness.until(" end ").await;
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn jumps_to_failures_changes_and_times() {
    let harness = demo(1.0);
    harness.until("1×").await;
    harness.press('!');
    harness.until("paused").await;
    harness.until("failed just now").await;
    let failed = shown_time(&harness);
    harness.press(']');
    paused(&harness, |time, _| {
        time.duration_since(failed).as_secs() == 60
    })
    .await;
    harness.press('[');
    paused(&harness, |time, text| {
        time == failed && text.contains("just now")
    })
    .await;
    harness.press('<');
    paused(&harness, |time, text| {
        time <= failed && !text.contains("just now")
    })
    .await;
    harness.press('>');
    paused(&harness, |_, text| text.contains("just now")).await;
    for character in "J-10s".chars() {
        harness.press(character);
    }
    harness.until("go to -10s").await;
    harness.input(key(KeyCode::Enter));
    paused(&harness, |time, _| time < failed).await;
    let mut last = shown_time(&harness);
    let mut failures = 0;
    while !harness.screen.text().contains("No further failures") {
        harness.press('!');
        paused(&harness, |time, text| {
            time > last || text.contains("No further")
        })
        .await;
        failures += usize::from(shown_time(&harness) > last);
        last = shown_time(&harness);
    }
    assert!((2..20).contains(&failures), "{failures}");
}

#[tokio::test(start_paused = true)]
async fn actions_of_servers_are_refused_and_cancel_dialog_sends_nothing() {
    let mut harness = demo(1.0);
    harness.until("Export VM").await;
    for character in ['a', 'r', 'H', 'x', '*'] {
        harness.press(character);
        harness.until("Not available in a replay").await;
    }
    for _ in 0..5 {
        harness.press('j');
    }
    harness.press('c');
    harness.until("Read-only").await;
    harness.input(key(KeyCode::Enter));
    harness.press('y');
    harness.input(key(KeyCode::Esc));
    harness.press('5');
    harness.until("Events").await;
    assert!(harness.commands.try_recv().is_err(), "nothing is sent");
}

#[test]
fn a_restart_keeps_filter_order_and_layout() {
    let mut screen = crate::app::test_support::busy(80, 24);
    let filter = crate::task::Filter::parse("db", &crate::task::Saved::default()).unwrap();
    let state = &mut screen.state;
    let mut view = state.view().row_model.view().clone();
    view.filter = filter;
    state
        .views
        .live
        .row_model
        .set_view(view, &state.views.live.store);
    restart_playback(&mut screen, None, at(0));
    let live = &screen.state.views.live;
    assert_eq!(live.store.len(), 0);
    assert_eq!(live.row_model.view().filter.text(), "db");
}
