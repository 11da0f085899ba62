//! Runs some schedules of the bench `chaos` with shorter faults.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "tests may panic; the bench uses more of what is shared"
)]

#[path = "../benches/chaos/plan.rs"]
mod plan;
#[path = "../benches/chaos/run.rs"]
mod run;

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use ratatui::{Terminal, backend::TestBackend};
use tokio::task::JoinSet;
use vtask::{
    app::{Event, Options, Playback, Screen, arrive_at_position, restart_playback, update},
    recording::{Header, Recorder, Source},
    replay::{Replay, StopAt},
    task::ServerId,
    ui::{self, Appearance},
    watch::FetchMode,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_recovers_from_all_faults() {
    let mut running = JoinSet::new();
    for seed in [4, 29, 47, 63, 76, 90] {
        for mode in [FetchMode::Push, FetchMode::Poll] {
            running.spawn(run::run(seed, mode, Duration::from_secs(4), None));
        }
    }
    let outcomes = running.join_all().await;
    let faults: u64 = outcomes.iter().map(|outcome| outcome.faults).sum();
    // The number depends on the speed of the machine.
    assert!(faults > 20, "{faults}");
    for outcome in outcomes {
        assert_eq!(outcome.problems, Vec::<String>::new(), "{outcome:?}");
    }
}

/// Plays a record on the screen.
struct PlayedScreen {
    screen: Screen,
    replay: Replay,
}

impl PlayedScreen {
    fn of(file: &Path) -> Self {
        let source = Source::File(file.to_owned());
        let names = source.open().unwrap().header().vcenters.clone();
        let replay = Replay::open(source, None).unwrap();
        let servers = (0..).map(ServerId).zip(names);
        let mut screen = Screen::new(Options::default(), servers);
        let start = replay.start();
        screen.state.playback = Some(Playback::new(start, 1.0));
        let (width, height) = (160, 50);
        update(&mut screen, Event::Resize { width, height }, start);
        Self { screen, replay }
    }

    fn play(&mut self, until: Timestamp, stop: &StopAt) {
        while let Some(batch) = self.replay.next(until, stop) {
            if let Some(changed) = batch.update {
                let event = Event::ServerUpdate(batch.server, changed);
                update(&mut self.screen, event, batch.time);
            }
        }
    }

    fn jump(&mut self, to: Timestamp) {
        restart_playback(&mut self.screen, self.replay.base(), to);
        self.replay.rewind(to);
        self.play(to, &StopAt::Nothing);
    }

    /// Returns the content of the screen at a time.
    fn draw(&mut self, now: Timestamp) -> String {
        arrive_at_position(&mut self.screen, None);
        update(&mut self.screen, Event::Tick, now);
        self.screen.refresh_insights(now);
        let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
        let appearance = Appearance::new(&Options::default());
        let drawn = terminal.draw(|frame| {
            ui::draw(&self.screen, &appearance, frame, now);
        });
        drawn.unwrap();
        terminal.backend().to_string()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_run_shows_the_same_screen_at_the_same_position() {
    let directory = tempfile::tempdir().unwrap();
    for (seed, mode) in [(29, FetchMode::Push), (76, FetchMode::Poll)] {
        let file = directory.path().join(format!("{seed}.ndjson.zst"));
        let header = Header::new(Timestamp::now(), vec!["vc01".to_owned()]);
        let recorder = Recorder::create(&file, header, None).unwrap();
        let outcome = run::run(seed, mode, Duration::from_secs(4), Some(recorder.clone())).await;
        assert_eq!(outcome.problems, Vec::<String>::new());
        assert!(recorder.finish().unwrap() > 50);

        let mut played = PlayedScreen::of(&file);
        let start = played.replay.start();
        let duration = played.replay.known_end().unwrap().duration_since(start);
        let times: Vec<Timestamp> = (0..=12).map(|part| start + duration * part / 12).collect();
        let screens: Vec<String> = times
            .iter()
            .map(|time| {
                played.play(*time, &StopAt::EachTime);
                played.draw(*time)
            })
            .collect();
        let different = screens.windows(2).filter(|pair| pair[0] != pair[1]);
        assert!(different.count() > 6, "{}", screens[12]);
        let mut jumping = PlayedScreen::of(&file);
        for part in [12, 3, 7, 0, 11, 1, 9, 5, 2, 10, 4, 8, 6] {
            jumping.jump(times[part]);
            assert_eq!(
                jumping.draw(times[part]),
                screens[part],
                "{seed}, {part} of 12"
            );
        }
    }
}
