//! Finds queued and running tasks that match a selector.

use std::sync::Arc;

use super::{
    CommandError, io_context::CommandIo, selector::CompiledSelector, session, snapshot::Snapshot,
};
use crate::vim::ConnectOptions;

/// Returns the queued and running tasks that the selector matches.
///
/// # Errors
/// Fails if the server cannot be read, or if no task matches.
pub(super) async fn active_tasks(
    selector: &CompiledSelector,
    connect: ConnectOptions,
    io: &mut CommandIo<'_>,
) -> Result<Vec<Arc<str>>, CommandError> {
    let server = connect.address.label();
    let found = session::run_in_session(connect, io, async |client| {
        let mut snapshot = Snapshot::with_clock_and_labels(client).await;
        let unread = snapshot.add_recent(client).await?;
        if selector.needs_locations() {
            snapshot.add_locations(client).await?;
        }
        let mut found: Vec<Arc<str>> = selector
            .active(&snapshot.store, snapshot.now)
            .map(|(_, record)| record.id.mo_id.clone())
            .collect();
        found.sort_unstable();
        Ok((found, unread))
    });
    let (found, unread) = found.await?;
    if let Some(note) = unread.note() {
        io.eprint(&format!("{note} It may match, too."));
    }
    if found.is_empty() {
        return Err(CommandError::NothingFound(format!(
            "no queued or running task on {server} matches {}. `vtask list` shows the tasks; `vtask wait --new` waits for \
             tasks that start later.",
            selector.as_flags()
        )));
    }
    Ok(found)
}
