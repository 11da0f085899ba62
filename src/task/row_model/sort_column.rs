//! The columns by which rows can be sorted: names, titles and default directions.

use vtask_text::named_enum;

use crate::LocationField;

named_enum! {
    /// Columns by which rows can be sorted, in menu order.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub enum SortColumn {
        /// By urgency: new failures, running, queued, failed, then the rest; longest running and latest ended first.
        /// In a tree, a family has the urgency of its most urgent member.
        #[default]
        Urgency: "urgency" | "now" | "attention", "Urgency", "new failures, running, queued, failed, rest";
        /// Running, queued, failed, cancelled, then the rest.
        State: "state" | "status", "State", "by status only";
        /// The operation's label.
        Task: "task" | "name", "Task", "by the operation's name";
        /// The current phase.
        Phase: "phase", "Phase", "by name";
        /// The name of the entity.
        Target: "target" | "entity", "Target", "by name";
        /// Percent done, reported or derived.
        Progress: "progress" | "percent" | "trend", "Progress", "percent done";
        /// Run time. Running tasks are separate from finished ones, so that the order does not change
        /// with time.
        Elapsed: "elapsed", "Elapsed", "run time";
        /// Expected end, as estimated at the last update, so that the order does not change with time.
        Left: "left" | "finish" | "eta", "Time left", "expected end";
        /// By cancellation: requested, possible, not possible.
        Cancel: "cancel", "Cancel", "cancelling, cancelable, not cancelable";
        /// The user, alarm or schedule that started the task.
        StartedBy: "started-by" | "user", "Started by", "by name";
        /// Queue time.
        Queued: "queued", "Queued", "queue time";
        /// Start time.
        Started: "started", "Started", "start time";
        /// Completion time.
        Completed: "completed" | "ended", "Completed", "completion time";
        /// Time in the queue. Queued tasks are separate from started ones, so that the order does not
        /// change with time.
        QueuedFor: "queued-for" | "waited", "Queued for", "time in the queue";
        /// The vCenter.
        Server: "endpoint" | "vcenter" | "server", "vCenter", "by name";
        /// The operation's identifier.
        Operation: "operation" | "op", "Operation ID", "such as VirtualMachine.clone";
        /// The moId.
        Id: "id" | "moid", "Task ID", "task-9 before task-10";
        /// The parent's key.
        Parent: "parent", "Parent", "the parent's key";
        /// The fault's text.
        Error: "error" | "fault", "Error", "by text";
        /// The user's tag.
        Tag: "tag", "Tag", "the change tag";
        /// The client's token.
        Activation: "activation" | "activation-id", "Activation ID", "by name";
        /// The host of the target.
        Host: "host" | "esx", "Host", "by name";
        /// The cluster of the target.
        Cluster: "cluster", "Cluster", "by name";
        /// The datacenter of the target.
        Datacenter: "datacenter" | "dc", "Datacenter", "by name";
        /// The folder of the target.
        Folder: "folder", "Folder", "by path";
    }
}

impl SortColumn {
    /// Returns the field of the target's location, if the column is one.
    pub fn location_field(self) -> Option<LocationField> {
        match self {
            Self::Host => Some(LocationField::Host),
            Self::Cluster => Some(LocationField::Cluster),
            Self::Datacenter => Some(LocationField::Datacenter),
            Self::Folder => Some(LocationField::Folder),
            _ => None,
        }
    }

    /// True if the default direction is descending.
    pub fn starts_descending(self) -> bool {
        matches!(
            self,
            Self::Progress
                | Self::Elapsed
                | Self::Queued
                | Self::Started
                | Self::Completed
                | Self::QueuedFor
        )
    }
}
