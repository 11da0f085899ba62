//! Completers for values from the config file or the server.

use std::collections::BTreeSet;

use clap_complete::engine::CompletionCandidate;

use super::{server, shell_word::is_safe};
use crate::{
    app::{Column, ThemeChoice},
    command::{
        display_name,
        output::{EVENTS, FORMAT_NAMES, TASKS},
    },
    config::{self, ConfigFile, process_environment},
    task::{TaskRecord, TaskStore, filter, row_model::SortColumn},
    text::sanitize,
    vim::types::TaskInfo,
};

/// Completes TASKs with the recent tasks.
pub(super) fn tasks(typed: &str) -> Vec<CompletionCandidate> {
    tasks_that(|_| true, typed)
}

/// Completes TASKs with the queued and running tasks.
pub(super) fn active_tasks(typed: &str) -> Vec<CompletionCandidate> {
    tasks_that(|record| record.status().is_active(), typed)
}

fn tasks_that(is_candidate: fn(&TaskRecord) -> bool, typed: &str) -> Vec<CompletionCandidate> {
    let named = typed.split_once('/').map(|(name, _)| name);
    let snapshots = server::read(named);
    if snapshots.is_empty() && server::has_servers(named) {
        return Vec::new();
    }
    if snapshots.is_empty() {
        // No server is known yet, so the profile names are candidates.
        let profiles = config_file().profiles.into_keys();
        return words(profiles.map(|name| format!("{name}/")), typed);
    }
    let found = snapshots.iter().flat_map(|read| {
        let candidates = read.snapshot.store.iter();
        let candidates = candidates.filter(|(_, record)| is_candidate(record));
        candidates.map(|(_, record)| {
            let name = read.server.full(&record.id.mo_id);
            // Keep the profile that was typed.
            let name = match named {
                Some(profile) if !name.contains('/') => format!("{profile}/{name}"),
                _ => name,
            };
            (name, Some(description(&read.snapshot.store, record)))
        })
    });
    matching(found, typed)
}

/// Returns a description such as `Relocate virtual machine · db-prod-01 · 42%`.
fn description(store: &TaskStore, record: &TaskRecord) -> String {
    let mut text = store.operation(record).into_owned();
    if let Some(target) = record.info.as_deref().and_then(display_name::target) {
        text = format!("{text} · {target}");
    }
    if let Some(percent) = record.progress().percent() {
        text = format!("{text} · {percent}%");
    }
    sanitize(&text).into_owned()
}

/// Completes `--profile`.
pub(super) fn profiles(typed: &str) -> Vec<CompletionCandidate> {
    let profiles = config_file().profiles.into_iter();
    let named = profiles.map(|(name, profile)| (name, profile.url.map(|url| url.shown())));
    matching(named, typed)
}

/// Completes `--theme` with built-in and user themes.
pub(super) fn themes(typed: &str) -> Vec<CompletionCandidate> {
    let own = config::own_themes(config_file().path.as_deref(), &process_environment);
    let ours = ["auto", "high-contrast", "color-blind"].into_iter();
    let ours = ours.chain(ThemeChoice::names()).map(str::to_owned);
    let all: BTreeSet<String> = ours.chain(own).collect();
    words(all, typed)
}

/// Completes `--sort` of the screen.
pub(super) fn sorts(typed: &str) -> Vec<CompletionCandidate> {
    list_of(SortColumn::ALL.iter().map(|column| column.name()), typed)
}

/// Completes `--columns` of the screen.
pub(super) fn screen_columns(typed: &str) -> Vec<CompletionCandidate> {
    list_of(Column::ALL.iter().map(|column| column.name()), typed)
}

/// Completes columns and fields of tasks.
pub(super) fn task_fields(typed: &str) -> Vec<CompletionCandidate> {
    list_of(TASKS.cells.iter().chain(TASKS.fields).copied(), typed)
}

/// Completes `--sort` of `vtask list`.
pub(super) fn list_fields(typed: &str) -> Vec<CompletionCandidate> {
    let columns = SortColumn::ALL.iter().map(|column| column.name());
    list_of(columns.chain(TASKS.fields.iter().copied()), typed)
}

/// Completes columns and fields of events.
pub(super) fn event_fields(typed: &str) -> Vec<CompletionCandidate> {
    list_of(EVENTS.cells.iter().chain(EVENTS.fields).copied(), typed)
}

/// Completes `--output`; those with an argument end with `=`.
pub(super) fn formats(typed: &str) -> Vec<CompletionCandidate> {
    let names = FORMAT_NAMES.iter().map(|&name| match name {
        "template" | "jsonpath" => format!("{name}="),
        _ => name.to_owned(),
    });
    words(names, typed)
}

/// Completes `--scenario`.
pub(super) fn scenarios(typed: &str) -> Vec<CompletionCandidate> {
    words(["demo", "load", "quiet", "empty"].map(str::to_owned), typed)
}

/// Completes the setting of `vtask config set`.
pub(super) fn settings(typed: &str) -> Vec<CompletionCandidate> {
    let profiles: Vec<String> = config_file().profiles.into_keys().collect();
    let names = config::setting_names().into_iter();
    let of_profiles = |name: String| match name.strip_prefix("profiles.NAME.") {
        None => vec![name],
        Some(key) => profiles
            .iter()
            .map(|profile| format!("profiles.{profile}.{key}"))
            .collect(),
    };
    words(names.flat_map(of_profiles), typed)
}

/// Completes the last name of a list that is separated by commas, after an optional `-`.
fn list_of(names: impl Iterator<Item = &'static str>, typed: &str) -> Vec<CompletionCandidate> {
    let start = typed.rfind(',').map_or(0, |at| at + 1);
    let start = start + usize::from(typed.get(start..).is_some_and(|rest| rest.starts_with('-')));
    let before = typed.get(..start).unwrap_or_default();
    let names: BTreeSet<&str> = names.collect();
    words(
        names.into_iter().map(|name| format!("{before}{name}")),
        typed,
    )
}

/// Completes the last word of `--filter`.
pub(super) fn filters(typed: &str) -> Vec<CompletionCandidate> {
    let saved = config_file().filters;
    // Only field values need data from the server.
    let mut snapshots = Vec::new();
    let mut completion = filter::complete(typed, &saved, (&TaskStore::new()).into());
    if completion.candidates.is_empty() && typed.contains([':', '=']) {
        snapshots = server::read(None);
    }
    for read in &snapshots {
        let more = filter::complete(typed, &saved, (&read.snapshot.store).into());
        completion.candidates.extend(more.candidates);
    }
    let before = typed.get(..completion.start).unwrap_or_default();
    let whole = completion.candidates.into_iter();
    words(whole.map(|end| format!("{before}{end}")), "")
}

/// Completes `--entity`.
pub(super) fn entities(typed: &str) -> Vec<CompletionCandidate> {
    of_tasks(|info| display_name::target(info).map(str::to_owned), typed)
}

/// Completes `--user`.
pub(super) fn users(typed: &str) -> Vec<CompletionCandidate> {
    of_tasks(
        |info| display_name::started_by(&info.reason).map(str::to_owned),
        typed,
    )
}

/// Completes `--operation` with IDs, which need no quotes.
pub(super) fn operations(typed: &str) -> Vec<CompletionCandidate> {
    of_tasks(|info| Some(info.description_id.to_string()), typed)
}

/// Completes with a value of the recent tasks.
fn of_tasks(text: fn(&TaskInfo) -> Option<String>, typed: &str) -> Vec<CompletionCandidate> {
    let mut found = BTreeSet::new();
    for read in server::read(None) {
        let records = read.snapshot.store.iter();
        found.extend(records.filter_map(|(_, record)| text(record.info.as_deref()?)));
    }
    words(found, typed)
}

/// Returns the candidates among words without a description.
fn words(known: impl IntoIterator<Item = String>, typed: &str) -> Vec<CompletionCandidate> {
    matching(known.into_iter().map(|word| (word, None)), typed)
}

/// Returns the candidates that start with the typed text and are safe in the shell.
fn matching(
    candidates: impl Iterator<Item = (String, Option<String>)>,
    typed: &str,
) -> Vec<CompletionCandidate> {
    candidates
        .filter(|(text, _)| text.starts_with(typed) && is_safe(text))
        .map(|(text, help)| {
            CompletionCandidate::new(text)
                .help(help.map(|help| sanitize(&help).into_owned().into()))
        })
        .collect()
}

/// Returns the config file given on the command line or the default one; empty if it is invalid.
fn config_file() -> ConfigFile {
    let named = server::typed().config;
    ConfigFile::load(named.as_deref(), &process_environment).unwrap_or_default()
}
