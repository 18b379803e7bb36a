//! What the build is made of, and what of it runs before anybody has looked at it.
//!
//! ```text
//!   cargo metadata --Tree::read--> Tree --+--> licences   within the list of deny.toml
//!   Cargo.lock     --Lock::parse-> Lock --+--> lock       known holes, second implementations, foreign sources
//!                                         +--> allowed    build scripts and procedural macros, by name and version
//!                                         +--> bill       CycloneDX
//!   scripts, Makefile, Dockerfile, docs ------> locked    no build without `--locked`
//! ```
//!
//! Whoever changes a dependency changes code that runs on the machine of everybody who builds: a build script or a procedural
//! macro runs with the rights of its user before a test has. So each stands in a list with its version, and a new version is a
//! change of that list. The workspace of libFuzzer has a lock file of its own, and a list of what it has beyond the main one.
//! What needs data from elsewhere (advisories) is asked of `cargo deny` and `cargo audit` where they and their
//! data are; where not, "not run" is said, which is no pass.
//!
//! - [`tree`]: packages as Cargo resolves them; [`lock`]: the lock file
//! - [`allowed`], [`licences`], [`locked`]: the rules; [`complaints`]: all of them over one checkout
//! - [`bill`]: the software bill of materials
//! - [`tools`]: programs that others keep
//! - [`suite`]: all of it as one item of the reviewer's report, with a planted crate as control

pub mod allowed;
pub mod bill;
pub mod complaints;
pub mod licences;
pub mod lock;
pub mod locked;
pub mod suite;
pub mod tools;
pub mod tree;

pub use suite::run;
