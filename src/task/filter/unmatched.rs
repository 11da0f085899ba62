//! Filters that match nothing because no known task has such a value, with the reason.

use std::collections::BTreeSet;

use super::{
    context::{EvalContext, EvalTarget},
    expr::Expr,
    field,
    term::{Term, TextField},
};

/// Number of known values that are named.
const MAX_NAMED: usize = 4;

/// Returns why no task matches, if it is a field whose value no task has. Takes time proportional to the number of tasks.
pub(super) fn reason(expr: &Expr, context: EvalContext<'_>) -> Option<String> {
    match expr {
        Expr::All(parts) => parts.iter().find_map(|part| reason(part, context)),
        Expr::Any(parts) => {
            let reasons: Option<Vec<_>> = parts.iter().map(|part| reason(part, context)).collect();
            reasons?.into_iter().next()
        }
        Expr::Term(term @ Term::Text(field, _)) => of_field(term, *field, context),
        Expr::Not(_) | Expr::Term(_) => None,
    }
}

fn of_field(term: &Term, field: TextField, context: EvalContext<'_>) -> Option<String> {
    let mut known = BTreeSet::new();
    for (handle, record) in context.handles() {
        let target = EvalTarget {
            context,
            handle,
            record,
        };
        if term.evaluate(&target).holds {
            return None;
        }
        // The first text of a field is the displayed one.
        field.visit(&target, |text| {
            if !text.is_empty() && !known.contains(text) {
                known.insert(text.to_owned());
            }
            true
        });
    }
    let name = field::name_of(term);
    let named: Vec<&str> = known.iter().take(MAX_NAMED).map(String::as_str).collect();
    let named = named.join(", ");
    Some(match known.len().saturating_sub(MAX_NAMED) {
        _ if known.is_empty() => format!("no {name} is known"),
        0 => format!("no {name} matches; known: {named}"),
        more => format!("no {name} matches; known: {named} and {more} more"),
    })
}
