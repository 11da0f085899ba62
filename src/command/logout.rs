//! `vtask logout`: ends a session that was kept open with `--keep-session`.

use clap::Args;

use super::{CommandError, Outcome, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs},
    vim::{Client, SessionStore},
};

const LONG_ABOUT: &str = "\
Exit codes: 0 ended, or there was none; 4 the server cannot be reached (the session is forgotten here; on the server it \
ends by its idle time-out).";

/// End the session kept open with --keep-session
#[derive(Debug, Clone, Args)]
#[command(after_long_help = LONG_ABOUT)]
pub struct LogoutArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Runs `vtask logout`.
///
/// # Errors
/// Fails if the account is not known or the server cannot be reached.
pub async fn run(args: &LogoutArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let profiles = args.connection.profiles(stage.environment);
    if profiles.len() < 2 {
        return end(&args.connection, stage).await;
    }
    let mut outcome = Outcome::Success;
    for name in profiles {
        let ended = end(&args.connection.of_profile(&name), stage).await;
        outcome = outcome.and(ended.unwrap_or_else(|error| {
            stage.say(&error.to_string());
            Outcome::Unknown
        }));
    }
    Ok(outcome)
}

async fn end(args: &ConnectionArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    if let Some(conflict) = config::server_conflict(args, stage.environment)? {
        stage.say(&conflict);
    }
    let (draft, user, kept) = config::kept_session(args, stage.environment)?;
    let whose = format!("{user} on {}", draft.address.name());
    let Some(session) = kept.look() else {
        stage.say(&format!("no session of {whose} is kept."));
        return Ok(Outcome::Success);
    };
    kept.clear();
    Client::connect(draft.with_session(session))
        .await?
        .end_session()
        .await?;
    stage.say(&format!("the session of {whose} is ended."));
    Ok(Outcome::Success)
}
