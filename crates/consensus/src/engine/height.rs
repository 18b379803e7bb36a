//! Heights, as the engine counts them.

use malachite_core::Height as Counted;
use parclose_types::Height;

/// The height of a root block. Genesis has 0, the first block that is voted on has 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EngineHeight(pub(crate) u64);

impl Counted for EngineHeight {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for EngineHeight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Height> for EngineHeight {
    fn from(height: Height) -> Self {
        Self(height.0)
    }
}

impl From<EngineHeight> for Height {
    fn from(height: EngineHeight) -> Self {
        Self(height.0)
    }
}
