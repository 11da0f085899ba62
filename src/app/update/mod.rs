//! What an event does to the state: pure, without IO and without a clock of its own.

mod arrange;
mod columns;
mod copy;
mod details;
mod export;
mod history;
mod inspect;
mod list;
mod mouse;
mod news;
mod order;
mod palette;
mod past;
mod prompt;
mod saved;
pub(super) mod summary;

pub use inspect::{may_ask, verdict};

use crossterm::event::{KeyEvent, KeyEventKind};
use jiff::Timestamp;
use ratatui::layout::Size;

use super::{
    action::Action,
    event::{Effect, Event, Exit},
    filters, follow,
    keymap::Context,
    notices::Gravity,
    state::{Focus, Overlay, Panes, State},
};
use crate::{
    task::{
        Filter,
        outline::{GroupBy, RowId},
    },
    watch::Command,
};

/// Lets an event change the state. What is to be done outside comes back, in order. `now` is this machine's time.
pub fn update(state: &mut State, event: Event, now: Timestamp) -> Vec<Effect> {
    if let (Event::Key(_) | Event::Mouse(_) | Event::Paste(_), Some(history)) =
        (&event, &mut state.history)
    {
        history.encourage();
    }
    let mut effects = match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => return Vec::new(),
        Event::Key(key) => press(state, key, now),
        Event::Paste(text) => {
            palette::paste(state, &text);
            prompt::paste(state, &text, now)
        }
        Event::Mouse(mouse) => match mouse::take(state, mouse, now) {
            Some(effects) => effects,
            None => return Vec::new(),
        },
        Event::Resize { width, height } => {
            state.fit(Size::new(width, height), now);
            Vec::new()
        }
        Event::News(endpoint, update) => news::take(state, endpoint, update, now),
        Event::Background(background) => {
            state.options.background = background;
            Vec::new()
        }
        Event::Tick => Vec::new(),
        Event::Resumed => vec![Effect::Redraw],
    };
    filters::pass(state, now);
    state.settle();
    effects.extend(follow::look_up(state, now));
    effects.extend(history::read_on(state));
    effects.push(Effect::Draw);
    effects
}

fn press(state: &mut State, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
    let context = state.context();
    match state.keymap.action(context, key) {
        Some(action) => act(state, context, action, now),
        None if context == Context::Prompt => prompt::press(state, key, now),
        None if context == Context::Palette => {
            palette::press(state, key);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Does what a key, or a click on something with a key, stands for.
fn act(state: &mut State, context: Context, action: Action, now: Timestamp) -> Vec<Effect> {
    match action {
        Action::Interrupt => return vec![Effect::Leave(Exit::Interrupted)],
        Action::Quit => return vec![Effect::Leave(Exit::Quit)],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Palette => {
            palette::open(state, context);
            return Vec::new();
        }
        _ => {}
    }
    match context {
        Context::Prompt => prompt::act(state, action, now),
        Context::Cancel | Context::Confirm => inspect::act(state, action, now),
        Context::Palette => palette::act(state, action, now),
        Context::Menu => copy::act_in_menu(state, action, now),
        Context::Order => order::act(state, action, now),
        Context::Filters => saved::act(state, action, now),
        Context::Summary => {
            summary::act(state, action, now);
            Vec::new()
        }
        Context::Columns => columns::act(state, action, now),
        Context::Reading => {
            read(state, action);
            Vec::new()
        }
        Context::List | Context::Details | Context::Screen | Context::Global => {
            act_on_screen(state, context, action, now)
        }
    }
}

fn act_on_screen(
    state: &mut State,
    context: Context,
    action: Action,
    now: Timestamp,
) -> Vec<Effect> {
    if let Some(effects) = history::act(state, action, now) {
        return effects;
    }
    if past::act(state, action, now) || is_for_a_task(state, action, now) {
        return Vec::new();
    }
    match action {
        Action::Inspect => return inspect::open(state),
        Action::Filter | Action::Add => prompt::open(state, action),
        Action::Filters => saved::open(state),
        Action::SaveFilter => saved::name(state, now),
        Action::Sort => order::open(state),
        Action::Columns => columns::open(state),
        Action::Reverse => order::reverse(state, now),
        Action::Layout => list::switch_layout(state, now),
        Action::Group => list::next_group(state, now),
        Action::GroupFamily => list::group(state, Some(GroupBy::Root), now),
        Action::GroupTarget => list::group(state, Some(GroupBy::Target), now),
        Action::GroupUser => list::group(state, Some(GroupBy::User), now),
        Action::GroupOperation => list::group(state, Some(GroupBy::Operation), now),
        Action::Unwatch => return list::unwatch(state, now),
        Action::Pin => return list::pin(state, now),
        Action::Refresh => {
            let text = "Reading everything anew";
            state.notices.say(Gravity::Info, text, now);
            return to_all(state, &Command::Refresh(Vec::new()));
        }
        Action::Pause => {
            state.paused = !state.paused;
            return to_all(state, &Command::Pause(state.paused));
        }
        Action::CopyMenu => copy::open_menu(state),
        Action::Export => export::open(state, now),
        Action::Copy => return copy::copy(state, now),
        Action::Summary => summary::open(state, now),
        Action::Help => state.overlay = Some(Overlay::Help { top: 0 }),
        Action::Notices => state.overlay = Some(Overlay::Notices { top: 0 }),
        Action::Figures => state.overlay = Some(Overlay::Figures { top: 0 }),
        Action::Back => back(state, now),
        _ if details::act(state, action) || arrange::act(state, action, now) => {}
        _ if context == Context::Details => details::scroll_by(state, action),
        _ => list::act(state, action, now),
    }
    Vec::new()
}

/// Whether an action asks for a task while a group is selected; that is said then.
fn is_for_a_task(state: &mut State, action: Action, now: Timestamp) -> bool {
    let asks = matches!(
        action,
        Action::Inspect | Action::Unwatch | Action::Pin | Action::Copy | Action::CopyMenu
    );
    let on_group = matches!(state.selected_row(), Some(RowId::Group(_)));
    if asks && on_group {
        let text = "This row is a group; that is done with one of its tasks";
        state.notices.say(Gravity::Info, text, now);
    }
    asks && on_group
}

/// One step back: from the details to the list, then the filter goes, then the details.
fn back(state: &mut State, now: Timestamp) {
    match state.panes {
        Panes::Details | Panes::Both(Focus::Details) => state.panes = Panes::Both(Focus::List),
        _ if !state.outline.view().filter.is_empty() => list::filter(state, Filter::default(), now),
        Panes::Both(Focus::List) | Panes::List => state.panes = Panes::List,
    }
}

/// Scrolls a text that lies over the panels.
fn read(state: &mut State, action: Action) {
    if action == Action::Dismiss {
        state.overlay = None;
        return;
    }
    let page = usize::from(state.size.height.saturating_sub(6)).max(1);
    let end = state.drawn.overlay_end;
    if let Some(Overlay::Help { top } | Overlay::Notices { top } | Overlay::Figures { top }) =
        &mut state.overlay
    {
        *top = scrolled(*top, action, page, end);
    }
}

/// Where a text that is scrolled begins next.
fn scrolled(top: usize, action: Action, page: usize, end: usize) -> usize {
    let top = top.min(end);
    let next = match action {
        Action::Up => top.saturating_sub(1),
        Action::Down => top + 1,
        Action::PageUp => top.saturating_sub(page),
        Action::PageDown => top + page,
        Action::First => 0,
        Action::Last => end,
        _ => top,
    };
    next.min(end)
}

fn to_all(state: &State, command: &Command) -> Vec<Effect> {
    let servers = state.servers.iter();
    servers
        .map(|server| Effect::Send(server.id, command.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
