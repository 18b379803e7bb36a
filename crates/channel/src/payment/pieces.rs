//! How small the pieces of a note may be, where its record says so.

use parclose_transaction::FieldValue;

use super::CannotPay;
use crate::steps::{NewNote, Values};

/// The field that says it.
const SMALLEST: &str = "smallest_piece";

/// What a note's record says is the smallest piece that it is split into, in the asset's smallest units.
#[must_use]
pub fn smallest_piece(said: &Values) -> Option<u64> {
    match said.get(SMALLEST) {
        Some(FieldValue::Amount(units, _)) => Some(*units),
        _ => None,
    }
}

/// Checks notes that are made of others, which are worth `spent`: what is small already may stay so.
///
/// # Rules
///
/// > RCV-08: no slice is drafted that is worth less than the smallest piece that its terms name, unless one that it is made of is worth no more; a reader is told of a slice that is.
pub(crate) fn check_pieces(spent: impl Iterator<Item = u64>, notes: &[NewNote]) -> Result<(), CannotPay> {
    let smallest_spent = spent.min().unwrap_or_default();
    let too_small = |note: &NewNote| {
        smallest_piece(&note.fields).is_some_and(|least| note.amount < least.min(smallest_spent))
    };
    if notes.iter().any(too_small) { Err(CannotPay::TooSmall) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_types::MemberId;

    fn note(amount: u64, smallest: Option<u64>) -> NewNote {
        let said = smallest.map(|units| (SMALLEST.to_owned(), FieldValue::Amount(units, *b"GBP")));
        NewNote { to: MemberId([1; 32]), amount, fields: said.into_iter().collect() }
    }

    fn holds(spent: &[u64], made: &[u64], smallest: Option<u64>) -> bool {
        let made: Vec<NewNote> = made.iter().map(|amount| note(*amount, smallest)).collect();
        check_pieces(spent.iter().copied(), &made).is_ok()
    }

    #[test]
    fn rcv_08_no_piece_is_smaller_than_the_terms_allow() {
        assert!(holds(&[100], &[50, 50], Some(50)));
        assert!(!holds(&[100], &[51, 49], Some(50)), "the rest is a piece, too");
        assert!(holds(&[100], &[99, 1], None), "where nothing is said");
        // A slice that is smaller is passed on whole, or merged, and not split further.
        assert!(holds(&[30], &[30], Some(50)));
        assert!(holds(&[30, 30], &[60], Some(50)));
        assert!(!holds(&[30], &[20, 10], Some(50)));
    }
}
