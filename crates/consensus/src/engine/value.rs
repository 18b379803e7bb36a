//! What is voted on: the hash of a header, never the block.

use parclose_types::ValueHash;

/// The value of a round. It is its own id, so blocks travel once, in parts (CON-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) ValueHash);

impl malachite_core::Value for Value {
    type Id = ValueHash;

    fn id(&self) -> ValueHash {
        self.0
    }
}
