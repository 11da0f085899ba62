//! An ordered sequence of entries, each with a weight: its number of rows.
//! The entries are stored in leaves of bounded size, each with the sum of its weights. Finding a
//! row, the position of an entry, inserting and removing access the sums of the leaves and the
//! entries of one leaf: with a hundred thousand entries that is a few hundred additions.

use std::cmp::Ordering;

/// Maximum number of entries of a leaf, which is split beyond it.
const LEAF_CAPACITY: usize = 256;
/// Initial number of entries of a leaf, with room for insertions.
const LEAF_FILL: usize = LEAF_CAPACITY * 3 / 4;

/// An entry of the sequence.
#[derive(Debug, Clone)]
pub(super) struct Entry<K, I> {
    pub(super) key: K,
    pub(super) id: I,
    /// Number of rows of the entry.
    pub(super) weight: usize,
}

impl<K: Ord, I: Ord + Copy> Entry<K, I> {
    /// Orders by key, then by id.
    fn compare(&self, key: &K, id: I) -> Ordering {
        self.key.cmp(key).then_with(|| self.id.cmp(&id))
    }
}

/// Position of an entry, valid until the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    chunk: usize,
    index: usize,
}

/// Consecutive entries; never empty.
#[derive(Debug, Clone)]
struct Leaf<K, I> {
    entries: Vec<Entry<K, I>>,
    weight: usize,
}

impl<K, I> Leaf<K, I> {
    fn new(entries: Vec<Entry<K, I>>) -> Self {
        let weight = entries.iter().map(|entry| entry.weight).sum();
        Self { entries, weight }
    }
}

/// Entries ordered by key.
#[derive(Debug, Clone)]
pub(super) struct OrderTree<K, I> {
    chunks: Vec<Leaf<K, I>>,
    total: usize,
}

impl<K, I> Default for OrderTree<K, I> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            total: 0,
        }
    }
}

impl<K: Ord, I: Ord + Copy> OrderTree<K, I> {
    /// Builds the tree from entries in any order.
    pub(super) fn from_unsorted(mut entries: Vec<Entry<K, I>>) -> Self {
        entries.sort_unstable_by(|one, other| one.compare(&other.key, other.id));
        let mut chunks = Vec::with_capacity(entries.len().div_ceil(LEAF_FILL));
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            chunks.push(Leaf::new(entries.by_ref().take(LEAF_FILL).collect()));
        }
        let total = chunks.iter().map(|chunk| chunk.weight).sum();
        Self { chunks, total }
    }

    /// Returns the sum of all weights.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Returns the first entry with rows; without any, the first entry.
    pub(super) fn leader(&self) -> Option<&Entry<K, I>> {
        match self.first() {
            Some(place) => self.get(place),
            None => self.chunks.first()?.entries.first(),
        }
    }

    /// True if no entry has rows.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Recomputes all weights.
    pub(super) fn reweigh(&mut self, weight: impl Fn(I) -> usize) {
        self.total = 0;
        for chunk in &mut self.chunks {
            chunk.weight = 0;
            for entry in &mut chunk.entries {
                entry.weight = weight(entry.id);
                chunk.weight += entry.weight;
            }
            self.total += chunk.weight;
        }
    }

    /// Inserts an entry. The pair of key and id must not exist yet.
    pub(super) fn insert(&mut self, key: K, id: I, weight: usize) {
        self.total += weight;
        let chunk = self.chunk_of(&key, id).min(self.chunks.len().max(1) - 1);
        let entry = Entry { key, id, weight };
        let Some(Leaf {
            entries,
            weight: sum,
        }) = self.chunks.get_mut(chunk)
        else {
            self.chunks.push(Leaf::new(vec![entry]));
            return;
        };
        let index = entries.partition_point(|other| other.compare(&entry.key, id).is_lt());
        entries.insert(index, entry);
        *sum += weight;
        if entries.len() > LEAF_CAPACITY {
            let upper = Leaf::new(entries.split_off(LEAF_CAPACITY / 2));
            *sum -= upper.weight;
            self.chunks.insert(chunk + 1, upper);
        }
    }

    /// Removes an entry. Returns false if it does not exist.
    pub(super) fn remove(&mut self, key: &K, id: I) -> bool {
        let Some(Place { chunk, index }) = self.find(key, id) else {
            return false;
        };
        let Leaf { entries, weight } = &mut self.chunks[chunk];
        let removed = entries.remove(index);
        *weight -= removed.weight;
        self.total -= removed.weight;
        if entries.is_empty() {
            self.chunks.remove(chunk);
        } else {
            self.merge(chunk.saturating_sub(1));
            self.merge(chunk);
        }
        true
    }

    /// Sets the weight of an entry. Returns false if it does not exist.
    pub(super) fn set_weight(&mut self, key: &K, id: I, weight: usize) -> bool {
        let Some(Place { chunk, index }) = self.find(key, id) else {
            return false;
        };
        let chunk = &mut self.chunks[chunk];
        let before = std::mem::replace(&mut chunk.entries[index].weight, weight);
        chunk.weight = chunk.weight - before + weight;
        self.total = self.total - before + weight;
        true
    }

    /// Returns the number of rows before an entry.
    pub(super) fn rows_before(&self, key: &K, id: I) -> Option<usize> {
        let Place { chunk, index } = self.find(key, id)?;
        let chunks: usize = self.chunks[..chunk].iter().map(|chunk| chunk.weight).sum();
        let entries = self.chunks[chunk].entries[..index].iter();
        Some(chunks + entries.map(|entry| entry.weight).sum::<usize>())
    }

    /// Returns the entry at a row, and the row's index within the entry.
    pub(super) fn at_row(&self, mut row: usize) -> Option<(Place, usize)> {
        if row >= self.total {
            return None;
        }
        for (chunk, Leaf { entries, weight }) in self.chunks.iter().enumerate() {
            if row >= *weight {
                row -= weight;
                continue;
            }
            for (index, entry) in entries.iter().enumerate() {
                if row < entry.weight {
                    return Some((Place { chunk, index }, row));
                }
                row -= entry.weight;
            }
        }
        None
    }

    /// Returns the entry at a position.
    pub(super) fn get(&self, place: Place) -> Option<&Entry<K, I>> {
        self.chunks.get(place.chunk)?.entries.get(place.index)
    }

    /// Returns the position of the first entry with rows.
    pub(super) fn first(&self) -> Option<Place> {
        self.from(0, 0)
    }

    /// Returns the position of the next entry with rows.
    pub(super) fn after(&self, Place { chunk, index }: Place) -> Option<Place> {
        self.from(chunk, index + 1)
    }

    /// Returns the first entry with rows from a position on.
    fn from(&self, chunk: usize, index: usize) -> Option<Place> {
        let within = |chunk: usize, from: usize| {
            let Leaf { entries, weight } = self.chunks.get(chunk)?;
            let rest = entries.get(from..).filter(|_| *weight > 0)?;
            let offset = rest.iter().position(|entry| entry.weight > 0)?;
            Some(Place {
                chunk,
                index: from + offset,
            })
        };
        within(chunk, index)
            .or_else(|| (chunk + 1..self.chunks.len()).find_map(|chunk| within(chunk, 0)))
    }

    /// Returns the first leaf whose last entry is not less than the key.
    fn chunk_of(&self, key: &K, id: I) -> usize {
        self.chunks.partition_point(|chunk| {
            chunk
                .entries
                .last()
                .is_some_and(|last| last.compare(key, id).is_lt())
        })
    }

    fn find(&self, key: &K, id: I) -> Option<Place> {
        let chunk = self.chunk_of(key, id);
        let entries = &self.chunks.get(chunk)?.entries;
        let index = entries
            .binary_search_by(|entry| entry.compare(key, id))
            .ok()?;
        Some(Place { chunk, index })
    }

    /// Merges a leaf with the next if both together are small.
    fn merge(&mut self, chunk: usize) {
        if let Some([one, next]) = self.chunks.get(chunk..chunk + 2)
            && one.entries.len() + next.entries.len() <= LEAF_CAPACITY / 2
        {
            let next = self.chunks.remove(chunk + 1);
            let one = &mut self.chunks[chunk];
            one.entries.extend(next.entries);
            one.weight += next.weight;
        }
    }
}

#[cfg(test)]
mod tests;
