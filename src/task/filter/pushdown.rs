//! The part of a filter that a server can evaluate, so that it sends fewer tasks.
//! A server's history can be restricted by states, accounts, one entity, activation ids and tags,
//! all compared literally. The server filter may only be wider than the filter, which is applied
//! again to the result.

use jiff::Timestamp;
use vtask_vim::types::{ManagedObjectReference, TaskQuery, TaskState};

use super::{
    expr::Expr,
    field,
    flag::Flag,
    pattern::Pattern,
    term::{Term, TextField},
};
use crate::Status;

/// Conditions of a history query. An empty list is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerFilter {
    /// Any of these states.
    pub states: Vec<TaskState>,
    /// Started by any of these accounts, with the server's spelling.
    pub users: Vec<String>,
    /// On any of these entities.
    pub entities: Vec<ManagedObjectReference>,
    /// With any of these activation ids.
    pub activations: Vec<String>,
    /// With any of these tags.
    pub tags: Vec<String>,
}

impl ServerFilter {
    /// Creates a filter by status; empty if the server cannot filter by one of them.
    pub fn of_statuses(statuses: &[Status]) -> Self {
        let mut states = Vec::new();
        for status in statuses {
            let state = match status {
                Status::Running => TaskState::Running,
                Status::Queued => TaskState::Queued,
                Status::Success => TaskState::Success,
                Status::Failed | Status::Cancelled => TaskState::Error,
                // These exist in a monitor only, never in a history.
                Status::Lost | Status::Placeholder => continue,
                Status::Unknown => return Self::default(),
            };
            if !states.contains(&state) {
                states.push(state);
            }
        }
        Self {
            states,
            ..Self::default()
        }
    }

    /// Creates a filter by account, if the name includes its domain.
    pub fn of_user(name: &str) -> Self {
        let is_whole = name.contains(['\\', '@']) && !name.contains(": ");
        Self {
            users: is_whole.then(|| name.to_owned()).into_iter().collect(),
            ..Self::default()
        }
    }

    /// Creates a filter by entity, if it is given as type and moId (`VirtualMachine:vm-42`),
    /// because a name may be ambiguous.
    pub fn of_entity(name: &str) -> Self {
        let entity = name.split_once(':').filter(|(kind, mo_id)| {
            let is_type = kind.starts_with(|c: char| c.is_ascii_uppercase())
                && kind.chars().all(|c| c.is_ascii_alphanumeric());
            is_type && !mo_id.is_empty() && !mo_id.contains([':', ' ', '*', '?'])
        });
        let entity = entity.map(|(kind, mo_id)| ManagedObjectReference::new(kind, mo_id));
        Self {
            entities: entity.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Creates a filter by activation id.
    pub fn of_activation(id: &str) -> Self {
        Self {
            activations: vec![id.to_owned()],
            ..Self::default()
        }
    }

    /// Creates a filter by tag.
    fn of_tag(tag: &str) -> Self {
        Self {
            tags: vec![tag.to_owned()],
            ..Self::default()
        }
    }

    /// Returns a filter for the tasks that match both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            states: both(self.states, other.states),
            users: both(self.users, other.users),
            entities: both(self.entities, other.entities),
            activations: both(self.activations, other.activations),
            tags: both(self.tags, other.tags),
        }
    }

    /// Returns a filter for the tasks that match either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            states: either(self.states, other.states),
            users: either(self.users, other.users),
            entities: either(self.entities, other.entities),
            activations: either(self.activations, other.activations),
            tags: either(self.tags, other.tags),
        }
    }

    /// Returns the restricting fields by their names in the filter language.
    pub fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("state", !self.states.is_empty()),
            ("user", !self.users.is_empty()),
            ("target", self.entity().is_some()),
            ("activation", !self.activations.is_empty()),
            ("tag", !self.tags.is_empty()),
        ];
        let fields = fields.into_iter().filter(|(_, narrows)| *narrows);
        fields.map(|(field, _)| field).collect()
    }

    /// Returns the entity if there is exactly one, because a server accepts no more.
    pub fn entity(&self) -> Option<&ManagedObjectReference> {
        match &*self.entities {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns the query of the tasks queued in a period (server's clock, both ends included), with these conditions.
    pub fn query(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> TaskQuery {
        TaskQuery {
            since,
            until,
            entity: self.entity().cloned(),
            states: self.states.clone(),
            users: self.users.clone(),
            activations: self.activations.clone(),
            tags: self.tags.clone(),
            ..TaskQuery::default()
        }
    }

    /// Derives the server filter of an expression.
    pub(super) fn of(expr: &Expr) -> Self {
        match expr {
            Expr::All(parts) => parts.iter().map(Self::of).fold(Self::default(), Self::and),
            Expr::Any(parts) => {
                let parts = parts.iter().map(Self::of);
                parts.reduce(Self::or).unwrap_or_default()
            }
            // Exclusions cannot be expressed.
            Expr::Not(_) => Self::default(),
            Expr::Term(term) => Self::of_term(term),
        }
    }

    fn of_term(term: &Term) -> Self {
        match term {
            Term::Is(Flag::Status(statuses)) => Self::of_statuses(statuses),
            // Only active tasks can match these.
            Term::Is(Flag::Cancelable | Flag::Warning(_)) => {
                Self::of_statuses(&[Status::Running, Status::Queued])
            }
            Term::Text(field, Pattern::Equals { typed, .. }) => match field {
                TextField::User => Self::of_user(typed),
                TextField::Target => Self::of_entity(typed),
                TextField::Activation => Self::of_activation(typed),
                TextField::Tag => Self::of_tag(typed),
                _ => Self::default(),
            },
            _ => Self::default(),
        }
    }
}

/// Intersects two lists. If the intersection is empty, nothing can match, and either list is valid.
fn both<T: PartialEq + Clone>(one: Vec<T>, other: Vec<T>) -> Vec<T> {
    if one.is_empty() {
        return other;
    }
    let both = one.iter().filter(|value| other.contains(value));
    let both: Vec<T> = both.cloned().collect();
    if both.is_empty() { one } else { both }
}

fn either<T: PartialEq>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
    if one.is_empty() || other.is_empty() {
        return Vec::new();
    }
    for value in other {
        if !one.contains(&value) {
            one.push(value);
        }
    }
    one
}

/// Returns the fields of a filter that a server cannot evaluate, or not completely.
pub(super) fn residual(expr: &Expr) -> Vec<&'static str> {
    let mut fields = Vec::new();
    let parts = match expr {
        Expr::All(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    for part in parts {
        if !is_exact(part) {
            part.each(&mut |term| {
                let name = field::name_of(term);
                if !fields.contains(&name) {
                    fields.push(name);
                }
            });
        }
    }
    fields
}

/// True if the server's result is the filter's result.
fn is_exact(expr: &Expr) -> bool {
    let server_filter = ServerFilter::of(expr);
    match expr {
        Expr::Term(Term::Is(Flag::Status(statuses))) => {
            !server_filter.states.is_empty() && is_exact_set(statuses)
        }
        Expr::Term(Term::Text(..)) => !server_filter.fields().is_empty(),
        Expr::Any(parts) => {
            let texts = parts.iter().all(|part| {
                let one_kind = matches!(part, Expr::Term(Term::Text(..)));
                one_kind && is_exact(part)
            });
            let statuses = statuses(parts);
            let is_one = server_filter.fields().len() == 1;
            is_one && (texts || statuses.is_some_and(|all| is_exact_set(&all)))
        }
        _ => false,
    }
}

/// Returns the statuses if all terms test only the status.
fn statuses(parts: &[Expr]) -> Option<Vec<Status>> {
    let mut all = Vec::new();
    for part in parts {
        let Expr::Term(Term::Is(Flag::Status(statuses))) = part else {
            return None;
        };
        all.extend_from_slice(statuses);
    }
    Some(all)
}

fn is_exact_set(statuses: &[Status]) -> bool {
    statuses.contains(&Status::Failed) == statuses.contains(&Status::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Filter, fixture::at};

    /// Returns the fields evaluated by the server, and the rest.
    fn split(text: &str) -> (Vec<&'static str>, Vec<&'static str>) {
        let filter = Filter::from(text);
        (filter.server_filter().fields(), filter.residual())
    }

    #[test]
    fn supported_terms_are_pushed_down() {
        let none: [&str; 0] = [];
        for (text, on_server, left) in [
            ("", &none[..], &none[..]),
            ("state:running", &["state"], &[]),
            ("state:failed", &["state"], &["state"]),
            ("state:failed,cancelled", &["state"], &[]),
            ("state:finished", &["state"], &[]),
            ("state:unknown", &[], &["state"]),
            ("state:lost", &[], &["state"]),
            ("is:cancelable", &["state"], &["is"]),
            ("user=LAB\\kim", &["user"], &[]),
            ("user=LAB\\kim,ops@lab", &["user"], &[]),
            ("user=kim", &[], &["user"]),
            ("user:LAB\\kim", &[], &["user"]),
            ("user=LAB\\k*", &[], &["user"]),
            ("target=VirtualMachine:vm-42", &["target"], &[]),
            (
                "target=VirtualMachine:vm-42,HostSystem:host-1",
                &[],
                &["target"],
            ),
            ("target=db-01", &[], &["target"]),
            ("tag=CHG-1 activation=a-1", &["activation", "tag"], &[]),
            ("op:clone disk elapsed>1h", &[], &["op", "words", "elapsed"]),
            ("not state:running", &[], &["state"]),
            ("user!=LAB\\kim", &[], &["user"]),
            ("state:running or user=LAB\\kim", &[], &["state", "user"]),
            ("state:running or state:queued", &["state"], &[]),
            (
                "(state:running op:clone) or state:queued",
                &["state"],
                &["state", "op"],
            ),
        ] {
            let (found_on_server, mut found_left) = split(text);
            let mut left = left.to_vec();
            found_left.sort_unstable();
            left.sort_unstable();
            assert_eq!(
                (found_on_server, found_left),
                (on_server.to_vec(), left),
                "{text}"
            );
        }
    }

    #[test]
    fn pushdown_keeps_case() {
        let filter = Filter::from("user=LAB\\Kim target=VirtualMachine:vm-42");
        let server_filter = filter.server_filter();
        assert_eq!(server_filter.users, ["LAB\\Kim"]);
        let entity = ManagedObjectReference::new("VirtualMachine", "vm-42");
        assert_eq!(server_filter.entity(), Some(&entity));
    }

    #[test]
    fn contradiction_still_restricts() {
        let states = Filter::from("state:running state:success")
            .server_filter()
            .states;
        assert_eq!(states.len(), 1);
        let server_filter = Filter::from("state:active state:running,success").server_filter();
        assert_eq!(server_filter.states, [TaskState::Running]);
    }

    #[test]
    fn the_query_contains_the_server_side_filter() {
        let filter = Filter::from(
            "state:failed user=LAB\\kim target=VirtualMachine:vm-42 tag=CHG-1 activation=a-1 op:clone",
        );
        let query = filter.server_filter().query(Some(at(0)), Some(at(9)));
        assert_eq!(
            query,
            TaskQuery {
                since: Some(at(0)),
                until: Some(at(9)),
                states: vec![TaskState::Error],
                users: vec!["LAB\\kim".to_owned()],
                entity: Some(ManagedObjectReference::new("VirtualMachine", "vm-42")),
                tags: vec!["CHG-1".to_owned()],
                activations: vec!["a-1".to_owned()],
                ..TaskQuery::default()
            }
        );
        let everything = Filter::default().server_filter().query(None, None);
        assert_eq!(everything, TaskQuery::default());
    }
}
