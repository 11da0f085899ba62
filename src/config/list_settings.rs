//! Sort order and columns of the list in the config file.

use toml::Value;

use crate::{
    app::{ColumnSet, Columns, WidthClass},
    task::row_model::Sort,
    text::{did_you_mean, toml_line},
};

/// The key of the section `[columns]` that applies to every width class.
const ALL: &str = "all";

/// Sort order and columns of the list, without invalid parts.
#[derive(Debug, Clone, Default)]
pub struct ListSettings {
    pub sort: Option<Sort>,
    pub columns: Columns,
    /// Errors with their lines.
    pub problems: Vec<String>,
}

impl ListSettings {
    /// Parses both settings; `text` is the whole file.
    pub(super) fn read(sort: &[String], columns: Option<&Value>, text: &str) -> Self {
        let location = |path: &[&str]| match toml_line(text, path) {
            Some(line) => format!("line {line}: "),
            None => String::new(),
        };
        let (sort, wrong) = Sort::read(sort.iter().map(String::as_str));
        let at = location(&["defaults", "sort"]);
        let wrong = wrong.iter();
        let mut problems: Vec<String> = wrong
            .map(|problem| format!("{at}[defaults] sort: {problem}"))
            .collect();
        let mut report = |name: &str, found: Vec<String>| {
            let (path, name) = match name {
                "" => (&["columns"][..], "columns".to_owned()),
                _ => (&["columns", name][..], format!("[columns] {name}")),
            };
            let at = location(path);
            let found = found.iter();
            problems.extend(found.map(|problem| format!("{at}{name}: {problem}")));
        };
        let columns = read_columns(columns, &mut report);
        Self {
            sort,
            columns,
            problems,
        }
    }
}

/// Returns the columns; `report` receives the key and its problems.
fn read_columns(columns: Option<&Value>, mut report: impl FnMut(&str, Vec<String>)) -> Columns {
    match columns {
        None => Columns::default(),
        Some(Value::Table(table)) => {
            let sets = |name: &str| table.get(name).map(set);
            let mut columns = Columns::default();
            if let Some((set, wrong)) = sets(ALL) {
                report(ALL, wrong);
                columns = set.map(Columns::for_all_widths).unwrap_or_default();
            }
            for (name, breadth) in WidthClass::NAMED {
                let Some((set, wrong)) = sets(name) else {
                    continue;
                };
                report(name, wrong);
                if let Some(set) = set {
                    columns.configure(breadth, set);
                }
            }
            let known = [ALL, "narrow", "normal", "wide"];
            for name in table.keys().filter(|name| !known.contains(&name.as_str())) {
                let hint = did_you_mean(name, &known);
                let all = known.join(", ");
                report(name, vec![format!("unknown key{hint} Keys are {all}.")]);
            }
            columns
        }
        Some(other) => {
            let (set, wrong) = set(other);
            report("", wrong);
            set.map(Columns::for_all_widths).unwrap_or_default()
        }
    }
}

/// Parses a string or a list of strings.
fn set(value: &Value) -> (Option<ColumnSet>, Vec<String>) {
    let no_list = || {
        let text = "expected a list of columns, such as [\"task\", \"progress:20\"].";
        (None, vec![text.to_owned()])
    };
    match value {
        Value::String(text) => ColumnSet::parse_lenient(text.split(',')),
        Value::Array(words) => {
            let words: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
            words.map_or_else(no_list, ColumnSet::parse_lenient)
        }
        _ => no_list(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFile;

    fn parsed(text: &str) -> ListSettings {
        ConfigFile::parse(text).unwrap().list
    }

    #[test]
    fn sort_errors_have_their_line() {
        let read = |text: &str| {
            let list = parsed(text);
            (list.sort, list.problems)
        };
        let (sort, problems) = read("[defaults]\nsort = [\"state\", \"-elapsed\"]\n");
        assert_eq!(sort.unwrap().to_string(), "state,-elapsed");
        assert!(problems.is_empty());
        let (sort, _) = read("[defaults]\nsort = \"-progress,id\"\n");
        assert_eq!(sort.unwrap().to_string(), "-progress,id");
        let (sort, problems) = read("[defaults]\nbell = true\nsort = [\"stae\", \"id\"]\n");
        assert_eq!(sort.unwrap().to_string(), "id");
        assert_eq!(
            problems,
            ["line 3: [defaults] sort: unknown sort column “stae”; did you mean “state”?"]
        );
        assert_eq!(read(""), (None, Vec::new()));
        let error = ConfigFile::parse("[defaults]\nsort = 3\n").unwrap_err();
        assert!(error.0.contains("a string or a list of strings"), "{error}");
    }

    /// Formats the columns shown at a width.
    fn shown(columns: &Columns, width: u16) -> String {
        let choices = columns.of(width, false);
        let words: Vec<_> = choices.iter().map(ToString::to_string).collect();
        words.join(" ")
    }

    #[test]
    fn columns_are_a_list_or_a_list_for_each_breadth() {
        let read = |text: &str| {
            let list = parsed(text);
            assert_eq!(list.problems, [""; 0], "{text}");
            list.columns
        };
        for text in [
            "columns = [\"id\", \"progress:20\"]\n",
            "columns = \"id,progress:20\"\n",
            "[columns]\nall = [\"id\", \"progress:20\"]\n",
        ] {
            let columns = read(text);
            for width in [60, 120, 200] {
                assert_eq!(shown(&columns, width), "id progress:20");
            }
        }
        let columns = read("[columns]\nall = [\"task\"]\nwide = [\"task\", \"error\"]\n");
        assert_eq!(shown(&columns, 99), "task");
        assert_eq!(shown(&columns, 160), "task error");
        assert_eq!(read(""), Columns::default());
    }

    #[test]
    fn unknown_columns_are_reported_with_their_line() {
        let text = "[columns]\nall = [\"tsak\", \"id\"]\nnarrow = 3\n\nwied = [\"id\"]\nnormal = [\"x\"]\n";
        let ListSettings {
            columns, problems, ..
        } = parsed(text);
        assert_eq!(shown(&columns, 80), "id");
        let starts = [
            "line 2: [columns] all: unknown column “tsak”; did you mean “task”?",
            "line 3: [columns] narrow: expected a list of columns",
            "line 6: [columns] normal: unknown column “x”.",
            "line 5: [columns] wied: unknown key; did you mean “wide”? Keys are all, narrow, normal, wide.",
        ];
        assert_eq!(problems.len(), starts.len(), "{problems:#?}");
        for (problem, start) in problems.iter().zip(starts) {
            assert!(problem.starts_with(start), "{problem}");
        }
        let problems = parsed("columns = [3]\n").problems;
        assert!(
            problems[0].starts_with("line 1: columns: expected a list"),
            "{problems:?}"
        );
    }
}
