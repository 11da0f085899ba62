//! The fetch loops of a command, one per server.

use futures_util::future::join_all;
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinSet,
};

use crate::{
    task::ServerId,
    watch::{Command, Update, WatchOptions, Watcher},
};

/// Capacity of the update channel.
pub(super) const UPDATE_CAPACITY: usize = 256;

/// The watchers of all servers.
#[derive(Default)]
pub(super) struct Watchers {
    running: Vec<(ServerId, UnboundedSender<Command>, Watcher)>,
    /// Sign-outs in progress.
    stopping: JoinSet<()>,
}

impl Watchers {
    /// Starts to follow a server.
    pub(super) fn start(
        &mut self,
        id: ServerId,
        options: WatchOptions,
        updates: &mpsc::Sender<(ServerId, Update)>,
    ) {
        let watcher = Watcher::spawn(id, options, updates.clone());
        self.running.push((id, watcher.commands(), watcher));
    }

    /// Sends a command to the watcher of a server.
    pub(super) fn send(&self, to: ServerId, command: Command) {
        for (id, commands, _) in &self.running {
            if *id == to {
                // The loop notices watchers that ended.
                let _ = commands.send(command);
                return;
            }
        }
    }

    /// Starts to sign out of a server.
    pub(super) fn begin_stop(&mut self, id: ServerId) {
        let stopped = self.running.extract_if(.., |(running, ..)| *running == id);
        for (.., watcher) in stopped {
            self.stopping.spawn(watcher.stop());
        }
    }

    /// Returns the servers whose watchers have ended.
    pub(super) fn ended_servers(&self) -> impl Iterator<Item = ServerId> {
        let ended = self.running.iter();
        ended.filter_map(|(id, commands, _)| commands.is_closed().then_some(*id))
    }

    /// Signs out of all servers.
    pub(super) async fn stop(self) {
        let watchers = self.running.into_iter().map(|(_, _, watcher)| watcher);
        tokio::join!(
            join_all(watchers.map(Watcher::stop)),
            self.stopping.join_all()
        );
    }
}
