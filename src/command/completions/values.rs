//! What may stand in the place of a value that only the config file or the server knows.

use std::{collections::BTreeSet, ffi::OsStr};

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::{is_safe, server};
use crate::{
    app::ThemeChoice,
    command::display_name,
    config::{self, ConfigFile, process_environment},
    task::{Record, TaskStore, filter, row_model::SortColumn},
    text::sanitize,
    vim::types::TaskInfo,
};

/// Completes TASKs: what is queued or running on the servers that are meant.
pub(super) fn tasks() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let Some(typed) = typed.to_str() else {
            return Vec::new();
        };
        let named = typed.split_once('/').map(|(name, _)| name);
        let snapshots = server::ask(named);
        if snapshots.is_empty() && server::is_any_meant(named) {
            return Vec::new();
        }
        if snapshots.is_empty() {
            // No server is meant yet; a profile's name would tell which.
            let profiles = config_file().profiles.into_keys();
            return fitting(profiles.map(|name| (format!("{name}/"), None)), typed);
        }
        let found = snapshots.iter().flat_map(|asked| {
            let active = asked.snapshot.board.iter();
            let active = active.filter(|(_, record)| record.status().is_active());
            active.map(|(_, record)| {
                let name = asked.target.full(&record.id.mo_id);
                // A task that was typed with its profile stays so.
                let name = match named {
                    Some(profile) if !name.contains('/') => format!("{profile}/{name}"),
                    _ => name,
                };
                (name, Some(told(&asked.snapshot.board, record)))
            })
        });
        fitting(found, typed)
    })
}

/// `Relocate virtual machine · db-prod-01 · 42%`.
fn told(board: &TaskStore, record: &Record) -> String {
    let mut text = board.operation(record).into_owned();
    if let Some(target) = record.info.as_deref().and_then(display_name::target) {
        text = format!("{text} · {target}");
    }
    if let Some(percent) = record.progress().percent() {
        text = format!("{text} · {percent}%");
    }
    sanitize(&text).into_owned()
}

/// Completes `--profile`.
pub(super) fn profiles() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let profiles = config_file().profiles.into_iter();
        let named = profiles.map(|(name, profile)| (name, profile.url.map(|url| url.shown())));
        fitting(named, &typed.to_string_lossy())
    })
}

/// Completes `--theme`: what comes with the program, and one's own.
pub(super) fn themes() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let own = config::own_themes(config_file().path.as_deref(), &process_environment);
        let ours = ["auto", "high-contrast", "color-blind"].into_iter();
        let ours = ours.chain(ThemeChoice::names()).map(str::to_owned);
        let all: BTreeSet<String> = ours.chain(own).collect();
        fitting(
            all.into_iter().map(|name| (name, None)),
            &typed.to_string_lossy(),
        )
    })
}

/// Completes `--sort`: its last field, which may stand behind a `-`.
pub(super) fn sorts() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let start = typed.rfind([',', '-']).map_or(0, |at| at + 1);
        let before = typed.get(..start).unwrap_or_default();
        let columns = SortColumn::ALL.iter();
        let orders = columns.map(|column| (format!("{before}{}", column.name()), None));
        fitting(orders, &typed)
    })
}

/// Completes `--filter`: its last word.
pub(super) fn filters() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let saved = config_file().filters;
        // Only what stands behind a field is asked of the server.
        let mut snapshots = Vec::new();
        let mut completion = filter::complete(&typed, &saved, (&TaskStore::new()).into());
        if completion.candidates.is_empty() && typed.contains([':', '=']) {
            snapshots = server::ask(None);
        }
        for asked in &snapshots {
            let more = filter::complete(&typed, &saved, (&asked.snapshot.board).into());
            completion.candidates.extend(more.candidates);
        }
        let before = typed.get(..completion.start).unwrap_or_default();
        let whole = completion.candidates.into_iter();
        let whole = whole.map(|end| (format!("{before}{end}"), None));
        fitting(whole, "")
    })
}

/// Completes `--entity`.
pub(super) fn entities() -> ArgValueCompleter {
    of_tasks(|_, info| display_name::target(info).map(str::to_owned))
}

/// Completes `--user`.
pub(super) fn users() -> ArgValueCompleter {
    of_tasks(|_, info| display_name::started_by(&info.reason).map(str::to_owned))
}

/// Completes `--operation`, by the ids: they need no quotes.
pub(super) fn operations() -> ArgValueCompleter {
    of_tasks(|_, info| Some(info.description_id.to_string()))
}

/// Completes what the recent tasks on the servers that are meant have in common.
fn of_tasks(text: fn(&TaskStore, &TaskInfo) -> Option<String>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        let mut found = BTreeSet::new();
        for asked in server::ask(None) {
            let board = &asked.snapshot.board;
            let infos = board
                .iter()
                .filter_map(|(_, record)| record.info.as_deref());
            found.extend(infos.filter_map(|info| text(board, info)));
        }
        fitting(
            found.into_iter().map(|text| (text, None)),
            &typed.to_string_lossy(),
        )
    })
}

/// Those that begin with what was typed and can be put on the line.
fn fitting(
    candidates: impl Iterator<Item = (String, Option<String>)>,
    typed: &str,
) -> Vec<CompletionCandidate> {
    let fitting = candidates.filter(|(text, _)| text.starts_with(typed) && is_safe(text));
    fitting
        .map(|(text, help)| {
            CompletionCandidate::new(text)
                .help(help.map(|help| sanitize(&help).into_owned().into()))
        })
        .collect()
}

/// The config file that the line names, or the usual one; one that does not read has nothing to offer.
fn config_file() -> ConfigFile {
    let named = server::typed().config;
    ConfigFile::load(named.as_deref(), &process_environment).unwrap_or_default()
}
