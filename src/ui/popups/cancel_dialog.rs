//! The cancel dialog: task flags, their meaning, the task family, and the confirmation.

use ratatui::layout::Rect;

use crate::ui::{
    RenderContext, labels,
    popups::frame,
    styled_line::{StyledLine, paragraph},
    theme::Role,
};
use crate::{
    app::{Action, Button, CancelDialog, ClickTarget, can_request, eligibility},
    task::{
        Handle, Record,
        cancellation::{CancelState, flag_text, privilege_text},
    },
};

const DIALOG_WIDTH: u16 = 76;
const MIN_FAMILY_ROWS: usize = 4;
const MAX_FAMILY_ROWS: usize = 24;
/// Lines of the dialog and the screen without the family.
const OTHER_LINES: u16 = 18;
const LABEL_WIDTH: usize = 14;

pub(super) fn draw(ctx: &mut RenderContext, dialog: &CancelDialog, screen: Rect) {
    let Some(record) = ctx.state.view().store.get(dialog.highlighted) else {
        return;
    };
    let columns = DIALOG_WIDTH.min(screen.width.saturating_sub(4));
    let mut body = Body {
        ctx,
        columns,
        height: screen.height,
        lines: Vec::new(),
    };
    body.head(dialog.highlighted, record);
    body.flags(dialog.highlighted, record);
    body.family(dialog);
    body.end(dialog, record);
    let lines = body.lines;
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = frame::open(ctx, screen, columns, height, "Cancel");
    // On a low screen the confirmation and its buttons take precedence.
    let skipped = lines.len().saturating_sub(usize::from(area.height));
    let skipped = if dialog.confirmation.is_some() {
        skipped
    } else {
        0
    };
    for (line, y) in lines.into_iter().skip(skipped).zip(area.y..area.bottom()) {
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        line.text.draw(place, ctx.buffer);
        if line.is_chosen {
            ctx.tint(place, Role::Selected);
        }
        for (start, width, target) in line.targets {
            let hit = Rect {
                x: place.x + start,
                width,
                ..place
            };
            ctx.target(hit, target);
        }
    }
}

/// A line of the dialog with its click targets.
struct BodyLine<'a> {
    text: StyledLine<'a>,
    is_chosen: bool,
    targets: Vec<(u16, u16, ClickTarget)>,
}

struct Body<'a, 'c> {
    ctx: &'a RenderContext<'c>,
    columns: u16,
    /// Height of the screen.
    height: u16,
    lines: Vec<BodyLine<'c>>,
}

impl<'c> Body<'_, 'c> {
    fn strip(&self) -> StyledLine<'c> {
        StyledLine::new(self.ctx.appearance, self.columns)
    }

    fn push(&mut self, text: StyledLine<'c>) {
        self.lines.push(BodyLine {
            text,
            is_chosen: false,
            targets: Vec::new(),
        });
    }

    fn blank(&mut self) {
        let strip = self.strip();
        self.push(strip);
    }

    fn paragraph(&mut self, text: &str, role: Role) {
        for line in paragraph(self.ctx.appearance, text, self.columns, role) {
            let mut strip = self.strip();
            strip.push(&line.to_string(), role);
            self.push(strip);
        }
    }

    fn field(&mut self, name: &str, value: &str, role: Role) {
        let room = self
            .columns
            .saturating_sub(u16::try_from(LABEL_WIDTH).unwrap_or_default());
        for (index, line) in paragraph(self.ctx.appearance, value, room, role)
            .iter()
            .enumerate()
        {
            let mut strip = self.strip();
            if index == 0 {
                strip.push(name, Role::Heading);
            }
            strip.pad_to(LABEL_WIDTH).push(&line.to_string(), role);
            self.push(strip);
        }
    }

    fn head(&mut self, handle: Handle, record: &Record) {
        let state = self.ctx.state;
        let status = record.status();
        let mut name = self.strip();
        name.push(
            self.ctx.appearance.symbols.status(status),
            labels::role(status),
        )
        .gap(1);
        name.push(&state.view().store.operation(record), Role::Strong);
        if let Some(info) = &record.info {
            name.gap(2).push(&labels::target(info), Role::Text);
        }
        let id = state.full_id(record.id.endpoint, &record.id.mo_id);
        name.gap(2).push(&id, Role::Dim);
        self.push(name);
        self.blank();
        let now = state.time(record, self.ctx.now);
        let verdict = eligibility(state, handle, now);
        let role = match CancelState::of(record) {
            CancelState::Cancelable => Role::Success,
            CancelState::Requested => Role::Cancelled,
            CancelState::NotCancelable | CancelState::Unknown | CancelState::NotApplicable => {
                Role::Warning
            }
        };
        self.paragraph(&verdict.message, role);
        self.blank();
    }

    fn flags(&mut self, handle: Handle, record: &Record) {
        let state = self.ctx.state;
        if let Some(info) = &record.info {
            self.field("state", record.status().word(), Role::Text);
            if record.status().is_active() {
                let cancelable = flag_text(info, "cancelable", info.cancelable);
                self.field("cancelable", cancelable, Role::Text);
                let requested = flag_text(info, "cancelled", info.cancelled);
                self.field("requested", requested, Role::Text);
            }
        }
        let privilege = state.view().privileges.get(&handle);
        // Privileges are not checked for tasks in the history.
        if state.views.history().is_none() && record.status().is_active() {
            self.field("privilege", &privilege_text(privilege), Role::Text);
        }
        if let Some(request) = state.view().cancel_requests.get(&handle) {
            let role = if request.is_pending() {
                Role::Dim
            } else {
                Role::Strong
            };
            self.field("request", &request.status_text(self.ctx.now), role);
        }
    }

    /// Appends a table of the family with the highlighted member marked.
    fn family(&mut self, dialog: &CancelDialog) {
        let appearance = self.ctx.appearance;
        let board = &self.ctx.state.view().store;
        let family = dialog.family(board);
        if family.len() < 2 {
            return;
        }
        self.blank();
        let wide = usize::from(self.columns);
        let (state_at, can_at) = (wide.saturating_sub(28), wide.saturating_sub(12));
        let is_cancelable = |(handle, _): &&(Handle, usize)| {
            let record = board.get(*handle);
            record.is_some_and(|record| CancelState::of(record) == CancelState::Cancelable)
        };
        let cancelable = family.iter().filter(is_cancelable).count();
        let title = format!("family: {cancelable} of {} can be cancelled", family.len());
        let mut titles = self.strip();
        titles.push_max(&title, state_at.saturating_sub(1), Role::Heading);
        titles.pad_to(state_at).push("state", Role::Heading);
        titles.pad_to(can_at).push("cancelable", Role::Heading);
        self.push(titles);
        // A window around the highlighted member.
        let place = family
            .iter()
            .position(|(handle, _)| *handle == dialog.highlighted);
        let most = usize::from(self.height.saturating_sub(OTHER_LINES));
        let most = most.clamp(MIN_FAMILY_ROWS, MAX_FAMILY_ROWS);
        let first = place.unwrap_or_default().saturating_sub(most / 2);
        let first = first.min(family.len().saturating_sub(most));
        let below = family.len().saturating_sub(first + most);
        let rows = family.into_iter().enumerate();
        for (entry, (handle, depth)) in rows.skip(first).take(most) {
            let Some(record) = board.get(handle) else {
                continue;
            };
            let status = record.status();
            let is_chosen = handle == dialog.highlighted;
            let mut line = self.strip();
            line.push(
                if is_chosen {
                    appearance.symbols.pointer
                } else {
                    " "
                },
                Role::Key,
            );
            line.gap(1 + 2 * depth.min(6));
            line.push(appearance.symbols.status(status), labels::role(status))
                .gap(1);
            let room = state_at.saturating_sub(line.width() + 1);
            let name = format!("{}  {}", record.id.mo_id, board.operation(record));
            line.push_max(&name, room, Role::Text);
            line.pad_to(state_at)
                .push_max(status.word(), 15, labels::role(status));
            line.pad_to(can_at)
                .push(CancelState::of(record).label(), Role::Text);
            self.lines.push(BodyLine {
                text: line,
                is_chosen,
                targets: vec![(0, self.columns, ClickTarget::PopupEntry(entry))],
            });
        }
        if first > 0 || below > 0 {
            let mut more = self.strip();
            more.gap(2);
            more.push(&format!("{first} more above, {below} below"), Role::Dim);
            self.push(more);
        }
    }

    /// Appends the confirmation, or the button that opens it.
    fn end(&mut self, dialog: &CancelDialog, record: &Record) {
        self.blank();
        let state = self.ctx.state;
        let Some(button) = dialog.confirmation else {
            let mut hint = self.strip();
            if state.is_read_only(record.id.endpoint) {
                hint.push("Read-only: cancelling is disabled.", Role::Dim);
            } else if can_request(state, dialog.highlighted, self.ctx.now) {
                self.button(hint);
                return;
            } else {
                hint.push("Nothing to cancel.", Role::Dim);
            }
            self.push(hint);
            return;
        };
        let target = record
            .info
            .as_deref()
            .map(labels::target)
            .unwrap_or_default();
        let of = if target.is_empty() {
            String::new()
        } else {
            format!(" of {target}")
        };
        let question = format!(
            "Cancel “{}”{of} ({})?",
            state.view().store.operation(record),
            state.full_id(record.id.endpoint, &record.id.mo_id)
        );
        self.paragraph(&question, Role::Strong);
        self.blank();
        let mut buttons = self.strip();
        let mut targets = Vec::new();
        let choices = [
            (Button::No, " No ", Action::No),
            (Button::Yes, " Yes, cancel ", Action::Yes),
        ];
        for (choice, text, action) in choices {
            let role = if choice == button {
                Role::ButtonChosen
            } else {
                Role::Button
            };
            let start = u16::try_from(buttons.width()).unwrap_or_default();
            buttons.push(text, role);
            let end = u16::try_from(buttons.width()).unwrap_or_default();
            targets.push((start, end - start, ClickTarget::Action(action)));
            buttons.gap(2);
        }
        self.lines.push(BodyLine {
            text: buttons,
            is_chosen: false,
            targets,
        });
    }

    fn button(&mut self, mut strip: StyledLine<'c>) {
        strip.push(" Cancel task… ", Role::Button);
        let end = u16::try_from(strip.width()).unwrap_or_default();
        self.lines.push(BodyLine {
            text: strip,
            is_chosen: false,
            targets: vec![(0, end, ClickTarget::Action(Action::Accept))],
        });
    }
}
