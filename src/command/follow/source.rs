//! The servers to follow, from flags, environment and config file.

use std::{future::pending, path::PathBuf, pin::Pin};

use clap::Args;
use jiff::Timestamp;

use super::server::Server;
use crate::{
    command::{
        CommandError, connect, deadline,
        fetch_args::FetchArgs,
        io_context::CommandIo,
        selector::{CompiledSelector, TaskSelector},
        server_tasks,
    },
    config::{self, ConnectionArgs, Environment},
};

/// Flags of the commands that follow tasks without a screen.
#[derive(Debug, Clone, Args)]
pub struct FollowArgs {
    #[command(flatten)]
    choice: TaskSelector,

    /// Continue after a restart with the tasks that finished since; kept in FILE
    #[arg(long, value_name = "FILE", env = "VTASK_CURSOR")]
    pub(super) cursor: Option<PathBuf>,
}

/// The source of the servers to follow. It can be read again when the config file has changed.
pub(in crate::command) struct ServerSource<'a> {
    pub(super) args: &'a FollowArgs,
    connection: &'a ConnectionArgs,
    fetch: FetchArgs,
    environment: &'a dyn Environment,
}

/// The servers to follow, and warnings about the configuration.
pub(super) struct ConfiguredServers {
    pub(super) servers: Vec<Server>,
    pub(super) warnings: Vec<String>,
}

/// A configuration that is being read.
pub(super) type ConfigRead<'a> =
    Pin<Box<dyn Future<Output = Result<ConfiguredServers, CommandError>> + 'a>>;

/// Completes when the configuration was read; never if it is not being read.
pub(super) async fn completed(
    reading: &mut Option<ConfigRead<'_>>,
) -> Result<ConfiguredServers, CommandError> {
    match reading {
        Some(running) => running.await,
        None => pending().await,
    }
}

impl<'a> ServerSource<'a> {
    pub(in crate::command) fn new(
        args: &'a FollowArgs,
        connection: &'a ConnectionArgs,
        io: &CommandIo<'a>,
    ) -> Self {
        Self {
            args,
            connection,
            fetch: io.fetch.clone(),
            environment: io.environment,
        }
    }

    /// Returns the servers at the start, prompting for passwords that are not configured.
    ///
    /// # Errors
    /// Fails on wrong usage and without a connection.
    pub(in crate::command) async fn first(
        &self,
        io: &mut CommandIo<'_>,
    ) -> Result<Vec<Server>, CommandError> {
        let action = "checking the kept session";
        // Ctrl-C is not handled here: at a password prompt it ends the process.
        let configured = deadline::limited(io.deadline, action, Box::pin(self.read(true))).await?;
        for warning in configured.warnings {
            io.eprint(&warning);
        }
        Ok(configured.servers)
    }

    /// Reads flags, environment and config file.
    ///
    /// # Errors
    /// Fails if the configuration is wrong or, without a prompt, lacks a password.
    pub(super) async fn read(&self, may_prompt: bool) -> Result<ConfiguredServers, CommandError> {
        let environment = self.environment;
        let file = config::load_config(self.connection, environment)?;
        let saved = config::named_filters(&file, environment).all;
        let server_tasks = server_tasks::servers(self.connection, environment)?;
        let warnings = server_tasks::warnings(&server_tasks);
        let mut servers = Vec::new();
        for server in server_tasks {
            let connect = if may_prompt {
                connect::connect(&server.connection, environment).await?
            } else {
                connect::connect_without_prompt(&server.connection, environment).await?
            };
            let choice = &self.args.choice;
            let selector = CompiledSelector::new(choice, &saved, connect.address.name())?
                .with_name(server.name.clone());
            selector.check_single_reading()?;
            if selector.needs_locations() {
                let why = "--filter: this command does not read the locations of targets; filter its output instead.";
                return Err(CommandError::Usage(why.to_owned()));
            }
            let options = self.fetch.options(connect, Vec::new(), &file.defaults);
            let name = server.name.as_deref();
            servers.push(Server::new(name, options, selector, Timestamp::now()));
        }
        Ok(ConfiguredServers { servers, warnings })
    }
}
