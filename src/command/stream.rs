//! `vtask stream`: prints every change of tasks as NDJSON, for log pipelines.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    CommandError, Outcome,
    follow::{self, Change, Consumer, FollowArgs, Server, ServerSource},
    io_context::CommandIo,
    json_output,
    output::with_whole_seconds,
    task_query::StateArgs,
};
use crate::{
    config::ConnectionArgs,
    files::rotating_file::RotatingFile,
    task::{Handle, ServerId, TaskRecord},
    text::parse_size,
};

/// Print every change of tasks as NDJSON, for log pipelines
#[derive(Debug, Clone, Args)]
pub struct StreamArgs {
    #[command(flatten)]
    follow: FollowArgs,

    #[command(flatten)]
    states: StateArgs,

    /// Append to FILE instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output_file: Option<PathBuf>,

    /// Rename FILE to FILE.1 before it exceeds this size
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "100M", help_heading = "Output")]
    rotate_size: u64,

    /// Number of renamed files to keep
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(0..=1000),
        help_heading = "Output"
    )]
    rotate_keep: u32,
}

/// Runs `vtask stream`.
///
/// # Errors
/// Fails on wrong usage, without a connection, if the output cannot be written, and when it is interrupted.
pub async fn run(
    args: &StreamArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let source = ServerSource::new(&args.follow, connection, io);
    let servers = source.first(io).await?;
    let file = match &args.output_file {
        Some(path) => {
            let opened = RotatingFile::open(path, args.rotate_size, args.rotate_keep);
            Some((
                path.as_path(),
                opened.map_err(|error| CommandError::unwritable(path.display(), &error))?,
            ))
        }
        None => None,
    };
    let mut stream = Stream {
        states: &args.states,
        file,
        last_ids: HashMap::new(),
    };
    follow::follow(&source, servers, &mut stream, io).await
}

/// The output.
struct Stream<'a> {
    states: &'a StateArgs,
    /// The file in the place of standard output.
    file: Option<(&'a Path, RotatingFile)>,
    /// The last event id of each unfinished task. The server may report the same state twice, which is no change.
    last_ids: HashMap<(ServerId, Handle), String>,
}

impl Stream<'_> {
    /// Returns the lines of the changed tasks that are selected.
    fn lines(&mut self, server: &Server, changes: &[Change]) -> String {
        let store = &server.snapshot.store;
        let mut lines = String::new();
        for change in changes {
            let status = store.get(change.handle).map(TaskRecord::status);
            if status.is_some_and(|status| self.states.contains(status))
                && let Some(line) = self.line(server, change.handle)
            {
                lines.push_str(&line);
            }
            if change.is_end {
                self.last_ids.remove(&(server.id, change.handle));
            }
        }
        lines
    }

    /// Returns the line of a changed task; `None` if it is the same state as before.
    fn line(&mut self, server: &Server, handle: Handle) -> Option<String> {
        let (id, key) = (server.event_id(handle)?, (server.id, handle));
        if self.last_ids.get(&key) == Some(&id) {
            return None;
        }
        let line = line(server, handle, &id, Timestamp::now());
        self.last_ids.insert(key, id);
        line
    }
}

impl Consumer for Stream<'_> {
    const DELIVERS_EARLIER_TASKS: bool = true;
    const READS_ENTITY_STATES: bool = false;

    fn deliver(
        &mut self,
        server: &Server,
        changes: &[Change],
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let lines = self.lines(server, changes);
        match &mut self.file {
            _ if lines.is_empty() => Ok(()),
            Some((path, file)) => file
                .append(&lines)
                .map_err(|error| CommandError::unwritable(path.display(), &error)),
            None => io.print(&lines),
        }
    }

    fn prune(&mut self, servers: &[Server]) {
        self.last_ids.retain(|(id, handle), _| {
            let mut servers = servers.iter();
            let server = servers.find(|server| server.id == *id);
            let record = server.and_then(|server| server.snapshot.store.get(*handle));
            record.is_some_and(|record| !record.status().is_finished())
        });
    }

    fn commit(&mut self) -> Result<bool, CommandError> {
        if let Some((path, file)) = &self.file {
            file.sync()
                .map_err(|error| CommandError::unwritable(path.display(), &error))?;
        }
        Ok(true)
    }
}

/// Returns the line of a changed task, seen at this local time.
fn line(server: &Server, handle: Handle, id: &str, seen: Timestamp) -> Option<String> {
    let snapshot = &server.snapshot;
    let info = snapshot.raw(handle);
    let line = json_output::task(&snapshot.store, handle, info, &server.address, snapshot.now)?;
    let mut line = with_whole_seconds(line);
    line.insert("eventId".to_owned(), json!(id));
    line.insert("seenAt".to_owned(), json!(seen));
    Some(json_output::to_line(line))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::Parser;
    use secrecy::SecretString;

    use super::*;
    use crate::{
        app::test_support::{task, tasks},
        command::selector::CompiledSelector,
        task::TaskChange,
        vim::{ConnectOptions, Credentials, TrustPolicy},
        watch::WatchOptions,
    };

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        states: StateArgs,
    }

    fn server() -> Server {
        let connect = ConnectOptions {
            address: "vc01.lab".parse().unwrap(),
            trust: TrustPolicy::System,
            credentials: Credentials::Password {
                user: "ops".to_owned(),
                password: SecretString::from("secret"),
                store: None,
            },
            release: None,
            read_only: true,
            timeout: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        };
        let options = WatchOptions::new(connect, Vec::new());
        let selector = CompiledSelector::default();
        Server::new(None, options, selector, Timestamp::UNIX_EPOCH)
    }

    fn stream(states: &StateArgs) -> Stream<'_> {
        Stream {
            states,
            file: None,
            last_ids: HashMap::new(),
        }
    }

    /// Delivers a state of task-1.
    fn deliver(stream: &mut Stream<'_>, server: &mut Server, state: &str, is_end: bool) -> String {
        let change = task("task-1", &json!({"state": state}));
        server.snapshot.apply(tasks(vec![change]));
        let handle = server.snapshot.find(&"task-1".into()).unwrap();
        stream.lines(server, &[Change { handle, is_end }])
    }

    #[test]
    fn states_of_tasks_and_servers_that_are_gone_are_not_kept() {
        let flags = Flags::parse_from([""]);
        let mut stream = stream(&flags.states);
        let mut servers = [server()];
        deliver(&mut stream, &mut servers[0], "running", false);
        stream.prune(&servers);
        assert_eq!(stream.last_ids.len(), 1);
        // Its end is not selected.
        let end = task("task-1", &json!({"state": "success"}));
        servers[0].snapshot.apply(tasks(vec![end]));
        stream.prune(&servers);
        assert!(stream.last_ids.is_empty());

        deliver(&mut stream, &mut servers[0], "running", false);
        let mo_id = "task-1".into();
        servers[0]
            .snapshot
            .apply(tasks(vec![TaskChange::Unwatched { mo_id }]));
        stream.prune(&servers);
        assert!(stream.last_ids.is_empty());

        deliver(&mut stream, &mut servers[0], "running", false);
        stream.prune(&[]);
        assert!(stream.last_ids.is_empty());
    }

    #[test]
    fn the_state_of_a_finished_task_is_not_kept() {
        for (state, count) in [("active", 1), ("failed", 1), ("active,failed", 2)] {
            let flags = Flags::parse_from(["", "--state", state]);
            let mut stream = stream(&flags.states);
            let mut server = server();
            let mut lines = String::new();
            for (state, is_end) in [("running", false), ("running", false), ("error", true)] {
                lines += &deliver(&mut stream, &mut server, state, is_end);
            }
            assert_eq!(lines.lines().count(), count, "{state}: {lines}");
            assert!(stream.last_ids.is_empty(), "{state}");
        }
    }
}
