//! Receivables, added up from all their steps: by party, by buyer, and by what they stand for.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{AuditedStep, Reading, Total};
use parclose_transaction::definition::ValueRole;
use parclose_transaction::{Day, FieldState, FieldValue};
use parclose_types::{AssetId, KeyedTag, RecordId};
use serde_json::{Value, json};

use super::{Answer, member};

const RECEIVABLE: &str = "receivable";
/// Days since something was due: the last of each step of an ageing, and its name.
const AGES: [(u32, &str); 4] =
    [(0, "not_due"), (30, "days_1_to_30"), (60, "days_31_to_60"), (90, "days_61_to_90")];
const OLDER: &str = "days_over_90";

/// One receivable, as its steps have left it.
pub(super) struct Claim {
    record: RecordId,
    parties: BTreeMap<String, String>,
    pub(super) state: Option<String>,
    /// every state that it was in
    pub(super) states: Vec<String>,
    face: Option<(u64, String)>,
    due: Option<Day>,
    tag: Option<KeyedTag>,
    invoice: BTreeMap<&'static str, String>,
    /// what is not redeemed of it, once its notes were made
    outstanding: Option<Total>,
}

/// All receivables of an export.
pub(super) struct Claims {
    all: Vec<Claim>,
    /// index of each
    places: BTreeMap<RecordId, usize>,
    /// the newest business day of the channel
    as_of: Option<Day>,
    exists: bool,
}

/// Amounts of one currency: what is known, and how many are not.
#[derive(Default)]
struct Sum {
    count: u64,
    minor: u128,
    unopened: u64,
}

impl Sum {
    fn add(&mut self, amount: Option<u128>) {
        self.count += 1;
        match amount {
            Some(minor) => self.minor = self.minor.saturating_add(minor),
            None => self.unopened += 1,
        }
    }

    /// `null` where something did not open: a part is no sum.
    fn known(&self) -> Option<String> {
        (self.unopened == 0).then(|| self.minor.to_string())
    }
}

impl Claim {
    fn new(record: RecordId) -> Self {
        Self {
            record,
            parties: BTreeMap::new(),
            state: None,
            states: Vec::new(),
            face: None,
            due: None,
            tag: None,
            invoice: BTreeMap::new(),
            outstanding: None,
        }
    }

    fn take(&mut self, bundle: &VerifiedBundle, step: &AuditedStep<'_>) {
        for (at, id) in &step.operation.parties {
            if let Some(slot) = step.record_type.slots.get(usize::from(*at)) {
                self.parties.insert(slot.name.clone(), member(bundle, id));
            }
        }
        self.tag = step.operation.keyed_tag.or(self.tag);
        if let Some(state) = &step.state {
            self.states.push(state.clone());
            self.state = Some(state.clone());
            if state == "void" {
                self.tag = None;
            }
        }
        for (name, state) in &step.fields {
            match (name.as_str(), state) {
                ("face_amount", FieldState::Opened(FieldValue::Amount(minor, code))) => {
                    self.face = Some((*minor, String::from_utf8_lossy(code).into_owned()));
                }
                ("due_date", FieldState::Opened(value)) => self.due = Day::of_value(value),
                ("invoice_number", FieldState::Opened(FieldValue::Text(text))) => {
                    self.invoice.insert("number", text.clone());
                }
                ("supplier_id", FieldState::Opened(FieldValue::Text(text))) => {
                    self.invoice.insert("supplier", text.clone());
                }
                _ => {}
            }
        }
    }

    pub(super) fn party(&self, slot: &str) -> String {
        self.parties.get(slot).cloned().unwrap_or_else(|| "?".into())
    }

    fn currency(&self) -> String {
        self.face.as_ref().map_or_else(|| "sealed".into(), |(_, currency)| currency.clone())
    }

    fn face(&self) -> Option<u128> {
        self.face.as_ref().map(|(minor, _)| u128::from(*minor))
    }

    /// Something of it is not paid.
    fn is_open(&self) -> bool {
        self.outstanding.is_some_and(|total| total.unopened > 0 || total.units > 0)
    }

    /// Its step of the ageing; none where its due date is sealed and its state says nothing.
    fn age(&self, as_of: Option<Day>) -> Option<&'static str> {
        let days = as_of?.0.saturating_sub(self.due?.0);
        Some(AGES.iter().find(|(last, _)| days <= *last).map_or(OLDER, |(_, name)| name))
    }

    fn is_overdue(&self, as_of: Option<Day>) -> Option<bool> {
        match self.state.as_deref() {
            Some("overdue" | "defaulted") => Some(true),
            _ => self.age(as_of).map(|age| age != "not_due"),
        }
    }
}

impl Claims {
    pub(super) fn of(bundle: &VerifiedBundle, reading: &Reading<'_>) -> Self {
        let mut claims: Vec<Claim> = Vec::new();
        let mut places: BTreeMap<RecordId, usize> = BTreeMap::new();
        let mut as_of = None;
        for step in &reading.history.steps {
            if step.record_type.value == Some(ValueRole::Calendar) {
                as_of = step.operation.day.or(as_of);
            }
            if step.record_type.name == RECEIVABLE {
                let record = step.operation.record;
                let at = *places.entry(record).or_insert_with(|| {
                    claims.push(Claim::new(record));
                    claims.len() - 1
                });
                claims[at].take(bundle, step);
            }
        }
        for claim in &mut claims {
            let asset = reading.assets.get(&AssetId(claim.record.0));
            claim.outstanding = asset.map(|audited| audited.unspent);
        }
        let exists = bundle.eras().iter().any(|era| era.definition.record_named(RECEIVABLE).is_some());
        Self { all: claims, places, as_of, exists }
    }

    pub(super) fn all(&self) -> &[Claim] {
        &self.all
    }

    /// In what a receivable is counted, if that opened.
    pub(super) fn currency_of(&self, record: &RecordId) -> Option<&str> {
        let claim = self.all.get(*self.places.get(record)?)?;
        claim.face.as_ref().map(|(_, currency)| currency.as_str())
    }

    fn none(&self) -> Option<Answer> {
        (!self.exists).then(|| Answer::cannot("this channel has no receivables"))
    }

    pub(super) fn by_party(&self) -> Answer {
        if let Some(none) = self.none() {
            return none;
        }
        let mut sums: BTreeMap<(String, String, String), Sum> = BTreeMap::new();
        for claim in &self.all {
            for (slot, party) in &claim.parties {
                let key = (slot.clone(), party.clone(), claim.currency());
                sums.entry(key).or_default().add(claim.face());
            }
        }
        let sealed = self.all.iter().filter(|claim| claim.face.is_none()).count();
        let row = |((slot, party, currency), sum): (&(String, String, String), &Sum)| {
            json!({
                "party": party,
                "role": slot,
                "receivables": sum.count,
                "currency": currency,
                "face_minor": sum.known(),
                "face_sealed": sum.unopened,
            })
        };
        let summary = format!("{} receivables", self.all.len());
        let because = (sealed > 0).then(|| format!("the face amounts of {sealed} are outside the view keys"));
        Answer::of(summary, sums.iter().map(row).collect()).but(because)
    }

    /// A keyed tag stands for one invoice, and the root chain has let one receivable of the network claim it.
    pub(super) fn financed_twice(&self) -> Answer {
        if let Some(none) = self.none() {
            return none;
        }
        let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut invoices: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let issued = |claim: &&Claim| claim.outstanding.is_some() && claim.state.as_deref() != Some("void");
        let (mut untagged, mut unread) = (0_u64, 0_u64);
        for claim in self.all.iter().filter(issued) {
            match &claim.tag {
                Some(tag) => tags.entry(tag.to_string()).or_default().push(claim.record.to_string()),
                None => untagged += 1,
            }
            match (claim.invoice.get("supplier"), claim.invoice.get("number")) {
                (Some(supplier), Some(number)) => {
                    let invoice = format!("{} of {supplier} to {}", number, claim.party("buyer"));
                    invoices.entry(invoice).or_default().push(claim.record.to_string());
                }
                _ => unread += 1,
            }
        }
        let twice = |kind: &'static str, of: &BTreeMap<String, Vec<String>>| {
            let several = of.iter().filter(|(_, records)| records.len() > 1);
            several
                .map(|(key, records)| json!({ "same": kind, "key": key, "receivables": records }))
                .collect()
        };
        let mut rows: Vec<Value> = twice("keyed tag", &tags);
        rows.extend::<Vec<Value>>(twice("invoice", &invoices));
        let summary = match rows.len() {
            0 => format!(
                "no: {} receivables with notes, and no invoice stands behind two",
                tags.len() as u64 + untagged
            ),
            found => format!("{found} invoices stand behind more than one receivable"),
        };
        let because = (untagged > 0 && unread > 0).then(|| {
            format!("{untagged} receivables claim no keyed tag, and the invoice numbers of {unread} are outside the view keys")
        });
        Answer::of(summary, rows).but(because)
    }

    pub(super) fn outstanding(&self) -> Answer {
        if let Some(none) = self.none() {
            return none;
        }
        let mut buyers: BTreeMap<(String, String), Buyer> = BTreeMap::new();
        for claim in &self.all {
            let buyer = buyers.entry((claim.party("buyer"), claim.currency())).or_default();
            buyer.take(claim, self.as_of);
        }
        let rows = buyers.iter().map(|((buyer, currency), of)| of.to_json(buyer, currency)).collect();
        let open = self.all.iter().filter(|claim| claim.is_open()).count();
        let sealed = self
            .all
            .iter()
            .filter(|claim| claim.is_open())
            .filter(|claim| claim.outstanding.is_some_and(|total| total.unopened > 0));
        let (sealed, as_of) = (sealed.count(), self.as_of);
        let undated =
            self.all.iter().filter(|claim| claim.is_open() && claim.is_overdue(as_of).is_none()).count();
        let day =
            self.as_of.map_or_else(|| "no business day is shown".to_owned(), |day| format!("as of {day}"));
        let mut open_ends = Vec::new();
        if sealed > 0 {
            open_ends.push(format!("of {sealed} open receivables, notes are outside the view keys"));
        }
        if undated > 0 {
            open_ends.push(format!("of {undated}, neither due date nor business day is shown"));
        }
        let because = (!open_ends.is_empty()).then(|| open_ends.join("; "));
        Answer::of(format!("{open} receivables are not paid, {day}"), rows).but(because)
    }
}

/// What one buyer owes in one currency.
#[derive(Default)]
struct Buyer {
    open: Sum,
    overdue: Sum,
    undated: u64,
    face: Sum,
    pending: Sum,
    ages: BTreeMap<&'static str, Sum>,
}

impl Buyer {
    fn take(&mut self, claim: &Claim, as_of: Option<Day>) {
        match claim.outstanding {
            None if claim.state.as_deref() != Some("void") => self.pending.add(claim.face()),
            Some(total) if claim.is_open() => {
                self.open.add(total.known());
                self.face.add(claim.face());
                match claim.is_overdue(as_of) {
                    Some(true) => self.overdue.add(total.known()),
                    Some(false) => {}
                    None => self.undated += 1,
                }
                if let Some(age) = claim.age(as_of) {
                    self.ages.entry(age).or_default().add(total.known());
                }
            }
            _ => {}
        }
    }

    fn to_json(&self, buyer: &str, currency: &str) -> Value {
        let ages: BTreeMap<_, _> =
            self.ages.iter().map(|(age, sum)| (format!("{age}_minor"), sum.known())).collect();
        json!({
            "buyer": buyer,
            "currency": currency,
            "open": self.open.count,
            "outstanding_minor": self.open.known(),
            "face_of_open_minor": self.face.known(),
            "overdue": self.overdue.count,
            "overdue_minor": self.overdue.known(),
            "due_not_shown": self.undated,
            "not_accepted": self.pending.count,
            "not_accepted_minor": self.pending.known(),
            "ageing": ages,
        })
    }
}
