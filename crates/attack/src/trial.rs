//! One attack, tried: with the honest hand first, then with the adverse one, each on a fresh copy of the consortium.

use std::collections::BTreeSet;

use crate::attack::{Answer, Answers, Attack, Failed, Hand};
use crate::ground::Ground;

/// What became of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// every attempt was refused, by the rules that the attack names
    Noticed(Vec<Answer>),
    /// something went through, or was stopped by another rule than the one that should
    Missed(Vec<String>),
    /// the honest hand was stopped, too: that the attack was says nothing
    Vacuous(Vec<String>),
    /// it could not be performed
    NotPerformed(String),
}

impl Outcome {
    /// Whether all was noticed as it should be.
    #[must_use]
    pub fn is_noticed(&self) -> bool {
        matches!(self, Self::Noticed(_))
    }
}

/// An attack, and what became of it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// the attack
    pub attack: Attack,
    /// what the honest hand did, all of which was let through
    pub honest: Vec<String>,
    /// what became of the attack
    pub outcome: Outcome,
}

/// Tries an attack.
///
/// # Rules
///
/// > ATK-01: an attack counts as noticed only if each of its attempts is refused by a rule that it names, and each of these rules refuses one.
/// > ATK-02: an attack of which an honest hand's attempt is refused, too, or that could not be performed, never counts as noticed.
#[must_use]
pub fn try_one(ground: &Ground, attack: Attack) -> Trial {
    let honest = performed(ground, attack, Hand::Honest);
    let (honest, stopped) = match honest {
        Ok(answers) => judge_honest(answers),
        Err(failed) => (Vec::new(), Some(Outcome::NotPerformed(format!("honestly: {failed}")))),
    };
    let outcome = stopped.unwrap_or_else(|| match performed(ground, attack, Hand::Adverse) {
        Ok(answers) => judge(&attack, answers),
        Err(failed) => Outcome::NotPerformed(failed.to_string()),
    });
    Trial { attack, honest, outcome }
}

fn performed(ground: &Ground, attack: Attack, hand: Hand) -> Answers {
    let mut stage = ground.stage(&format!("{}-{hand:?}", attack.name), attack.rooms)?;
    let answers = (attack.act)(&mut stage, hand)?;
    if !ground.is_kept() {
        stage.leave();
    }
    if answers.is_empty() { Err(Failed::from("nothing was tried")) } else { Ok(answers) }
}

/// What the honest hand did, and the verdict if it was stopped.
fn judge_honest(answers: Vec<Answer>) -> (Vec<String>, Option<Outcome>) {
    let stopped: Vec<String> = answers
        .iter()
        .filter_map(|answer| {
            let refused = answer.refused.as_ref()?;
            Some(format!("{}: {} {}", answer.what, refused.rule, refused.detail))
        })
        .collect();
    let done = answers.into_iter().filter(|answer| answer.refused.is_none()).map(|answer| answer.what);
    (done.collect(), (!stopped.is_empty()).then_some(Outcome::Vacuous(stopped)))
}

/// Each attempt must meet a rule that the attack names, and each rule that it names must be met.
fn judge(attack: &Attack, answers: Vec<Answer>) -> Outcome {
    let named: BTreeSet<(&str, &str)> = attack.notices.iter().map(|n| (n.rule, n.code)).collect();
    let (mut missed, mut met) = (Vec::new(), BTreeSet::new());
    for answer in &answers {
        match &answer.refused {
            None => missed.push(format!("{}: let through", answer.what)),
            Some(refusal) => {
                let by = (refusal.rule.as_str(), refusal.code.as_str());
                if !named.contains(&by) {
                    missed.push(format!(
                        "{}: stopped by {} ({}), which is not what should notice it: {}",
                        answer.what, refusal.rule, refusal.code, refusal.detail
                    ));
                }
                met.insert(by);
            }
        }
    }
    missed
        .extend(named.difference(&met).map(|(rule, code)| format!("nothing was noticed by {rule} ({code})")));
    if missed.is_empty() { Outcome::Noticed(answers) } else { Outcome::Missed(missed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Notice, Refusal, by};

    const NOTICES: &[Notice] = &[by("VAL-06", "NOT_PROVEN")];

    fn attack() -> Attack {
        Attack { name: "a", tries: "", notices: NOTICES, rooms: &[], act: |_, _| Ok(vec![]) }
    }

    fn refused(rule: &str, code: &str) -> Answer {
        let refusal = Refusal { rule: rule.into(), code: code.into(), by: "a test", detail: String::new() };
        Answer { what: "x".into(), refused: Some(refusal) }
    }

    #[test]
    fn atk_01_what_is_let_through_stopped_by_another_rule_or_never_met_is_missed() {
        assert!(judge(&attack(), vec![refused("VAL-06", "NOT_PROVEN")]).is_noticed());
        let through = vec![refused("VAL-06", "NOT_PROVEN"), Answer::let_through("y")];
        assert_eq!(judge(&attack(), through), Outcome::Missed(vec!["y: let through".into()]));
        for (rule, code) in [("VAL-08", "NOT_PROVEN"), ("VAL-06", "STALE")] {
            let Outcome::Missed(missed) = judge(&attack(), vec![refused(rule, code)]) else {
                panic!("{rule} is not named")
            };
            assert_eq!(missed.len(), 2, "another one, and the right one was not met");
        }
        assert!(!judge(&attack(), vec![]).is_noticed());
    }

    #[test]
    fn atk_02_an_honest_hand_that_is_stopped_is_no_control() {
        let (done, stopped) = judge_honest(vec![Answer::let_through("x"), Answer::let_through("y")]);
        assert_eq!((done.len(), stopped), (2, None));
        let (_, stopped) = judge_honest(vec![Answer::let_through("x"), refused("VAL-06", "")]);
        assert!(matches!(stopped, Some(Outcome::Vacuous(why)) if why.len() == 1));
    }
}
