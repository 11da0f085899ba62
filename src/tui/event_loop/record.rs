//! A record in the place of fetch loops: a file, or the session so far.

use std::mem::replace;

use jiff::Timestamp;
use ratatui::backend::Backend;
use tokio::time::{Duration, Instant};

use super::{EventLoop, TerminalHost};
use crate::{
    app::{
        Event, ExitReason, PlaybackCommand, SeekTarget, Severity, arrive_at_position, look_back,
        restart_playback, return_to_now,
    },
    replay::{Replay, SessionHistory},
    task::TaskId,
    tui::playback::{PlaybackController, Step},
};

/// Maximum time for updates of a record between two checks for input.
const SLICE: Duration = Duration::from_millis(25);

impl<B: Backend, H: TerminalHost, C: Fn() -> Timestamp> EventLoop<'_, B, H, C> {
    /// Returns the time on the screen: of the record if one is played.
    pub(super) fn now(&self) -> Timestamp {
        match &self.player {
            Some(player) => player.now(Instant::now()),
            None => (self.clock)(),
        }
    }

    /// Returns when an update of the record is due.
    pub(super) fn playback_due(&mut self) -> Option<Instant> {
        self.player.as_mut()?.due(Instant::now())
    }

    /// Applies the updates of the record that are due, for a short time.
    pub(super) fn play(&mut self) -> Result<(), ExitReason> {
        let began = Instant::now();
        while let Some(player) = &mut self.player {
            match player.step(Instant::now()) {
                Step::Batch(batch) => {
                    if let Some(update) = batch.update {
                        let event = Event::ServerUpdate(batch.server, update);
                        self.dispatch(event, batch.time)?;
                    }
                    if began.elapsed() >= SLICE {
                        if let Some(player) = &mut self.player {
                            player.catch_up(batch.time, Instant::now());
                        }
                        break;
                    }
                }
                Step::Arrived(found, message) => {
                    arrive_at_position(&mut self.screen, found);
                    if let Some(message) = message {
                        let now = self.now();
                        let notifications = &mut self.screen.state.notifications;
                        notifications.push(Severity::Info, message, now);
                    }
                    break;
                }
                Step::NotFound(from) => {
                    self.control_playback(PlaybackCommand::Seek(SeekTarget::Time(from)));
                }
                Step::Wait => break,
            }
        }
        let at = Instant::now();
        if self.player.as_mut().is_some_and(|it| it.is_live(None, at)) {
            self.return_to_now();
        }
        self.show_playback();
        Ok(())
    }

    /// Shows the session so far instead of the live screen.
    fn look_back(&mut self) {
        let now = (self.clock)();
        let state = &self.screen.state;
        let servers = state.servers.iter();
        let clocks = servers.map(|server| (server.id, server.clock)).collect();
        let view = &state.views.live;
        let session = SessionHistory::new(&state.undo_log, &view.store, clocks, now);
        let with_events = view.events.keys();
        let with_events =
            with_events.filter_map(|handle| Some(view.store.get(*handle)?.id.clone()));
        let with_events: Vec<TaskId> = with_events.collect();
        let past = look_back(&mut self.screen);
        let replay = Replay::of_session(session, with_events.into_iter().collect());
        self.player = Some(PlaybackController::look_back(replay));
        self.live = Some(replace(&mut self.screen, Box::new(past)));
    }

    /// Shows the live screen again.
    fn return_to_now(&mut self) {
        let Some(live) = self.live.take() else {
            return;
        };
        self.player = None;
        let past = replace(&mut self.screen, live);
        return_to_now(&mut self.screen, *past, (self.clock)());
        self.wants_frame = true;
    }

    /// Shows the state of the playback.
    pub(super) fn show_playback(&mut self) {
        let now = self.now();
        let (Some(player), state) = (&mut self.player, &mut self.screen.state) else {
            return;
        };
        let playback = state.playback.get_or_insert_with(|| player.display());
        player.show(playback);
        if let Some(speed) = player.clock_speed() {
            state.notifications.set_clock_speed(speed);
        }
        if let Some(damage) = player.damage() {
            let text = format!("Record: {damage}");
            state.notifications.push(Severity::Warning, text, now);
        }
        self.wants_frame = true;
    }

    pub(super) fn control_playback(&mut self, command: PlaybackCommand) {
        let at = Instant::now();
        if self.player.is_none() && matches!(command, PlaybackCommand::Seek(_)) {
            self.look_back();
        }
        let is_live = |player: &mut PlaybackController| match &command {
            PlaybackCommand::ReturnToNow => true,
            PlaybackCommand::Seek(target) => player.is_live(Some(target), at),
            _ => false,
        };
        if self.player.as_mut().is_some_and(is_live) {
            self.return_to_now();
        }
        let Some(player) = &mut self.player else {
            return;
        };
        match command {
            PlaybackCommand::TogglePause => {
                player.toggle_pause(at);
                arrive_at_position(&mut self.screen, None);
            }
            PlaybackCommand::Slower => player.change_speed(false, at),
            PlaybackCommand::Faster => player.change_speed(true, at),
            PlaybackCommand::StopSeek => {
                player.stop_seek(at);
                arrive_at_position(&mut self.screen, None);
            }
            PlaybackCommand::Seek(target) => {
                if player.seek(target, at) {
                    let (base, now) = (player.replay.base(), player.now(at));
                    restart_playback(&mut self.screen, base, now);
                }
            }
            PlaybackCommand::ReturnToNow => {}
        }
        self.show_playback();
    }
}
