//! The eight questions that a supervisor asks of a channel, each with its answer, or with why it has none.
//!
//! An answer follows from the export and from what opens of it, and from nothing else; so whoever verifies a pack finds
//! the same. What did not open is counted and never taken for zero.

mod claims;
mod names;
mod settled;
mod shown;
mod titles;
mod trades;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::Reading;
use parclose_types::MemberId;
use serde_json::{Value, json};

use claims::Claims;
use settled::Settlements;

/// An answer on its way.
struct Answer {
    /// one sentence
    summary: String,
    /// what it leaves open, and why; of an answer without rows, why there is none
    because: Option<String>,
    rows: Vec<Value>,
    /// nothing could be said
    none: bool,
}

impl Answer {
    fn of(summary: String, rows: Vec<Value>) -> Self {
        Self { summary, because: None, rows, none: false }
    }

    fn but(mut self, because: Option<String>) -> Self {
        self.because = because;
        self
    }

    fn cannot(because: &str) -> Self {
        let (summary, because) = (String::new(), Some(because.to_owned()));
        Self { summary, because, rows: Vec::new(), none: true }
    }

    fn to_json(&self, number: usize, question: &str) -> Value {
        let answered = match (self.none, &self.because) {
            (true, _) => "no",
            (false, Some(_)) => "in part",
            (false, None) => "yes",
        };
        json!({
            "number": number,
            "question": question,
            "answered": answered,
            "summary": self.summary,
            "because": self.because,
            "answer": self.rows,
        })
    }
}

/// All eight, in their order.
pub(super) fn questions(bundle: &VerifiedBundle, reading: &Reading<'_>) -> Vec<Value> {
    let claims = Claims::of(bundle, reading);
    let settled = Settlements::of(bundle, reading);
    let asked = [
        ("Which receivables has each party, in the period of this export?", claims.by_party()),
        ("Was a receivable financed more than once?", claims.financed_twice()),
        ("How much is outstanding and overdue, by buyer?", claims.outstanding()),
        ("Through whose hands did each receivable go?", titles::chains(bundle, reading, &claims)),
        ("Which trades were there, in the terms of MiFIR?", trades::trades(bundle, reading, &settled)),
        ("Who failed, and what penalties were there?", trades::fails(bundle, reading, (&claims, &settled))),
        ("Who was shown what?", shown::readers(bundle, reading)),
        ("Is this complete?", shown::complete(bundle, reading)),
    ];
    asked.iter().zip(1..).map(|((question, answer), number)| answer.to_json(number, question)).collect()
}

/// The names under which regulators know the fields of this channel.
pub(super) fn field_names(bundle: &VerifiedBundle) -> Vec<Value> {
    names::of(bundle.definition())
}

/// A member by its name, in whatever generation.
fn member(bundle: &VerifiedBundle, id: &MemberId) -> String {
    let entry = bundle.eras().iter().find_map(|era| era.config.by_id(id));
    entry.map_or_else(|| id.to_string(), |entry| entry.name.clone())
}

#[cfg(test)]
mod tests;
