//! The place of an entity in the inventory.

use std::sync::Arc;

/// Names of the inventory objects around an entity; `None` where there is none, or its name cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// The host that runs a virtual machine, or the entity itself.
    pub host: Option<Arc<str>>,
    /// The cluster.
    pub cluster: Option<Arc<str>>,
    /// The datacenter.
    pub datacenter: Option<Arc<str>>,
    /// The path of folders below the datacenter, such as `prod/web`.
    pub folder: Option<Arc<str>>,
}

/// Location of an entity, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntityLocation {
    /// As read from the inventory.
    Known(Location),
    /// Cannot be read: the reason, for display.
    Unreadable(Arc<str>),
}
