//! Fields of a location, as columns, filter fields and groups.

use vtask_vim::types::{EntityLocation, Location};

/// A field of a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocationField {
    /// The host.
    Host,
    /// The cluster.
    Cluster,
    /// The datacenter.
    Datacenter,
    /// The path of folders.
    Folder,
}

impl LocationField {
    /// All fields.
    pub const ALL: [Self; 4] = [Self::Host, Self::Cluster, Self::Datacenter, Self::Folder];

    /// Returns the name, as in filters and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Cluster => "cluster",
            Self::Datacenter => "datacenter",
            Self::Folder => "folder",
        }
    }

    /// Returns the field's value; `None` if it is unknown or there is none.
    pub fn of(self, location: Option<&EntityLocation>) -> Option<&str> {
        let Some(EntityLocation::Known(location)) = location else {
            return None;
        };
        let Location {
            host,
            cluster,
            datacenter,
            folder,
        } = location;
        let value = match self {
            Self::Host => host,
            Self::Cluster => cluster,
            Self::Datacenter => datacenter,
            Self::Folder => folder,
        };
        value.as_deref()
    }
}
