//! Field names and their values.

use std::ops::Range;

use jiff::SignedDuration;
use vtask_text::nearest;

use super::{
    error::FilterError,
    expr::Expr,
    flag::{FLAGS, Flag, STATES},
    lexer::{Head, Kind, Operand, Operator},
    pattern::Pattern,
    term::{DurationField, NumberField, Term, TextField},
};
use crate::LocationField;

/// Fields by the kind of their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Text(TextField),
    State,
    Is,
    Number(NumberField),
    Span(DurationField),
}

/// Field names in completion order, each with aliases.
pub(super) const FIELDS: [(&str, Field, &[&str]); 24] = [
    ("state", Field::State, &["status"]),
    ("target", Field::Text(TextField::Target), &["entity", "on"]),
    ("user", Field::Text(TextField::User), &["by", "started-by"]),
    ("op", Field::Text(TextField::Operation), &["operation"]),
    ("is", Field::Is, &[]),
    ("outcome", Field::State, &[]),
    ("phase", Field::Text(TextField::Phase), &["description"]),
    ("error", Field::Text(TextField::Error), &["fault"]),
    ("id", Field::Text(TextField::Id), &["task", "moid", "key"]),
    (
        "progress",
        Field::Number(NumberField::Progress),
        &["percent"],
    ),
    ("elapsed", Field::Span(DurationField::Elapsed), &["took"]),
    ("queued", Field::Span(DurationField::Queued), &["waited"]),
    ("ended", Field::Span(DurationField::Ended), &["completed"]),
    ("started", Field::Span(DurationField::Started), &[]),
    ("idle", Field::Span(DurationField::Idle), &["still"]),
    ("children", Field::Number(NumberField::Children), &[]),
    ("type", Field::Text(TextField::Type), &["kind"]),
    (
        "endpoint",
        Field::Text(TextField::Server),
        &["server", "vcenter"],
    ),
    ("tag", Field::Text(TextField::Tag), &[]),
    (
        "activation",
        Field::Text(TextField::Activation),
        &["activation-id"],
    ),
    (
        "host",
        Field::Text(TextField::Location(LocationField::Host)),
        &["esx"],
    ),
    (
        "cluster",
        Field::Text(TextField::Location(LocationField::Cluster)),
        &[],
    ),
    (
        "datacenter",
        Field::Text(TextField::Location(LocationField::Datacenter)),
        &["dc"],
    ),
    (
        "folder",
        Field::Text(TextField::Location(LocationField::Folder)),
        &[],
    ),
];

/// Returns the field with a name or alias.
pub(super) fn find(name: &str) -> Option<Field> {
    let mut fields = FIELDS.iter();
    let found = fields.find(|(known, _, others)| *known == name || others.contains(&name));
    found.map(|(_, field, _)| *field)
}

/// Returns true for the name or alias of a field.
pub(super) fn is_name(name: &str) -> bool {
    find(name).is_some()
}

/// Returns the name of a term's field.
pub(super) fn name_of(term: &Term) -> &'static str {
    let field = match term {
        Term::Anywhere(_) => return "words",
        Term::QueuedIn(..) => return "since",
        Term::Text(field, _) => Field::Text(*field),
        Term::Is(Flag::Status(_)) => Field::State,
        Term::Is(_) => Field::Is,
        Term::NoProgress => Field::Number(NumberField::Progress),
        Term::Number(field, ..) => Field::Number(*field),
        Term::Span(field, ..) => Field::Span(*field),
    };
    let mut fields = FIELDS.iter();
    let found = fields.find(|(_, known, _)| *known == field);
    found.map_or("", |(name, ..)| name)
}

/// Returns a term as it is typed, without the compared value.
pub(super) fn typed(term: &Term) -> String {
    let name = name_of(term);
    let Term::Is(flag) = term else {
        return name.to_owned();
    };
    let word = FLAGS.iter().find(|(_, known, _)| known == flag);
    format!("{name}:{}", word.map_or("", |(word, ..)| word))
}

/// Builds an expression from a parsed term.
pub(super) fn term(head: Option<Head>, values: Vec<Operand>) -> Result<Expr, FilterError> {
    let Some((name, name_span, operator)) = head else {
        let words = values.into_iter().map(|value| {
            Ok(Expr::Term(Term::Anywhere(match value.kind {
                // A single word matches anywhere; `*` and `?` are wildcards if it contains them.
                Kind::Word | Kind::Quoted if !is_glob(&value) => Pattern::contains(&value.text),
                _ => pattern(&value, Operator::Has)?,
            })))
        });
        return Ok(Expr::all(words.collect::<Result<_, _>>()?));
    };
    let Some(field) = find(&name) else {
        return Err(FilterError::new(name_span, no_such_field(&name)));
    };
    if let Some(empty) = values
        .iter()
        .find(|value| value.text.is_empty() && value.kind != Kind::Quoted)
    {
        let at = empty.span.start;
        return Err(FilterError::new(
            at..at,
            format!("{name}: {}", expected(field)),
        ));
    }
    let negated = operator == Operator::Unequal;
    let is_compared = !matches!(
        operator,
        Operator::Has | Operator::Equal | Operator::Unequal
    );
    if is_compared && !matches!(field, Field::Number(_) | Field::Span(_)) {
        let end = values
            .first()
            .map_or(name_span.end, |value| value.span.start);
        let why = format!("“{name}” cannot be compared by size; use {name}:…");
        return Err(FilterError::new(name_span.end..end, why));
    }
    let terms = values.iter().map(|value| match field {
        Field::Text(field) => Ok(Expr::Term(Term::Text(field, pattern(value, operator)?))),
        Field::State => state(value).map(|flag| Expr::Term(Term::Is(flag))),
        Field::Is => flags(value),
        Field::Number(field) => number(field, operator, value).map(Expr::Term),
        Field::Span(field) => span(field, &name, (&name_span, operator), value).map(Expr::Term),
    });
    let any = Expr::any(terms.collect::<Result<_, _>>()?);
    // Numbers are compared with `!=` directly, so that a task without a value does not match.
    let negated = negated && !matches!(field, Field::Number(_) | Field::Span(_));
    Ok(if negated { Expr::negated(any) } else { any })
}

fn is_glob(value: &Operand) -> bool {
    value.kind == Kind::Word && value.text.contains(['*', '?'])
}

fn pattern(value: &Operand, operator: Operator) -> Result<Pattern, FilterError> {
    let made = match value.kind {
        Kind::Regex => Pattern::regex(&value.text),
        Kind::Word if is_glob(value) => Pattern::glob(&value.text),
        _ if operator == Operator::Has => Ok(Pattern::contains(&value.text)),
        _ => Ok(Pattern::equals(&value.text)),
    };
    made.map_err(|why| FilterError::new(value.span.clone(), why))
}

fn state(value: &Operand) -> Result<Flag, FilterError> {
    let text = value.text.to_lowercase();
    let states = STATES
        .iter()
        .map(|(name, statuses, others)| (*name, *statuses, *others));
    if let Some(statuses) = by_prefix(states, &text) {
        Ok(Flag::Status(statuses))
    } else {
        let names = STATES.map(|(name, ..)| name);
        Err(unknown_value(value, "state", &names))
    }
}

fn flags(value: &Operand) -> Result<Expr, FilterError> {
    let text = value.text.to_lowercase();
    let states = STATES
        .iter()
        .map(|(name, statuses, others)| (*name, Flag::Status(statuses), *others));
    let flags = FLAGS
        .iter()
        .map(|(name, flag, others)| (*name, *flag, *others));
    if let Some(flag) = by_prefix(flags.chain(states), &text) {
        Ok(Expr::Term(Term::Is(flag)))
    } else {
        let names: Vec<&str> = FLAGS
            .iter()
            .map(|(name, ..)| *name)
            .chain(["running", "queued", "failed", "active", "finished"])
            .collect();
        Err(unknown_value(value, "is", &names))
    }
}

/// Returns the value with this name, else the first whose name starts with it, so that a filter works while it is typed.
fn by_prefix<T>(
    known: impl Iterator<Item = (&'static str, T, &'static [&'static str])>,
    text: &str,
) -> Option<T> {
    let mut started = None;
    for (name, value, others) in known {
        let names = || std::iter::once(name).chain(others.iter().copied());
        if names().any(|name| name == text) {
            return Some(value);
        }
        if started.is_none() && names().any(|name| name.starts_with(text)) {
            started = Some(value);
        }
    }
    started
}

fn unknown_value(value: &Operand, field: &str, names: &[&str]) -> FilterError {
    let hint = match nearest(&value.text.to_lowercase(), names) {
        Some(near) => format!("did you mean {field}:{near}?"),
        None => format!("known: {}", names.join(" ")),
    };
    let why = format!("unknown value {field}:{}; {hint}", value.text);
    FilterError::new(value.span.clone(), why)
}

fn number(field: NumberField, operator: Operator, value: &Operand) -> Result<Term, FilterError> {
    let text = value.text.trim_end_matches('%');
    if field == NumberField::Progress && "none".starts_with(&*text.to_lowercase()) {
        return Ok(Term::NoProgress);
    }
    text.parse()
        .map(|number| Term::Number(field, operator, number))
        .map_err(|_| {
            let why = format!("“{}” is not a number", value.text);
            FilterError::new(value.span.clone(), why)
        })
}

fn span(
    field: DurationField,
    name: &str,
    (name_span, operator): (&Range<usize>, Operator),
    value: &Operand,
) -> Result<Term, FilterError> {
    let why = |text: String| Err(FilterError::new(value.span.clone(), text));
    if value.text.parse::<f64>().is_ok() {
        return why(format!(
            "missing unit: use {0}s, {0}m, {0}h or {0}d",
            value.text
        ));
    }
    let Some(span) = read_span(&value.text) else {
        let text = format!(
            "“{}” is not a duration; use 90s, 10m, 1h30m or 2d",
            value.text
        );
        return why(text);
    };
    if !matches!(
        operator,
        Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast
    ) {
        let gap = name_span.end..value.span.start;
        let why = format!(
            "durations cannot be compared for equality; use {name}>{0} or {name}<{0}",
            value.text
        );
        return Err(FilterError::new(gap, why));
    }
    Ok(Term::Span(field, operator, span))
}

/// Parses a duration such as `90s`, `10m`, `1h30m`, `2d`, `1w`: whole numbers with units, largest
/// first.
pub(crate) fn read_span(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut seconds: i64 = 0;
    let mut last = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let length = match unit.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        if length >= last {
            return None;
        }
        last = length;
        seconds = seconds.checked_add(number.checked_mul(length)?)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    // Limited to a thousand years, to stay within the range of timestamps.
    (last < i64::MAX).then(|| SignedDuration::from_secs(seconds.min(1000 * 366 * 86_400)))
}

fn no_such_field(name: &str) -> String {
    if matches!(name, "since" | "until") {
        return format!("“{name}” is available in the history only: press H, or use list --{name}");
    }
    let names: Vec<&str> = FIELDS
        .iter()
        .flat_map(|(name, _, others)| std::iter::once(*name).chain(others.iter().copied()))
        .collect();
    if let Some(near) = nearest(name, &names) {
        return format!(
            "unknown field “{name}”; did you mean “{near}”? Quote text containing operators"
        );
    }
    let fields: Vec<&str> = FIELDS.iter().map(|(name, ..)| *name).collect();
    format!(
        "unknown field “{name}”. Quote text containing operators: \"{name}:…\". Fields: {}",
        fields.join(", ")
    )
}

fn expected(field: Field) -> &'static str {
    match field {
        Field::Text(_) => "expected a word, \"several words\", db-* or /regex/",
        Field::State => "expected running, queued, failed, cancelled, success, active, finished…",
        Field::Is => "expected stalled, cancelable, pinned, child, root, flagged…",
        Field::Number(_) => "expected a number",
        Field::Span(_) => "expected a duration: 90s, 10m, 1h30m, 2d",
    }
}
