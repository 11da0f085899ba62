//! Read access to the world for properties, events and histories.

use super::task_info::TaskInfoWriter;
use crate::value::MoRef;
use crate::world::World;
use crate::world::task::{Task, TaskId};

/// The world, with the writer of its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadContext<'a> {
    pub(super) world: &'a World,
    pub(super) writer: TaskInfoWriter<'a>,
    pub(super) instance_uuid: &'a str,
}

impl<'a> ReadContext<'a> {
    pub(super) fn task(self, object: &MoRef) -> Option<&'a Task> {
        let id = (&*object.kind == "Task")
            .then(|| TaskId::parse(&object.id))
            .flatten()?;
        self.world.task(id)
    }
}
