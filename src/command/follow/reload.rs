//! Applies a changed configuration while tasks are followed.

use super::{Consumer, FollowLoop, Server, source::ConfiguredServers};
use crate::command::{CommandError, io_context::CommandIo};

impl<C: Consumer> FollowLoop<'_, C> {
    /// Starts to read the configuration again.
    pub(super) fn begin_reload(&mut self) {
        self.service_manager.reloading();
        let source = self.source;
        self.reading = Some(Box::pin(source.read(false)));
    }

    /// Applies the configuration that was read. If it is wrong, the present one stays.
    ///
    /// # Errors
    /// Fails if the output or the cursor cannot be written.
    pub(super) fn finish_reload(
        &mut self,
        read: Result<ConfiguredServers, CommandError>,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        self.reading = None;
        match read {
            Ok(configured) => {
                // Afterwards, the cursor no longer gets the positions of servers that are removed.
                self.commit()?;
                for warning in configured.warnings {
                    io.eprint(&warning);
                }
                let changes = self.replace_servers(configured.servers);
                self.consumer.prune(&self.servers);
                io.eprint(&format!("the configuration was reloaded: {changes}."));
            }
            Err(error) => io.eprint(&format!(
                "the configuration was not reloaded, the previous one stays in effect: {error}"
            )),
        }
        self.service_manager.reloaded();
        self.ping();
        Ok(())
    }

    /// Connects to new servers, disconnects from those that are no longer configured, and reconnects to those whose
    /// connection has changed. Returns a description.
    fn replace_servers(&mut self, configured: Vec<Server>) -> String {
        let mut previous = std::mem::take(&mut self.servers);
        let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        for mut server in configured {
            match take(&mut previous, &server.label) {
                // A server whose login was refused is connected again.
                Some(mut earlier)
                    if !earlier.connections.is_given_up() && earlier.has_connection_of(&server) =>
                {
                    earlier.take_selector_of(server);
                    self.servers.push(earlier);
                    continue;
                }
                Some(earlier) => {
                    changed.push(server.label.clone());
                    self.watchers.begin_stop(earlier.id);
                    server.resume(&earlier);
                }
                None => {
                    added.push(server.label.clone());
                    if let Some(earlier) = take(&mut self.removed, &server.label) {
                        server.resume(&earlier);
                    }
                }
            }
            self.start(server);
        }
        for mut server in previous {
            removed.push(server.label.clone());
            self.watchers.begin_stop(server.id);
            server.forget_tasks();
            self.removed.push(server);
        }
        let parts = [
            ("connecting to", added),
            ("disconnecting from", removed),
            ("reconnecting to", changed),
        ];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<String> = parts
            .map(|(action, names)| format!("{action} {}", names.join(", ")))
            .collect();
        if parts.is_empty() {
            "the vCenters are the same".to_owned()
        } else {
            parts.join("; ")
        }
    }
}

/// Removes and returns the server of this name.
fn take(servers: &mut Vec<Server>, label: &str) -> Option<Server> {
    let at = servers.iter().position(|server| server.label == label)?;
    Some(servers.remove(at))
}
