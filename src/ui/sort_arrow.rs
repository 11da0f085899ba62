//! The sort arrow of a column.

use super::Appearance;
use crate::task::row_model::{Sort, SortColumn};

/// Returns the sort arrow of a column, with its rank if there are several: `▼²`.
pub(super) fn arrow(appearance: &Appearance, sort: &Sort, column: SortColumn) -> Option<String> {
    let (position, descending) = sort.position(column)?;
    let symbols = appearance.symbols;
    let arrow = if descending {
        symbols.descending
    } else {
        symbols.ascending
    };
    let rank = symbols
        .ranks
        .get(position - 1)
        .filter(|_| sort.has_several_keys());
    Some(format!("{arrow}{}", rank.unwrap_or(&"")))
}
