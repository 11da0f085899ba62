//! The text of the cancel dialog: about the highlighted task, its action and the confirmation.

use ratatui::text::Line;

use crate::{
    app::{Action, Button, CancelDialog, ClickTarget, eligibility, refusal},
    task::{
        Handle, TaskRecord,
        cancellation::{CancelState, flag_text, privilege_text},
    },
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, field, paragraph},
        theme::Role,
    },
};

const LABEL_WIDTH: u16 = 18;
/// Importance of the most important fields.
pub(super) const MAX_IMPORTANCE: u8 = 3;
/// Minimum width of the long label of the button that cancels.
const MIN_COLUMNS_FOR_LONG_BUTTON: u16 = 22;

/// The text about the highlighted task, and the action or its confirmation.
pub(super) struct DialogText<'a> {
    pub(super) name: Line<'static>,
    /// Explanation of the flags.
    pub(super) message: Vec<Line<'static>>,
    pub(super) fields: Vec<Field>,
    /// The button, or why there is none; the confirmation while it is open.
    pub(super) action: Vec<StyledLine<'a>>,
}

/// A labelled field.
pub(super) struct Field {
    pub(super) lines: Vec<Line<'static>>,
    /// Fields of low importance are omitted first.
    pub(super) importance: u8,
}

impl<'a> DialogText<'a> {
    /// Returns the lines for a popup with this many columns and `available` lines.
    pub(super) fn new(
        ctx: &RenderContext<'a>,
        dialog: &CancelDialog,
        record: &TaskRecord,
        columns: u16,
        available: usize,
    ) -> Self {
        let action = match dialog.confirmation {
            Some(button) => confirmation(ctx, record, button, columns, available),
            None => action(ctx, dialog.highlighted, columns),
        };
        Self {
            name: labels::task_line(ctx, record, columns, 0),
            message: message(ctx, dialog.highlighted, record, columns),
            fields: fields(ctx, dialog.highlighted, record, columns),
            action,
        }
    }

    /// Returns the number of lines of the fields of this importance or more.
    pub(super) fn fields_height(&self, importance: u8) -> usize {
        let fields = self.fields.iter();
        let fields = fields.filter(|field| field.importance >= importance);
        fields.map(|field| field.lines.len()).sum()
    }
}

fn message(
    ctx: &RenderContext,
    handle: Handle,
    record: &TaskRecord,
    columns: u16,
) -> Vec<Line<'static>> {
    let now = ctx.state.time(record, ctx.now);
    let text = eligibility(ctx.state, handle, now).message;
    let role = match CancelState::of(record) {
        CancelState::Cancelable => Role::Success,
        CancelState::Requested => Role::Cancelled,
        CancelState::NotCancelable | CancelState::Unknown | CancelState::NotApplicable => {
            Role::Warning
        }
    };
    paragraph(ctx.appearance, &text, columns, role)
}

fn fields(ctx: &RenderContext, handle: Handle, record: &TaskRecord, columns: u16) -> Vec<Field> {
    let state = ctx.state;
    let mut fields = Vec::new();
    let mut add = |importance: u8, name: &str, value: &str, role: Role| {
        let lines = field(ctx.appearance, (name, LABEL_WIDTH), (value, role), columns);
        fields.push(Field { lines, importance });
    };
    if let Some(info) = &record.info {
        add(0, "State", record.status().word(), Role::Text);
        let now = state.time(record, ctx.now);
        let requested = match record.cancel_observation() {
            Some(seen) => seen.ago(now),
            None => flag_text(info, "cancelled", info.cancelled).to_owned(),
        };
        match CancelState::of(record) {
            // Of no use any more.
            CancelState::NotApplicable => {}
            CancelState::Requested => add(1, "Cancel requested", &requested, Role::Text),
            _ => {
                let cancelable = flag_text(info, "cancelable", info.cancelable);
                add(1, "Cancelable", cancelable, Role::Text);
                add(0, "Cancel requested", &requested, Role::Text);
            }
        }
    }
    // Privileges are not checked for tasks in the history.
    if state.views.history().is_none() && record.status().is_active() {
        let privilege = state.view().privileges.get(&handle);
        add(2, "Privilege", &privilege_text(privilege), Role::Text);
    }
    if let Some(request) = state.view().cancel_requests.get(&handle) {
        let role = if request.is_pending() {
            Role::Dim
        } else {
            Role::Strong
        };
        let text = request.status_text(ctx.now);
        add(MAX_IMPORTANCE, "Request", &text, role);
    }
    fields
}

/// Returns the button that opens the confirmation, or why there is none.
fn action<'a>(ctx: &RenderContext<'a>, handle: Handle, columns: u16) -> Vec<StyledLine<'a>> {
    let Some(refusal) = refusal(ctx.state, handle, ctx.now) else {
        return vec![buttons(
            ctx,
            &[("Cancel task…", Role::Button, Action::Accept)],
            columns,
        )];
    };
    let mut text = StyledLine::new(ctx.appearance, columns);
    text.push(&refusal, Role::Dim);
    vec![text]
}

/// Returns the question and its buttons. The question is short if there is little space.
fn confirmation<'a>(
    ctx: &RenderContext<'a>,
    record: &TaskRecord,
    chosen: Button,
    columns: u16,
    available: usize,
) -> Vec<StyledLine<'a>> {
    let state = ctx.state;
    let target = labels::target(record);
    let of = if target.is_empty() {
        String::new()
    } else {
        format!(" of {target}")
    };
    let id = state.full_id(record.id.server, &record.id.mo_id);
    let operation = state.view().store.operation(record);
    let question = |text: &str| paragraph(ctx.appearance, text, columns, Role::Strong);
    let mut lines = question(&format!("Cancel “{operation}”{of} ({id})?"));
    if lines.len() + 1 > available {
        lines = question(&format!("Cancel {id}?"));
    }
    let has_gap = lines.len() + 3 <= available;
    let text = |line: Line<'static>| {
        let mut text = StyledLine::new(ctx.appearance, columns);
        text.push(&line.to_string(), Role::Strong);
        text
    };
    let blank = has_gap.then(Line::default);
    let yes = if columns < MIN_COLUMNS_FOR_LONG_BUTTON {
        "Yes"
    } else {
        "Yes, cancel"
    };
    let role = |button| {
        if button == chosen {
            Role::ButtonChosen
        } else {
            Role::Button
        }
    };
    let choices = [
        ("No", role(Button::No), Action::No),
        (yes, role(Button::Yes), Action::Yes),
    ];
    lines
        .into_iter()
        .chain(blank)
        .map(text)
        .chain([buttons(ctx, &choices, columns)])
        .collect()
}

fn buttons<'a>(
    ctx: &RenderContext<'a>,
    choices: &[(&str, Role, Action)],
    columns: u16,
) -> StyledLine<'a> {
    let mut line = StyledLine::new(ctx.appearance, columns);
    for (label, role, action) in choices {
        let start = line.width();
        line.push(&format!(" {label} "), *role)
            .target_from(start, ClickTarget::Action(*action))
            .gap(2);
    }
    line
}
