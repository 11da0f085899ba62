//! The filter language.
//! Example: `relocate state:running elapsed>1h -user:system`. A filter is parsed once
//! ([`Filter::parse`]) and then evaluated for one task at a time ([`Filter::evaluate`]). A
//! time-dependent result has an expiry, so that tasks need not be evaluated every second. Pure: the
//! time and everything else come in an [`EvalContext`]. Regular expressions (`/…/`) run in linear
//! time.

mod completion;
mod context;
mod contradiction;
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
mod unfinished;
mod unmatched;

use std::sync::Arc;

pub use completion::{Completion, complete, exactly};
pub use context::{EvalContext, MatchResult, ServerContext};
pub use error::FilterError;
pub(super) use field::read_span;
pub use parser::Saved;
pub(super) use pattern::folded;
pub use period::{Period, complete_period, period_words, with_period};
pub use pushdown::ServerFilter;
pub use unfinished::{UnfinishedField, unfinished_field};

use jiff::Timestamp;

use self::{
    expr::Expr,
    term::{Term, TextField},
};
use super::Handle;

/// A parsed filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    text: Arc<str>,
    expr: Arc<Expr>,
}

impl Eq for Filter {}

impl Filter {
    /// Parses a filter; `saved` defines the `@name` references.
    /// # Errors
    /// Returns the problem and its position.
    pub fn parse(text: &str, saved: &Saved) -> Result<Self, FilterError> {
        Ok(Self {
            text: text.into(),
            expr: Arc::new(parser::parse(text, saved)?),
        })
    }

    /// Creates a filter for the tasks that contain all words of a text, without any syntax.
    pub fn words(text: &str) -> Self {
        Self {
            text: text.into(),
            expr: Arc::new(Expr::words(text)),
        }
    }

    /// Returns the filter as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if every task matches.
    pub fn is_empty(&self) -> bool {
        self.expr.is_everything()
    }

    /// Returns why no task can ever match, if that is certain.
    pub fn contradiction(&self) -> Option<String> {
        contradiction::reason(&self.expr)
    }

    /// Returns why no task matches, if none has such a value in a field: `no cluster matches; known: prod-a, prod-b`.
    /// Takes time proportional to the number of tasks.
    pub fn unmatched(&self, context: EvalContext<'_>) -> Option<String> {
        unmatched::reason(&self.expr, context)
    }

    /// True if the matches may change by time alone.
    pub fn is_timed(&self) -> bool {
        self.expr.has(&Term::is_timed)
    }

    /// True if it depends on a task's parent or children.
    pub fn depends_on_family(&self) -> bool {
        self.expr.has(&Term::depends_on_family)
    }

    /// Returns the first term that needs more than a single read of a task, as typed: `is:stalled`,
    /// `idle`.
    pub fn undecidable(&self) -> Option<String> {
        self.expr.undecidable().map(field::typed)
    }

    /// True if it depends on the server's name.
    pub fn depends_on_server(&self) -> bool {
        self.expr
            .has(&|term| matches!(term, Term::Text(TextField::Server, _)))
    }

    /// True if it depends on the location of a task's target.
    pub fn needs_locations(&self) -> bool {
        self.expr
            .has(&|term| matches!(term, Term::Text(TextField::Location(_), _)))
    }

    /// True if it depends on the state of a task's parent.
    pub fn depends_on_parent(&self) -> bool {
        self.expr
            .has(&|term| matches!(term, Term::Is(flag) if flag.depends_on_parent()))
    }

    /// Replaces the text.
    fn shown_as(mut self, text: &str) -> Self {
        self.text = text.into();
        self
    }

    /// Returns the part that a server's history can evaluate.
    pub fn server_filter(&self) -> ServerFilter {
        ServerFilter::of(&self.expr)
    }

    /// Returns the fields that a server cannot evaluate, or not completely.
    pub fn residual(&self) -> Vec<&'static str> {
        pushdown::residual(&self.expr)
    }

    /// Restricts the filter to tasks queued in a period, both ends included; the text does not
    /// change.
    #[must_use]
    pub fn within(&self, since: Timestamp, until: Timestamp) -> Self {
        let queued = Expr::Term(Term::QueuedIn(since, until));
        Self {
            text: self.text.clone(),
            expr: Arc::new(Expr::all(vec![queued, (*self.expr).clone()])),
        }
    }

    /// Evaluates the filter for a task.
    pub fn evaluate(&self, context: EvalContext<'_>, handle: Handle) -> MatchResult {
        if self.is_empty() {
            return MatchResult::always(true);
        }
        let Some(record) = context.store.get(handle) else {
            return MatchResult::always(false);
        };
        self.expr.evaluate(&context::EvalTarget {
            context,
            handle,
            record,
        })
    }

    /// True if a task matches.
    pub fn matches(&self, context: EvalContext<'_>, handle: Handle) -> bool {
        self.evaluate(context, handle).holds
    }

    /// True if every match of this filter certainly matches the other one.
    pub fn narrows(&self, other: &Self) -> bool {
        !self.is_timed()
            && !other.is_timed()
            && (self.expr == other.expr || self.expr.implies(&other.expr))
    }
}

/// Parses a filter in a test.
#[cfg(any(test, feature = "fixture"))]
#[expect(clippy::unwrap_used, reason = "a test with an invalid filter fails")]
impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self::parse(text, &Saved::new()).unwrap()
    }
}

#[cfg(test)]
mod tests;
