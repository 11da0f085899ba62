//! Performs the effects of events: sends commands, writes files, copies, suspends.

use jiff::Timestamp;
use ratatui::backend::Backend;

use super::{EventLoop, TerminalHost, background_job};
use crate::app::{Clipboard, Effect, Event, ExitReason, Severity, update};

impl<B: Backend, H: TerminalHost, C: Fn() -> Timestamp> EventLoop<'_, B, H, C> {
    /// Applies an event at a time and performs its effects.
    pub(super) fn dispatch(&mut self, event: Event, now: Timestamp) -> Result<(), ExitReason> {
        for effect in update(&mut self.screen, event, now) {
            match effect {
                Effect::Draw => self.wants_frame = true,
                Effect::Redraw => self.redraw()?,
                Effect::Send(server, command) => {
                    if let Some(player) = &self.player {
                        // A record answers in the place of a fetch loop.
                        let now = self.now();
                        for update in player.replay.respond(server, &command, now) {
                            self.dispatch(Event::ServerUpdate(server, update), now)?;
                        }
                        continue;
                    }
                    let mut servers = self.servers.iter();
                    if let Some(known) = servers.find(|known| known.id == server)
                        && known.commands.send(command).is_err()
                    {
                        self.notify(
                            Severity::Warning,
                            format!("{} is no longer connected", known.name),
                        );
                    }
                }
                Effect::Playback(command) => self.control_playback(command),
                Effect::Notify(task) => {
                    if let Some(notifier) = self.host.notifier() {
                        notifier.task_finished(&task);
                    }
                }
                Effect::ShowCounts(counts) => {
                    if let Some(notifier) = self.host.notifier() {
                        notifier.counts_changed(&counts);
                    }
                }
                Effect::SaveFilterHistory(filter) => {
                    // A failed write is not worth a message.
                    let _ = self.host.files().filter_history.add(&filter);
                }
                Effect::SaveNamedFilter { name, filter } => {
                    let saved_filters = &self.host.files().saved_filters;
                    if let Err(error) = saved_filters.save(&name, filter.as_deref()) {
                        self.notify(
                            Severity::Warning,
                            format!("Cannot save @{name}, it is kept until vtask exits: {error}"),
                        );
                    }
                }
                Effect::Copy(text) => self.copy(text)?,
                Effect::WriteFile { path, text, what } => {
                    self.jobs.spawn(background_job::save(path, text, what));
                }
                Effect::Suspend => self.suspend()?,
                Effect::Quit(exit) => return Err(exit),
            }
        }
        Ok(())
    }

    fn copy(&mut self, text: String) -> Result<(), ExitReason> {
        match self.screen.state.options.clipboard.clone() {
            Clipboard::Terminal => self
                .host
                .copy(&text)
                .map_err(|_| ExitReason::TerminalLost)?,
            Clipboard::Command(command) => {
                self.jobs.spawn(background_job::copy(command, text));
            }
        }
        Ok(())
    }

    pub(super) fn notify(&mut self, severity: Severity, text: impl Into<String>) {
        let now = self.now();
        self.screen.state.notifications.push(severity, text, now);
        self.wants_frame = true;
    }

    pub(super) fn suspend(&mut self) -> Result<(), ExitReason> {
        match self.host.suspend() {
            Ok(true) => self.dispatch(Event::Resumed, self.now()),
            Ok(false) => {
                self.notify(Severity::Warning, "No shell to suspend to");
                Ok(())
            }
            Err(_) => Err(ExitReason::TerminalLost),
        }
    }

    /// Clears the terminal so that the next frame writes every cell.
    pub(super) fn redraw(&mut self) -> Result<(), ExitReason> {
        let lost = |_| ExitReason::TerminalLost;
        self.screen.state.size = self.terminal.size().map_err(lost)?;
        self.screen.state.sync_selection();
        self.terminal.backend_mut().clear().map_err(lost)?;
        self.terminal.swap_buffers();
        self.wants_frame = true;
        Ok(())
    }
}
