//! Builds connection options from flags. A saved session that is still valid avoids the password prompt.

use super::{CommandError, deadline, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs, Environment, PartialConnection},
    vim::{Client, ConnectOptions, SessionStore},
};

/// Returns the connection options for a single server.
///
/// # Errors
/// The errors of [`config::resolve`].
pub(super) async fn connect(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, CommandError> {
    finish(config::draft(args, environment)?).await
}

/// Like [`connect`], limited by the deadline of the command.
///
/// # Errors
/// The errors of [`connect`], and an error when the deadline passes.
pub(super) async fn in_time(
    args: &ConnectionArgs,
    io: &CommandIo<'_>,
) -> Result<ConnectOptions, CommandError> {
    // Ctrl-C is not handled here: at a password prompt it ends the process.
    tokio::select! {
        biased;
        connect = connect(args, io.environment) => connect,
        Some(deadline) = async {
            deadline::passed(io.deadline).await;
            io.deadline
        } => Err(deadline.error("checking the kept session")),
    }
}

/// Like [`connect`], but fails instead of prompting for a password.
///
/// # Errors
/// The errors of [`connect`], and an error if a password is needed.
pub(super) async fn connect_without_prompt(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, CommandError> {
    if let Ok((draft, _, kept)) = config::kept_session(args, environment)
        && let Some(session) = kept.look()
    {
        let options = draft.with_session(session);
        if is_open(options.clone()).await {
            return Ok(options);
        }
    }
    let draft = config::draft(args, environment)?;
    if draft.lacks_password() {
        let server = draft.address.label();
        let why = format!("the password for {server} is not configured.");
        return Err(CommandError::Usage(why));
    }
    Ok(draft.finish()?)
}

async fn finish(draft: PartialConnection) -> Result<ConnectOptions, CommandError> {
    if draft.lacks_password()
        && let Some((_, kept)) = draft.kept()
        && let Some(session) = kept.look()
    {
        let options = draft.with_session(session);
        if is_open(options.clone()).await {
            return Ok(options);
        }
    }
    Ok(draft.finish()?)
}

/// True if the session is still valid. An unreachable server counts as valid; the connection is retried later.
async fn is_open(options: ConnectOptions) -> bool {
    match Client::connect(options).await {
        Ok(client) => matches!(client.current_session().await, Ok(Some(_))),
        Err(_) => false,
    }
}
