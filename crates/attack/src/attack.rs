//! What an attack is: a name, what the adversary does, what has to notice it, and the doing.

use parclose_types::Failure;

use crate::stage::Stage;

/// Why an attack could not be performed at all: no answer, and never counted as one.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Who acts.
///
/// The same function acts with both hands. With the honest one everything must be let through: what refuses that,
/// too, would notice nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// does the same thing as it should be done
    Honest,
    /// attacks
    Adverse,
}

impl Hand {
    /// Whether it attacks.
    #[must_use]
    pub fn is_adverse(self) -> bool {
        self == Self::Adverse
    }
}

/// What has to notice an attack: a rule of `specs/rules.md`, and the code that whoever meets it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// the rule
    pub rule: &'static str,
    /// the code
    pub code: &'static str,
}

/// A rule and its code.
pub(crate) const fn by(rule: &'static str, code: &'static str) -> Notice {
    Notice { rule, code }
}

/// What refused something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// the broken rule
    pub rule: String,
    /// the code
    pub code: String,
    /// who or what noticed it
    pub by: &'static str,
    /// what it says
    pub detail: String,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// what was tried, in one line
    pub what: String,
    /// why it was refused; `None` if it went through
    pub refused: Option<Refusal>,
}

impl Answer {
    /// It went through.
    pub(crate) fn let_through(what: impl Into<String>) -> Self {
        Self { what: what.into(), refused: None }
    }

    /// What somebody made of it.
    pub(crate) fn of<T, E: Failure>(what: impl Into<String>, by: &'static str, result: Result<T, E>) -> Self {
        let refusal = |e: E| Refusal {
            rule: e.rule().to_owned(),
            code: e.code().to_owned(),
            by,
            detail: e.to_string(),
        };
        Self { what: what.into(), refused: result.err().map(refusal) }
    }

    /// Refused by a rule whose effect is looked at, because it has no error of its own.
    pub(crate) fn seen(
        what: impl Into<String>,
        by: &'static str,
        (notice, is_noticed): (Notice, bool),
        detail: impl Into<String>,
    ) -> Self {
        let refusal =
            Refusal { rule: notice.rule.into(), code: notice.code.into(), by, detail: detail.into() };
        Self { what: what.into(), refused: is_noticed.then_some(refusal) }
    }
}

/// What an attack does with one hand: every attempt, and what became of it.
pub type Answers = Result<Vec<Answer>, Failed>;

/// An attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// kebab-case
    pub name: &'static str,
    /// what the adversary does, and what it holds; one sentence
    pub tries: &'static str,
    /// exactly what notices its attempts: each of these is met, and nothing else
    pub notices: &'static [Notice],
    /// rooms of the consortium that it needs
    pub rooms: &'static [&'static str],
    /// performs it on a stage of its own
    pub act: fn(&mut Stage, Hand) -> Answers,
}

impl std::fmt::Debug for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attack({})", self.name)
    }
}
