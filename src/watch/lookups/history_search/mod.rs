//! Searches the server's history page by page with one history collector.
//!
//! The collector stays open between pages, so that no record is sent twice. It is destroyed when the search ends, is
//! replaced, or the session is closed. If it is lost, or its position is unknown because an answer was lost, another
//! one continues after the last page.

mod seen_records;

use std::sync::Arc;

use serde_json::Value;
use vtask_vim::{
    Client, Error, Throttle,
    types::{Fault, ManagedObjectReference, TaskQuery},
};

use self::seen_records::{PageMerge, SeenRecords};
use super::{
    running::{HistoryAnswer, LookupResult, RunningLookups},
    scheduler::{Permit, Priority, Scheduler},
};
use crate::{
    HistoryPage, HistoryRequest, Update,
    session_renewals::{Call, SessionRenewals},
    stop_reason::LoopExit,
};

/// Records per page.
const PAGE_SIZE: usize = 100;
/// Maximum number of consecutive collectors that are lost at once.
const MAX_ATTEMPTS: u32 = 3;

/// The search of one server's history, if any.
#[derive(Debug)]
pub(crate) struct HistorySearch {
    scheduler: Scheduler,
    search: Option<ServerSearch>,
    /// Unneeded collectors that may still exist.
    left: Vec<ManagedObjectReference>,
}

/// State of the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextPage {
    /// Not requested.
    NotRequested,
    /// Requested.
    Requested,
    /// Requested and being read.
    Read,
    /// There is none.
    None,
}

#[derive(Debug)]
struct ServerSearch {
    number: u32,
    query: TaskQuery,
    /// The collector, while it is known to be positioned after the last page.
    collector: Option<ManagedObjectReference>,
    seen: SeenRecords,
    page: NextPage,
    /// Consecutive lost collectors.
    lost: u32,
    /// True if the server no longer knows the requested entity; its tasks are among the others.
    without_entity: bool,
}

impl ServerSearch {
    fn new(number: u32, query: TaskQuery) -> Self {
        Self {
            number,
            query,
            collector: None,
            seen: SeenRecords::default(),
            page: NextPage::Requested,
            lost: 0,
            without_entity: false,
        }
    }
}

impl HistorySearch {
    pub(super) fn new(scheduler: Scheduler) -> Self {
        Self {
            scheduler,
            search: None,
            left: Vec::new(),
        }
    }

    /// Returns the collectors that may be open, to be destroyed with the session.
    pub(crate) fn open(&self) -> impl Iterator<Item = &ManagedObjectReference> {
        let search = self.search.as_ref();
        let used = search.and_then(|search| search.collector.as_ref());
        self.left.iter().chain(used)
    }

    /// Forgets requests that were aborted. The position of a collector being read is unknown, and one being created
    /// ends with the session.
    pub(crate) fn interrupted(&mut self) {
        if let Some(search) = &mut self.search
            && search.page == NextPage::Read
        {
            search.page = NextPage::Requested;
            self.left.extend(search.collector.take());
        }
    }

    /// Forgets the collectors: they ended with the session.
    pub(crate) fn session_ended(&mut self) {
        self.left.clear();
        if let Some(search) = &mut self.search {
            search.collector = None;
        }
    }

    fn search(&mut self, number: u32) -> Option<&mut ServerSearch> {
        let search = self.search.as_mut();
        search.filter(|search| search.number == number)
    }

    /// Handles a step of a search. Returns the page to send, if any.
    pub(super) fn handle_request(
        &mut self,
        running: &mut RunningLookups,
        request: HistoryRequest,
    ) -> Option<Update> {
        match request {
            HistoryRequest::Begin { search, query } => {
                self.end(running);
                self.search = Some(ServerSearch::new(search, *query));
                self.read_next(running);
            }
            HistoryRequest::More { search: number } => {
                let search = self.search(number)?;
                match search.page {
                    NextPage::None => {
                        let end = PageMerge {
                            is_end: true,
                            ..PageMerge::default()
                        };
                        return Some(search.page_update(end));
                    }
                    NextPage::Read => {}
                    NextPage::NotRequested | NextPage::Requested => {
                        search.page = NextPage::Requested;
                        self.read_next(running);
                    }
                }
            }
            HistoryRequest::End { search: number } => {
                if self.search(number).is_some() {
                    self.end(running);
                }
            }
        }
        None
    }

    /// Ends the search, if there is one.
    fn end(&mut self, running: &mut RunningLookups) {
        let collector = self.search.take().and_then(|search| search.collector);
        self.leave_collector(running, collector);
    }

    /// Continues after an interruption: with the requested page and the collectors to destroy.
    pub(super) fn resume(&mut self, running: &mut RunningLookups) {
        for collector in self.left.clone() {
            self.destroy(running, collector);
        }
        self.read_next(running);
    }

    /// Reads the next page if it is requested.
    fn read_next(&mut self, running: &mut RunningLookups) {
        let search = self.search.as_mut();
        let Some(search) = search.filter(|search| search.page == NextPage::Requested) else {
            return;
        };
        search.page = NextPage::Read;
        if search.collector.is_none() {
            search.seen.restart();
        }
        let (number, collector) = (search.number, search.collector.clone());
        let query = search.seen.query_after_last_page(&search.query);
        let permit = self.scheduler.permit(Priority::Interactive);
        running.start(move |client| async move {
            let mut new_collector = None;
            let page = read(&client, &permit, &query, collector, &mut new_collector).await;
            LookupResult::History(HistoryAnswer::Page {
                search: number,
                new_collector,
                page,
            })
        });
    }

    /// Handles the result of a request to the history. Returns the page to send, if any.
    pub(super) fn handle_answer(
        &mut self,
        running: &mut RunningLookups,
        renewals: &mut SessionRenewals,
        answer: HistoryAnswer,
    ) -> Result<Option<Update>, LoopExit> {
        let (number, new_collector, page) = match answer {
            HistoryAnswer::Page {
                search,
                new_collector,
                page,
            } => (search, new_collector, page),
            HistoryAnswer::Left(collector) => {
                self.left.retain(|left| *left != collector);
                return Ok(None);
            }
        };
        let Some(search) = self.search(number) else {
            // The search was replaced.
            self.leave_collector(running, new_collector);
            return Ok(None);
        };
        search.page = NextPage::Requested;
        search.collector = new_collector.or(search.collector.take());
        let page = match page {
            Ok(page) => page,
            Err(error) => return self.handle_failure(running, renewals, number, error),
        };
        renewals.succeeded(&Call::History);
        search.lost = 0;
        let merge = search.seen.take(page);
        if !merge.has_changes() {
            self.read_next(running);
            return Ok(None);
        }
        let is_end = merge.is_end;
        search.page = if is_end {
            NextPage::None
        } else {
            NextPage::NotRequested
        };
        let page = search.page_update(merge);
        let done = search.collector.take_if(|_| is_end);
        self.leave_collector(running, done);
        Ok(Some(page))
    }

    fn handle_failure(
        &mut self,
        running: &mut RunningLookups,
        renewals: &mut SessionRenewals,
        number: u32,
        error: Error,
    ) -> Result<Option<Update>, LoopExit> {
        let ends_session = renewals.ends_session(Call::History, &error);
        let Some(search) = self.search(number) else {
            return Ok(None);
        };
        // The server may have advanced before it failed.
        let collector = search.collector.take();
        if ends_session {
            return Err(LoopExit::dead(error));
        }
        if error.is_fault("ManagedObjectNotFound") {
            if collector.is_some() && search.lost < MAX_ATTEMPTS {
                search.lost += 1;
                self.read_next(running);
                return Ok(None);
            }
            if collector.is_none() && search.query.entity.take().is_some() {
                search.without_entity = true;
                self.read_next(running);
                return Ok(None);
            }
        }
        search.page = NextPage::NotRequested;
        self.leave_collector(running, collector);
        let page = Err(reason(&error));
        Ok(Some(Update::HistoryPage {
            search: number,
            page,
        }))
    }

    fn leave_collector(
        &mut self,
        running: &mut RunningLookups,
        collector: Option<ManagedObjectReference>,
    ) {
        if let Some(collector) = collector {
            self.left.push(collector.clone());
            self.destroy(running, collector);
        }
    }

    fn destroy(&self, running: &mut RunningLookups, collector: ManagedObjectReference) {
        let permit = self.scheduler.permit(Priority::Interactive);
        running.start(|client| async move {
            permit.ready().await;
            // If this fails, the collector ends with the session.
            let _ = client.destroy_history(&collector).await;
            LookupResult::History(HistoryAnswer::Left(collector))
        });
    }
}

impl ServerSearch {
    /// Converts a merged page into the update sent to the consumer.
    fn page_update(&self, merge: PageMerge) -> Update {
        let page = HistoryPage {
            tasks: merge.tasks,
            unreadable: merge.unreadable,
            is_end: merge.is_end,
            without_entity: self.without_entity,
        };
        Update::HistoryPage {
            search: self.number,
            page: Ok(page),
        }
    }
}

async fn read(
    client: &Client,
    permit: &Permit,
    query: &TaskQuery,
    collector: Option<ManagedObjectReference>,
    new_collector: &mut Option<ManagedObjectReference>,
) -> Result<Vec<Value>, Error> {
    let collector = if let Some(collector) = collector {
        collector
    } else {
        permit.ready().await;
        let collector = new_collector
            .insert(client.create_history(query).await?)
            .clone();
        permit.ready().await;
        client.reset_history(&collector).await?;
        collector
    };
    permit.ready().await;
    client.older_history(&collector, PAGE_SIZE).await
}

/// Returns the reason why the history cannot be read and a suggestion.
pub(super) fn reason(error: &Error) -> Arc<str> {
    let advice = match error.fault().map(Fault::type_name) {
        Some("NotSupported") => {
            " This server keeps no task history; a vCenter does, an ESXi host does not."
        }
        Some("InvalidState") => {
            " The session may have all the history collectors that it can have (about 32). End other programs that \
             use this session, then read again."
        }
        _ => "",
    };
    format!("{}{advice}", error.reason()).into()
}
