//! One page of memory for one secret, which the system is asked to keep out of swap.
//!
//! For the few secrets that open all others: passphrases, what is stretched from them, masters. A page
//! each, because systems lock whole pages and do not count: a neighbour's unlocking would unlock both.
//! Where the system refuses, for want of `RLIMIT_MEMLOCK`, the page is ordinary memory and wiped all the
//! same: a smaller protection, no failure. Hibernation writes locked pages too, and whoever computes with
//! the bytes has them in registers and on a stack.

use region::LockGuard;
use zeroize::Zeroize;

/// Bytes of a page. Where pages are larger, neighbours share one, and locking protects less.
pub const PAGE_BYTES: usize = 4096;

#[repr(C, align(4096))]
struct Page([u8; PAGE_BYTES]);

/// A page of its own, wiped and then unlocked on drop.
pub struct LockedPage {
    // Dropped in this order: a page is unlocked while it is still there.
    lock: Option<LockGuard>,
    page: Box<Page>,
}

impl LockedPage {
    /// A page of zeros.
    #[must_use]
    pub fn zeroed() -> Self {
        let page = Box::new(Page([0; PAGE_BYTES]));
        Self { lock: region::lock(page.0.as_ptr(), PAGE_BYTES).ok(), page }
    }

    /// Whether the system keeps it in memory.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; PAGE_BYTES] {
        &self.page.0
    }

    /// Its bytes, to be filled in place: what is built elsewhere and moved here leaves a copy there.
    #[must_use]
    pub fn bytes_mut(&mut self) -> &mut [u8; PAGE_BYTES] {
        &mut self.page.0
    }
}

impl Drop for LockedPage {
    fn drop(&mut self) {
        self.page.0.zeroize();
    }
}

impl std::fmt::Debug for LockedPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LockedPage(..)")
    }
}

/// Whether the system locks a page for this process now.
#[must_use]
pub fn is_available() -> bool {
    LockedPage::zeroed().is_locked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_alone_and_prints_its_name_only() {
        let (mut one, two) = (LockedPage::zeroed(), LockedPage::zeroed());
        one.bytes_mut()[0] = 0xAB;
        assert_eq!((one.bytes()[0], two.bytes()[0]), (0xAB, 0));
        for page in [&one, &two] {
            assert!(page.bytes().as_ptr().addr().is_multiple_of(PAGE_BYTES), "it begins a page");
        }
        assert_eq!(format!("{one:?}"), "LockedPage(..)");
        let moved = one;
        assert_eq!(moved.bytes()[0], 0xAB);
    }
}
