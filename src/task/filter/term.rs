//! Evaluation of a single term.

use jiff::{SignedDuration, Timestamp};

use super::{context::EvalContext, flag::Flag, lexer::Operator, pattern::Pattern};
use crate::task::{Handle, Record, Status, search_text};

/// The resolution of timestamps.
pub(super) const ONE_NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);
/// Distance of a second reading that detects a running clock.
const FAR_FUTURE: SignedDuration = SignedDuration::from_hours(24 * 366 * 100);

/// The result of evaluating a filter for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchResult {
    /// True if the task matches.
    pub holds: bool,
    /// Time from which the result may change without new data, by the server's clock; `None` if
    /// never.
    pub until: Option<Timestamp>,
}

impl MatchResult {
    /// Creates a result that does not depend on time.
    pub fn always(holds: bool) -> Self {
        Self { holds, until: None }
    }
}

/// The task for which a filter is evaluated.
#[derive(Clone, Copy)]
pub(super) struct EvalTarget<'a> {
    pub(super) scene: EvalContext<'a>,
    pub(super) handle: Handle,
    pub(super) record: &'a Record,
}

impl EvalTarget<'_> {
    /// Returns the time by the clock of the task's server.
    pub(super) fn now(&self) -> Timestamp {
        self.scene.time(self.record.id.endpoint)
    }
}

/// Fields with text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextField {
    Target,
    Type,
    User,
    Operation,
    Id,
    Phase,
    Error,
    Endpoint,
    Tag,
    Activation,
}

/// Fields with numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberField {
    Progress,
    Children,
}

/// Fields with durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DurationField {
    /// Run time so far or in all.
    Elapsed,
    /// Time in the queue.
    Queued,
    /// Time since the end.
    Ended,
    /// Time since the start.
    Started,
    /// Time since the last change of a running task's progress, phase or state.
    Idle,
}

/// A single condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    /// Any visible text matches.
    Anywhere(Pattern),
    Text(TextField, Pattern),
    Is(Flag),
    /// No progress is reported.
    NoProgress,
    Number(NumberField, Operator, u32),
    Span(DurationField, Operator, SignedDuration),
    /// Queued in a period, both ends included.
    QueuedIn(Timestamp, Timestamp),
}

impl Term {
    pub(super) fn is_timed(&self) -> bool {
        match self {
            Self::Span(..) => true,
            Self::Is(flag) => flag.is_timed(),
            _ => false,
        }
    }

    /// True if the term needs observation over time.
    pub(super) fn needs_observation(&self) -> bool {
        match self {
            Self::Is(flag) => flag.needs_observation(),
            Self::Span(field, ..) => *field == DurationField::Idle,
            _ => false,
        }
    }

    pub(super) fn asks_for_family(&self) -> bool {
        match self {
            Self::Number(field, ..) => *field == NumberField::Children,
            Self::Is(flag) => flag.asks_for_family(),
            _ => false,
        }
    }

    /// Returns the relative cost of evaluation.
    pub(super) fn cost(&self) -> u8 {
        match self {
            _ if self.is_timed() => 9,
            Self::Is(_) => 0,
            Self::NoProgress | Self::Number(..) | Self::QueuedIn(..) => 1,
            Self::Text(_, Pattern::Regex(_)) => 3,
            Self::Text(..) => 2,
            Self::Anywhere(Pattern::Regex(_)) => 5,
            Self::Anywhere(_) | Self::Span(..) => 4,
        }
    }

    pub(super) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anywhere(mine), Self::Anywhere(theirs)) => mine.implies(theirs),
            (Self::Text(my_field, mine), Self::Text(their_field, theirs)) => {
                my_field == their_field && mine.implies(theirs)
            }
            (Self::Is(Flag::Status(mine)), Self::Is(Flag::Status(theirs))) => {
                mine.iter().all(|status| theirs.contains(status))
            }
            _ => self == other,
        }
    }

    pub(super) fn judge(&self, subject: &EvalTarget<'_>) -> MatchResult {
        let (board, record) = (subject.scene.board, subject.record);
        MatchResult::always(match self {
            Self::Anywhere(pattern) => search_text::visit(board, record, |text| pattern.fits(text)),
            Self::Text(field, pattern) => {
                field.visit(subject, |text| pattern.fits(text))
                    || (*field == TextField::Target && is_reference(record, pattern))
            }
            Self::QueuedIn(since, until) => record
                .info
                .as_ref()
                .and_then(|info| info.queue_time)
                .is_some_and(|queued| (*since..=*until).contains(&queued)),
            Self::Is(flag) => return flag.judge(subject),
            Self::NoProgress => {
                record.status().is_active() && board.progress(subject.handle).percent().is_none()
            }
            Self::Number(field, operator, number) => field
                .of(subject)
                .is_some_and(|own| operator.holds(&own, number)),
            Self::Span(field, operator, span) => return field.judge(subject, *operator, *span),
        })
    }
}

/// True if the pattern matches type and moId of the target.
fn is_reference(record: &Record, pattern: &Pattern) -> bool {
    let entity = record.info.as_ref().and_then(|info| info.entity.as_ref());
    entity.is_some_and(|entity| {
        pattern.may_be_reference() && pattern.fits(&format!("{}:{}", entity.kind, entity.value))
    })
}

impl Operator {
    fn holds<T: Ord>(self, own: &T, other: &T) -> bool {
        match self {
            Self::Has | Self::Equal => own == other,
            Self::Unequal => own != other,
            Self::Less => own < other,
            Self::AtMost => own <= other,
            Self::More => own > other,
            Self::AtLeast => own >= other,
        }
    }
}

impl NumberField {
    fn of(self, subject: &EvalTarget<'_>) -> Option<u32> {
        let board = subject.scene.board;
        match self {
            Self::Progress => match (subject.record.status(), board.progress(subject.handle)) {
                (Status::Success, _) => Some(100),
                (_, progress) => progress.percent().map(u32::from),
            },
            Self::Children => u32::try_from(board.children(subject.handle).len()).ok(),
        }
    }
}

/// A duration that grows with time or is fixed.
enum Clock {
    Runs(Timestamp),
    Stopped(SignedDuration),
}

impl DurationField {
    fn clock(self, subject: &EvalTarget<'_>) -> Option<Clock> {
        let record = subject.record;
        let between = |span: &dyn Fn(Timestamp) -> Option<SignedDuration>| {
            let now = subject.now();
            let later = now.checked_add(FAR_FUTURE).ok()?;
            let (spent, then) = (span(now)?, span(later)?);
            Some(if spent == then {
                Clock::Stopped(spent)
            } else {
                Clock::Runs(later.checked_sub(then).ok()?)
            })
        };
        let ended = || {
            let seen = record.seen.filter(|_| record.status().is_finished());
            record.finished_at().or(seen)
        };
        match self {
            Self::Elapsed => between(&|now| record.elapsed(now)),
            Self::Queued => between(&|now| record.queued_for(now)),
            Self::Ended => ended().map(Clock::Runs),
            Self::Started => record.info.as_ref()?.start_time.map(Clock::Runs),
            Self::Idle => {
                let running = record.running_since()?;
                record.moved.map(|moved| Clock::Runs(moved.max(running)))
            }
        }
    }

    fn judge(
        self,
        subject: &EvalTarget<'_>,
        operator: Operator,
        span: SignedDuration,
    ) -> MatchResult {
        match self.clock(subject) {
            None => MatchResult::always(false),
            Some(Clock::Stopped(own)) => MatchResult::always(operator.holds(&own, &span)),
            Some(Clock::Runs(since)) => {
                let now = subject.now();
                let own = now.duration_since(since).max(SignedDuration::ZERO);
                let reached = since.checked_add(span).ok();
                // “More than” changes right after “at least”; the next of both changes counts.
                let exceeded = reached.and_then(|at| at.checked_add(ONE_NANOSECOND).ok());
                let until = [reached, exceeded];
                MatchResult {
                    holds: operator.holds(&own, &span),
                    until: until.into_iter().flatten().find(|at| *at > now),
                }
            }
        }
    }
}

impl TextField {
    /// Calls `visitor` with the field's texts until it returns true. Returns true if it did.
    pub(super) fn visit(
        self,
        subject: &EvalTarget<'_>,
        mut look: impl FnMut(&str) -> bool,
    ) -> bool {
        let (board, record) = (subject.scene.board, subject.record);
        match self {
            Self::Endpoint => return look(subject.scene.endpoint(record.id.endpoint)),
            Self::Id => return look(&record.id.mo_id) || look(&record.key()),
            Self::Operation if look(&board.operation(record)) => return true,
            _ => {}
        }
        let Some(info) = record.info.as_deref() else {
            return false;
        };
        let entity = info.entity.as_ref();
        match self {
            Self::Target => {
                info.entity_name.as_deref().is_some_and(&mut look)
                    || entity.is_some_and(|entity| look(&entity.value))
            }
            Self::Type => entity.is_some_and(|entity| look(&entity.kind)),
            Self::User => {
                let whole = search_text::initiator(&info.reason);
                // The name without its domain.
                let name = whole.rsplit('\\').next().unwrap_or(&whole);
                let name = name.split('@').next().unwrap_or(name);
                look(&whole) || look(name)
            }
            Self::Operation => look(&info.description_id) || info.name.as_deref().is_some_and(look),
            Self::Phase => info
                .description
                .as_ref()
                .is_some_and(|phase| look(phase.text())),
            Self::Error => info
                .error
                .as_ref()
                .is_some_and(|error| look(&error.text()) || look(error.type_name())),
            Self::Tag => info.change_tag.as_deref().is_some_and(look),
            Self::Activation => info.activation_id.as_deref().is_some_and(look),
            Self::Endpoint | Self::Id => false,
        }
    }
}
