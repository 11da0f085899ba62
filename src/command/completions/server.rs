//! Reads candidates from the servers given on the command line, without output and with a short timeout.

use std::{
    env,
    ffi::OsString,
    io::{self, Cursor},
    time::Duration,
};

use clap::{Args, FromArgMatches};
use futures_util::stream;
use tokio::time::sleep;

use crate::{
    command::{
        CommandError, connect,
        fetch_args::FetchArgs,
        global_args::{ColorChoice, LogFormat},
        io_context::{CommandIo, Output},
        server_tasks::{self, ServerTasks},
        session,
        signals::StopSignal,
        snapshot::Snapshot,
    },
    config::{self, ConnectionArgs, process_environment},
};

/// Time limit for reading candidates.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(2);

/// The recent tasks of a server.
pub(super) struct ReadServer {
    pub(super) server: ServerTasks,
    pub(super) snapshot: Snapshot,
}

/// Returns the connection flags of the command line.
pub(super) fn typed() -> ConnectionArgs {
    // vtask -- vtask wait --profile lab …
    let words = env::args_os().skip_while(|word| word != "--").skip(1);
    parse_connection(words.collect()).unwrap_or_default()
}

/// Parses only the connection flags, since the rest of the line may be incomplete or invalid.
fn parse_connection(words: Vec<OsString>) -> Option<ConnectionArgs> {
    let command = ConnectionArgs::augment_args(clap::Command::new("vtask"));
    let mut connection_words = vec![OsString::from("vtask")];
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let (flag, has_value) = match text.split_once('=') {
            Some((flag, _)) => (flag, true),
            None => (&*text, false),
        };
        let is_same_flag = |arg: &&clap::Arg| {
            let long = arg.get_long().map(|long| format!("--{long}"));
            let short = arg.get_short().map(|short| format!("-{short}"));
            long.is_some_and(|long| long == flag) || short.is_some_and(|short| short == flag)
        };
        let Some(arg) = command.get_arguments().find(is_same_flag) else {
            continue;
        };
        let takes_value = arg.get_action().takes_values() && !has_value;
        let value = if takes_value { words.next() } else { None };
        if value.is_some() || !takes_value {
            connection_words.push(word);
            connection_words.extend(value);
        }
    }
    let matches = command.try_get_matches_from(connection_words).ok()?;
    ConnectionArgs::from_arg_matches(&matches).ok()
}

/// Returns the servers given on the command line; `named` is the profile named by the TASK.
fn selected_servers(named: Option<&str>) -> Option<Vec<ServerTasks>> {
    let mut args = typed();
    if let Some(name) = named
        && !args.profile.iter().any(|known| known == name)
    {
        args.profile.push(name.to_owned());
    }
    let servers = server_tasks::servers(&args, &process_environment).ok()?;
    let is_known = |server: &ServerTasks| {
        config::server_and_trust(&server.connection, &process_environment).is_ok()
    };
    servers.iter().all(is_known).then_some(servers)
}

/// True if the servers are known.
pub(super) fn has_servers(named: Option<&str>) -> bool {
    selected_servers(named).is_some()
}

/// Reads the recent tasks of the servers. Servers that would need a prompt are left out.
pub(super) fn read(named: Option<&str>) -> Vec<ReadServer> {
    let servers = selected_servers(named).unwrap_or_default();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return Vec::new();
    };
    let read = servers.into_iter().filter_map(|server| {
        let snapshot = runtime.block_on(recent(&server)).ok()?;
        Some(ReadServer { server, snapshot })
    });
    read.collect()
}

async fn recent(server: &ServerTasks) -> Result<Snapshot, CommandError> {
    let connect = connect::connect_without_prompt(&server.connection, &process_environment).await?;
    let mut io = CommandIo {
        out: Output::plain(io::sink()),
        err: Output::plain(io::sink()),
        input: Box::new(|| (Box::new(Cursor::new("")), false)),
        environment: &process_environment,
        signals: Box::pin(stream::once(async {
            sleep(COMPLETION_TIMEOUT).await;
            StopSignal::Interrupt
        })),
        color: ColorChoice::Never,
        log_format: LogFormat::Text,
        fetch: FetchArgs::default(),
        deadline: None,
    };
    session::run_in_session(connect, &mut io, async |client| {
        let mut snapshot = Snapshot::with_clock_and_labels(client).await;
        // The ID of a task is completed even if the task cannot be read.
        snapshot.add_recent(client).await?;
        Ok(snapshot)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_line_still_selects_server() {
        let typed = |line: &str| {
            let words = line.split(' ').map(OsString::from).collect();
            parse_connection(words).unwrap()
        };
        let args = typed("vtask wait --profile lab --config /x task-1 --timeout ");
        assert_eq!(args.profile, ["lab"]);
        assert_eq!(args.config.as_deref(), Some(std::path::Path::new("/x")));
        assert_eq!(
            typed("vtask cancel --url vc01 --nonsense t").url.as_deref(),
            Some("vc01")
        );
        assert_eq!(
            typed("vtask wait --url=vc01 -u ops --profile")
                .username
                .as_deref(),
            Some("ops")
        );
        assert!(typed("vtask wait --insecure --until").insecure);
        assert_eq!(typed("vtask --url vc01 t").url.as_deref(), Some("vc01"));
    }
}
