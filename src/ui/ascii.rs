//! Final pass for ASCII-only terminals.

use ratatui::buffer::Buffer;

/// Replaces every non-ASCII character.
pub(super) fn restrict(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let stand_in = match symbol {
            "“" | "”" | "„" => "\"",
            "‘" | "’" => "'",
            "…" => "~",
            "–" | "—" | "·" => "-",
            "→" => ">",
            "←" => "<",
            "↑" => "^",
            "↓" => "v",
            _ => "?",
        };
        cell.set_symbol(stand_in);
    }
}
