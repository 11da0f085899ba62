//! Grouping criteria of the flat list.

use std::sync::Arc;

use crate::{Handle, LocationField, ServerId, TaskStore, display_name, search_text};

/// Grouping criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// The root of the family.
    Root,
    /// The entity.
    Target,
    /// The user, alarm or schedule that started the task.
    User,
    /// The operation.
    Operation,
    /// The vCenter.
    Server,
    /// A field of the target's location.
    Location(LocationField),
}

impl GroupBy {
    /// The values through which a key cycles, in order.
    pub const CYCLE: [Self; 7] = [
        Self::Root,
        Self::Target,
        Self::User,
        Self::Operation,
        Self::Server,
        Self::Location(LocationField::Host),
        Self::Location(LocationField::Cluster),
    ];

    /// All values.
    pub const ALL: [Self; 9] = [
        Self::Root,
        Self::Target,
        Self::User,
        Self::Operation,
        Self::Server,
        Self::Location(LocationField::Host),
        Self::Location(LocationField::Cluster),
        Self::Location(LocationField::Datacenter),
        Self::Location(LocationField::Folder),
    ];

    /// Returns the name, as in “by user”.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "family",
            Self::Target => "target",
            Self::User => "user",
            Self::Operation => "operation",
            Self::Server => "vCenter",
            Self::Location(field) => field.name(),
        }
    }

    /// Returns the next value of the cycle; `None` after the last.
    pub fn next(self) -> Option<Self> {
        let mut all = Self::CYCLE.into_iter().skip_while(|by| *by != self);
        all.nth(1)
    }
}

/// Identity of a group. Entities and places of two servers are different; users and operations are shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum GroupKey {
    Root(Handle),
    Target(ServerId, Arc<str>),
    User(Arc<str>),
    Operation(Arc<str>),
    Server(ServerId),
    Location(ServerId, Arc<str>),
    /// The criterion is unknown.
    Unknown,
}

impl GroupKey {
    /// Returns the group key of a record; `None` if it is not in the store.
    pub(super) fn of(store: &TaskStore, handle: Handle, by: GroupBy) -> Option<Self> {
        let record = store.get(handle)?;
        let info = record.info.as_deref();
        let named = |name: Option<&str>, key: fn(Arc<str>) -> Self| {
            let name = name.filter(|name| !name.is_empty());
            name.map_or(Self::Unknown, |name| key(name.into()))
        };
        Some(match by {
            GroupBy::Root => Self::Root(store.root(handle)),
            GroupBy::Target => {
                let entity = info.and_then(|info| info.entity.as_ref());
                let entity = entity.map(|entity| &*entity.value);
                let target = entity.or_else(|| info.and_then(display_name::target));
                let target = target.filter(|target| !target.is_empty());
                target.map_or(Self::Unknown, |target| {
                    Self::Target(record.id.server, target.into())
                })
            }
            GroupBy::User => {
                let user = info.map(|info| search_text::initiator(&info.reason));
                named(user.as_deref(), Self::User)
            }
            GroupBy::Server => Self::Server(record.id.server),
            GroupBy::Operation => named(info.map(|info| &*info.description_id), Self::Operation),
            GroupBy::Location(field) => field
                .of(store.location(record))
                .map_or(Self::Unknown, |name| {
                    Self::Location(record.id.server, name.into())
                }),
        })
    }
}
