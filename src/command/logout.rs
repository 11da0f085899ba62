//! `vtask logout`: ends a session that was kept open with `--keep-session`.

use super::{CommandError, Outcome, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs},
    vim::{Client, SessionStore},
};

/// Runs `vtask logout`.
///
/// # Errors
/// Fails if the account is not known or the server cannot be reached.
pub async fn run(
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let profiles = connection.profiles(io.environment);
    if profiles.len() < 2 {
        return end(connection, io).await;
    }
    let mut outcome = Outcome::Success;
    for name in profiles {
        let ended = end(&connection.of_profile(&name), io).await;
        outcome = outcome.and(ended.unwrap_or_else(|error| {
            io.eprint(&error.to_string());
            Outcome::Unknown
        }));
    }
    Ok(outcome)
}

async fn end(args: &ConnectionArgs, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    if let Some(conflict) = config::server_conflict(args, io.environment)? {
        io.eprint(&conflict);
    }
    let (connection, user, kept) = config::kept_session(args, io.environment)?;
    let whose = format!("{user} on {}", connection.address.label());
    let Some(session) = kept.load() else {
        io.eprint(&format!("no session of {whose} is kept."));
        return Ok(Outcome::Success);
    };
    kept.clear();
    Client::connect(connection.with_session(session))
        .await?
        .end_session()
        .await?;
    io.eprint(&format!("the session of {whose} is ended."));
    Ok(Outcome::Success)
}
