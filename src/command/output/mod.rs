//! Output of the reading commands: tables, JSON, CSV, Markdown, IDs, templates and paths into JSON.
//!
//! A command reads a [`Page`] of rows; [`Presenter`] formats it; with `--watch` the rows follow
//! the changes of the server.

mod expression;
mod follow;
mod format;
mod row;
mod sort;
mod watch;

use clap::Args;

use expression::Expression;
pub(super) use follow::{Changes, PageReader};
pub(super) use format::{NAMES as FORMAT_NAMES, OutputFormat};
pub(super) use row::{EVENTS, OutputRow, RowKind, TASK_DETAILS, TASKS, with_whole_seconds};
pub(super) use sort::FieldSort;

use super::{
    CommandError, Outcome, io_context::CommandIo, json_output, server_tasks::ServerTasks, table,
};
use crate::{
    config::{self, ConnectionArgs},
    task::export,
    text::sanitize_lines,
};

/// Flags of the output.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct OutputArgs {
    /// table, wide, json, ndjson, csv, markdown, ids, template=…, jsonpath=…
    #[arg(short, long, alias = "format", value_name = "FORMAT", value_parser = OutputFormat::parse, conflicts_with_all = ["json", "ids"], help_heading = "Output")]
    pub(super) output: Option<OutputFormat>,

    /// Columns: headings or JSON fields such as error.type
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Output")]
    pub(super) columns: Vec<String>,

    /// Omit the headings of a table or CSV
    #[arg(long, hide_short_help = true, help_heading = "Output")]
    pub(super) no_headers: bool,

    /// Follow changes until interrupted
    #[arg(short, long, help_heading = "Output")]
    pub(super) watch: bool,

    /// Print one JSON object per line
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,

    /// Print IDs only, one per line
    #[arg(long, hide_short_help = true, conflicts_with = "json", help_heading = "Output")]
    pub(super) ids: bool,
}

/// Data read by a command.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<OutputRow>,
    /// The text in place of a table.
    pub(super) text: Option<String>,
    /// The text in place of a Markdown table.
    pub(super) markdown: Option<String>,
    /// The value of `-o json`, if it is not the list of rows.
    pub(super) json: Option<serde_json::Value>,
    /// Messages for standard error.
    pub(super) messages: Vec<String>,
    pub(super) outcome: Outcome,
}

impl Page {
    /// Returns the page with these messages and this outcome.
    pub(super) fn with_errors(self, errors: Self) -> Self {
        Self {
            messages: errors.messages,
            outcome: errors.outcome,
            ..self
        }
    }

    /// Adds the error of one server of several, so that the tasks of the others are printed.
    ///
    /// # Errors
    /// Returns the error if there is only one server, or if it is not about the server.
    pub(super) fn add_error(
        &mut self,
        error: CommandError,
        server: &ServerTasks,
    ) -> Result<(), CommandError> {
        let (message, outcome) = server.tolerated(error)?;
        self.messages.push(message);
        self.outcome = self.outcome.and(outcome);
        Ok(())
    }
}

/// The output of a command with its flags checked.
pub(super) struct Presenter<'a> {
    args: &'a OutputArgs,
    kind: &'static RowKind,
    format: OutputFormat,
    expression: Option<Expression>,
}

impl<'a> Presenter<'a> {
    /// Checks the flags.
    ///
    /// # Errors
    /// Fails if a column does not exist, an expression is invalid, or flags exclude each other.
    pub(super) fn new(args: &'a OutputArgs, kind: &'static RowKind) -> Result<Self, CommandError> {
        let format = match &args.output {
            Some(format) => format.clone(),
            None if args.json => OutputFormat::Ndjson,
            None if args.ids => OutputFormat::Ids,
            None => OutputFormat::Table,
        };
        for column in &args.columns {
            kind.check(column).map_err(CommandError::Usage)?;
        }
        if args.watch && !format.is_by_row() {
            let why = "--watch needs a format with one line per row, such as table or ndjson.";
            return Err(CommandError::Usage(why.to_owned()));
        }
        let expression = Expression::of(&format).map_err(CommandError::Usage)?;
        Ok(Self {
            args,
            kind,
            format,
            expression,
        })
    }

    pub(super) fn format(&self) -> &OutputFormat {
        &self.format
    }

    /// Reads and prints, and keeps the output current with `--watch`. Signs out.
    ///
    /// # Errors
    /// The errors of reading, and an error if standard output cannot be written.
    pub(super) async fn present(
        &self,
        reader: &mut impl PageReader,
        connection: &ConnectionArgs,
        io: &mut CommandIo<'_>,
    ) -> Result<Outcome, CommandError> {
        let printed = match reader.read(io).await {
            Ok(page) => self.print(&page, io).map(|()| page.outcome),
            Err(error) => Err(error),
        };
        for server in reader.servers() {
            server.close(io).await;
        }
        if !self.args.watch {
            return printed;
        }
        printed?;
        let defaults = config::load_config(connection, io.environment)?.defaults;
        self.follow(reader, &defaults, io).await
    }

    /// Prints a page; with `--watch` only its messages.
    fn print(&self, page: &Page, io: &mut CommandIo<'_>) -> Result<(), CommandError> {
        if !self.args.watch {
            let text = self.text(page, io.out.columns())?;
            io.print(&text)?;
        }
        for message in &page.messages {
            io.eprint(message);
        }
        Ok(())
    }

    /// Formats a page.
    pub(super) fn text(&self, page: &Page, columns: Option<usize>) -> Result<String, CommandError> {
        let rows = &page.rows;
        Ok(match &self.format {
            OutputFormat::Table | OutputFormat::Wide => match &page.text {
                Some(text)
                    if self.format == OutputFormat::Table && self.args.columns.is_empty() =>
                {
                    text.clone()
                }
                _ => self.table(rows, columns),
            },
            OutputFormat::Json => match &page.json {
                Some(json) => crate::text::json_pretty(json) + "\n",
                None => export::json(&self.objects(rows)),
            },
            OutputFormat::Ndjson => self
                .objects(rows)
                .into_iter()
                .map(json_output::to_line)
                .collect(),
            OutputFormat::Csv => {
                let columns = self.kind.csv_columns(&self.args.columns);
                export::csv(&self.flat(rows, &columns), &columns, !self.args.no_headers)
            }
            OutputFormat::Markdown => {
                if let Some(text) = page
                    .markdown
                    .as_ref()
                    .filter(|_| self.args.columns.is_empty())
                {
                    text.clone()
                } else if self.args.columns.is_empty() {
                    export::markdown(&self.objects(rows), self.kind.markdown)
                } else {
                    let columns = self.kind.csv_columns(&self.args.columns);
                    let titles: Vec<_> = columns
                        .iter()
                        .map(|name| (name.as_str(), name.as_str()))
                        .collect();
                    export::markdown(&self.flat(rows, &columns), &titles)
                }
            }
            OutputFormat::Ids => rows
                .iter()
                .flat_map(|row| [row.id.as_str(), "\n"])
                .collect(),
            OutputFormat::Template(_) | OutputFormat::Jsonpath(_) => {
                let objects = self.all_objects(rows);
                let text = match &self.expression {
                    Some(expression) => expression.apply(&objects).map_err(CommandError::Usage)?,
                    None => String::new(),
                };
                safe(&text)
            }
        })
    }

    /// Formats each row separately, with the heading first.
    fn row_lines(&self, page: &Page) -> Result<Vec<(String, String)>, CommandError> {
        let text = |rows: &[OutputRow]| {
            let page = Page {
                rows: rows.to_vec(),
                ..Page::default()
            };
            self.text(&page, None)
        };
        let mut lines = Vec::new();
        let headings = self.format.has_heading() && !self.args.no_headers;
        if headings {
            // The widths of all rows count, so the table is formatted as a whole.
            let all = text(&page.rows)?;
            let mut all = all.lines().map(|line| format!("{line}\n"));
            lines.extend(all.next().map(|heading| (String::new(), heading)));
            lines.extend(page.rows.iter().map(|row| row.id.clone()).zip(all));
        } else {
            for row in &page.rows {
                lines.push((row.id.clone(), text(std::slice::from_ref(row))?));
            }
        }
        Ok(lines)
    }

    fn table(&self, rows: &[OutputRow], columns: Option<usize>) -> String {
        let is_wide = self.format == OutputFormat::Wide;
        let names = self
            .kind
            .table_columns(&self.args.columns, is_wide, columns.is_some());
        let heading: Vec<String> = names.iter().map(|name| name.to_uppercase()).collect();
        let heading: Vec<&str> = heading.iter().map(String::as_str).collect();
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                names
                    .iter()
                    .map(|name| table::cell(&row.text(name)))
                    .collect()
            })
            .collect();
        // On a terminal, errors are beneath the rows, where there is space.
        let with_notes = columns.is_some() && !is_wide && self.args.columns.is_empty();
        let notes = rows
            .iter()
            .map(|row| row.note.clone().filter(|_| with_notes));
        let notes: Vec<_> = notes.collect();
        let columns = columns.filter(|_| !is_wide);
        let heading = (!self.args.no_headers).then_some(&heading[..]);
        table::fitted_with_notes(heading, &cells, &notes, columns)
    }

    /// Returns the objects of the rows, reduced to `--columns`.
    fn objects(&self, rows: &[OutputRow]) -> Vec<export::Line> {
        if self.args.columns.is_empty() {
            return self.all_objects(rows);
        }
        let columns = self.kind.csv_columns(&self.args.columns);
        self.flat(rows, &columns)
    }

    fn all_objects(&self, rows: &[OutputRow]) -> Vec<export::Line> {
        let keeps_fractions = self.args.json;
        let objects = rows.iter().map(|row| {
            if keeps_fractions {
                row.json.clone()
            } else {
                row.with_whole_seconds()
            }
        });
        objects.collect()
    }

    /// Returns objects whose fields are the columns.
    fn flat(&self, rows: &[OutputRow], columns: &[String]) -> Vec<export::Line> {
        let objects = self.all_objects(rows).into_iter();
        let objects = objects.map(|json| {
            let fields = columns.iter();
            fields
                .map(|name| (name.clone(), row::value(name, &json)))
                .collect()
        });
        objects.collect()
    }
}

/// Returns text that is safe to print, line by line.
fn safe(text: &str) -> String {
    sanitize_lines(text)
        .map(|line| line.into_owned() + "\n")
        .collect()
}
