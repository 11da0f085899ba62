//! `vtask trust`: the certificates that were accepted by hand; and the question of first use, before any command that
//! asks a server.

mod prompt;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use tokio::time::timeout;

use super::{CommandError, Outcome, io_context::CommandIo, table};
use crate::{
    config::{self, ConnectionArgs, KnownHosts, RedactedUrl},
    vim::{self, Address, Fingerprint, TrustPolicy},
};

/// A server that does not show its certificate by then is left to the command itself, which tells what is wrong.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Look after the certificates that were accepted by hand
#[derive(Debug, Clone, Args)]
pub struct TrustArgs {
    /// File of the certificates that were accepted by hand, instead of ~/.local/share/vtask/known-hosts
    #[arg(long, global = true, env = "VTASK_KNOWN_HOSTS", value_name = "FILE")]
    known_hosts: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    command: TrustCommand,
}

/// What to do with the certificates that were accepted.
#[derive(Debug, Clone, Subcommand)]
enum TrustCommand {
    /// Print each server with the SHA-256 fingerprint of the certificate that is accepted from it
    List,
    /// Show a server's certificate and ask whether to accept it from now on
    Add(AddArgs),
    /// Accept a server's certificate no longer by hand
    Remove(RemoveArgs),
}

/// Whose certificate to accept.
#[derive(Debug, Clone, Args)]
struct AddArgs {
    /// The server, as for --url
    #[arg(value_name = "SERVER")]
    server: RedactedUrl,

    /// Do not look or ask: accept the certificate of this SHA-256 fingerprint
    #[arg(long, value_name = "SHA256")]
    thumbprint: Option<Fingerprint>,
}

/// Whose certificate to accept no longer.
#[derive(Debug, Clone, Args)]
struct RemoveArgs {
    /// The server, as for --url
    #[arg(value_name = "SERVER")]
    server: RedactedUrl,
}

/// Does it.
///
/// # Errors
/// When the server cannot be reached, there is no terminal to ask on, or the file cannot be read or written.
pub async fn run(args: &TrustArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let mut known = KnownHosts::load(args.known_hosts.as_deref(), stage.environment)?;
    match &args.command {
        TrustCommand::List => {
            let rows: Vec<_> = known
                .entries()
                .map(|(host, fingerprint)| [table::cell(host), fingerprint.to_string()])
                .collect();
            stage.print(&table::layout(["SERVER", "SHA-256"], &rows))?;
        }
        TrustCommand::Add(args) => {
            let server = server(&args.server)?;
            let host = tls_host(&server)?;
            let fingerprint = match args.thumbprint {
                Some(fingerprint) => fingerprint,
                None => compared(&server, stage).await?,
            };
            known.set(&host, fingerprint)?;
            prompt::tell_kept(stage, &known, &host);
        }
        TrustCommand::Remove(args) => {
            let host = tls_host(&server(&args.server)?)?;
            if !known.remove(&host)? {
                let why = format!("no certificate of {host} was accepted by hand.");
                return Err(CommandError::NothingFound(why));
            }
        }
    }
    Ok(Outcome::Success)
}

/// Reads SERVER. It is typed, so it must not hold a password; and no account is needed.
fn server(given: &RedactedUrl) -> Result<Address, CommandError> {
    match Address::parse(given) {
        Ok((address, None)) => Ok(address),
        Ok((address, Some(_))) => Err(CommandError::Usage(format!(
            "SERVER must not contain a user name or password. Write {} alone.",
            address.name()
        ))),
        Err(error) => Err(CommandError::Usage(error.to_string())),
    }
}

fn tls_host(server: &Address) -> Result<String, CommandError> {
    if server.is_tls() {
        return Ok(server.authority());
    }
    let why = "over plain http a server shows no certificate.".to_owned();
    Err(CommandError::Usage(why))
}

/// The fingerprint of the certificate that a server shows, once a person has accepted it.
async fn compared(
    server: &Address,
    stage: &mut CommandIo<'_>,
) -> Result<Fingerprint, CommandError> {
    let look = vim::probe_certificate(server, &TrustPolicy::System).await?;
    if !prompt::can_ask(stage) {
        let why = format!(
            "{} shows a certificate of SHA-256 {}, and there is no terminal to ask on whether that is right. Compare \
             it and give it with --thumbprint.",
            server.authority(),
            look.certificate.fingerprint
        );
        return Err(CommandError::Usage(why));
    }
    if prompt::ask(stage, server, &look)? {
        Ok(look.certificate.fingerprint)
    } else {
        Err(CommandError::Untrusted(server.authority()))
    }
}

/// Before a command asks its server: if no authority vouches for the server's certificate and a person is there, shows
/// it and asks whether to accept it from now on. Without a terminal nothing is asked, and the command refuses.
///
/// # Errors
/// When the person does not accept it, or the file of those that were accepted cannot be written.
pub(super) async fn at_first_use(
    args: &ConnectionArgs,
    stage: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    if !prompt::can_ask(stage) {
        return Ok(());
    }
    let profiles = args.profiles(stage.environment);
    if profiles.len() < 2 {
        return one_at_first_use(args, stage).await;
    }
    for name in &profiles {
        one_at_first_use(&args.of_profile(name), stage).await?;
    }
    Ok(())
}

async fn one_at_first_use(
    args: &ConnectionArgs,
    stage: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    // What is wrong with the configuration is told by the command.
    let Ok((server, trust)) = config::server_and_trust(args, stage.environment) else {
        return Ok(());
    };
    if !server.is_tls() || !matches!(trust, TrustPolicy::System | TrustPolicy::Also(_)) {
        return Ok(());
    }
    let left = stage.deadline.map(|deadline| deadline.left());
    let limit = left.map_or(PROBE_TIMEOUT, |left| left.min(PROBE_TIMEOUT));
    // The stage's interruption is not asked for yet: until it is, Ctrl-C ends the program by itself, at the question too.
    let Ok(Ok(look)) = timeout(limit, vim::probe_certificate(&server, &trust)).await else {
        return Ok(());
    };
    let can_accept = |distrust: &vim::UntrustedCertificate| distrust.can_accept();
    if !look.distrust.as_ref().is_some_and(can_accept) {
        return Ok(());
    }
    if !prompt::ask(stage, &server, &look)? {
        return Err(CommandError::Untrusted(server.authority()));
    }
    let mut known = KnownHosts::load(args.known_hosts.as_deref(), stage.environment)?;
    let host = server.authority();
    known.set(&host, look.certificate.fingerprint)?;
    prompt::tell_kept(stage, &known, &host);
    Ok(())
}
