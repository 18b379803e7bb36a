//! A policy with a memory of its answers.
//!
//! A decision is a function of policy and request (ACC-01), so an answer may be remembered as long
//! as the policy stands; a new policy is a new [`Decider`]. The memory holds two generations of
//! bounded size: a full young one becomes the old one, and what is asked again moves back. A
//! request in the words of the schema is remembered; any other is refused before it costs anything.

use std::collections::BTreeMap;

use crate::decision::{Permit, PolicyEpoch};
use crate::denied::Denied;
use crate::policy::Policy;
use crate::question::{Allowed, Question};
use crate::request::Request;

/// Answers of one generation of the memory.
pub const REMEMBERED_MAX: usize = 4096;

type Memory = BTreeMap<Request, Result<Allowed, Denied>>;

/// Decides requests by one policy, remembering.
#[derive(Debug)]
pub struct Decider {
    policy: Policy,
    epoch: PolicyEpoch,
    young: Memory,
    old: Memory,
}

impl Decider {
    /// A decider without memories.
    #[must_use]
    pub const fn new(policy: Policy, epoch: PolicyEpoch) -> Self {
        Self { policy, epoch, young: Memory::new(), old: Memory::new() }
    }

    /// The policy it decides by.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The epoch that its permits carry.
    #[must_use]
    pub const fn epoch(&self) -> PolicyEpoch {
        self.epoch
    }

    /// As [`crate::decide`], from memory where it can.
    ///
    /// # Errors
    ///
    /// As [`crate::decide`].
    ///
    /// # Rules
    ///
    /// > ACC-10: a remembered decision equals a fresh one, and at most 8192 are remembered.
    pub fn decide(&mut self, request: &Request) -> Result<Permit, Denied> {
        if let Some(answer) = self.young.get(request) {
            return granted(self.epoch, answer);
        }
        let (request, answer) = match self.old.remove_entry(request) {
            Some(remembered) => remembered,
            None => (request.clone(), Question::new(&self.policy, request)?.answer()),
        };
        let granted = granted(self.epoch, &answer);
        if self.young.len() >= REMEMBERED_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(request, answer);
        granted
    }
}

fn granted(epoch: PolicyEpoch, answer: &Result<Allowed, Denied>) -> Result<Permit, Denied> {
    match answer {
        Ok(allowed) => Ok(Permit::granted(epoch, allowed)),
        Err(denied) => Err(denied.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide;
    use crate::decision::tests::{member, policy, request};

    fn numbered(n: usize) -> Request {
        let mut request = request("note", "create");
        request.principal.roles.insert(format!("role-{n}"));
        request.parties.get_mut("writer").unwrap().roles.insert(format!("role-{n}"));
        request
    }

    #[test]
    fn acc_10_a_remembered_decision_equals_a_fresh_one() {
        let epoch = PolicyEpoch(7);
        let mut decider = Decider::new(policy(), epoch);
        let mut denied = request("note", "create");
        denied.owner = member(9);
        let mut malformed = request("note", "create");
        malformed.action = "erase".into();
        for request in [request("note", "create"), denied, malformed] {
            let fresh = decide(decider.policy(), epoch, &request);
            for _ in 0..3 {
                assert_eq!(decider.decide(&request), fresh);
            }
        }
        assert_eq!(decider.young.len(), 2, "what the schema does not know is not remembered");
    }

    #[test]
    fn acc_10_the_memory_is_bounded_and_keeps_what_is_used() {
        let mut decider = Decider::new(policy(), PolicyEpoch(1));
        for n in 0..3 * REMEMBERED_MAX {
            assert!(decider.decide(&numbered(n)).is_ok());
            assert!(decider.decide(&numbered(0)).is_ok());
            assert!(decider.young.len() <= REMEMBERED_MAX && decider.old.len() <= REMEMBERED_MAX);
        }
        assert!(decider.young.contains_key(&numbered(0)) || decider.old.contains_key(&numbered(0)));
        assert!(!decider.young.contains_key(&numbered(1)) && !decider.old.contains_key(&numbered(1)));
    }
}
