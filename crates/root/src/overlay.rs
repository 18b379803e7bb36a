//! Rows of a table while a block is in the making: those of the state, and over them what the block changes.

use std::collections::BTreeMap;

/// What becomes of rows: their new values, `None` where one goes.
pub type Changes<K, V> = BTreeMap<K, Option<V>>;

#[derive(Debug)]
pub(crate) struct Overlay<'a, K, V> {
    before: &'a BTreeMap<K, V>,
    changes: Changes<K, V>,
}

impl<'a, K: Copy + Ord, V> Overlay<'a, K, V> {
    pub(crate) fn over(before: &'a BTreeMap<K, V>) -> Self {
        Self { before, changes: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self.changes.get(key) {
            Some(change) => change.as_ref(),
            None => self.before.get(key),
        }
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        self.changes.insert(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: K) {
        self.changes.insert(key, None);
    }

    /// Rows there are.
    pub(crate) fn len(&self) -> usize {
        self.changes.iter().fold(self.before.len(), |rows, (key, change)| {
            match (self.before.contains_key(key), change.is_some()) {
                (false, true) => rows.saturating_add(1),
                (true, false) => rows.saturating_sub(1),
                _ => rows,
            }
        })
    }

    pub(crate) fn changes(&self) -> &Changes<K, V> {
        &self.changes
    }

    pub(crate) fn into_changes(self) -> Changes<K, V> {
        self.changes
    }
}

/// Puts changes into the rows that they are of.
pub(crate) fn apply<K: Copy + Ord, V: Clone>(rows: &mut BTreeMap<K, V>, changes: &Changes<K, V>) {
    for (key, change) in changes {
        match change {
            Some(value) => drop(rows.insert(*key, value.clone())),
            None => drop(rows.remove(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_block_changes_lies_over_what_was_there() {
        let mut rows = BTreeMap::from([(1, 'a'), (2, 'b')]);
        let mut over = Overlay::over(&rows);
        over.put(2, 'c');
        over.put(3, 'd');
        over.remove(1);
        over.remove(9);
        assert_eq!([1, 2, 3, 9].map(|key| over.get(&key).copied()), [None, Some('c'), Some('d'), None]);
        assert_eq!(over.len(), 2);
        let changes = over.into_changes();
        apply(&mut rows, &changes);
        assert_eq!(rows, BTreeMap::from([(2, 'c'), (3, 'd')]));
    }
}
