//! From flags to a connection that can be used: a kept session that is still open spares the question for a password.

use super::{CommandError, deadline, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs, Environment, PartialConnection},
    vim::{Client, ConnectOptions, SessionStore},
};

/// The connection to the one server that is meant.
///
/// # Errors
/// As [`config::resolve`] has.
pub(super) async fn connect(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, CommandError> {
    finish(config::draft(args, environment)?).await
}

/// The same, until the deadline of the command.
///
/// # Errors
/// As [`connect`] has, and when the deadline passes.
pub(super) async fn in_time(
    args: &ConnectionArgs,
    stage: &CommandIo<'_>,
) -> Result<ConnectOptions, CommandError> {
    // Ctrl-C is left alone: at a question for a password it ends the program by itself.
    tokio::select! {
        biased;
        connect = connect(args, stage.environment) => connect,
        Some(deadline) = async {
            deadline::passed(stage.deadline).await;
            stage.deadline
        } => Err(deadline.error("asking whether a kept session is still open")),
    }
}

/// The same without any question to the person: an error where one would be needed.
///
/// # Errors
/// As [`connect`] has, and where a password would have to be typed.
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
        let why = "a password would have to be typed.";
        return Err(CommandError::Usage(why.to_owned()));
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

/// Whether the server still knows the session. One that cannot be reached is asked again when it matters.
async fn is_open(options: ConnectOptions) -> bool {
    match Client::connect(options).await {
        Ok(client) => matches!(client.current_session().await, Ok(Some(_))),
        Err(_) => false,
    }
}
