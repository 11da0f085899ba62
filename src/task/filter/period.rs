//! Filters with a period: `since:yesterday until:1h state:failed`.
//! The terms `since:` and `until:` define the searched period and are removed from the filter.

use std::ops::Range;

use super::{
    Completion, Filter, FilterError, Saved, field,
    lexer::{Lexer, Operator, Token},
};
use crate::TimeExpr;

/// The period in which tasks were queued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Inclusive start.
    pub since: Option<TimeExpr>,
    /// Inclusive end.
    pub until: Option<TimeExpr>,
}

/// Returns the period terms of a filter, as typed.
pub fn period_words(text: &str) -> String {
    let tokens = Lexer::new(text, field::is_name).all().unwrap_or_default();
    let words = tokens.iter().filter_map(|(token, span)| match token {
        Token::Term(Some((name, ..)), _) if is_end(name) => text.get(span.clone()),
        _ => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Completes a period term; returns `others`, preceded by `since:` and `until:` if they match, for
/// everything else.
pub fn complete_period(before: &str, others: Completion) -> Completion {
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = before.get(start..).unwrap_or_default().to_lowercase();
    if let Some((name, typed)) = word.split_once([':', '='])
        && is_end(name)
    {
        let moments = TimeExpr::words().filter(|moment| moment.starts_with(typed));
        return Completion {
            start: start + name.len() + 1,
            candidates: moments.map(str::to_owned).collect(),
        };
    }
    let ends = ["since:", "until:"].into_iter();
    let ends = ends.filter(|end| end.starts_with(&word) && others.start == start);
    Completion {
        start: others.start,
        candidates: ends.map(str::to_owned).chain(others.candidates).collect(),
    }
}

fn is_end(name: &str) -> bool {
    matches!(name, "since" | "until")
}

/// Parses a filter with a period.
/// # Errors
/// Returns the problem and its position.
pub fn with_period(text: &str, saved: &Saved) -> Result<(Period, Filter), FilterError> {
    let tokens = Lexer::new(text, field::is_name).all()?;
    let mut period = Period::default();
    let mut spans = Vec::new();
    let mut depth = 0_usize;
    for (at, (token, span)) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Term(Some((name, name_span, operator)), values) => {
                let end = match &**name {
                    "since" => &mut period.since,
                    "until" => &mut period.until,
                    _ => continue,
                };
                let wrong = |span: Range<usize>, why: &str| {
                    Err(FilterError::new(span, format!("{name}: {why}")))
                };
                let before = at.checked_sub(1).and_then(|before| tokens.get(before));
                let beside = [before, tokens.get(at + 1)].into_iter().flatten();
                let mut beside = beside.map(|(token, _)| token);
                if depth > 0
                    || before.is_some_and(|(token, _)| *token == Token::Not)
                    || beside.any(|token| *token == Token::Or)
                {
                    let why = "not allowed inside ( ), or beside “or” and “not”";
                    return wrong(span.clone(), why);
                }
                let [value] = &values[..] else {
                    return wrong(span.clone(), "only one value is allowed");
                };
                if !matches!(operator, Operator::Has | Operator::Equal) {
                    return wrong(name_span.end..value.span.start, "use a colon");
                }
                match value.text.parse() {
                    Ok(moment) => *end = Some(moment),
                    Err(error) => return wrong(value.span.clone(), &error.to_string()),
                }
                spans.push(span.clone());
            }
            _ => {}
        }
    }
    // Blank out the terms, so that the positions of errors in the rest stay valid.
    let mut rest = text.to_owned();
    for span in spans {
        let blank = " ".repeat(span.len());
        rest.replace_range(span, &blank);
    }
    let filter = Filter::parse(&rest, saved)?;
    let trimmed = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok((period, filter.shown_as(&trimmed)))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn read(text: &str) -> Result<(Period, Filter), FilterError> {
        with_period(text, &Saved::new())
    }

    #[test]
    fn period_terms_are_removed_from_filter() {
        let (period, filter) = read("since:24h state:failed until=yesterday").unwrap();
        assert_eq!(
            period.since,
            Some(TimeExpr::Before(SignedDuration::from_hours(24)))
        );
        assert_eq!(period.until, Some(TimeExpr::DaysAgo(1)));
        assert_eq!(filter.text(), "state:failed");
        assert_eq!(
            filter.server_filter(),
            Filter::from("state:failed").server_filter()
        );
        let (period, filter) = read("\"since:24h\"").unwrap();
        assert_eq!(period, Period::default());
        assert!(!filter.is_empty());
        let (period, filter) = read(" since:2026-01-31T12:00:00Z ").unwrap();
        assert!(matches!(period.since, Some(TimeExpr::At(_))));
        assert!(filter.is_empty());
        let words = period_words("op:x since:\"2026-01-31 10:00\" a until:1h");
        assert_eq!(words, "since:\"2026-01-31 10:00\" until:1h");
        assert!(read(&words).is_ok());
    }

    #[test]
    fn time_expressions_are_completed() {
        let complete = |before: &str, others: &[&str]| {
            let start = before.rfind(' ').map_or(0, |at| at + 1);
            let candidates = others.iter().map(ToString::to_string).collect();
            complete_period(before, Completion { start, candidates })
        };
        let found = complete("op:x since:y", &[]);
        assert_eq!(
            (found.start, found.candidates),
            (11, vec!["yesterday".to_owned()])
        );
        let found = complete("op:x u", &["user:"]);
        assert_eq!(
            (found.start, found.candidates),
            (5, vec!["until:".to_owned(), "user:".to_owned()])
        );
        assert_eq!(complete("op:c", &["clone"]).candidates, ["clone"]);
        assert!(complete("until:", &[]).candidates.len() > 7);
    }

    #[test]
    fn errors_have_position() {
        for (text, part) in [
            ("since:soon", "soon"),
            ("op:x since:24h nofield:3", "nofield"),
            ("(since:24h)", "since:24h"),
            ("op:x or since:24h", "since:24h"),
            ("-since:24h", "since:24h"),
            ("since:1h,2h", "since:1h,2h"),
            ("since>24h", ">"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(&text[error.span.clone()], part, "{text}: {error}");
        }
    }
}
