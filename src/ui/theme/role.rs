//! Roles: the meanings of screen elements.

use serde::Deserialize;

use crate::{task::Status, text::kebab};

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The meaning of a screen element; themes map it to a style.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Role {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the name in theme files.
            pub(super) fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }
        }
    };
}

roles! {
    /// The screen background.
    Ground,
    /// Ordinary text.
    Text,
    /// Emphasized text.
    Strong,
    /// Secondary text.
    Dim,
    /// Lines, guides and other subtle elements.
    Faint,
    /// The program name.
    Brand,
    /// A key.
    Key,
    /// Column titles and field names.
    Heading,
    /// The selected row.
    Selected,
    /// The selected row while another panel has the focus.
    SelectedIdle,
    /// Running tasks.
    Running,
    /// Queued tasks.
    Queued,
    /// Failed tasks.
    Failed,
    /// Cancelled tasks.
    Cancelled,
    /// Successful tasks.
    Success,
    /// Expired or unknown tasks.
    Lost,
    /// Warnings.
    Warning,
    /// Alerts that must not be missed.
    Alarm,
    /// Outdated values.
    Stale,
    /// The filled part of a gauge.
    Gauge,
    /// The filled part of a gauge with a derived percentage.
    GaugeDerived,
    /// The empty part of a gauge.
    Track,
    /// The active tab.
    Tab,
    /// The border of the focused panel.
    Focus,
    /// The frame of a popup.
    Frame,
    /// The background of a popup.
    Panel,
    /// A button.
    Button,
    /// The selected button.
    ButtonChosen,
    /// A JSON field name.
    Name,
    /// A JSON string.
    String,
    /// A JSON number, boolean or null.
    Number,
}

impl From<Status> for Role {
    fn from(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Queued => Self::Queued,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Success => Self::Success,
            Status::Lost | Status::Unknown => Self::Lost,
            Status::Placeholder => Self::Dim,
        }
    }
}
