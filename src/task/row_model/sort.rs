//! Sort order of the rows: by one column, then by further ones for equal values.

use std::{fmt, str::FromStr};

use vtask_text::did_you_mean;

use super::sort_column::SortColumn;

/// A column with a direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SortBy {
    /// The column.
    pub column: SortColumn,
    /// True if the greatest value comes first.
    pub descending: bool,
}

impl SortBy {
    /// Creates a key with the column's default direction.
    fn natural(column: SortColumn) -> Self {
        Self {
            column,
            descending: column.starts_descending(),
        }
    }
}

/// The sort order of the rows. In both directions, equal rows stay oldest first, and rows without a
/// value come last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sort(Vec<SortBy>);

/// By urgency.
impl Default for Sort {
    fn default() -> Self {
        Self(vec![SortBy::default()])
    }
}

impl Sort {
    /// Maximum number of columns.
    pub const MAX_SORT_KEYS: usize = 5;

    /// Sorts by one column.
    pub fn by(column: SortColumn, descending: bool) -> Self {
        Self(vec![SortBy { column, descending }])
    }

    /// Returns the columns by precedence; never empty.
    pub fn keys(&self) -> &[SortBy] {
        &self.0
    }

    /// Returns the first column.
    pub fn first(&self) -> SortBy {
        self.0.first().copied().unwrap_or_default()
    }

    /// True if there are several columns.
    pub fn has_several_keys(&self) -> bool {
        self.0.len() > 1
    }

    /// Returns the one-based position of a column, and true if it is descending.
    pub fn position(&self, column: SortColumn) -> Option<(usize, bool)> {
        let mut keys = self.0.iter().zip(1..);
        let (key, position) = keys.find(|(key, _)| key.column == column)?;
        Some((position, key.descending))
    }

    /// Sorts by this column only; reverses it if that is the case already.
    pub fn choose(&mut self, column: SortColumn) {
        match &mut self.0[..] {
            [only] if only.column == column => only.descending = !only.descending,
            _ => self.0 = vec![SortBy::natural(column)],
        }
    }

    /// Cycles a further column: appended, reversed, removed.
    pub fn cycle(&mut self, column: SortColumn) {
        let found = self.0.iter_mut().find(|key| key.column == column);
        match found {
            Some(key) if key.descending == column.starts_descending() => {
                key.descending = !key.descending;
            }
            _ => self.toggle(column),
        }
    }

    /// Appends or removes a column.
    pub fn toggle(&mut self, column: SortColumn) {
        if self.position(column).is_some() {
            self.0.retain(|key| key.column != column);
            if self.0.is_empty() {
                *self = Self::default();
            }
            return;
        }
        // Sorting by urgency leaves next to no equal rows for a second column.
        if *self == Self::default() {
            self.0.clear();
        }
        if self.0.len() < Self::MAX_SORT_KEYS {
            self.0.push(SortBy::natural(column));
        }
    }

    /// Reverses all columns.
    pub fn reverse(&mut self) {
        for key in &mut self.0 {
            key.descending = !key.descending;
        }
    }

    /// Reverses one column, if it is part of the order.
    pub fn reverse_column(&mut self, column: SortColumn) {
        for key in self.0.iter_mut().filter(|key| key.column == column) {
            key.descending = !key.descending;
        }
    }

    /// Parses column names, with `-` for descending. Returns the order of the valid ones, if any,
    /// and the errors.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> (Option<Self>, Vec<String>) {
        let mut keys: Vec<SortBy> = Vec::new();
        let mut problems = Vec::new();
        for word in names {
            let word = word.trim();
            let (name, descending) = match word.strip_prefix('-') {
                Some(name) => (name, true),
                None => (word.strip_prefix('+').unwrap_or(word), false),
            };
            let Some(column) = SortColumn::named(&name.to_lowercase()) else {
                let known: Vec<&str> = SortColumn::ALL.iter().map(|c| c.name()).collect();
                let hint = did_you_mean(&name.to_lowercase(), &known);
                problems.push(format!("unknown sort column “{name}”{hint}"));
                continue;
            };
            if keys.iter().any(|key| key.column == column) {
                problems.push(format!("duplicate sort column “{name}”."));
            } else if keys.len() == Self::MAX_SORT_KEYS {
                problems.push(format!(
                    "too many sort columns (“{name}”); the maximum is {}.",
                    Self::MAX_SORT_KEYS
                ));
            } else {
                keys.push(SortBy { column, descending });
            }
        }
        ((!keys.is_empty()).then_some(Self(keys)), problems)
    }
}

/// Formats as on the command line.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, key) in self.0.iter().enumerate() {
            let comma = if position > 0 { "," } else { "" };
            let sign = if key.descending { "-" } else { "" };
            write!(f, "{comma}{sign}{}", key.column.name())?;
        }
        Ok(())
    }
}

/// Error for an invalid sort order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseSortError(String);

impl FromStr for Sort {
    type Err = ParseSortError;

    fn from_str(text: &str) -> Result<Self, ParseSortError> {
        match Self::read(text.split(',')) {
            (Some(sort), problems) if problems.is_empty() => Ok(sort),
            (_, problems) => Err(ParseSortError(problems.join(" "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_are_unique_and_parse() {
        for (position, column) in SortColumn::ALL.iter().enumerate() {
            assert_eq!(SortColumn::named(column.name()), Some(*column));
            assert_eq!(*column as usize, position, "the menu points by position");
        }
    }

    #[test]
    fn sort_order_formats_and_parses() {
        for text in ["urgency", "state,-elapsed", "-progress,target,id"] {
            let sort: Sort = text.parse().unwrap();
            assert_eq!(sort.to_string(), text);
        }
        let sort: Sort = " State , -ETA ".parse().unwrap();
        assert_eq!(sort.to_string(), "state,-left");
        for (text, part) in [
            ("elapsd", "“elapsd”; did you mean “elapsed”?"),
            ("state,-zzz", "unknown sort column “zzz”."),
            ("", "unknown sort column “”"),
            ("id,-id", "duplicate"),
            ("id,task,target,phase,state,tag", "too many"),
        ] {
            let error = text.parse::<Sort>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let (sort, problems) = Sort::read(["stat", "id"]);
        assert_eq!(sort.unwrap().to_string(), "id", "what is right counts");
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn columns_are_added_reversed_and_removed() {
        let mut sort = Sort::default();
        sort.cycle(SortColumn::State);
        assert_eq!(sort.to_string(), "state", "replaces the default");
        sort.cycle(SortColumn::Elapsed);
        assert_eq!(sort.to_string(), "state,-elapsed");
        assert_eq!(sort.position(SortColumn::Elapsed), Some((2, true)));
        sort.cycle(SortColumn::Elapsed);
        assert_eq!(sort.to_string(), "state,elapsed");
        sort.reverse();
        assert_eq!(sort.to_string(), "-state,-elapsed");
        sort.reverse_column(SortColumn::State);
        sort.reverse_column(SortColumn::Id);
        assert_eq!(sort.to_string(), "state,-elapsed");
        sort.toggle(SortColumn::State);
        assert_eq!(sort.to_string(), "-elapsed");
        sort.choose(SortColumn::Elapsed);
        assert_eq!(sort.to_string(), "elapsed");
        sort.cycle(SortColumn::Elapsed);
        assert_eq!(sort, Sort::default(), "something it is always sorted by");
        for column in SortColumn::ALL {
            sort.toggle(*column);
        }
        assert_eq!(sort.keys().len(), Sort::MAX_SORT_KEYS);
    }
}
