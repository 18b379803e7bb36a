//! What outsiders hold: searched for canaries, compared between two worlds, attacked with a dictionary.
//!
//! ```text
//!   canary --all its forms--> search <--pieces-- surfaces of a ground that runs
//!   ground A, ground B        what (a) a non-member (b) a member (c) a validator sees --> equal but for declared bytes
//!   10^6 candidates           everything that they hold --> no match
//! ```
//!
//! Each suite reports an [`parclose_findings::Item`], and each has planted faults that it must catch in the same run:
//! a search that finds nothing would else pass for good.
//!

pub mod canary;
pub mod encodings;
pub mod members;
pub mod random;
pub mod search;
pub mod surface;

/// Why a suite could not do its work: a finding, like any other.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;
