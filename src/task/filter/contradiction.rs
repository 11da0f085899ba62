//! Filters that no task can ever match, with the reason.
//! The check is conservative: a filter without a reason may still match nothing.

use vtask_text::duration;

use super::{
    expr::Expr,
    field,
    flag::{Flag, STATES},
    lexer::Operator,
    term::{DurationField, NumberField, Term},
};
use crate::{Rule, Status};

/// Set of statuses, one bit each.
type Statuses = u8;

const ALL: Statuses = u8::MAX;

fn set(statuses: &[Status]) -> Statuses {
    statuses
        .iter()
        .fold(0, |set, status| set | 1 << *status as u8)
}

/// Returns why no task can match, if that is certain.
pub(super) fn reason(expr: &Expr) -> Option<String> {
    match expr {
        Expr::All(parts) => all(parts),
        Expr::Any(parts) => {
            let reasons: Option<Vec<_>> = parts.iter().map(reason).collect();
            reasons?.into_iter().next()
        }
        Expr::Not(_) => None,
        Expr::Term(term) => alone(term),
    }
}

/// Returns why a single term never matches.
fn alone(term: &Term) -> Option<String> {
    let limits = Limits::of(term)?;
    let what = match term {
        Term::Number(NumberField::Progress, ..) => "progress is between 0 and 100",
        Term::Number(..) => "a number of tasks cannot be negative",
        _ => "a duration cannot be negative",
    };
    limits
        .is_empty()
        .then(|| format!("{} never matches: {what}", text_of(term)))
}

fn all(parts: &[Expr]) -> Option<String> {
    if let Some(reason) = parts.iter().find_map(reason) {
        return Some(reason);
    }
    for (index, one) in parts.iter().enumerate() {
        for other in &parts[index + 1..] {
            if excludes(one, other) {
                return Some(format!(
                    "no task matches both {} and {}",
                    described(one),
                    described(other)
                ));
            }
        }
    }
    let statuses = parts
        .iter()
        .fold(ALL, |common, part| common & statuses(part));
    (statuses == 0).then(|| "no task is in all of these states".to_owned())
}

/// True if no task can match both.
fn excludes(one: &Expr, other: &Expr) -> bool {
    if statuses(one) & statuses(other) == 0 {
        return true;
    }
    match (one, other) {
        (Expr::Not(negated), part) | (part, Expr::Not(negated)) => **negated == *part,
        (Expr::Term(one), Expr::Term(other)) => match (one, other) {
            (Term::Is(Flag::Root), Term::Is(Flag::Child))
            | (Term::Is(Flag::Child), Term::Is(Flag::Root))
            | (Term::NoProgress, Term::Number(NumberField::Progress, ..))
            | (Term::Number(NumberField::Progress, ..), Term::NoProgress) => true,
            _ => Limits::of(one)
                .zip(Limits::of(other))
                .is_some_and(|(one, other)| one.excludes(&other)),
        },
        _ => false,
    }
}

/// Returns the statuses that a matching task can have.
fn statuses(expr: &Expr) -> Statuses {
    match expr {
        Expr::All(parts) => parts.iter().fold(ALL, |set, part| set & statuses(part)),
        Expr::Any(parts) => parts.iter().fold(0, |set, part| set | statuses(part)),
        Expr::Not(part) => match &**part {
            Expr::Term(Term::Is(Flag::Status(statuses))) => !set(statuses),
            _ => ALL,
        },
        Expr::Term(term) => statuses_of(term),
    }
}

fn statuses_of(term: &Term) -> Statuses {
    let active = set(&[Status::Running, Status::Queued]);
    match term {
        Term::Is(Flag::Status(statuses)) => set(statuses),
        Term::Is(Flag::Warning(Some(Rule::Stalled | Rule::LongerThanUsual)))
        | Term::Span(DurationField::Idle, ..) => set(&[Status::Running]),
        Term::Is(Flag::Warning(Some(Rule::QueuedLong))) => set(&[Status::Queued]),
        Term::Is(Flag::Warning(_) | Flag::Cancelable | Flag::CancelRequested | Flag::Blocked)
        | Term::NoProgress => active,
        Term::Span(DurationField::Ended, ..) => {
            !active & !set(&[Status::Unknown, Status::Placeholder])
        }
        _ => ALL,
    }
}

/// The values of one field that a comparison allows: whole numbers, or nanoseconds.
struct Limits {
    of: &'static str,
    from: i128,
    to: i128,
}

impl Limits {
    /// Returns the limits of a comparison; `None` for other terms.
    fn of(term: &Term) -> Option<Self> {
        let (operator, value, greatest) = match term {
            Term::Number(field, operator, number) => {
                let greatest = match field {
                    NumberField::Progress => 100,
                    NumberField::Children => u32::MAX.into(),
                };
                (*operator, i128::from(*number), greatest)
            }
            Term::Span(_, operator, span) => (*operator, span.as_nanos(), i128::MAX),
            _ => return None,
        };
        let (from, to) = match operator {
            Operator::Has | Operator::Equal => (value, value),
            Operator::Unequal => return None,
            Operator::Less => (0, value - 1),
            Operator::AtMost => (0, value),
            Operator::More => (value + 1, greatest),
            Operator::AtLeast => (value, greatest),
        };
        let to = to.min(greatest);
        let of = field::name_of(term);
        Some(Self { of, from, to })
    }

    fn is_empty(&self) -> bool {
        self.from > self.to
    }

    fn excludes(&self, other: &Self) -> bool {
        self.of == other.of && (self.from > other.to || other.from > self.to)
    }
}

/// Returns an expression in the form in which it is typed.
fn described(expr: &Expr) -> String {
    let joined = |parts: &[Expr], word: &str| {
        let parts: Vec<String> = parts.iter().map(described).collect();
        format!("({})", parts.join(word))
    };
    match expr {
        Expr::All(parts) => joined(parts, " "),
        Expr::Any(parts) => joined(parts, " or "),
        Expr::Not(part) => format!("-{}", described(part)),
        Expr::Term(term) => text_of(term),
    }
}

fn text_of(term: &Term) -> String {
    let name = field::name_of(term);
    match term {
        Term::Is(Flag::Status(statuses)) => {
            let word = STATES.iter().find(|(_, known, _)| known == statuses);
            format!("state:{}", word.map_or("", |(word, ..)| word))
        }
        Term::NoProgress => format!("{name}:none"),
        Term::Number(_, operator, number) => format!("{name}{}{number}", operator.sign()),
        Term::Span(_, operator, span) => format!("{name}{}{}", operator.sign(), duration(*span)),
        _ => field::typed(term),
    }
}
