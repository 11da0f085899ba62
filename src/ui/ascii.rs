//! The last pass for terminals that have ASCII only.

use ratatui::buffer::Buffer;

/// Puts a stand-in for whatever is not ASCII, wherever it came from.
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
