//! Evaluation of a single term.

use jiff::{SignedDuration, Timestamp};
use vtask_vim::types::TaskInfo;

use super::{
    context::{EvalTarget, MatchResult, ONE_NANOSECOND},
    flag::Flag,
    lexer::Operator,
    pattern::Pattern,
};
use crate::{LocationField, Status, TaskRecord, search_text};

/// Distance of a second reading that detects a running clock.
const FAR_FUTURE: SignedDuration = SignedDuration::from_hours(24 * 366 * 100);

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
    Server,
    Tag,
    Activation,
    Location(LocationField),
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

    pub(super) fn depends_on_family(&self) -> bool {
        match self {
            Self::Number(field, ..) => *field == NumberField::Children,
            Self::Is(flag) => flag.depends_on_family(),
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

    pub(super) fn evaluate(&self, target: &EvalTarget<'_>) -> MatchResult {
        let (store, record) = (target.context.store, target.record);
        MatchResult::always(match self {
            Self::Anywhere(pattern) => {
                search_text::visit(store, record, |text| pattern.matches(text))
            }
            Self::Text(field, pattern) => {
                field.visit(target, |text| pattern.matches(text))
                    || (*field == TextField::Target && is_reference(record, pattern))
            }
            Self::QueuedIn(since, until) => record
                .info
                .as_deref()
                .and_then(TaskInfo::queue_time)
                .is_some_and(|queued| (*since..=*until).contains(&queued)),
            Self::Is(flag) => return flag.evaluate(target),
            Self::NoProgress => {
                record.status().is_active() && store.progress(target.handle).percent().is_none()
            }
            Self::Number(field, operator, number) => field
                .of(target)
                .is_some_and(|own| operator.holds(&own, number)),
            Self::Span(field, operator, span) => return field.evaluate(target, *operator, *span),
        })
    }
}

/// True if the pattern matches type and moId of the target.
fn is_reference(record: &TaskRecord, pattern: &Pattern) -> bool {
    let entity = record.info.as_ref().and_then(|info| info.entity.as_ref());
    entity.is_some_and(|entity| {
        pattern.may_be_reference()
            && pattern.matches(&format!("{}:{}", entity.kind(), entity.value))
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
    fn of(self, target: &EvalTarget<'_>) -> Option<u32> {
        let store = target.context.store;
        match self {
            Self::Progress => match (target.record.status(), store.progress(target.handle)) {
                (Status::Success, _) => Some(100),
                (_, progress) => progress.percent().map(u32::from),
            },
            Self::Children => u32::try_from(store.children(target.handle).len()).ok(),
        }
    }
}

/// A duration that grows with time or is fixed.
enum TaskDuration {
    Growing(Timestamp),
    Fixed(SignedDuration),
}

impl DurationField {
    fn clock(self, target: &EvalTarget<'_>) -> Option<TaskDuration> {
        let record = target.record;
        let between = |span: &dyn Fn(Timestamp) -> Option<SignedDuration>| {
            let now = target.now();
            let later = now.checked_add(FAR_FUTURE).ok()?;
            let (spent, then) = (span(now)?, span(later)?);
            Some(if spent == then {
                TaskDuration::Fixed(spent)
            } else {
                TaskDuration::Growing(later.checked_sub(then).ok()?)
            })
        };
        let ended = || {
            let seen = record
                .observed_at()
                .filter(|_| record.status().is_finished());
            record.completed_at().or(seen)
        };
        match self {
            Self::Elapsed => between(&|now| record.elapsed(now)),
            Self::Queued => between(&|now| record.queued_for(now)),
            Self::Ended => ended().map(TaskDuration::Growing),
            Self::Started => record
                .info
                .as_ref()?
                .start_time()
                .map(TaskDuration::Growing),
            Self::Idle => {
                let running = record.running_since()?;
                record
                    .last_change()
                    .map(|moved| TaskDuration::Growing(moved.max(running)))
            }
        }
    }

    fn evaluate(
        self,
        target: &EvalTarget<'_>,
        operator: Operator,
        span: SignedDuration,
    ) -> MatchResult {
        match self.clock(target) {
            None => MatchResult::always(false),
            Some(TaskDuration::Fixed(own)) => MatchResult::always(operator.holds(&own, &span)),
            Some(TaskDuration::Growing(since)) => {
                let now = target.now();
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
        target: &EvalTarget<'_>,
        mut visitor: impl FnMut(&str) -> bool,
    ) -> bool {
        let (store, record) = (target.context.store, target.record);
        match self {
            Self::Server => {
                let mut names = target.context.server_names(record.id.server);
                return names.any(visitor);
            }
            Self::Id => return visitor(&record.id.mo_id) || visitor(&record.key()),
            Self::Location(field) => {
                return field.of(store.location(record)).is_some_and(visitor);
            }
            Self::Operation if visitor(&store.operation(record)) => return true,
            _ => {}
        }
        let Some(info) = record.info.as_deref() else {
            return false;
        };
        let entity = info.entity.as_ref();
        match self {
            Self::Target => {
                info.entity_name.as_deref().is_some_and(&mut visitor)
                    || entity.is_some_and(|entity| visitor(&entity.value))
            }
            Self::Type => entity.is_some_and(|entity| visitor(entity.kind())),
            Self::User => {
                let whole = search_text::initiator(&info.reason);
                // The name without its domain.
                let name = whole.rsplit('\\').next().unwrap_or(&whole);
                let name = name.split('@').next().unwrap_or(name);
                visitor(&whole) || visitor(name)
            }
            Self::Operation => {
                visitor(&info.description_id) || info.name.as_deref().is_some_and(visitor)
            }
            Self::Phase => info
                .description
                .as_ref()
                .is_some_and(|phase| visitor(phase.text())),
            Self::Error => info
                .error
                .as_ref()
                .is_some_and(|error| visitor(&error.text()) || visitor(error.type_name())),
            Self::Tag => info.change_tag().is_some_and(visitor),
            Self::Activation => info.activation_id().is_some_and(visitor),
            Self::Server | Self::Id | Self::Location(_) => false,
        }
    }
}
