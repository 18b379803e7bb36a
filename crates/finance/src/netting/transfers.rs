//! The transfers that bring every net to zero.
//!
//! The fewest transfers of all would need a search over all subsets that sum to zero. This list is
//! never longer than one less than the members that have a net, and everybody makes the same.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

use super::Position;

/// One transfer of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// who gives
    pub from: String,
    /// who receives
    pub to: String,
    /// minor units or units of the instrument, at least 1
    pub amount: u64,
}

/// # Rules
///
/// > FIN-24: nets are settled by transfers from whoever still owes most to whoever is still owed most, of equal ones the first by name, each of the smaller of the two amounts.
pub(super) fn settle(positions: &[Position]) -> Vec<Transfer> {
    let heap = |wanted: fn(i64) -> bool| -> BinaryHeap<(u64, Reverse<&str>)> {
        let chosen = positions.iter().filter(|position| wanted(position.net));
        chosen.map(|position| (position.net.unsigned_abs(), Reverse(position.member.as_str()))).collect()
    };
    let (mut owing, mut owed) = (heap(|net| net < 0), heap(|net| net > 0));
    let mut transfers = Vec::new();
    while let (Some((owes, from)), Some((is_owed, to))) = (owing.pop(), owed.pop()) {
        let amount = owes.min(is_owed);
        transfers.push(Transfer { from: from.0.to_owned(), to: to.0.to_owned(), amount });
        let (still_owes, still_owed) = (owes.saturating_sub(amount), is_owed.saturating_sub(amount));
        if still_owes > 0 {
            owing.push((still_owes, from));
        }
        if still_owed > 0 {
            owed.push((still_owed, to));
        }
    }
    transfers
}
