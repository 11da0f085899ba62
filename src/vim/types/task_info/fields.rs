//! Names of the fields of `TaskInfo`.

/// Names of all fields in the order of the reference, used as leaf paths of a property collector.
pub const FIELDS: [&str; 24] = [
    "key",
    "task",
    "description",
    "name",
    "descriptionId",
    "entity",
    "entityName",
    "locked",
    "state",
    "cancelled",
    "cancelable",
    "error",
    "result",
    "progress",
    "progressDetails",
    "reason",
    "queueTime",
    "startTime",
    "completeTime",
    "eventChainId",
    "changeTag",
    "parentTaskKey",
    "rootTaskKey",
    "activationId",
];

/// The fields that change while a task runs or when it ends; the others are set when it is created.
pub const CHANGING_FIELDS: [&str; 11] = [
    "state",
    "progress",
    "progressDetails",
    "description",
    "locked",
    "cancelled",
    "cancelable",
    "startTime",
    "completeTime",
    "error",
    "result",
];

/// The fields that are set in every task.
pub const REQUIRED_FIELDS: [&str; 9] = [
    "key",
    "task",
    "descriptionId",
    "state",
    "cancelled",
    "cancelable",
    "reason",
    "queueTime",
    "eventChainId",
];
