//! What the screen knows of filters: the time and the names of its servers for them, and a filter being typed.

use jiff::{SignedDuration, Timestamp};

use super::{server_state::ServerState, state::AppState};
use crate::task::{
    EndpointId, EvalContext, Filter, Handle,
    filter::{Completion, EndpointInfo, complete, complete_period},
};

/// The servers at a moment of this machine.
#[derive(Debug, Clone, Copy)]
pub struct ServerClocks<'a> {
    servers: &'a [ServerState],
    now: Timestamp,
}

impl<'a> ServerClocks<'a> {
    /// These servers at that moment.
    pub fn of(servers: &'a [ServerState], now: Timestamp) -> Self {
        Self { servers, now }
    }

    fn server(&self, endpoint: EndpointId) -> Option<&'a ServerState> {
        self.servers.iter().find(|server| server.id == endpoint)
    }
}

impl EndpointInfo for ServerClocks<'_> {
    fn time(&self, endpoint: EndpointId) -> Timestamp {
        let server = self.server(endpoint);
        server.map_or(self.now, |server| server.time(self.now))
    }

    fn name(&self, endpoint: EndpointId) -> Option<&str> {
        self.server(endpoint).map(ServerState::host)
    }
}

/// A filter being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterPrompt {
    /// The filter to go back to.
    pub before: Filter,
    /// The task to go back to.
    pub selected: Option<Handle>,
    /// Where the line does not read: in how many columns of it, and how many columns long.
    pub mark: Option<(usize, usize)>,
    /// What Tab offers.
    pub offer: Option<CompletionList>,
    /// Which filter of the past is in the line, counted from the latest; and what was typed instead of it.
    pub recalled: Option<(usize, String)>,
}

/// What Tab offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletionList {
    /// Where the word begins.
    start: usize,
    /// What may stand there.
    pub candidates: Vec<String>,
    /// Which of them stands there; none while what they have in common does.
    pub chosen: Option<usize>,
}

impl CompletionList {
    /// What may stand at the end of a text; none if nothing is known.
    fn of(before: &str, state: &AppState, eval_context: EvalContext<'_>) -> Option<Self> {
        let mut completion = complete(before, &state.options.saved_filters, eval_context);
        if state.history.is_some() {
            completion = complete_period(before, completion);
        }
        let Completion { start, candidates } = completion;
        (!candidates.is_empty()).then_some(Self {
            start,
            candidates,
            chosen: None,
        })
    }

    /// The next candidate, or the one before.
    fn turn(&mut self, back: bool) {
        let count = self.candidates.len();
        self.chosen = Some(match self.chosen {
            None if back => count - 1,
            None => 0,
            Some(at) if back => (at + count - 1) % count,
            Some(at) => (at + 1) % count,
        });
    }

    /// What stands in the place of the word: a candidate, or what all have in common.
    fn text(&self) -> &str {
        match self.chosen.and_then(|at| self.candidates.get(at)) {
            Some(candidate) => candidate,
            None => common_prefix(&self.candidates),
        }
    }
}

/// What all begin with.
fn common_prefix(texts: &[String]) -> &str {
    let Some((first, others)) = texts.split_first() else {
        return "";
    };
    let same = |other: &String| {
        let pairs = first.char_indices().zip(other.chars());
        let differs = pairs.clone().find(|((_, one), other)| one != other);
        let end = first.len().min(other.len());
        differs.map_or(end, |((offset, _), _)| offset)
    };
    let end = others.iter().map(same).min().unwrap_or(first.len());
    first.get(..end).unwrap_or_default()
}

/// What stands before the cursor after Tab; none where nothing is known that fits.
pub(super) fn completed(
    state: &AppState,
    typing: &FilterPrompt,
    before: &str,
    back: bool,
    now: Timestamp,
) -> Option<(String, CompletionList)> {
    let offer = if let Some(mut offer) = typing.offer.clone() {
        offer.turn(back);
        offer
    } else {
        let clocks = ServerClocks::of(&state.servers, now);
        let mut offer = CompletionList::of(before, state, state.eval_context(&clocks))?;
        let typed = before.get(offer.start..).unwrap_or_default();
        if offer.candidates.len() == 1 || offer.text().len() <= typed.len() {
            offer.turn(back);
        }
        offer
    };
    let lead = before.get(..offer.start)?;
    Some((format!("{lead}{}", offer.text()), offer))
}

/// When time alone may next change which tasks match, by this machine's clock.
pub(super) fn next_change(state: &AppState, now: Timestamp) -> Option<Timestamp> {
    let moments = state.servers.iter().filter_map(|server| {
        let due = state.row_model.next_due(server.id)?;
        let wait = due.duration_since(server.time(now));
        (!server.is_stale()).then(|| now + wait.max(SignedDuration::ZERO).min(A_DAY))
    });
    moments.min()
}

/// No clock is asked to wait for longer.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Lets time pass for the filter.
pub(super) fn refresh_time_based(state: &mut AppState, now: Timestamp) {
    let AppState {
        store,
        typical,
        row_model,
        servers,
        ..
    } = state;
    let clocks = ServerClocks::of(servers, now);
    let eval_context = EvalContext {
        board: store,
        typical: Some(typical),
        endpoints: Some(&clocks),
    };
    for server in servers.iter() {
        row_model.pass(eval_context, server.id);
    }
}
