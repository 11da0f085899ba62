//! Looks back in the running session.

use super::*;

/// A task at 10, 20, 30, 40 and 50 percent, each for a hundred seconds.
async fn climbing() -> Harness {
    let harness = Harness::start();
    harness
        .update(Update::Connection(ConnectionState::Live))
        .await;
    for step in 1..=5 {
        harness.update(running(10 * step)).await;
        row(&harness, &format!("{}%", 10 * step)).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
    }
    harness
}

/// Waits until the row of the task contains a text.
async fn row(harness: &Harness, text: &str) {
    let shown = async {
        loop {
            let screen = harness.screen.text();
            let mut rows = screen.lines().filter(|line| line.contains("db-prod-01"));
            if rows.any(|row| row.contains(text)) {
                return;
            }
            harness.screen.drawn().await;
        }
    };
    let is_shown = tokio::time::timeout(Duration::from_secs(30), shown).await;
    assert!(is_shown.is_ok(), "{text}\n{}", harness.screen.text());
}

/// Waits until the live screen is shown.
async fn live(harness: &Harness) {
    let shown = async {
        while harness.screen.text().contains(" 2026-") {
            harness.screen.drawn().await;
        }
    };
    let is_shown = tokio::time::timeout(Duration::from_secs(30), shown).await;
    assert!(is_shown.is_ok(), "{}", harness.screen.text());
}

#[tokio::test(start_paused = true)]
async fn steps_by_changes_and_returns_after_the_last() {
    let harness = climbing().await;
    for percent in ["40%", "30%", "20%"] {
        harness.press('<');
        harness.until("paused").await;
        row(&harness, percent).await;
    }
    harness.press('>');
    row(&harness, "30%").await;
    for percent in ["40%", "50%"] {
        harness.press('>');
        harness.until("paused").await;
        row(&harness, percent).await;
    }
    harness.press('>');
    live(&harness).await;
    harness.press('>');
    harness.until("Already live").await;
}

#[tokio::test(start_paused = true)]
async fn steps_by_minutes_and_plays_until_now() {
    let harness = climbing().await;
    harness.press('[');
    harness.until("paused").await;
    row(&harness, "50%").await;
    harness.press('[');
    row(&harness, "40%").await;
    for _ in 0..20 {
        harness.press('[');
    }
    row(&harness, "10%").await;
    harness.press('p');
    harness.until("1×").await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    row(&harness, "20%").await;
    for _ in 0..5 {
        harness.press(')');
    }
    harness.until("60×").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    live(&harness).await;
    row(&harness, "50%").await;
    for key in ['[', ']'] {
        harness.press(key);
    }
    live(&harness).await;
}

#[tokio::test(start_paused = true)]
async fn a_typed_time_is_shown() {
    let harness = climbing().await;
    for character in "J-150s".chars() {
        harness.press(character);
    }
    harness.until("go to -150s").await;
    harness.input(key(KeyCode::Enter));
    harness.until("paused").await;
    row(&harness, "40%").await;
}

#[tokio::test(start_paused = true)]
async fn live_updates_go_on_behind_the_past() {
    let harness = climbing().await;
    harness.press('<');
    row(&harness, "40%").await;
    harness.update(running(60)).await;
    harness.press('j');
    row(&harness, "40%").await;
    harness.press('0');
    row(&harness, "60%").await;
    harness.press('<');
    row(&harness, "50%").await;
    harness.input(key(KeyCode::Esc));
    row(&harness, "60%").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_from_the_past_and_q_returns() {
    let mut harness = climbing().await;
    while harness.commands.try_recv().is_ok() {}
    harness.press('<');
    harness.until("paused").await;
    for character in ['c', 'a', 'x', '*', 'r', 'H'] {
        harness.press(character);
        harness.until("Not available in the past: 0 returns").await;
    }
    harness.press('5');
    harness.until("Events").await;
    assert!(harness.commands.try_recv().is_err());
    harness.press('q');
    live(&harness).await;
    harness.press('q');
    assert_eq!(harness.exit().await, ExitReason::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_filter_of_the_past_is_kept_and_failures_are_found() {
    let harness = climbing().await;
    let fault = json!({"_typeName": "NoDiskSpace", "faultstring": "full"});
    let failed = json!({"state": "error", "entityName": "db-prod-01", "error": fault});
    harness.update(tasks(vec![task("task-1", &failed)])).await;
    row(&harness, "failed").await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    for key in ['[', '[', '['] {
        harness.press(key);
    }
    row(&harness, "50%").await;
    harness.press('!');
    row(&harness, "failed").await;
    harness.until("paused").await;
    for character in "/db".chars() {
        harness.press(character);
    }
    harness.input(key(KeyCode::Enter));
    harness.press('0');
    live(&harness).await;
    harness.until("/ db").await;
}

#[tokio::test(start_paused = true)]
async fn the_timeline_of_the_past_moves() {
    let harness = climbing().await;
    harness.press('T');
    harness.until("db-prod-01").await;
    harness.press('<');
    harness.until("paused").await;
    harness.press('q');
    row(&harness, "40%").await;
    harness.press('0');
    row(&harness, "50%").await;
}

#[tokio::test(start_paused = true)]
async fn without_changes_there_is_no_past() {
    let harness = Harness::start();
    harness
        .update(Update::Connection(ConnectionState::Live))
        .await;
    harness.update(running(10)).await;
    row(&harness, "10%").await;
    for character in ['<', '['] {
        harness.press(character);
        harness.until("No older changes").await;
    }
    harness.press('!');
    harness
        .until("Only in a replay, or after a step back")
        .await;
}
