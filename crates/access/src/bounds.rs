//! What a policy and its schema may hold at most, so that reading them costs little, whoever wrote them.
//!
//! Of a name that it does not know, Cedar says which one was meant, by a table with a cell for each letter of that name times
//! each letter of a known one. So two names that fill their texts would take more memory than any machine has, and many short
//! ones much time; everything of which there can be much has a bound here.

use parclose_types::limits::{NAME_BYTES_MAX, NESTING_MAX};

use crate::policy::PolicyError;
use crate::source::{File, Token, too_deep};

/// Tokens of one statement. Cedar recurses along chains such as `1 + 1 + …`, in parsing without a
/// guard, so a long one would end the process; at this length half of a usual 2 MiB stack is enough.
pub(crate) const STATEMENT_TOKENS_MAX: usize = 256;
/// Pairs of an action and a record type: the validator checks every statement in each of them.
pub(crate) const ACTION_TARGETS_MAX: usize = 128;
/// A text with its quotes: a member's key in hex fits.
pub(crate) const TEXT_BYTES_MAX: usize = NAME_BYTES_MAX + 2;
/// Record types of a schema.
pub(crate) const RECORD_TYPES_MAX: usize = 128;
/// Actions of a schema, groups of actions included.
pub(crate) const ACTIONS_MAX: usize = 128;
/// Party slots of one record type, its owner included.
pub(crate) const SLOTS_MAX: usize = 32;

/// Refuses a text of tokens that stand too deep or are too long. In a schema `<` is a bracket; `angled` says so.
///
/// # Rules
///
/// > ACC-22: a word of a policy or a schema, and a text in quotes that is not an annotation's, has at most 64 bytes; a schema declares at most 128 record types of at most 32 slots each, and 128 actions.
pub(crate) fn tokens_within(file: &File<'_>, tokens: &[Token<'_>], angled: bool) -> Result<(), PolicyError> {
    if let Some(token) = too_deep(tokens, NESTING_MAX, angled) {
        let place = file.place(token.start);
        return Err(PolicyError::TooComplex { place, what: "nested brackets", limit: NESTING_MAX });
    }
    for (at, token) in tokens.iter().enumerate() {
        let is_text = token.text.starts_with('"');
        let most = if is_text { TEXT_BYTES_MAX } else { NAME_BYTES_MAX };
        if token.text.len() > most && !(is_text && is_annotated(tokens, at)) {
            let (place, what) = (file.place(token.start), "bytes of a word or a text in quotes");
            return Err(PolicyError::TooMuch { place, what, limit: NAME_BYTES_MAX });
        }
    }
    Ok(())
}

/// Whether a token is what an annotation says: nobody compares that with anything.
fn is_annotated(tokens: &[Token<'_>], at: usize) -> bool {
    let before = at.checked_sub(3).and_then(|start| tokens.get(start..at));
    matches!(before, Some([mark, _, opening]) if mark.text == "@" && opening.text == "(")
}
