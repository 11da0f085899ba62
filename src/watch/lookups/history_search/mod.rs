//! Searches the server's history page by page with one history collector.
//!
//! The collector stays open between pages, so that no record is sent twice. It is destroyed when the search ends, is
//! replaced, or the session is closed. If it is lost, or its position is unknown because an answer was lost, another
//! one continues after the last page.

mod seen_records;

use std::sync::Arc;

use serde_json::Value;

use self::seen_records::{PageMerge, SeenRecords};
use super::{
    LookupResult,
    permit::{Permit, PermitQueue},
    scheduler::Urgency,
};
use crate::{
    vim::{
        Client, Error, Throttle,
        types::{Fault, ManagedObjectReference, TaskQuery},
    },
    watch::{
        HistoryPage, HistoryRequest, Update, endpoint::Endpoint, read_loop::InFlight,
        renewals::Call, responses::LoopExit,
    },
};

/// Records per page.
const PAGE_SIZE: usize = 100;
/// Maximum number of consecutive collectors that are lost at once.
const MAX_ATTEMPTS: u32 = 3;

/// Result of a request to the history.
pub(in crate::watch) enum Answer {
    Page {
        /// The number of the search.
        search: u32,
        /// The collector created for it, if any.
        made: Option<ManagedObjectReference>,
        /// The records as sent, newest first.
        page: Result<Vec<Value>, Error>,
    },
    /// An unneeded collector was destroyed, or cannot be.
    Left(ManagedObjectReference),
}

/// The search of one endpoint's history, if any.
#[derive(Debug, Default)]
pub(in crate::watch) struct Past {
    search: Option<ServerSearch>,
    /// Unneeded collectors that may still exist.
    left: Vec<ManagedObjectReference>,
}

/// State of the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextPage {
    /// Not requested.
    NotAsked,
    /// Requested.
    Awaited,
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
    trail: SeenRecords,
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
            trail: SeenRecords::default(),
            page: NextPage::Awaited,
            lost: 0,
            without_entity: false,
        }
    }
}

impl Past {
    /// Returns the collectors that may be open, to be destroyed with the session.
    pub(in crate::watch) fn open(&self) -> impl Iterator<Item = &ManagedObjectReference> {
        let search = self.search.as_ref();
        let used = search.and_then(|search| search.collector.as_ref());
        self.left.iter().chain(used)
    }

    /// Forgets requests that were aborted. The position of a collector being read is unknown, and one being created
    /// ends with the session.
    pub(in crate::watch) fn interrupted(&mut self) {
        if let Some(search) = &mut self.search
            && search.page == NextPage::Read
        {
            search.page = NextPage::Awaited;
            self.left.extend(search.collector.take());
        }
    }

    /// Forgets the collectors: they ended with the session.
    pub(in crate::watch) fn session_ended(&mut self) {
        self.left.clear();
        if let Some(search) = &mut self.search {
            search.collector = None;
        }
    }

    fn search(&mut self, number: u32) -> Option<&mut ServerSearch> {
        let search = self.search.as_mut();
        search.filter(|search| search.number == number)
    }

    /// Ends the search. Returns its collector.
    fn end(&mut self) -> Option<ManagedObjectReference> {
        self.search.take()?.collector
    }
}

impl Endpoint {
    /// Handles a step of a search.
    pub(in crate::watch) async fn handle_history_request(
        &mut self,
        in_flight: &mut InFlight,
        request: HistoryRequest,
    ) -> Result<(), LoopExit> {
        let past = &mut self.lookups.past;
        match request {
            HistoryRequest::Begin { search, query } => {
                let before = past.end();
                past.search = Some(ServerSearch::new(search, *query));
                self.leave_collector(in_flight, before);
                self.read_history(in_flight);
            }
            HistoryRequest::More { search: number } => {
                let Some(search) = past.search(number) else {
                    return Ok(());
                };
                match search.page {
                    NextPage::None => {
                        let page = search.told(PageMerge {
                            is_end: true,
                            ..PageMerge::default()
                        });
                        self.send_page(number, Ok(page)).await?;
                    }
                    NextPage::Read => {}
                    NextPage::NotAsked | NextPage::Awaited => {
                        search.page = NextPage::Awaited;
                        self.read_history(in_flight);
                    }
                }
            }
            HistoryRequest::End { search: number } => {
                if past.search(number).is_some() {
                    let before = past.end();
                    self.leave_collector(in_flight, before);
                }
            }
        }
        Ok(())
    }

    /// Continues after an interruption: with the requested page and the collectors to destroy.
    pub(in crate::watch) fn resume_history(&mut self, in_flight: &mut InFlight) {
        for collector in self.lookups.past.left.clone() {
            destroy(in_flight, &self.lookups.line, collector);
        }
        self.read_history(in_flight);
    }

    /// Reads the next page if it is requested.
    fn read_history(&mut self, in_flight: &mut InFlight) {
        let Some(search) = &mut self.lookups.past.search else {
            return;
        };
        if search.page != NextPage::Awaited {
            return;
        }
        search.page = NextPage::Read;
        if search.collector.is_none() {
            search.trail.restart();
        }
        let (number, collector) = (search.number, search.collector.clone());
        let query = search.trail.query_after_last_page(&search.query);
        let gate = Permit::lasting(&self.lookups.line, Urgency::Asked);
        in_flight.spawn_lookup(move |client| async move {
            let mut made = None;
            let page = read(&client, &gate, &query, collector, &mut made).await;
            LookupResult::Past(Answer::Page {
                search: number,
                made,
                page,
            })
        });
    }

    /// Handles the result of a request to the history.
    pub(super) async fn handle_page(
        &mut self,
        in_flight: &mut InFlight,
        answer: Answer,
    ) -> Result<(), LoopExit> {
        let (number, made, page) = match answer {
            Answer::Page { search, made, page } => (search, made, page),
            Answer::Left(collector) => {
                self.lookups.past.left.retain(|left| *left != collector);
                return Ok(());
            }
        };
        let Some(search) = self.lookups.past.search(number) else {
            // The search was replaced.
            self.leave_collector(in_flight, made);
            return Ok(());
        };
        search.page = NextPage::Awaited;
        search.collector = made.or(search.collector.take());
        match page {
            Ok(page) => {
                self.renewals.succeeded(&Call::Past);
                search.lost = 0;
                let gained = search.trail.take(page);
                if !gained.has_changes() {
                    self.read_history(in_flight);
                    return Ok(());
                }
                let is_end = gained.is_end;
                search.page = if is_end {
                    NextPage::None
                } else {
                    NextPage::NotAsked
                };
                let page = search.told(gained);
                let done = search.collector.take_if(|_| is_end);
                self.leave_collector(in_flight, done);
                self.send_page(number, Ok(page)).await
            }
            Err(error) => self.handle_failure(in_flight, number, error).await,
        }
    }

    async fn handle_failure(
        &mut self,
        in_flight: &mut InFlight,
        number: u32,
        error: Error,
    ) -> Result<(), LoopExit> {
        let ends_session = self.ends_session(Call::Past, &error);
        let Some(search) = self.lookups.past.search(number) else {
            return Ok(());
        };
        // The server may have advanced before it failed.
        let collector = search.collector.take();
        if ends_session {
            return Err(LoopExit::SessionDead(Box::new(error)));
        }
        if error.is_fault("ManagedObjectNotFound") {
            if collector.is_some() && search.lost < MAX_ATTEMPTS {
                search.lost += 1;
                self.read_history(in_flight);
                return Ok(());
            }
            if collector.is_none() && search.query.entity.take().is_some() {
                search.without_entity = true;
                self.read_history(in_flight);
                return Ok(());
            }
        }
        search.page = NextPage::NotAsked;
        self.leave_collector(in_flight, collector);
        self.send_page(number, Err(reason(&error))).await
    }

    async fn send_page(
        &mut self,
        search: u32,
        page: Result<HistoryPage, Arc<str>>,
    ) -> Result<(), LoopExit> {
        Ok(self.send_update(Update::Past { search, page }).await?)
    }

    fn leave_collector(
        &mut self,
        in_flight: &mut InFlight,
        collector: Option<ManagedObjectReference>,
    ) {
        if let Some(collector) = collector {
            self.lookups.past.left.push(collector.clone());
            destroy(in_flight, &self.lookups.line, collector);
        }
    }
}

impl ServerSearch {
    /// Converts a merged page into the page sent to the consumer.
    fn told(&self, gained: PageMerge) -> HistoryPage {
        HistoryPage {
            tasks: gained.tasks,
            unreadable: gained.unreadable,
            is_end: gained.is_end,
            without_entity: self.without_entity,
        }
    }
}

fn destroy(in_flight: &mut InFlight, line: &PermitQueue, collector: ManagedObjectReference) {
    let gate = Permit::lasting(line, Urgency::Asked);
    in_flight.spawn_lookup(|client| async move {
        gate.pass().await;
        // If this fails, the collector ends with the session.
        let _ = client.destroy_history(&collector).await;
        LookupResult::Past(Answer::Left(collector))
    });
}

async fn read(
    client: &Client,
    gate: &Permit,
    query: &TaskQuery,
    collector: Option<ManagedObjectReference>,
    made: &mut Option<ManagedObjectReference>,
) -> Result<Vec<Value>, Error> {
    let collector = if let Some(collector) = collector {
        collector
    } else {
        gate.pass().await;
        let collector = made.insert(client.create_history(query).await?).clone();
        gate.pass().await;
        client.reset_history(&collector).await?;
        collector
    };
    gate.pass().await;
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
             use this session, then read anew."
        }
        _ => "",
    };
    format!("{}{advice}", error.reason()).into()
}
