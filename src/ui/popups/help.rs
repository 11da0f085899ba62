//! The help, generated from the key map: in as many columns as fit, the keys of the current view first.

use ratatui::{layout::Rect, text::Line};

use crate::ui::{
    RenderContext, popups::frame, styled_line::StyledLine, symbols::Symbols, theme::Role,
};
use crate::{
    app::{Action, Context, HelpPopup},
    task::Status,
};

const MIN_COLUMN_WIDTH: u16 = 37;
const MAX_COLUMN_WIDTH: u16 = 40;
/// Width of the two longest keys of an action, and a space.
const KEY_WIDTH: usize = 12;
/// More keys of an action are omitted.
const MAX_KEYS: usize = 2;

pub(super) fn draw(ctx: &mut RenderContext, popup: &HelpPopup, screen: Rect) {
    let available_width = screen.width.saturating_sub(6);
    let columns = (available_width / MIN_COLUMN_WIDTH).clamp(1, 5);
    let column_width = (available_width / columns).min(MAX_COLUMN_WIDTH);
    let height = screen.height.saturating_sub(3).max(3);
    let available = usize::from(height) * usize::from(columns);
    let query = popup.search.text().to_lowercase();
    let mut entries = entries(ctx, popup.context, &query, true);
    if query.is_empty() && entries.len() > available {
        entries = self::entries(ctx, popup.context, &query, false);
    }
    let rows = entries.len().div_ceil(usize::from(columns)).max(1);
    let title = match (popup.is_searching, query.is_empty()) {
        (false, true) => "Keys   / search all views".to_owned(),
        (true, _) => format!("Keys   /{}_", popup.search.text()),
        (false, false) => format!("Keys   /{}", popup.search.text()),
    };
    let wide = column_width * columns;
    let area = frame::open(ctx, screen, wide, rows, &title);
    let lines: Vec<Line> = (0..rows)
        .map(|row| {
            let mut line = StyledLine::new(ctx.appearance, area.width);
            let cells = entries.iter().skip(row).step_by(rows);
            for (at, entry) in cells.enumerate() {
                line.pad_to(at * usize::from(column_width));
                entry.draw(&mut line, usize::from(column_width).saturating_sub(1));
            }
            line.line()
        })
        .collect();
    frame::scroll(ctx, area, &lines, popup.top);
}

/// A line of the help.
enum Entry {
    Title(&'static str),
    Keys(String, &'static str),
    Symbol(&'static str, Role, &'static str),
    Blank,
}

impl Entry {
    fn draw(&self, line: &mut StyledLine, width: usize) {
        match self {
            Self::Title(title) => line.push_max(title, width, Role::Strong),
            Self::Keys(keys, text) => {
                let start = line.width();
                line.push_max(keys, KEY_WIDTH - 1, Role::Key);
                line.pad_to(start + KEY_WIDTH);
                line.push_max(text, width.saturating_sub(KEY_WIDTH), Role::Text)
            }
            Self::Symbol(symbol, role, text) => {
                let start = line.width();
                line.push(symbol, *role).pad_to(start + KEY_WIDTH);
                line.push_max(text, width.saturating_sub(KEY_WIDTH), Role::Text)
            }
            Self::Blank => line,
        };
    }
}

/// Returns the keys that match a query, those of a context first; those of other contexts only with `all`.
fn entries(ctx: &RenderContext, context: Context, query: &str, all: bool) -> Vec<Entry> {
    let own = context.chain();
    let others = Context::ALL
        .iter()
        .copied()
        .filter(|other| !own.contains(other));
    let contexts = own.iter().copied().chain(others.filter(|_| all));
    let mut entries = Vec::new();
    for context in contexts {
        let keys = Action::ALL.iter().filter_map(|action| {
            let keys = ctx.state.options.keymap.keys(context, *action).iter();
            let keys = keys.take(MAX_KEYS);
            let labels = keys.map(|key| key.label(ctx.appearance.symbols.ascii));
            let labels = labels.collect::<Vec<_>>().join(" ");
            let matches = |text: &str| text.to_lowercase().contains(query);
            let found = matches(action.help()) || matches(action.hint()) || labels == query;
            (found && !labels.is_empty()).then_some(Entry::Keys(labels, action.short_help()))
        });
        section(&mut entries, context.title(), keys);
    }
    let symbols = symbols(&ctx.appearance.symbols).into_iter();
    let symbols = symbols.filter(|(_, _, text)| text.contains(query));
    let symbols = symbols.map(|(symbol, role, text)| Entry::Symbol(symbol, role, text));
    section(&mut entries, "Symbols", symbols);
    if entries.is_empty() {
        entries.push(Entry::Title("No matching key."));
    }
    entries
}

/// Adds a titled group unless it is empty.
fn section(entries: &mut Vec<Entry>, title: &'static str, members: impl Iterator<Item = Entry>) {
    let mut members = members.peekable();
    if members.peek().is_none() {
        return;
    }
    if !entries.is_empty() {
        entries.push(Entry::Blank);
    }
    entries.push(Entry::Title(title));
    entries.extend(members);
}

/// Returns the symbols of the list with their meaning.
fn symbols(symbols: &Symbols) -> Vec<(&'static str, Role, &'static str)> {
    let statuses = Status::ALL.into_iter();
    let statuses =
        statuses.map(|status| (symbols.status(status), Role::from(status), status.word()));
    let others = [
        (symbols.about, "mean of the children"),
        (symbols.hatch, "no progress reported"),
        (symbols.warning, "warning, see overview"),
        (symbols.mark, "marked"),
        (symbols.pin, "pinned"),
    ];
    let others = others.map(|(symbol, text)| (symbol, Role::Dim, text));
    statuses.chain(others).collect()
}
