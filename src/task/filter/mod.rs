//! The filter language: which tasks are meant, in one line that people can guess.
//!
//! `relocate state:running elapsed>1h -user:system`. A line is read once into a tree ([`Filter::parse`]) and then
//! held against one task at a time ([`Filter::judge`]). What depends on the time says when it may turn out otherwise
//! by time alone, so that nobody has to look at every task every second. Pure: the time and all else that is known of
//! a task come in a [`EvalContext`]. Patterns (`/…/`) run in an engine whose cost is bounded by the text's length.

mod completion;
mod context;
mod error;
mod expr;
mod field;
mod flag;
mod lexer;
mod parser;
mod pattern;
mod period;
mod pushdown;
mod term;

use std::{collections::BTreeMap, sync::Arc};

pub use completion::{Completion, complete, exactly};
pub use context::{EndpointInfo, EvalContext};
pub use error::FilterError;
pub(super) use field::read_span;
pub(super) use pattern::folded;
pub use period::{Period, complete_period, period_words, with_period};
pub use pushdown::ServerFilter;
pub use term::MatchResult;

use jiff::Timestamp;

use self::{expr::Expr, term::Term};
use super::Handle;

/// The grammar for people: what stands in the help and in the manual.
pub const GRAMMAR: &[(&str, &str)] = &[
    ("web 01", "tasks that hold both texts, anywhere"),
    ("\"disk 2 of 3\"", "this very text"),
    ("/^db-\\d+$/", "a pattern (regular expression)"),
    (
        "target: user: op: phase: error:",
        "in that field; * and ? stand for letters: target:db-*",
    ),
    (
        "id: type: endpoint: tag: activation:",
        "moId or key, kind of the target, server, change tag, activation id",
    ),
    (
        "state: outcome:",
        "running queued success failed cancelled lost unknown ghost active finished",
    ),
    (
        "progress<20  children>3",
        "numbers: < <= = >= >; progress:none has no figure",
    ),
    (
        "elapsed>1h  queued>5m  ended<1h  started<10m  idle>15m",
        "spans: 90s 10m 1h30m 2d",
    ),
    (
        "is:stalled cancelable asked pinned active child root parent",
        "what it is",
    ),
    (
        "is:flagged late waiting orphan gone",
        "what deserves a second look",
    ),
    (
        "a or b   not a   -a   ( )",
        "put together; next to each other means both",
    ),
    (
        "user:kim,ops   target=web-11   user!=ops",
        "any of them; exactly; not",
    ),
    ("@name", "a saved filter, from [filters] in the config"),
];

/// Saved filters by name.
pub type Saved = BTreeMap<String, String>;

/// A filter that was read.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: Arc<str>,
    expr: Arc<Expr>,
}

/// What was typed the same way means the same.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.expr == other.expr
    }
}

impl Eq for Filter {}

impl Filter {
    /// Reads a filter; `saved` holds what `@name` stands for.
    ///
    /// # Errors
    /// When it does not read: what is wrong, and where.
    pub fn parse(text: &str, saved: &Saved) -> Result<Self, FilterError> {
        Ok(Self {
            text: text.into(),
            expr: Arc::new(parser::parse(text, saved)?),
        })
    }

    /// A filter for tasks that hold all words of a text, whatever signs are in them.
    pub fn words(text: &str) -> Self {
        Self {
            text: text.into(),
            expr: Arc::new(Expr::words(text)),
        }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every task matches.
    pub fn is_empty(&self) -> bool {
        self.expr.is_everything()
    }

    /// Whether time alone may change what matches.
    pub fn is_timed(&self) -> bool {
        self.expr.is_timed()
    }

    /// Whether it asks for what a task's parent or children are.
    pub fn asks_for_family(&self) -> bool {
        self.expr.asks_for_family()
    }

    /// Returns the first term that a single reading of a task cannot decide, as it is typed: `is:stalled`, `idle`.
    pub fn undecidable(&self) -> Option<String> {
        self.expr.undecidable().map(field::typed)
    }

    /// Whether it asks for what a task's endpoint is called.
    pub fn asks_for_endpoint(&self) -> bool {
        self.expr.asks_for_endpoint()
    }

    /// Whether what its parent does may change whether a task matches.
    pub fn asks_for_parent(&self) -> bool {
        self.expr.asks_for_parent()
    }

    /// The same filter under another text.
    fn shown_as(mut self, text: &str) -> Self {
        self.text = text.into();
        self
    }

    /// What of it a server's history can be asked for.
    pub fn narrowing(&self) -> ServerFilter {
        ServerFilter::of(&self.expr)
    }

    /// The fields that a server cannot be asked for, or not for all that they say.
    pub fn residual(&self) -> Vec<&'static str> {
        pushdown::residual(&self.expr)
    }

    /// The same for tasks that were queued in a time, both ends included; the text says nothing of that.
    #[must_use]
    pub fn within(&self, since: Timestamp, until: Timestamp) -> Self {
        let queued = Expr::Term(Term::QueuedIn(since, until));
        Self {
            text: self.text.clone(),
            expr: Arc::new(Expr::all(vec![queued, (*self.expr).clone()])),
        }
    }

    /// Whether a task matches, and until when that holds if nothing is heard of it.
    pub fn judge(&self, scene: EvalContext<'_>, handle: Handle) -> MatchResult {
        if self.is_empty() {
            return MatchResult::always(true);
        }
        let Some(record) = scene.board.get(handle) else {
            return MatchResult::always(false);
        };
        self.expr.judge(&term::EvalTarget {
            scene,
            handle,
            record,
        })
    }

    /// Whether a task matches.
    pub fn matches(&self, scene: EvalContext<'_>, handle: Handle) -> bool {
        self.judge(scene, handle).holds
    }

    /// Whether, whatever matches this filter, matches the other one, too; as far as that is plain.
    pub fn narrows(&self, other: &Self) -> bool {
        !self.is_timed()
            && !other.is_timed()
            && (self.expr == other.expr || self.expr.implies(&other.expr))
    }
}

/// Reads a filter that stands in a test.
#[cfg(test)]
impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self::parse(text, &Saved::new()).unwrap()
    }
}

#[cfg(test)]
mod tests;
