//! Taking changes back, for looking at the board as it was.

use std::borrow::Cow;

use serde_json::json;

use super::{Board, Touched, busy};
use crate::task::{
    Handle, History, Presence, Record,
    journal::{Before, Fields, Was},
};

impl Board {
    /// Makes a task what it was before a change; answers how to make it what it was before this.
    pub fn rewind(&mut self, before: Before, touched: &mut Touched) -> Before {
        let Before { id, moved, was } = before;
        let handle = self.find(&id);
        let record = handle.and_then(|handle| self.get(handle));
        let moved_now = record.and_then(|record| record.moved);
        let was_now = match (was, handle) {
            (Was::Record(old), _) => {
                let now = record.cloned().map(Box::new);
                if handle.is_some() {
                    self.remove(&id, touched);
                }
                let renamed = old.as_ref().map_or(&id, |old| &old.id).clone();
                if let Some(old) = old {
                    self.put_back(*old, touched);
                }
                return Before {
                    id: now.as_ref().map_or(renamed, |now| now.id.clone()),
                    moved: moved_now,
                    was: Was::Record(now),
                };
            }
            (was, None) => was,
            (Was::Progress(percent), Some(handle)) => {
                let now = record.and_then(|record| record.info.as_ref()?.progress);
                self.reassign(handle, vec![("progress".into(), json!(percent))], touched);
                Was::Progress(now)
            }
            (Was::Fields(fields), Some(handle)) => {
                let info = record.and_then(|record| record.info.as_deref());
                let now = fields.iter().map(|(name, _)| {
                    let value = info.and_then(|info| info.leaf(name));
                    (name.clone(), value.unwrap_or_default())
                });
                let now: Fields = now.collect();
                self.reassign(handle, *fields, touched);
                Was::Fields(Box::new(now))
            }
            (Was::Presence(presence), Some(handle)) => {
                let now = record.map_or(Presence::Present, |record| record.presence.clone());
                self.mark(&id, *presence, touched);
                touched.changed.push(handle);
                Was::Presence(Box::new(now))
            }
        };
        if let Some(node) = handle.and_then(|handle| self.nodes.get_mut(handle)) {
            node.record.moved = moved;
        }
        Before {
            id,
            moved: moved_now,
            was: was_now,
        }
    }

    /// Assigns fields without noting when, as nothing is observed. Values that fitted once fit again.
    fn reassign(
        &mut self,
        handle: Handle,
        fields: Vec<(Cow<'static, str>, serde_json::Value)>,
        touched: &mut Touched,
    ) {
        let Some(record) = self.get(handle) else {
            return;
        };
        let (presence, history) = (record.presence.clone(), record.history.clone());
        let (seen, asked) = (record.seen, record.cancel_seen);
        let at = seen.unwrap_or_default();
        let _ = self.assign(handle, fields, at, touched);
        if let Some(node) = self.nodes.get_mut(handle) {
            let record = &mut node.record;
            (record.presence, record.history) = (presence, history);
            record.cancel_seen = asked;
        }
    }

    /// Puts a record on the board as it is.
    fn put_back(&mut self, record: Record, touched: &mut Touched) {
        let id = record.id.clone();
        let key = record.key();
        let handle = self.insert(Record::ghost(id.clone(), Presence::Present));
        let Some(node) = self.nodes.get_mut(handle) else {
            return;
        };
        node.record = record;
        self.busy.change(handle, &[], &busy::held(&node.record));
        self.by_key.insert((id.endpoint, key.clone()), handle);
        self.relink(handle, touched);
        self.adopt(&(id.endpoint, key), touched);
        self.recount(handle, touched);
        touched.changed.push(handle);
    }

    /// Gives a task another history: as much of it as had been observed at the time that is looked at.
    pub fn set_history(&mut self, handle: Handle, history: Option<Box<History>>) {
        if let Some(node) = self.nodes.get_mut(handle) {
            node.record.history = history;
        }
    }
}
