//! The decision: one function, one token.
//!
//! [`Permit`] is evidence that a policy of a stated epoch allowed a request. Nothing else makes
//! one, and it cannot be copied, so a stage that demands a permit cannot be reached around the
//! policy. The epoch is in it because execution after ordering asserts it again: the policy may
//! have changed between advice and execution.

use crate::denied::Denied;
use crate::policy::Policy;
use crate::question::{Allowed, Question};
use crate::request::Request;

/// The version of the channel definition that a policy belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyEpoch(pub u64);

impl std::fmt::Display for PolicyEpoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Evidence that a policy allowed one request.
///
/// Only a decision makes one. It is neither `Clone` nor `Copy`: one permit, one use.
///
/// ```compile_fail
/// fn twice(permit: parclose_access::Permit) -> (parclose_access::Permit, parclose_access::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
#[must_use = "a permit that is not carried along allows nothing"]
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    epoch: PolicyEpoch,
}

impl Permit {
    /// From the answer of a policy, which only asking it yields.
    pub(crate) const fn granted(epoch: PolicyEpoch, _: &Allowed) -> Self {
        Self { epoch }
    }

    /// The epoch of the policy that allowed the request.
    #[must_use]
    pub const fn epoch(&self) -> PolicyEpoch {
        self.epoch
    }
}

/// Decides one request, afresh. The rules stand at the two steps, the question and its answer.
///
/// # Errors
///
/// The broken rule, with the statement and the line that decided.
pub fn decide(policy: &Policy, epoch: PolicyEpoch, request: &Request) -> Result<Permit, Denied> {
    let allowed = Question::new(policy, request)?.answer()?;
    Ok(Permit::granted(epoch, &allowed))
}

#[cfg(test)]
pub(crate) mod tests;
