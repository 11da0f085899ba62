//! A record in the place of fetch loops.

use jiff::Timestamp;
use ratatui::backend::Backend;
use tokio::time::{Duration, Instant};

use super::{Clock, EventLoop, TerminalHost};
use crate::{
    app::{
        Event, ExitReason, PlaybackCommand, SeekTarget, Severity, arrive_at_position,
        restart_playback,
    },
    task::EndpointId,
    tui::playback::Step,
    watch::Command,
};

/// Maximum time for updates of a record between two looks at the keyboard.
const SLICE: Duration = Duration::from_millis(25);

impl<B: Backend, H: TerminalHost, C: Clock> EventLoop<'_, B, H, C> {
    /// Returns the time on the screen: of the record if one is played.
    pub(super) fn now(&self) -> Timestamp {
        match &self.player {
            Some(player) => player.now(Instant::now()),
            None => self.clock.now(),
        }
    }

    /// Returns when an update of the record is due.
    pub(super) fn record_due(&mut self) -> Option<Instant> {
        self.player.as_mut()?.due(Instant::now())
    }

    /// Applies the updates of the record that are due, for a short time.
    pub(super) fn play(&mut self) -> Result<(), ExitReason> {
        let began = Instant::now();
        while let Some(player) = &mut self.player {
            match player.step(Instant::now()) {
                Step::Batch(batch) => {
                    if let Some(update) = batch.update {
                        let event = Event::ServerUpdate(batch.endpoint, update);
                        self.dispatch_at(event, batch.time)?;
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
        self.show_playback();
        Ok(())
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
                    restart_playback(&mut self.screen);
                }
            }
        }
        self.show_playback();
    }

    /// Answers a command from the record; false if none is played.
    pub(super) fn answer(
        &mut self,
        endpoint: EndpointId,
        command: &Command,
    ) -> Result<bool, ExitReason> {
        let now = self.now();
        let Some(player) = &self.player else {
            return Ok(false);
        };
        for update in player.replay.respond(endpoint, command, now) {
            self.dispatch_at(Event::ServerUpdate(endpoint, update), now)?;
        }
        Ok(true)
    }
}
