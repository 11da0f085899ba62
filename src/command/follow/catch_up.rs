//! Reads the tasks that finished while the server was not watched from its history. Pure: `now` is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    vim::types::{TaskInfo, TaskQuery},
    watch::{Command, HistoryPage, HistoryRequest},
};

/// Number of consecutive failures after which the history counts as unavailable.
const MAX_FAILURES: u32 = 6;
/// Pause after the first failure; it doubles with each.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The search of one server's history.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    number: u32,
    is_running: bool,
    failures: u32,
    retry_at: Option<Instant>,
}

impl CatchUp {
    /// True while tasks that finished earlier may not have been read yet.
    pub(super) fn is_running(&self) -> bool {
        self.is_running
    }

    /// Starts a search, replacing the previous one.
    pub(super) fn begin(&mut self, query: TaskQuery) -> Command {
        *self = Self {
            number: self.number + 1,
            is_running: true,
            ..Self::default()
        };
        Command::SearchHistory(HistoryRequest::Begin {
            search: self.number,
            query: Box::new(query),
        })
    }

    /// Handles a page. Returns its tasks and the next command; the error is a message.
    pub(super) fn handle(
        &mut self,
        search: u32,
        page: Result<HistoryPage, impl AsRef<str>>,
        now: Instant,
    ) -> Result<(Vec<TaskInfo>, Option<Command>), String> {
        if search != self.number || !self.is_running {
            return Ok((Vec::new(), None));
        }
        let (number, failures) = (self.number, self.failures);
        match page {
            Ok(page) => {
                self.failures = 0;
                self.is_running = !page.is_end;
                let next = if page.is_end {
                    HistoryRequest::End { search: number }
                } else {
                    HistoryRequest::More { search: number }
                };
                Ok((page.tasks, Some(Command::SearchHistory(next))))
            }
            Err(reason) if failures + 1 >= MAX_FAILURES => {
                self.is_running = false;
                Err(format!(
                    "the task history cannot be read, so that tasks that finished while the server was not watched may \
                     be missing: {}",
                    reason.as_ref()
                ))
            }
            Err(_) => {
                self.failures += 1;
                self.retry_at = Some(now + RETRY_PAUSE * 2_u32.pow(failures));
                Ok((Vec::new(), None))
            }
        }
    }

    /// Returns the retry if one is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<Command> {
        self.retry_at.filter(|at| *at <= now)?;
        self.retry_at = None;
        let search = self.number;
        Some(Command::SearchHistory(HistoryRequest::More { search }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Page = Result<HistoryPage, &'static str>;

    fn page(is_end: bool) -> HistoryPage {
        HistoryPage {
            tasks: Vec::new(),
            unreadable: 0,
            is_end,
            without_entity: false,
        }
    }

    #[test]
    fn pages_are_read_to_the_end() {
        let mut catch_up = CatchUp::default();
        let now = Instant::now();
        catch_up.begin(TaskQuery::default());
        let (_, next) = catch_up.handle(1, Page::Ok(page(false)), now).unwrap();
        let more = HistoryRequest::More { search: 1 };
        assert_eq!(next, Some(Command::SearchHistory(more)));
        assert!(catch_up.is_running());
        assert_eq!(
            catch_up.handle(7, Page::Ok(page(true)), now).unwrap().1,
            None
        );
        assert!(catch_up.is_running(), "that was another search");
        catch_up.handle(1, Page::Ok(page(true)), now).unwrap();
        assert!(!catch_up.is_running());
    }

    #[test]
    fn failures_are_retried_and_reported_at_last() {
        let mut catch_up = CatchUp::default();
        let mut now = Instant::now();
        catch_up.begin(TaskQuery::default());
        for _ in 1..MAX_FAILURES {
            assert!(catch_up.handle(1, Err("cut off."), now).is_ok());
            assert_eq!(catch_up.due(now), None);
            now += Duration::from_secs(60);
            assert!(catch_up.due(now).is_some());
        }
        let message = catch_up.handle(1, Err("cut off."), now).unwrap_err();
        assert!(message.ends_with("may be missing: cut off."), "{message}");
        assert!(!catch_up.is_running());
    }
}
