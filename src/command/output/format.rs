//! Values of `--output`.

use crate::text::did_you_mean;

/// An output format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) enum OutputFormat {
    Table,
    /// A table with all columns, which is not fitted to the terminal.
    Wide,
    /// A JSON array; a tree is nested.
    Json,
    /// A JSON object per line.
    Ndjson,
    Csv,
    Markdown,
    Ids,
    /// A template applied to each row.
    Template(String),
    /// A `JSONPath` expression applied to each row.
    Jsonpath(String),
}

/// Names of the formats, those with an argument at the end.
pub(in crate::command) const NAMES: [&str; 9] = [
    "table", "wide", "json", "ndjson", "csv", "markdown", "ids", "template", "jsonpath",
];

impl OutputFormat {
    /// Parses a value of `--output`.
    pub(in crate::command) fn parse(text: &str) -> Result<Self, String> {
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Some(argument.to_owned())),
            None => (text, None),
        };
        let plain = match name {
            "table" => Self::Table,
            "wide" => Self::Wide,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "csv" => Self::Csv,
            "markdown" | "md" => Self::Markdown,
            "ids" | "name" => Self::Ids,
            "template" | "go-template" | "jsonpath" => {
                let argument = argument.filter(|argument| !argument.is_empty()).ok_or_else(|| {
                    format!("write {name}=…, for instance template='{{{{moId}}}} {{{{status}}}}' or jsonpath='{{.error.rootCause.message}}'")
                })?;
                return match name {
                    "template" => Ok(Self::Template(argument)),
                    "jsonpath" => Ok(Self::Jsonpath(argument)),
                    _ => Err(
                        "Go templates are not supported; template='{{moId}}' is a Jinja template"
                            .to_owned(),
                    ),
                };
            }
            _ => {
                let hint = did_you_mean(name, &NAMES);
                return Err(format!(
                    "unknown format{hint} Formats are {}.",
                    NAMES.join(", ")
                ));
            }
        };
        match argument {
            None => Ok(plain),
            Some(_) => Err(format!("{name} takes no argument")),
        }
    }

    /// True if rows can be printed one by one.
    pub(super) fn is_by_row(&self) -> bool {
        !matches!(self, Self::Json | Self::Markdown)
    }

    /// True if there is a line of headings.
    pub(super) fn has_heading(&self) -> bool {
        matches!(self, Self::Table | Self::Wide | Self::Csv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names_and_some_an_argument() {
        assert_eq!(OutputFormat::parse("wide"), Ok(OutputFormat::Wide));
        assert_eq!(
            OutputFormat::parse("template={{a}}={{b}}"),
            Ok(OutputFormat::Template("{{a}}={{b}}".to_owned()))
        );
        for (text, why) in [
            ("tabel", "did you mean “table”?"),
            ("yaml", "Formats are table"),
            ("csv=x", "takes no argument"),
            ("jsonpath", "write jsonpath=…"),
            ("template=", "write template=…"),
        ] {
            let error = OutputFormat::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        for name in NAMES {
            assert!(
                OutputFormat::parse(&format!("{name}=x")).is_ok()
                    || OutputFormat::parse(name).is_ok(),
                "{name}"
            );
        }
    }
}
