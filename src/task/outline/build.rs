//! Making the whole outline anew: for another view, or when what all rows show has changed.

use slotmap::SecondaryMap;

use super::{
    Item, Outline,
    key::SortKey,
    ranked::{Entry, Ranked},
    view::{Layout, View},
};
use crate::task::{Board, Handle};

impl Outline {
    /// Takes another view, and makes all rows anew.
    pub fn arrange(&mut self, view: View, board: &Board) {
        self.view = view;
        self.rebuild(board);
    }

    /// Makes all rows anew, as after the operations' labels arrived. What a person folded stays so.
    pub fn rebuild(&mut self, board: &Board) {
        self.folds.retain(|handle, _| board.get(*handle).is_some());
        self.items.clear();
        self.matching = 0;
        let order = self.downwards(board);
        for &handle in &order {
            self.add_item(board, handle);
        }
        // Backwards, for a record's rows are known once those below it are.
        let mut top = Vec::new();
        let mut below: SecondaryMap<Handle, Vec<Entry<SortKey>>> = SecondaryMap::new();
        for &handle in order.iter().rev() {
            let children = below.remove(handle);
            let Some(item) = self.items.get_mut(handle).filter(|item| item.is_shown()) else {
                continue;
            };
            item.children = children.map(|children| Box::new(Ranked::from_unsorted(children)));
            item.rows = item.height();
            item.key = SortKey::of(board, handle, self.view.layout, self.view.sort);
            let (parent, matched) = (item.parent, item.matched);
            if let Some(key) = item.key.clone() {
                let entry = Entry {
                    key,
                    handle,
                    weight: item.rows,
                };
                match parent.and_then(|parent| below.entry(parent)) {
                    Some(siblings) => siblings.or_default().push(entry),
                    None => top.push(entry),
                }
            }
            if let Some(parent) = parent.and_then(|parent| self.items.get_mut(parent)) {
                parent.matched += matched;
            }
        }
        self.top = Ranked::from_unsorted(top);
    }

    /// All records, parents before their children.
    fn downwards(&self, board: &Board) -> Vec<Handle> {
        let handles = board.iter().map(|(handle, _)| handle);
        if self.view.layout == Layout::Flat {
            return handles.collect();
        }
        let mut order = Vec::with_capacity(board.len());
        order.extend(handles.filter(|handle| board.parent(*handle).is_none()));
        let mut next = 0;
        while let Some(&handle) = order.get(next) {
            order.extend_from_slice(board.children(handle));
            next += 1;
        }
        order
    }

    fn add_item(&mut self, board: &Board, handle: Handle) {
        let Some(record) = board.get(handle) else {
            return;
        };
        let mut item = Item {
            parent: self.parent_on(board, handle),
            status: record.status(),
            matches: self.view.filter.matches(board, record),
            open: self.is_to_be_open(board, handle),
            ..Item::blank()
        };
        item.matched = item.own_match();
        self.matching += usize::from(item.matches);
        self.items.insert(handle, item);
    }
}
