//! The product attacks itself: a catalogue of attacks, each performed on a throw-away consortium.
//!
//! ```text
//!   Ground::found --copy--> Stage --Attack::act, honest hand--> let through, or the attack shows nothing
//!                  \-copy--> Stage --Attack::act, adverse hand-> refused by the named rules, or missed
//! ```
//!
//! An attack says what the adversary does and holds, and which rules have to notice it. It is really performed, with
//! the keys and the bytes that the adversary would have, on a consortium that the real code has founded. The honest hand
//! does the same thing as it should be done: a defence that stops that, too, would be no defence. An attack whose
//! attempts are stopped by another rule than it names counts as missed, as does one of whose rules one is never met.
//!
//! [`PLANTED`] is an attack that nothing notices. It shows that a miss is told.
//!
//! - [`attack`]: what an attack is
//! - [`attacks`]: all of them, each in a file of its own
//! - [`ground`], [`stage`]: the consortium, and its copies
//! - [`trial`]: one attack, tried with both hands
//! - [`suite`]: all of them, as a suite of the reviewer's kit

pub mod attack;
pub mod attacks;
pub mod ground;
pub mod stage;
pub mod suite;
pub mod trial;

pub use attack::{Answer, Attack, Failed, Hand, Notice, Refusal};
pub use attacks::{ALL, PLANTED};
pub use ground::Ground;
pub use suite::all;
pub use trial::{Outcome, Trial, try_one};
