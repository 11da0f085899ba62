//! Expression tree of a filter.

use super::{
    context::{EvalTarget, MatchResult},
    pattern::Pattern,
    term::Term,
};

/// A filter as a tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// Conjunction; matches everything if empty.
    All(Vec<Self>),
    /// Disjunction.
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

impl Default for Expr {
    fn default() -> Self {
        Self::everything()
    }
}

impl Expr {
    pub(super) fn everything() -> Self {
        Self::All(Vec::new())
    }

    pub(super) fn words(text: &str) -> Self {
        let words = text.split_whitespace();
        Self::all(
            words
                .map(|word| Self::Term(Term::Anywhere(Pattern::contains(word))))
                .collect(),
        )
    }

    /// Builds a conjunction. Cheap parts come first, time-dependent ones last.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        Self::combine(parts, Self::All, |part| match part {
            Self::All(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// Builds a disjunction.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        Self::combine(parts, Self::Any, |part| match part {
            Self::Any(parts) => Ok(parts),
            other => Err(other),
        })
    }

    fn combine(
        parts: Vec<Self>,
        join: fn(Vec<Self>) -> Self,
        open: fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match open(part) {
                Ok(parts) => flat.extend(parts),
                Err(part) => flat.push(part),
            }
        }
        flat.sort_by_key(Self::cost);
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                join(flat)
            }
            None => join(flat),
        }
    }

    pub(super) fn negated(part: Self) -> Self {
        Self::Not(Box::new(part))
    }

    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Returns the first term that needs more than a single read of a task.
    pub(super) fn undecidable(&self) -> Option<&Term> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(Self::undecidable),
            Self::Not(part) => part.undecidable(),
            Self::Term(term) => Some(term).filter(|term| term.needs_observation()),
        }
    }

    /// True if any term has a property.
    pub(super) fn has(&self, what: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.has(what)),
            Self::Not(part) => part.has(what),
            Self::Term(term) => what(term),
        }
    }

    /// Calls `visitor` with every term.
    pub(super) fn each(&self, visitor: &mut impl FnMut(&Term)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(visitor)),
            Self::Not(part) => part.each(visitor),
            Self::Term(term) => visitor(term),
        }
    }

    fn cost(&self) -> u8 {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).max().unwrap_or(0),
            Self::Not(part) => part.cost(),
            Self::Term(term) => term.cost(),
        }
    }

    /// Evaluates the filter for a task.
    pub(super) fn evaluate(&self, target: &EvalTarget<'_>) -> MatchResult {
        match self {
            Self::Term(term) => term.evaluate(target),
            Self::Not(part) => {
                let MatchResult { holds, until } = part.evaluate(target);
                MatchResult {
                    holds: !holds,
                    until,
                }
            }
            Self::All(parts) => decide(parts, target, false),
            Self::Any(parts) => decide(parts, target, true),
        }
    }

    /// True if every match of this filter certainly matches the other one.
    pub(super) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All(parts)) => parts.iter().all(|part| self.implies(part)),
            (Self::All(parts), _) => parts.iter().any(|part| part.implies(other)),
            (Self::Any(parts), _) => parts.iter().all(|part| part.implies(other)),
            (_, Self::Any(parts)) => parts.iter().any(|part| self.implies(part)),
            (Self::Term(mine), Self::Term(theirs)) => mine.implies(theirs),
            (Self::Not(mine), Self::Not(theirs)) => theirs.implies(mine),
            _ => false,
        }
    }
}

/// Evaluates a conjunction or disjunction. A `decisive` part that no time changes decides; else the
/// result is valid as long as that of all parts.
fn decide(parts: &[Expr], target: &EvalTarget<'_>, decisive: bool) -> MatchResult {
    let mut result = MatchResult::always(!decisive);
    for part in parts {
        let MatchResult { holds, until } = part.evaluate(target);
        if holds == decisive {
            if until.is_none() {
                return MatchResult::always(decisive);
            }
            result.holds = decisive;
        }
        result.until = match (result.until, until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    result
}
