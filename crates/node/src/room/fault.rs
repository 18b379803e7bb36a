//! A fault of this program in one room: it ends that room, and no other.
//!
//! A panic in the middle of an event may leave the memory of a channel ahead of its disk, so nothing of the
//! memory is used any more: no event is executed, no batch endorsed, nothing read. The disk holds the state
//! after some event, whole (STO-15); a room over it goes on from there when the node is started again. If
//! the same event brings the panic back, the channel stays where it is, and all others go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use super::Order;
use crate::submission::SubmitError;

/// Runs a part of a room's life; `None` when a panic has ended it.
///
/// # Rules
///
/// > NOD-16: a panic in a room ends the work of that room only: who waits there learns that the outcome is unknown, and whoever comes later is refused by this rule.
pub(super) fn guard<T>(broken_off: &AtomicBool, life: impl FnOnce() -> T) -> Option<T> {
    // Of a room that has broken off only those who wait are used: what they are told is true whatever happened.
    let lived = catch_unwind(AssertUnwindSafe(life)).ok();
    if lived.is_none() {
        broken_off.store(true, Ordering::SeqCst);
    }
    lived
}

/// Answers whoever comes to a room that has broken off. A call is dropped: its caller learns that nothing comes.
pub(super) fn refuse(inbox: &Receiver<Order>) {
    for order in inbox {
        match order {
            Order::Submit(wanted) => (wanted.answer)(Err(SubmitError::BrokenOff)),
            Order::Restless(done) => drop(done.send(false)),
            Order::Behind(done) => drop(done.send(0)),
            Order::Stop => return,
            Order::Quiesce(_)
            | Order::Pause(_)
            | Order::Rest
            | Order::Wake(_)
            | Order::Call(_)
            | Order::AskHolders(..)
            | Order::Frame(..)
            | Order::RootHead
            | Order::NotAnchored(..)
            | Order::NotHandedOver
            | Order::NotPrepared(_)
            | Order::RefuseLeg(..)
            | Order::Refused(_)
            | Order::NotClaimed(..) => {}
        }
    }
}
