//! Popups: one file each for state and handling of input. `ui/popups` has a file of the same name that draws it.

pub(super) mod cancel_dialog;
pub(super) mod cancel_marked;
pub(super) mod column_editor;
mod command_palette;
pub(super) mod copy_menu;
pub(super) mod filter_menu;
pub(super) mod handler;
mod help;
mod list_menu;
mod prompt;
pub(super) mod sort_menu;
mod text_popup;

pub use cancel_dialog::{Button, CancelDialog, eligibility, refusal};
pub use cancel_marked::{CancelMarked, MarkedTask};
pub use column_editor::{ColumnEditor, ColumnEntry};
pub use command_palette::{CommandPalette, PaletteMatch};
pub use copy_menu::CopyMenu;
pub use filter_menu::{FilterMenu, FilterMenuEntries, FilterMenuEntry};
pub use help::HelpPopup;
pub use prompt::{CompletionList, FilterPrompt, Prompt, PromptKind};
pub use sort_menu::SortMenu;
pub use text_popup::TextPopup;

use super::views::{summary_page::SummaryPage, timeline::Timeline};
use handler::PopupHandler;

macro_rules! popups {
    ($($(#[$about:meta])* $name:ident($state:ty),)+) => {
        /// A popup that has the keyboard focus.
        #[derive(Debug)]
        pub enum Popup {
            $($(#[$about])* $name($state),)+
        }

        impl Popup {
            pub(super) fn handler(&self) -> &dyn PopupHandler {
                match self { $(Self::$name(popup) => popup,)+ }
            }

            pub(super) fn handler_mut(&mut self) -> &mut dyn PopupHandler {
                match self { $(Self::$name(popup) => popup,)+ }
            }
        }
    };
}

popups! {
    CancelDialog(CancelDialog),
    CancelMarked(CancelMarked),
    ColumnEditor(ColumnEditor),
    CommandPalette(CommandPalette),
    CopyMenu(CopyMenu),
    FilterMenu(FilterMenu),
    Help(HelpPopup),
    Metrics(TextPopup),
    Notifications(TextPopup),
    Prompt(Prompt),
    SortMenu(SortMenu),
    /// Replaces list and details.
    Summary(SummaryPage),
    /// Replaces list and details.
    Timeline(Timeline),
}
