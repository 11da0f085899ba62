//! An ordered sequence of entries, each with a weight: its number of rows.
//! The entries are stored in leaves of bounded size, each with the sum of its weights. Finding a
//! row, the position of an entry, inserting and removing access the sums of the leaves and the
//! entries of one leaf: with a hundred thousand entries that is a few hundred additions.

use std::cmp::Ordering;

/// Number of entries at which a leaf is split.
const LEAF_CAPACITY: usize = 256;

/// An entry of the sequence.
#[derive(Debug, Clone)]
pub(super) struct SequenceEntry<K, I> {
    pub(super) key: K,
    pub(super) id: I,
    /// Number of rows of the entry.
    pub(super) weight: u32,
}

impl<K: Ord, I: Ord + Copy> SequenceEntry<K, I> {
    /// Orders by key, then by id.
    fn compare(&self, key: &K, id: I) -> Ordering {
        self.key.cmp(key).then_with(|| self.id.cmp(&id))
    }
}

/// Position of an entry, valid until the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    leaf: usize,
    index: usize,
}

/// Consecutive entries; never empty.
#[derive(Debug, Clone)]
struct Leaf<K, I> {
    entries: Vec<SequenceEntry<K, I>>,
    weight: usize,
}

impl<K, I> Leaf<K, I> {
    fn new(entries: Vec<SequenceEntry<K, I>>) -> Self {
        let weight = entries.iter().map(|entry| entry.weight as usize).sum();
        Self { entries, weight }
    }
}

/// Entries ordered by key.
#[derive(Debug, Clone)]
pub(super) struct OrderTree<K, I> {
    leaves: Vec<Leaf<K, I>>,
    total: usize,
}

impl<K, I> Default for OrderTree<K, I> {
    fn default() -> Self {
        Self {
            leaves: Vec::new(),
            total: 0,
        }
    }
}

impl<K: Ord, I: Ord + Copy> OrderTree<K, I> {
    /// Returns the sum of all weights.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Returns the first entry with rows; without any, the first entry.
    pub(super) fn first_entry(&self) -> Option<&SequenceEntry<K, I>> {
        match self.first() {
            Some(position) => self.get(position),
            None => self.leaves.first()?.entries.first(),
        }
    }

    /// True if no entry has rows.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Inserts an entry. The pair of key and id must not exist yet.
    pub(super) fn insert(&mut self, key: K, id: I, weight: u32) {
        self.total += weight as usize;
        let leaf = self.leaf_of(&key, id).min(self.leaves.len().max(1) - 1);
        let entry = SequenceEntry { key, id, weight };
        let Some(Leaf {
            entries,
            weight: sum,
        }) = self.leaves.get_mut(leaf)
        else {
            self.leaves.reserve_exact(1);
            self.leaves.push(Leaf::new(vec![entry]));
            return;
        };
        let index = entries.partition_point(|other| other.compare(&entry.key, id).is_lt());
        if entries.len() == entries.capacity() {
            // Most families are small, and there are thousands of them.
            entries.reserve_exact(1 + entries.len() / 4);
        }
        entries.insert(index, entry);
        *sum += weight as usize;
        if entries.len() == LEAF_CAPACITY {
            let upper = Leaf::new(entries.split_off(LEAF_CAPACITY / 2));
            entries.shrink_to_fit();
            *sum -= upper.weight;
            self.leaves.insert(leaf + 1, upper);
        }
    }

    /// Removes an entry. Returns false if it does not exist.
    pub(super) fn remove(&mut self, key: &K, id: I) -> bool {
        let Some(Position { leaf, index }) = self.find(key, id) else {
            return false;
        };
        let Leaf { entries, weight } = &mut self.leaves[leaf];
        let removed = entries.remove(index);
        *weight -= removed.weight as usize;
        self.total -= removed.weight as usize;
        if entries.is_empty() {
            self.leaves.remove(leaf);
        } else {
            self.merge(leaf.saturating_sub(1));
            self.merge(leaf);
        }
        true
    }

    /// Sets the weight of an entry. Returns false if it does not exist.
    pub(super) fn set_weight(&mut self, key: &K, id: I, weight: u32) -> bool {
        let Some(Position { leaf, index }) = self.find(key, id) else {
            return false;
        };
        let leaf = &mut self.leaves[leaf];
        let before = std::mem::replace(&mut leaf.entries[index].weight, weight) as usize;
        let weight = weight as usize;
        leaf.weight = leaf.weight - before + weight;
        self.total = self.total - before + weight;
        true
    }

    /// Returns the number of rows before an entry.
    pub(super) fn rows_before(&self, key: &K, id: I) -> Option<usize> {
        let Position { leaf, index } = self.find(key, id)?;
        let leaves: usize = self.leaves[..leaf].iter().map(|leaf| leaf.weight).sum();
        let entries = self.leaves[leaf].entries[..index].iter();
        Some(leaves + entries.map(|entry| entry.weight as usize).sum::<usize>())
    }

    /// Returns the entry at a row, and the row's index within the entry.
    pub(super) fn at_row(&self, mut row: usize) -> Option<(Position, usize)> {
        if row >= self.total {
            return None;
        }
        for (leaf, Leaf { entries, weight }) in self.leaves.iter().enumerate() {
            if row >= *weight {
                row -= weight;
                continue;
            }
            for (index, entry) in entries.iter().enumerate() {
                if row < entry.weight as usize {
                    return Some((Position { leaf, index }, row));
                }
                row -= entry.weight as usize;
            }
        }
        None
    }

    /// Returns the entry at a position.
    pub(super) fn get(&self, position: Position) -> Option<&SequenceEntry<K, I>> {
        self.leaves.get(position.leaf)?.entries.get(position.index)
    }

    /// Returns the position of the first entry with rows.
    pub(super) fn first(&self) -> Option<Position> {
        self.from(0, 0)
    }

    /// Returns the position of the next entry with rows.
    pub(super) fn after(&self, Position { leaf, index }: Position) -> Option<Position> {
        self.from(leaf, index + 1)
    }

    /// Returns the first entry with rows from a position on.
    fn from(&self, leaf: usize, index: usize) -> Option<Position> {
        let within = |leaf: usize, from: usize| {
            let Leaf { entries, weight } = self.leaves.get(leaf)?;
            let rest = entries.get(from..).filter(|_| *weight > 0)?;
            let offset = rest.iter().position(|entry| entry.weight > 0)?;
            Some(Position {
                leaf,
                index: from + offset,
            })
        };
        within(leaf, index)
            .or_else(|| (leaf + 1..self.leaves.len()).find_map(|leaf| within(leaf, 0)))
    }

    /// Returns the first leaf whose last entry is not less than the key.
    fn leaf_of(&self, key: &K, id: I) -> usize {
        self.leaves.partition_point(|leaf| {
            leaf.entries
                .last()
                .is_some_and(|last| last.compare(key, id).is_lt())
        })
    }

    fn find(&self, key: &K, id: I) -> Option<Position> {
        let leaf = self.leaf_of(key, id);
        let entries = &self.leaves.get(leaf)?.entries;
        let index = entries
            .binary_search_by(|entry| entry.compare(key, id))
            .ok()?;
        Some(Position { leaf, index })
    }

    /// Merges a leaf with the next if both together are small.
    fn merge(&mut self, leaf: usize) {
        if let Some([one, next]) = self.leaves.get(leaf..leaf + 2)
            && one.entries.len() + next.entries.len() <= LEAF_CAPACITY / 2
        {
            let next = self.leaves.remove(leaf + 1);
            let one = &mut self.leaves[leaf];
            one.entries.extend(next.entries);
            one.weight += next.weight;
        }
    }
}

#[cfg(test)]
mod tests;
