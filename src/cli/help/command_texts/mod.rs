//! The texts of each command.

mod general;
mod records;
mod services;
mod setup;
mod shared;
mod simulation;
mod tasks;

use super::texts::Texts;

/// Returns the texts of all commands.
pub(super) fn all() -> impl Iterator<Item = &'static Texts> {
    [
        general::TEXTS,
        tasks::TEXTS,
        records::TEXTS,
        services::TEXTS,
        simulation::TEXTS,
        setup::TEXTS,
    ]
    .into_iter()
    .flatten()
}
