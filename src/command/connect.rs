//! Builds connection options from flags. A saved session that is still valid avoids the password prompt.

use super::{CommandError, deadline, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs, Environment, PartialConnection},
    vim::{Client, ConnectOptions, SessionStore},
};

/// Returns the connection options for a single server.
///
/// # Errors
/// The errors of [`config::resolve_connection`].
pub(super) async fn connect(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, CommandError> {
    let connection = config::resolve_connection(args, environment).await?;
    if connection.lacks_password()
        && let Some(kept) = connection.session_file()
        && let Some(options) = with_kept_session(&connection, kept).await
    {
        return Ok(options);
    }
    Ok(connection.finish()?)
}

/// Like [`connect`], limited by the deadline of the command.
///
/// # Errors
/// The errors of [`connect`], and an error when the deadline passes.
pub(super) async fn connect_with_deadline(
    args: &ConnectionArgs,
    io: &CommandIo<'_>,
) -> Result<ConnectOptions, CommandError> {
    // Ctrl-C is not handled here: at a password prompt it ends the process.
    let connecting = connect(args, io.environment);
    deadline::limited(io.deadline, "checking the kept session", connecting).await
}

/// Like [`connect`], but fails instead of prompting for a password.
///
/// # Errors
/// The errors of [`connect`], and an error if a password is needed.
pub(super) async fn connect_without_prompt(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, CommandError> {
    if let Ok((connection, _, kept)) = config::kept_session(args, environment)
        && let Some(options) = with_kept_session(&connection, &kept).await
    {
        return Ok(options);
    }
    let connection = config::resolve_connection(args, environment).await?;
    if connection.lacks_password() {
        let server = connection.address.label();
        let why = format!("the password for {server} is not configured.");
        return Err(CommandError::Usage(why));
    }
    Ok(connection.finish()?)
}

/// Returns the options with the kept session, if the server confirms that it is valid.
async fn with_kept_session(
    connection: &PartialConnection,
    kept: &impl SessionStore,
) -> Option<ConnectOptions> {
    let options = connection.with_session(kept.load()?);
    match Client::connect(options.clone()).await {
        Ok(client) => matches!(client.current_session().await, Ok(Some(_))).then_some(options),
        Err(_) => None,
    }
}
