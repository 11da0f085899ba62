//! `vtask trust`: manages trusted certificates. Also prompts on first use, before a command connects.

mod prompt;

use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::time::timeout;

use super::{CommandError, Outcome, io_context::CommandIo, table};
use crate::{
    config::{self, ConnectionArgs, KnownHosts, RedactedUrl},
    vim::{self, Address, Fingerprint, TrustPolicy},
};

/// A server that does not present its certificate within this time is left to the command, which reports the error.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Manage trusted certificates
#[derive(Debug, Clone, Args)]
pub struct TrustArgs {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum TrustCommand {
    /// List servers with the SHA-256 fingerprints of their trusted certificates
    List,
    /// Show a server's certificate and prompt to trust it
    Add(AddArgs),
    /// Remove a trusted certificate
    Remove(RemoveArgs),
}

#[derive(Debug, Clone, Args)]
struct AddArgs {
    /// Server, as for --url
    #[arg(value_name = "SERVER")]
    server: RedactedUrl,

    /// Skip the prompt and trust the certificate with this SHA-256 fingerprint
    #[arg(long, value_name = "SHA256")]
    thumbprint: Option<Fingerprint>,
}

#[derive(Debug, Clone, Args)]
struct RemoveArgs {
    /// Server, as for --url
    #[arg(value_name = "SERVER")]
    server: RedactedUrl,
}

/// Runs `vtask trust`.
///
/// # Errors
/// Fails if the server cannot be reached, there is no terminal for the prompt, or the file cannot be read or written.
pub async fn run(
    args: &TrustArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let mut known = KnownHosts::load(connection.known_hosts.as_deref(), io.environment)?;
    match &args.command {
        TrustCommand::List => {
            let rows: Vec<_> = known
                .entries()
                .map(|(host, fingerprint)| [table::cell(host), fingerprint.to_string()])
                .collect();
            io.print(&table::layout(&["SERVER", "SHA-256"], &rows))?;
        }
        TrustCommand::Add(args) => {
            let server = server(&args.server)?;
            let host = tls_host(&server)?;
            let fingerprint = match args.thumbprint {
                Some(fingerprint) => fingerprint,
                None => confirmed_fingerprint(&server, io).await?,
            };
            known.set(&host, fingerprint)?;
            prompt::report_saved(io, &known, &host);
        }
        TrustCommand::Remove(args) => {
            let host = tls_host(&server(&args.server)?)?;
            if !known.remove(&host)? {
                let why = format!("no certificate of {host} is trusted.");
                return Err(CommandError::NothingFound(why));
            }
        }
    }
    Ok(Outcome::Success)
}

/// Parses SERVER, which must not contain a password: it is visible in the process list. A user name is not needed.
fn server(url: &RedactedUrl) -> Result<Address, CommandError> {
    match Address::parse(url) {
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
    let why = "a server has no certificate over plain http.".to_owned();
    Err(CommandError::Usage(why))
}

/// Returns the fingerprint of the server's certificate after the user has accepted it.
async fn confirmed_fingerprint(
    server: &Address,
    io: &mut CommandIo<'_>,
) -> Result<Fingerprint, CommandError> {
    let probe = vim::probe_certificate(server, &TrustPolicy::System).await?;
    if !prompt::is_possible(io) {
        let why = format!(
            "{} has the certificate with SHA-256 {}. Not interactive: compare it and confirm it with --thumbprint.",
            server.authority(),
            probe.certificate.fingerprint
        );
        return Err(CommandError::Usage(why));
    }
    if prompt::confirm(io, server, &probe) {
        Ok(probe.certificate.fingerprint)
    } else {
        Err(CommandError::Untrusted(server.authority()))
    }
}

/// Prompts to trust the server's certificate before a command connects, if it is not signed by a trusted authority and
/// the command is interactive. Otherwise the command itself refuses the certificate.
///
/// # Errors
/// Fails if the user does not accept the certificate or the file cannot be written.
pub(super) async fn at_first_use(
    args: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    if !prompt::is_possible(io) {
        return Ok(());
    }
    let profiles = args.profiles(io.environment);
    if profiles.len() < 2 {
        return one_at_first_use(args, io).await;
    }
    for name in &profiles {
        one_at_first_use(&args.of_profile(name), io).await?;
    }
    Ok(())
}

async fn one_at_first_use(
    args: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    // Configuration errors are reported by the command.
    let Ok((server, trust)) = config::server_and_trust(args, io.environment) else {
        return Ok(());
    };
    if !server.is_tls() || !matches!(trust, TrustPolicy::System | TrustPolicy::AdditionalRoots(_)) {
        return Ok(());
    }
    let left = io.deadline.map(|deadline| deadline.remaining());
    let limit = left.map_or(PROBE_TIMEOUT, |left| left.min(PROBE_TIMEOUT));
    // The interrupt handler is not installed yet, so Ctrl-C ends the process at the prompt, too.
    let Ok(Ok(probe)) = timeout(limit, vim::probe_certificate(&server, &trust)).await else {
        return Ok(());
    };
    let can_accept = |rejection: &vim::UntrustedCertificate| rejection.can_accept();
    if !probe.rejection.as_ref().is_some_and(can_accept) {
        return Ok(());
    }
    if !prompt::confirm(io, &server, &probe) {
        return Err(CommandError::Untrusted(server.authority()));
    }
    let mut known = KnownHosts::load(args.known_hosts.as_deref(), io.environment)?;
    let host = server.authority();
    known.set(&host, probe.certificate.fingerprint)?;
    prompt::report_saved(io, &known, &host);
    Ok(())
}
