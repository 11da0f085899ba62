//! `vtask doctor`: describes program, machine, configuration and server for a bug report.

mod machine;
mod page;
mod server;

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::{CommandError, Outcome, connect, io_context::CommandIo, server_tasks};
use crate::{
    config::{self, ConnectionArgs, Environment},
    vim::Client,
};
use page::Page;

/// Runs `vtask doctor`.
///
/// # Errors
/// Fails if the page has problems that concern this machine, standard output cannot be written, or the command is
/// interrupted. Problems of a server decide the outcome.
pub async fn run(
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let mut page = Page::default();
    machine::system(&mut page);
    machine::terminal(&mut page, io);
    machine::configuration(&mut page, connection, io.environment);
    let servers = match server_tasks::servers(connection, io.environment) {
        Ok(servers) => servers,
        Err(error) => {
            page.problem("Servers", &error.message());
            Vec::new()
        }
    };
    io.print(&page.text)?;
    let (mut problems, mut outcome) = (page.problems, Outcome::Success);
    for server in servers {
        let mut page = Page::default();
        let checked = check_server(&server.connection, &mut page, io).await;
        io.print(&format!("\n{}", page.text))?;
        match checked? {
            Outcome::Success => problems += page.problems,
            failed => outcome = outcome.and(failed),
        }
    }
    match (outcome, problems) {
        (Outcome::Success, 0) => Ok(Outcome::Success),
        (Outcome::Success, 1) => Err(CommandError::Usage("1 problem found.".to_owned())),
        (Outcome::Success, many) => Err(CommandError::Usage(format!("{many} problems found."))),
        (failed, _) => Ok(failed),
    }
}

/// Checks a server; problems of the server itself decide the outcome.
async fn check_server(
    args: &ConnectionArgs,
    page: &mut Page,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (address, trust) = match config::server_and_trust(args, io.environment) {
        Ok(found) => found,
        Err(error) => {
            page.section("Server");
            if is_named(args, io.environment) {
                page.problem("Settings", &error.0);
            } else {
                page.row("Not checked", &error.0);
            }
            return Ok(Outcome::Success);
        }
    };
    page.section(&format!("Server {}", address.label()));
    server::certificate(page, &address, &trust).await;
    let connect = match connect::connect_with_deadline(args, io).await {
        Ok(connect) => connect,
        Err(error) => {
            page.problem("Credentials", &error.message());
            return Ok(Outcome::Success);
        }
    };
    let traffic = connect.traffic.clone();
    let begun = Instant::now();
    let connected = tokio::select! {
        client = Client::connect(connect) => client,
        reason = io.stop_requested() => return Err(reason.error(&traffic)),
    };
    let client = match connected {
        Ok(client) => Arc::new(client),
        Err(error) => {
            page.problem("Connection", &error.to_string());
            return Ok(Outcome::of_error(&error));
        }
    };
    server::connection(page, &client, begun.elapsed());
    let checked = {
        let mut checks = Box::pin(server::session(page, &client));
        tokio::select! {
            checked = &mut checks => Ok(checked),
            reason = io.stop_requested() => {
                // A session in creation would otherwise stay open on the server.
                let _ = timeout_at(reason.sign_out_deadline(), &mut checks).await;
                Err(reason.error(&traffic))
            }
        }
    };
    let signed_out = client.sign_out().await;
    if let Err(error) = checked? {
        page.problem("Session", &error.to_string());
        return Ok(Outcome::of_error(&error));
    }
    if let Err(error) = signed_out {
        page.problem("Sign-out", &error.to_string());
    }
    Ok(if page.problems == 0 {
        Outcome::Success
    } else {
        Outcome::Unknown
    })
}

/// True if flags or environment select a server or profile.
fn is_named(args: &ConnectionArgs, environment: &dyn Environment) -> bool {
    args.url.is_some()
        || !args.profiles(environment).is_empty()
        || ["VTASK_URL", "GOVC_URL"]
            .iter()
            .any(|name| environment.get(name).is_some())
}
