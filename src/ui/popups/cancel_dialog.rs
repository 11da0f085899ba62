//! The cancel dialog: task flags, their meaning, the task family, and the confirmation.
//!
//! The action and the highlighted member are always visible; the family scrolls, and other lines are omitted if there
//! is no space for them.

mod dialog_text;

use ratatui::layout::Rect;

use self::dialog_text::DialogText;
use super::frame;
use crate::{
    app::{CancelDialog, ClickTarget, take_top},
    task::{Handle, cancellation::CancelState},
    text::width,
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, draw_line},
        theme::Role,
    },
};

const DIALOG_WIDTH: u16 = 76;
/// Members that take precedence over the flags of the highlighted one.
const MIN_MEMBERS: usize = 4;
/// Minimum width for the indentation of the family tree.
const MIN_COLUMNS_FOR_TREE: usize = 30;
const STATE_WIDTH: usize = 28;
const CANCELABLE_WIDTH: usize = 12;

pub(super) fn draw(ctx: &mut RenderContext, dialog: &CancelDialog, screen: Rect) {
    let Some(record) = ctx.state.view().store.get(dialog.highlighted) else {
        return;
    };
    let columns = DIALOG_WIDTH.min(screen.width.saturating_sub(4));
    let available = usize::from(frame::max_lines(screen));
    let family = dialog.family(&ctx.state.view().store);
    let text = DialogText::new(ctx, dialog, record, columns, available);
    let members = if family.len() > 1 { family.len() } else { 0 };
    let shown = VisibleLines::of(&text, members, available);
    let mut area = frame::open(ctx, screen, columns, shown.height(), "Cancel");
    let gap = u16::from(shown.is_spaced);
    if shown.name {
        draw_line(&text.name, take_top(&mut area, 1), ctx.buffer);
        take_top(&mut area, gap);
    }
    for line in text.message.iter().take(shown.message) {
        draw_line(line, take_top(&mut area, 1), ctx.buffer);
    }
    take_top(&mut area, gap);
    for field in text.fields.iter().filter(|field| shown.has(field)) {
        for line in &field.lines {
            draw_line(line, take_top(&mut area, 1), ctx.buffer);
        }
    }
    take_top(&mut area, gap);
    if shown.title {
        draw_family_title(ctx, &family, take_top(&mut area, 1));
    }
    let members = u16::try_from(shown.members).unwrap_or(u16::MAX);
    let members = take_top(&mut area, members);
    draw_family(ctx, dialog, &family, members);
    // At the bottom, also if lines above are missing.
    let height = u16::try_from(text.action.len()).unwrap_or(u16::MAX);
    let skipped = usize::from(height.saturating_sub(area.height));
    area.y = area.bottom().saturating_sub(height).max(area.y);
    let action = text.action.into_iter().skip(skipped);
    for (line, row) in action.zip(area.rows()) {
        ctx.draw(line, row);
    }
}

/// The number of free lines.
struct FreeLines(usize);

impl FreeLines {
    /// Takes up to this many lines and returns how many.
    fn take(&mut self, count: usize) -> usize {
        let used = count.min(self.0);
        self.0 -= used;
        used
    }

    /// Takes this many lines or none. Returns true if they were free.
    fn take_all(&mut self, count: usize) -> bool {
        let fits = count <= self.0;
        self.take(if fits { count } else { 0 });
        fits
    }
}

/// The lines that have space.
struct VisibleLines {
    name: bool,
    /// Number of lines of the message.
    message: usize,
    /// Least importance of the fields that are shown.
    importance: u8,
    /// Number of lines of the fields.
    fields: usize,
    title: bool,
    /// Number of members.
    members: usize,
    /// Number of lines of the action.
    action: usize,
    /// True if the parts are separated by blank lines.
    is_spaced: bool,
}

impl VisibleLines {
    /// Chooses what is shown, the most important first.
    fn of(text: &DialogText, members: usize, available: usize) -> Self {
        let mut available = FreeLines(available);
        let action = available.take(text.action.len());
        let mut shown_members = available.take(members.min(1));
        let name = available.take(1) > 0;
        let message = available.take(text.message.len());
        let title = members > 0 && available.take(1) > 0;
        shown_members += available.take(members.min(MIN_MEMBERS) - shown_members);
        let mut importance = u8::MAX;
        let mut fields = 0;
        for level in (0..=dialog_text::MAX_IMPORTANCE).rev() {
            let height = text.fields_height(level);
            if !available.take_all(height - fields) {
                break;
            }
            (importance, fields) = (level, height);
        }
        let gaps = 3 + usize::from(members > 0);
        let is_spaced = fields == text.fields_height(0) && available.take_all(gaps);
        shown_members += available.take(members - shown_members);
        Self {
            name,
            message,
            importance,
            fields,
            title,
            members: shown_members,
            action,
            is_spaced,
        }
    }

    fn has(&self, field: &dialog_text::Field) -> bool {
        field.importance >= self.importance
    }

    fn height(&self) -> usize {
        let gaps = match (self.is_spaced, self.members) {
            (false, _) => 0,
            (true, 0) => 3,
            (true, _) => 4,
        };
        let single = usize::from(self.name) + usize::from(self.title);
        single + self.message + self.fields + self.members + self.action + gaps
    }
}

fn draw_family_title(ctx: &mut RenderContext, family: &[(Handle, usize)], line: Rect) {
    let store = &ctx.state.view().store;
    let members = family.iter().filter_map(|(handle, _)| store.get(*handle));
    let cancelable = members
        .filter(|member| CancelState::of(member) == CancelState::Cancelable)
        .count();
    let wide = usize::from(line.width);
    let (state_at, cancelable_at) = (
        wide.saturating_sub(STATE_WIDTH),
        wide.saturating_sub(CANCELABLE_WIDTH),
    );
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    let title = format!("Family: {cancelable} of {} cancelable", family.len());
    let available = if state_at > 30 { state_at - 1 } else { wide };
    strip.push_max(&title, available, Role::Heading);
    if state_at > 30 {
        strip.pad_to(state_at).push("State", Role::Heading);
        strip
            .pad_to(cancelable_at)
            .push("Cancelable", Role::Heading);
    }
    ctx.draw(strip, line);
}

/// Draws the part of the family around the highlighted member.
fn draw_family(
    ctx: &mut RenderContext,
    dialog: &CancelDialog,
    family: &[(Handle, usize)],
    area: Rect,
) {
    let rows = usize::from(area.height);
    ctx.drawn.popup_page = rows;
    let index = family
        .iter()
        .position(|(handle, _)| *handle == dialog.highlighted);
    let top = index.unwrap_or_default().saturating_sub(rows / 2);
    let top = top.min(family.len().saturating_sub(rows));
    let visible = family.iter().enumerate().skip(top);
    for ((entry, (handle, depth)), line) in visible.zip(area.rows()) {
        let is_highlighted = *handle == dialog.highlighted;
        draw_member(ctx, (*handle, *depth), is_highlighted, line);
        if is_highlighted {
            ctx.tint(line, Role::Selected);
        }
        ctx.target(line, ClickTarget::PopupEntry(entry));
    }
    frame::draw_scrollbar(ctx, area, family.len(), top);
}

fn draw_member(
    ctx: &mut RenderContext,
    (handle, depth): (Handle, usize),
    is_highlighted: bool,
    line: Rect,
) {
    const MAX_INDENT: usize = 12;
    let store = &ctx.state.view().store;
    let Some(record) = store.get(handle) else {
        return;
    };
    let symbols = ctx.appearance.symbols;
    let status = record.status();
    let label = CancelState::of(record).label();
    let wide = usize::from(line.width);
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    let pointer = if is_highlighted { symbols.pointer } else { " " };
    strip.push(pointer, Role::Key);
    let is_narrow = wide < MIN_COLUMNS_FOR_TREE;
    let indent = if is_narrow { 0 } else { 2 * depth };
    strip.gap(1 + indent.min(MAX_INDENT));
    strip.push_status(status);
    let target = labels::target(record);
    let id = &record.id.mo_id;
    let name = format!("{id}  {}  {target}", store.operation(record));
    // On a narrow screen only the answer, without titles.
    let state_at = wide.saturating_sub(STATE_WIDTH);
    if state_at > 30 {
        let available = state_at.saturating_sub(strip.width() + 1);
        strip.push_max(name.trim_end(), available, Role::Text);
        let available = STATE_WIDTH - CANCELABLE_WIDTH - 1;
        strip.pad_to(state_at);
        strip.push_max(status.word(), available, Role::from(status));
        strip.pad_to(wide.saturating_sub(CANCELABLE_WIDTH));
    } else {
        let available = strip.remaining().saturating_sub(width(label) + 1);
        strip.push_max(name.trim_end(), available, Role::Text);
        strip.pad_to(wide.saturating_sub(width(label)));
    }
    strip.push(label, Role::Text);
    ctx.draw(strip, line);
}
