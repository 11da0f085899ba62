//! Popups: one file each, named like the file in `app/popups` that handles its input.

mod cancel_dialog;
mod cancel_marked;
mod column_editor;
mod command_palette;
mod copy_menu;
mod filter_menu;
mod frame;
mod help;
mod input_line;
mod list_menu;
mod metrics;
mod notifications;
mod prompt;
mod sort_menu;

use ratatui::layout::{Position, Rect};

use super::RenderContext;
use crate::app::{Popup, ScreenLayout};

/// Draws a popup over the screen. Returns the cursor position if it has a text input.
pub(super) fn draw(
    ctx: &mut RenderContext,
    popup: &Popup,
    areas: &ScreenLayout,
    screen: Rect,
) -> Option<Position> {
    match popup {
        Popup::CancelDialog(dialog) => cancel_dialog::draw(ctx, dialog, screen),
        Popup::CancelMarked(dialog) => cancel_marked::draw(ctx, dialog, screen),
        Popup::ColumnEditor(editor) => column_editor::draw(ctx, editor, screen),
        Popup::CommandPalette(palette) => return command_palette::draw(ctx, palette, screen),
        Popup::CopyMenu(menu) => copy_menu::draw(ctx, menu, screen),
        Popup::FilterMenu(menu) => filter_menu::draw(ctx, menu, screen),
        Popup::Help(popup) => help::draw(ctx, popup, screen),
        Popup::Metrics(popup) => metrics::draw(ctx, popup, screen),
        Popup::Notifications(popup) => notifications::draw(ctx, popup, screen),
        Popup::Prompt(prompt) => return prompt::draw(ctx, prompt, areas.footer),
        Popup::SortMenu(menu) => sort_menu::draw(ctx, menu, screen),
        // Drawn instead of list and details.
        Popup::Summary(_) | Popup::Timeline(_) => {}
    }
    None
}
