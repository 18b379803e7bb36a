//! Two parties on nodes of their own that exchange securities for cash, and a third member that endorses.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

use serde_json::Value;

use super::consortium::{Consortium, eventually};

/// Who gives securities, who gives cash, who looks on.
pub(crate) const MEMBERS: [&str; 3] = ["bank-1", "bank-2", "supplier-a"];
/// The channels, with their templates.
pub(crate) const CHANNELS: [(&str, &str); 2] = [("securities", "dvp-securities"), ("cash", "dvp-cash")];
const SECURITY: &str = "US912828M805";
/// What each party has to begin with, in hundredths.
pub(crate) const SECURITIES: u64 = 100_000_000;
pub(crate) const CASH: u64 = 200_000_000;
/// What a deal moves, in hundredths.
pub(crate) const PAR: u64 = 100_000;
pub(crate) const PRICE: u64 = 99_900;

/// Deals between parties with nodes of their own.
pub(crate) struct Dealing<'c> {
    pub(crate) consortium: &'c Consortium,
}

/// Why a node does not do what it was told.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) definite: bool,
}

impl<'c> Dealing<'c> {
    /// `bank-1` has a million of a security, `bank-2` two of cash; `supplier-a` endorses.
    pub(crate) fn open(consortium: &'c Consortium) -> Self {
        let dealing = Self { consortium };
        let members = ["bank-1=issuer+participant", "bank-2=issuer+participant", "supplier-a=participant"];
        for (channel, template) in CHANNELS {
            consortium.found_channel(channel, template, &members);
            MEMBERS.iter().for_each(|member| drop(dealing.done((member, channel), &["asset", "open"])));
        }
        let define = ["asset", "define", "--code", SECURITY, "--decimals", "2"];
        dealing.done(("bank-1", "securities"), &define);
        dealing.done(("bank-2", "cash"), &["asset", "define", "--code", "USD"]);
        for (by, channel, code, amount) in
            [("bank-1", "securities", SECURITY, "1000000.00"), ("bank-2", "cash", "USD", "2000000.00")]
        {
            dealing.done((by, channel), &["asset", "issue", "--asset", code, "--to", by, "--amount", amount]);
        }
        dealing
    }

    /// Has a member's node run a line in one of its channels; `None` while it does not answer.
    pub(crate) fn ask(
        &self,
        (member, channel): (&str, &str),
        words: &[&str],
    ) -> Option<Result<Value, Refused>> {
        let line = [words, &["-c", channel, "--as", member]].concat();
        let answer = self.consortium.ask(member, &line, "")?;
        if answer["value"].is_object() {
            return Some(Ok(answer["value"].clone()));
        }
        let told = &answer["failed"]["json"];
        let code = told["code"].as_str().unwrap_or_default().to_owned();
        Some(Err(Refused { code, definite: told["definite"] == true }))
    }

    /// Runs a line until it is done: a secret that another member has dealt, or an opening, may not have come yet.
    pub(crate) fn done(&self, party: (&str, &str), words: &[&str]) -> Value {
        let mut value = Value::Null;
        eventually(&format!("{words:?} is done"), || match self.ask(party, words) {
            Some(Ok(told)) => {
                value = told;
                true
            }
            Some(Err(refused)) => {
                assert!(refused.definite, "{words:?}: {refused:?}");
                false
            }
            None => false,
        });
        value
    }

    /// `bank-1` proposes a deal; its instruction.
    pub(crate) fn propose(&self, within: (u64, u64)) -> String {
        self.propose_by(("bank-1", "bank-2"), within)
    }

    /// One of the parties proposes a deal to the other. What nobody knows of is never accepted, and lapses.
    pub(crate) fn propose_by(
        &self,
        (proposer, acceptor): (&str, &str),
        (allocate, settle): (u64, u64),
    ) -> String {
        let (allocate, settle) = (allocate.to_string(), settle.to_string());
        let (give, get) = if proposer == "bank-1" { ("--give", "--get") } else { ("--get", "--give") };
        let legs = [give, "securities:US912828M805:1000.00", get, "cash:USD:999.00"];
        let within = ["--allocate-within", &allocate, "--settle-within", &settle];
        let words = [&["dvp", "propose", "--to", acceptor][..], &legs, &within].concat();
        let mut instruction = None;
        eventually("a deal is proposed", || {
            let told = self.ask((proposer, "securities"), &words).and_then(Result::ok);
            instruction = told.and_then(|told| told["instruction"].as_str().map(str::to_owned));
            instruction.is_some()
        });
        instruction.unwrap()
    }

    /// What a party's node says of a deal; `None` while it does not answer, or has not read of it.
    pub(crate) fn status(&self, member: &str, instruction: &str) -> Option<Value> {
        self.ask((member, "securities"), &["dvp", "status", instruction])?.ok()
    }

    pub(crate) fn stage(&self, member: &str, instruction: &str) -> Option<String> {
        self.status(member, instruction)?["stage"].as_str().map(str::to_owned)
    }

    /// `bank-2` accepts, once it has read of the deal; whether it could.
    pub(crate) fn accept(&self, instruction: &str) -> bool {
        self.accept_by("bank-2", instruction)
    }

    pub(crate) fn accept_by(&self, acceptor: &str, instruction: &str) -> bool {
        let mut accepted = false;
        eventually("the other party has answered", || {
            match self.stage(acceptor, instruction).as_deref() {
                None => return false,
                Some("proposed") => {}
                Some(stage) => {
                    accepted = stage != "lapsed" && stage != "refused";
                    return true;
                }
            }
            let words = ["dvp", "accept", instruction];
            accepted = matches!(self.ask((acceptor, "securities"), &words), Some(Ok(_)));
            accepted
        });
        accepted
    }

    /// Whether a deal is committed, once it is over for both parties.
    pub(crate) fn over(&self, instruction: &str) -> bool {
        let mut stages = [None, None];
        eventually("the deal is over, for both parties", || {
            stages = ["bank-1", "bank-2"].map(|member| self.stage(member, instruction));
            let is_over = |stage: &Option<String>| {
                stage.as_deref().is_some_and(|stage| !["proposed", "agreed", "open"].contains(&stage))
            };
            stages.iter().all(is_over)
        });
        let committed = stages.clone().map(|stage| stage.as_deref() == Some("committed"));
        assert_eq!(committed[0], committed[1], "both say the same of {instruction}: {stages:?}");
        committed[0]
    }

    /// What the parties can spend, and how many locks are open anywhere; `None` while a node does not answer.
    pub(crate) fn holdings(&self) -> Option<Holdings> {
        let mut locks = 0;
        let mut spendable = [[0; 2]; 2];
        for (at, (channel, _)) in CHANNELS.iter().enumerate() {
            for (who, member) in MEMBERS.iter().enumerate() {
                let shown = self.ask((member, channel), &["asset", "balance"])?.ok()?;
                locks += shown["open_locks"].as_u64()?;
                if let Some(party) = spendable.get_mut(who) {
                    party[at] = shown["assets"][0]["balance_minor"].as_str()?.parse().ok()?;
                }
            }
        }
        Some(Holdings { spendable, locks })
    }

    /// Everybody has what so many deals leave, and no lock is open any more.
    pub(crate) fn conserved(&self, deals: u64) {
        let expected = Holdings::after(deals);
        let mut found = None;
        let begun = std::cell::Cell::new(0);
        eventually(&format!("{expected:?}"), || {
            found = self.holdings();
            begun.set(begun.get() + 1);
            if begun.get() % 100 == 0 {
                let wrong = found.as_ref().map(|found| found.complaints(deals));
                assert!(begun.get() < 1000, "{wrong:?}");
            }
            found.as_ref() == Some(&expected)
        });
    }

    /// Every member's store follows from the log, and all have come to the same state.
    pub(crate) fn verified(&self) {
        for (channel, _) in CHANNELS {
            let mut roots = Vec::new();
            eventually("members are level", || {
                roots = MEMBERS
                    .iter()
                    .map(|member| {
                        let shown = self.ask((member, channel), &["channel", "verify"]).and_then(Result::ok);
                        shown.map(|shown| (shown["events"].clone(), shown["state_root"].clone()))
                    })
                    .collect();
                roots.iter().all(Option::is_some) && roots.windows(2).all(|two| two[0] == two[1])
            });
        }
    }
}

/// What two parties can spend: securities and cash, in hundredths; and locks that are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holdings {
    pub(crate) spendable: [[u64; 2]; 2],
    pub(crate) locks: u64,
}

impl Holdings {
    /// After so many deals.
    pub(crate) fn after(deals: u64) -> Self {
        let (par, paid) = (deals * PAR, deals * PRICE);
        Self { spendable: [[SECURITIES - par, paid], [par, CASH - paid]], locks: 0 }
    }

    /// What is wrong with them, if so many deals are committed and none is under way.
    pub(crate) fn complaints(&self, deals: u64) -> Vec<&'static str> {
        let [[security, paid], [bought, cash]] = self.spendable;
        let expected = Self::after(deals);
        let mut wrong = Vec::new();
        let mut unless = |holds: bool, what| wrong.extend((!holds).then_some(what));
        unless(security + bought == SECURITIES, "securities were made or lost, or are held");
        unless(paid + cash == CASH, "cash was made or lost, or is held");
        unless(bought / PAR == paid / PRICE, "one leg was settled without the other");
        unless(self.spendable == expected.spendable, "another number of deals was settled than committed");
        unless(self.locks == 0, "a lock is stuck");
        wrong
    }
}
