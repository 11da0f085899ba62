//! What the config file says of the list: the order of its rows.

use super::ConfigFile;
use crate::task::outline::Sort;

impl ConfigFile {
    /// The order of the rows, and what is wrong with it; what is right counts.
    pub fn sort(&self) -> (Option<Sort>, Vec<String>) {
        let names = &self.defaults.sort.0;
        let (sort, problems) = Sort::read(names.iter().map(String::as_str));
        let place = match self.lines.sort {
            Some(line) => format!("line {line}: [defaults] sort: "),
            None => String::new(),
        };
        let problems = problems.iter().map(|problem| format!("{place}{problem}"));
        (sort, problems.collect())
    }
}

/// On which lines of the file things stand, for what is told of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    pub(super) sort: Option<usize>,
}

impl Lines {
    /// Finds them in the text of the file.
    pub(super) fn of(text: &str) -> Self {
        Self {
            sort: crate::text::toml_line(text, &["defaults", "sort"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_list_of_columns_and_what_is_wrong_is_told_with_its_line() {
        let read = |text: &str| ConfigFile::parse(text).unwrap().sort();
        let (sort, problems) = read("[defaults]\nsort = [\"state\", \"-elapsed\"]\n");
        assert_eq!(sort.unwrap().to_string(), "state,-elapsed");
        assert!(problems.is_empty());
        let (sort, _) = read("[defaults]\nsort = \"-progress,id\"\n");
        assert_eq!(sort.unwrap().to_string(), "-progress,id");
        let (sort, problems) = read("[defaults]\nbell = true\nsort = [\"stae\", \"id\"]\n");
        assert_eq!(sort.unwrap().to_string(), "id");
        assert_eq!(
            problems,
            [
                "line 3: [defaults] sort: there is no column “stae” to sort by; did you mean “state”?"
            ]
        );
        assert_eq!(read(""), (None, Vec::new()));
        let error = ConfigFile::parse("[defaults]\nsort = 3\n").unwrap_err();
        assert!(error.0.contains("a text or a list of texts"), "{error}");
    }
}
