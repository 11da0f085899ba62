//! Assigns tasks to servers, by `--profile` and by TASKs that name their server (`lab/task-4711`, or a URL).

use std::{collections::BTreeMap, io::BufRead, sync::Arc};

use super::{
    CommandError, Outcome,
    io_context::CommandIo,
    task_args::{self, TaskArg},
};
use crate::{
    config::{self, ConnectionArgs, Environment},
    task::TaskRef,
    vim::Address,
};

/// A server and the tasks given for it.
#[derive(Debug, Default)]
pub(super) struct ServerTasks {
    /// The profile name; `None` if there is only one server.
    pub(super) name: Option<String>,
    pub(super) connection: ConnectionArgs,
    /// The tasks without duplicates, in the order given.
    pub(super) tasks: Vec<Arc<str>>,
    /// Further profiles of the same server.
    duplicate_profiles: Vec<String>,
    /// A warning: the environment and the config file name different servers, and no flag decides.
    pub(super) conflict: Option<String>,
}

impl ServerTasks {
    fn has_name(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
            || self
                .duplicate_profiles
                .iter()
                .any(|profile| profile == name)
    }

    /// Returns message and outcome of an error that concerns only this one of several servers, so that the others are
    /// read all the same.
    ///
    /// # Errors
    /// Returns any other error.
    pub(super) fn tolerated(&self, error: CommandError) -> Result<(String, Outcome), CommandError> {
        let is_only = self.name.is_none();
        let (error, outcome) = match error {
            CommandError::TimedOut(_) if !is_only => (error, Outcome::TimedOut),
            error => error.tolerated(is_only)?,
        };
        Ok((error.to_string(), outcome))
    }

    /// Returns the task ID with the profile name: `lab/task-4711`.
    pub(super) fn full(&self, mo_id: &str) -> String {
        full(self.name.as_deref(), mo_id)
    }
}

/// Returns `lab/task-4711`, or the moId if there is no name.
pub(super) fn full(name: Option<&str>, mo_id: &str) -> String {
    match name {
        Some(name) => format!("{name}/{mo_id}"),
        None => mo_id.to_owned(),
    }
}

/// Returns the selected servers without tasks, in the order given.
///
/// # Errors
/// Fails if a profile does not exist, or if a URL is given together with several profiles.
pub(super) fn servers(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Vec<ServerTasks>, CommandError> {
    let profiles = args.profiles(environment);
    if profiles.len() < 2 && !args.has_profile_pattern(environment) {
        return Ok(vec![ServerTasks {
            connection: args.clone(),
            // Connection errors are reported when connecting.
            conflict: config::server_conflict(args, environment).unwrap_or_default(),
            ..ServerTasks::default()
        }]);
    }
    let of_variables = args.profile.is_empty() && environment.get("VTASK_URL").is_some();
    if names_a_server(args) || of_variables {
        let why = "--url (or VTASK_URL) names one vCenter, --profile several (or VTASK_PROFILE). Give one of them.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    let mut server_tasks: Vec<ServerTasks> = Vec::new();
    for name in &profiles {
        let connection = args.of_profile(name);
        let (address, _) = config::server_and_trust(&connection, environment)
            .map_err(|error| CommandError::Usage(format!("profile {name}: {error}")))?;
        let index = *at.entry(address.authority()).or_insert(server_tasks.len());
        match server_tasks.get_mut(index) {
            Some(before) => before.duplicate_profiles.push(name.clone()),
            None => server_tasks.push(ServerTasks {
                name: Some(name.clone()),
                connection,
                ..ServerTasks::default()
            }),
        }
    }
    Ok(server_tasks)
}

/// Returns a warning for each server that was given twice.
fn duplicates(server_tasks: &[ServerTasks]) -> Vec<String> {
    let warnings = server_tasks.iter().flat_map(|server| {
        let name = server.name.as_deref().unwrap_or_default();
        server.duplicate_profiles.iter().map(move |profile| {
            if profile == name {
                format!("--profile {name} is given twice.")
            } else {
                format!("the profiles {name} and {profile} are the same vCenter; using {name}.")
            }
        })
    });
    warnings.collect()
}

/// Returns warnings about ambiguous and duplicate servers.
pub(super) fn warnings(server_tasks: &[ServerTasks]) -> Vec<String> {
    let conflicts = server_tasks
        .iter()
        .filter_map(|server| server.conflict.clone());
    conflicts.chain(duplicates(server_tasks)).collect()
}

/// Prints the [`warnings`] on standard error.
pub(super) fn warn(server_tasks: &[ServerTasks], io: &mut CommandIo<'_>) {
    for warning in warnings(server_tasks) {
        io.eprint(&warning);
    }
}

/// Like [`with_tasks`], and prints the warnings.
///
/// # Errors
/// The errors of [`with_tasks`].
pub(super) fn named(
    args: &ConnectionArgs,
    texts: &[String],
    io: &mut CommandIo<'_>,
) -> Result<Vec<ServerTasks>, CommandError> {
    let server_tasks = with_tasks(args, texts, || (io.input)().0, io.environment)?;
    warn(&server_tasks, io);
    Ok(server_tasks)
}

/// Returns the servers that have tasks; all of them if no task is given.
///
/// # Errors
/// The errors of [`assign`].
pub(super) fn with_tasks(
    args: &ConnectionArgs,
    texts: &[String],
    stdin: impl FnOnce() -> Box<dyn BufRead>,
    environment: &dyn Environment,
) -> Result<Vec<ServerTasks>, CommandError> {
    let mut server_tasks = assign(args, texts, stdin, environment)?;
    if server_tasks.iter().any(|server| !server.tasks.is_empty()) {
        server_tasks.retain(|server| !server.tasks.is_empty());
    }
    Ok(server_tasks)
}

/// Returns all selected servers with their tasks. A profile named only by a TASK counts as if given by `--profile`.
///
/// # Errors
/// Fails if a text is not a task ID or its server is ambiguous.
pub(super) fn assign(
    args: &ConnectionArgs,
    texts: &[String],
    stdin: impl FnOnce() -> Box<dyn BufRead>,
    environment: &dyn Environment,
) -> Result<Vec<ServerTasks>, CommandError> {
    let named = task_args::texts(texts, stdin)?;
    let original = args;
    let mut args = args.clone();
    let mut read: Vec<(Option<&str>, &TaskArg, Arc<str>)> = Vec::new();
    for named in &named {
        let (name, task) = split(&named.text);
        let TaskRef(mo_id) = task
            .parse()
            .map_err(|error: crate::task::NotATask| CommandError::Usage(error.to_string()))?;
        if let Some(name) = name
            && !args.profile.iter().any(|known| known == name)
        {
            if names_a_server(&args) {
                return Err(CommandError::Usage(format!(
                    "{} is on the server of profile {name}, but --url names one, too. Leave one of \
                     them out.",
                    named.shown()
                )));
            }
            args.profile.push(name.to_owned());
        }
        read.push((name, named, mo_id));
    }
    let mut server_tasks = servers(&args, environment)?;
    for (name, named, mo_id) in read {
        let at = match name {
            Some(name) => server_tasks.iter().position(|server| server.has_name(name)),
            None => None,
        };
        let at = match (at, server_tasks.len()) {
            (Some(at), _) => at,
            (None, 1) => {
                // The profile named by one TASK must not apply to TASKs without a profile.
                if name.is_none() && original.profile.is_empty() && !args.profile.is_empty() {
                    check_same_server(&server_tasks[0], named, original, environment)?;
                }
                check_only_server(&server_tasks[0], named, environment)?
            }
            (None, _) => server_of(&server_tasks, named, &mo_id, environment)?,
        };
        let tasks = &mut server_tasks[at].tasks;
        if !tasks.contains(&mo_id) {
            tasks.push(mo_id);
        }
    }
    Ok(server_tasks)
}

/// True if `--url` is given and not empty.
fn names_a_server(args: &ConnectionArgs) -> bool {
    args.url.as_deref().is_some_and(|url| !url.is_empty())
}

/// Refuses a TASK without a server next to TASKs with a profile, if on its own it would be read from another server.
fn check_same_server(
    server: &ServerTasks,
    named: &TaskArg,
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(), CommandError> {
    let usual = config::server_and_trust(args, environment);
    let server = config::server_and_trust(&server.connection, environment);
    match (host(named)?, usual, server) {
        (None, Ok((usual, _)), Ok((server, _))) if usual != server => {
            Err(CommandError::Usage(format!(
                "{} may be on {} or on {}: the same moId exists on several. Write the profile before it.",
                named.shown(),
                usual.label(),
                server.label()
            )))
        }
        _ => Ok(()),
    }
}

/// Returns the index of the only server, unless the URL of the task names another: moIds are only unique per server.
fn check_only_server(
    server: &ServerTasks,
    named: &TaskArg,
    environment: &dyn Environment,
) -> Result<usize, CommandError> {
    let server = config::server_and_trust(&server.connection, environment);
    // A missing server is reported when connecting.
    match (host(named)?, server) {
        (Some(host), Ok((server, _))) if host != server.name() => {
            Err(CommandError::Usage(format!(
                "{} is on {host}, but the server is {}. Give {host} by --url, or the moId alone if it is the same server.",
                named.shown(),
                server.label()
            )))
        }
        _ => Ok(0),
    }
}

/// Returns the index of the server of a task without a profile name, by its URL or JSON object.
fn server_of(
    server_tasks: &[ServerTasks],
    named: &TaskArg,
    mo_id: &str,
    environment: &dyn Environment,
) -> Result<usize, CommandError> {
    let servers = server_tasks
        .iter()
        .filter_map(|server| server.name.as_deref());
    let servers: Vec<&str> = servers.collect();
    let Some(host) = host(named)? else {
        return Err(CommandError::Usage(format!(
            "{} may be on any of {}: the same moId exists on several. Write {}.",
            named.shown(),
            servers.join(", "),
            full(servers.first().copied(), mo_id)
        )));
    };
    let at = server_tasks.iter().position(|server| {
        config::server_and_trust(&server.connection, environment)
            .is_ok_and(|(address, _)| address.name() == host)
    });
    at.ok_or_else(|| {
        CommandError::Usage(format!(
            "{} is on {host}, which is not one of {}.",
            named.shown(),
            servers.join(", ")
        ))
    })
}

/// Splits off the profile name of a TASK.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((name, task))
            if !name.is_empty()
                && !task.is_empty()
                && !name.contains([':', ' '])
                && !task.contains('/') =>
        {
            (Some(name), task)
        }
        _ => (None, text),
    }
}

/// Returns the server that a TASK names in its URL or JSON object.
///
/// # Errors
/// Fails if the URL is invalid, since the task could be on another server.
fn host(named: &TaskArg) -> Result<Option<String>, CommandError> {
    if !named.text.contains("://") {
        return Ok(named.server.clone());
    }
    match Address::parse(&named.text) {
        Ok((address, _)) => Ok(Some(address.name())),
        Err(error) => Err(CommandError::Usage(format!(
            "{} has no valid server: {}.",
            named.shown(),
            error.why
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[profiles.lab]\nurl = \"vc01.lab\"\n[profiles.branch]\nurl = \"vc02.lab\"\n\
                          [profiles.same]\nurl = \"https://vc01.lab/sdk\"\n";

    type Assigned = (Option<String>, Vec<String>);

    fn assigned(profiles: &[&str], texts: &[&str]) -> Result<Vec<Assigned>, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let config = directory.path().join("config.toml");
        std::fs::write(&config, CONFIG).map_err(|error| error.to_string())?;
        let args = ConnectionArgs {
            profile: profiles.iter().map(ToString::to_string).collect(),
            config: Some(config),
            ..ConnectionArgs::default()
        };
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        let stdin = || -> Box<dyn BufRead> { Box::new(&b""[..]) };
        let server_tasks = with_tasks(&args, &texts, stdin, &|_: &str| None);
        let server_tasks = server_tasks.map_err(|error| error.to_string())?;
        let found = server_tasks.into_iter().map(|server| {
            let tasks = server.tasks.iter().map(ToString::to_string).collect();
            (server.name, tasks)
        });
        Ok(found.collect())
    }

    fn on(name: &str, tasks: &[&str]) -> Assigned {
        let tasks = tasks.iter().map(ToString::to_string).collect();
        (Some(name.to_owned()), tasks)
    }

    #[test]
    fn a_task_names_its_server_by_profile_or_url() {
        let texts = [
            "branch/task-1",
            "lab/task-1",
            "https://vc02.lab/sdk/vim25/8.0.3.0/Task/task-2/info",
            "lab/Task:task-1",
        ];
        let expected = [on("lab", &["task-1"]), on("branch", &["task-1", "task-2"])];
        assert_eq!(assigned(&["lab", "branch"], &texts).unwrap(), expected);
        // Without --profile, the profiles come from the tasks.
        let expected = [on("branch", &["task-1"]), on("lab", &["task-1"])];
        assert_eq!(assigned(&[], &texts[..2]).unwrap(), expected);
        let only = assigned(&["lab"], &["task-7", "lab/task-8"]).unwrap();
        assert_eq!(
            only,
            [(None, vec!["task-7".to_owned(), "task-8".to_owned()])]
        );
    }

    #[test]
    fn ambiguous_servers_are_refused_with_remedy() {
        let refused = assigned(&["lab", "branch"], &["task-1"]).unwrap_err();
        assert!(refused.contains("Write lab/task-1"), "{refused}");
        let refused = assigned(&["lab"], &["nowhere/task-1"]).unwrap_err();
        assert!(refused.contains("nowhere"), "{refused}");
        let elsewhere = "https://vc02.lab/sdk/vim25/8.0.3.0/Task/task-2/info";
        let refused = assigned(&["lab"], &[elsewhere]).unwrap_err();
        assert!(
            refused.contains("is on vc02.lab, but the server is vc01.lab"),
            "{refused}"
        );
        let same = "https://VC01.lab:443/sdk/vim25/8.0.3.0/Task/task-2/info";
        assert!(assigned(&["lab"], &[same]).is_ok());
    }

    #[test]
    fn duplicate_server_is_read_once() {
        let found = assigned(
            &["lab", "same", "branch"],
            &["same/task-1", "branch/task-1"],
        )
        .unwrap();
        assert_eq!(found, [on("lab", &["task-1"]), on("branch", &["task-1"])]);
        let server = |profile: &str| ServerTasks {
            name: Some("lab".to_owned()),
            duplicate_profiles: vec![profile.to_owned()],
            ..ServerTasks::default()
        };
        let warnings = duplicates(&[server("same"), server("lab")]);
        assert!(
            warnings[0].contains("lab and same are the same vCenter"),
            "{warnings:?}"
        );
        assert!(warnings[1].contains("lab is given twice"), "{warnings:?}");
    }
}
