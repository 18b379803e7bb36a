//! A life cycle in words, statement by statement: what is compared when a definition is to change.

use std::fmt;

use super::{Holds, Lifecycle, Outstanding, Step, Transfers};

impl fmt::Display for Transfers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::ToIssuer => "to-issuer",
            Self::UntilDue => "until-due",
            Self::Free => "free",
        })
    }
}

impl Step {
    /// What has to hold for the step besides the state, and what comes with it; in no order of importance.
    #[must_use]
    pub fn conditions(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.due_guard().map(|guard| guard.to_string()));
        all.extend(self.issues.then(|| "issues its notes".into()));
        all.extend(self.redeems.then(|| "redeems notes".into()));
        all.extend(self.tags.then(|| "claims its keyed tag".into()));
        all.extend(self.frees.then(|| "gives its keyed tag back".into()));
        all.extend(self.outstanding.map(|left| match left {
            Outstanding::None => "no note is left".into(),
            Outstanding::Some => "a note is left".into(),
        }));
        all.extend(self.holds.map(|holds| match holds {
            Holds::Some => "by a holder".into(),
            Holds::All => "by who holds all notes".into(),
        }));
        all.extend(self.with.as_ref().map(|with| format!("with {with}")));
        if !self.writes.is_empty() {
            all.push(format!("writes {}", self.writes.join(", ")));
        }
        all
    }
}

impl Lifecycle {
    /// Every statement of it.
    pub(in crate::definition) fn in_words(&self) -> Vec<(String, String)> {
        let mut said = Vec::new();
        if let Some(due) = &self.due {
            said.push(("due".into(), format!("{} in buckets of {} days", due.field, due.bucket_days)));
        }
        if let Some(tag) = &self.tag {
            said.push(("tag".into(), format!("of {}; {}", tag.slots.join(", "), tag.fields.join(", "))));
        }
        for state in &self.states {
            said.push((format!("state.{}", state.name), format!("transfers {}", state.transfers)));
        }
        for step in &self.steps {
            let from = if step.from.is_empty() { "nothing".into() } else { step.from.join(", ") };
            let conditions: String = step.conditions().iter().map(|words| format!("; {words}")).collect();
            said.push((format!("step.{} from {from}", step.name), format!("to {}{conditions}", step.to)));
        }
        said
    }
}
