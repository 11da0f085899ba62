//! Finding the tasks that are meant, by what people know of them.

use std::sync::Arc;

use super::{CommandError, choice::Choice, session, stage::Stage};
use crate::{
    task::{Labels, Status},
    vim::{ConnectOptions, types::TaskInfo},
};

/// The tasks that are queued or running now and are among those chosen.
///
/// # Errors
/// When the server cannot be asked, and when there is none.
pub(super) async fn active(
    choice: &Choice,
    connect: ConnectOptions,
    stage: &mut Stage<'_>,
) -> Result<Vec<Arc<str>>, CommandError> {
    let server = connect.address.name();
    let found = session::with(connect, stage, async |client| {
        // Without labels operations are called by words made of their ids.
        let labels = client
            .operation_labels()
            .await
            .map(Labels::new)
            .unwrap_or_default();
        let mut found = Vec::new();
        for info in session::read_recent(client).await? {
            let Ok(info) = TaskInfo::from_json(info) else {
                continue;
            };
            if Status::of(&info).is_active() && choice.matches(&info, &labels) {
                found.push(info.mo_id().clone());
            }
        }
        Ok(found)
    });
    let found = found.await?;
    if found.is_empty() {
        return Err(CommandError::NothingFound(format!(
            "no task with {} is queued or running on {server}. `vtask list` shows what is there; --new waits for what \
             starts from now on.",
            choice.in_words()
        )));
    }
    Ok(found)
}
