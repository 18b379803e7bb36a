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

/// Checks notes that are made of others, which are worth `spent`: what is small already may stay so, each for one.
///
/// # Rules
///
/// > RCV-08: no slice is drafted that is worth less than the smallest piece that its terms name, but for one in the place of a slice that is worth no more, and for what the debtor keeps of what it pays in part; a reader is told of a slice that is.
pub(crate) fn check_pieces(spent: impl Iterator<Item = u64>, notes: &[NewNote]) -> Result<(), CannotPay> {
    let mut spent: Vec<u64> = spent.collect();
    spent.sort_unstable();
    let too_small = |note: &&NewNote| smallest_piece(&note.fields).is_some_and(|least| note.amount < least);
    let mut small: Vec<u64> = notes.iter().filter(too_small).map(|note| note.amount).collect();
    small.sort_unstable();
    // The smallest takes the place of the smallest, and so on.
    let stay = small.iter().zip(spent.iter().map(Some).chain(std::iter::repeat(None)));
    let mut stay = stay.map(|(made, spent)| spent.is_some_and(|spent| spent <= made));
    if stay.all(|stays| stays) { Ok(()) } else { Err(CannotPay::TooSmall) }
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
        // One that is small stands for one, not for many.
        assert!(holds(&[100, 30], &[30, 100], Some(50)));
        assert!(!holds(&[100, 30], &[30, 30, 30, 40], Some(50)));
        assert!(holds(&[20, 30, 100], &[30, 20, 50, 50], Some(50)));
        assert!(!holds(&[], &[49], Some(50)), "nor is it issued so");
        assert!(holds(&[], &[50], Some(50)));
    }
}
