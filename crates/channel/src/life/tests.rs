mod model;

use parclose_transaction::day::calendar_record;
use parclose_transaction::draft::hazmat;
use parclose_transaction::{Draft, FieldValue, SignedTransaction};
use parclose_types::{AssetId, Failure, Height, RecordId};

use super::*;
use crate::fixtures::{BANK, BUYER, SUPPLIER, Trio, values};
use crate::steps::Values;

/// A receivable of 1000 that is accepted and held by the supplier.
fn accepted(trio: &mut Trio, step: &str) -> RecordId {
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept(&record, step, 1000), "applied");
    record
}

/// Seals and signs, and changes what everybody sees of it before signing.
fn odd(
    trio: &mut Trio,
    by: usize,
    operation: parclose_transaction::DraftOperation,
    change: impl FnOnce(&mut parclose_transaction::Body),
) -> SignedTransaction {
    let signed = trio.draft(by, Draft::of_records(vec![operation], Height(0)));
    let (mut body, sealed) = hazmat::into_parts(signed);
    change(&mut body);
    trio.sign(body, sealed)
}

fn amounts(trio: &Trio, at: usize, record: &RecordId) -> Vec<u64> {
    trio.slices_of(at, record).iter().map(|note| note.opened.value).collect()
}

#[test]
fn lif_01_a_receivable_is_accepted_split_passed_on_and_paid() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.life(&record), ("pending".into(), 0));
    assert_eq!(trio.accept(&record, "accept", 1000), "applied");
    assert_eq!((trio.life(&record), amounts(&trio, SUPPLIER, &record)), (("live".into(), 1), vec![1000]));
    let whole = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, whole, &[(SUPPLIER, 400), (SUPPLIER, 600)], None), "applied");
    let mut slices = trio.slices_of(SUPPLIER, &record);
    let large = slices.split_off(1);
    assert_eq!(trio.pass_on(SUPPLIER, &record, large, &[(BANK, 600)], None), "applied");
    assert_eq!((trio.life(&record).1, amounts(&trio, BANK, &record)), (2, vec![600]));
    assert_eq!(trio.say_day("2026-03-04"), "applied");
    // The bank's slice goes to the debtor, who pays it; then the supplier's, and the claim is settled.
    let slice = trio.slices_of(BANK, &record);
    assert_eq!(trio.pass_on(BANK, &record, slice, &[(BUYER, 600)], None), "applied");
    let slice = trio.slices_of(BUYER, &record);
    assert_eq!(trio.pay_off(&record, "pay", slice, (600, &[])), "applied");
    assert_eq!(trio.life(&record), ("part-paid".into(), 1));
    assert_eq!(trio.pass_on(SUPPLIER, &record, slices, &[(BUYER, 400)], None), "applied");
    let slice = trio.slices_of(BUYER, &record);
    assert_eq!(trio.pay_off(&record, "settle", slice, (400, &[])), "applied");
    assert_eq!(trio.life(&record), ("settled".into(), 0));
    trio.member(BANK).verify(|sequence| trio.chain(sequence)).unwrap();
}

#[test]
fn lif_01_no_step_is_taken_from_a_state_that_it_does_not_lead_from() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(
        trio.take(SUPPLIER, &record, "update"),
        "applied",
        "it may be corrected while nobody has accepted"
    );
    assert_eq!(trio.accept(&record, "accept", 1000), "applied");
    // What is accepted is what it is; it is accepted once, and nothing that comes before can come after.
    assert_eq!(trio.take(SUPPLIER, &record, "update"), "LIF-01");
    assert_eq!(trio.take(SUPPLIER, &record, "withdraw"), "LIF-01");
    assert_eq!(trio.take(BUYER, &record, "reject"), "LIF-01");
    assert_eq!(trio.accept(&record, "accept", 1000), "LIF-01");
    assert_eq!(trio.take(BUYER, &record, "dispute"), "LIF-01", "the defences are waived");
    // What makes a record makes no second version of it, and no other step makes one.
    assert_eq!(trio.take(SUPPLIER, &record, "create"), "LIF-01");
    let born_live = trio.claim("accept", "2026-03-04");
    assert_eq!(trio.submit(BUYER, vec![born_live], Vec::new()), "LIF-01");
    assert_eq!(trio.life(&record), ("live".into(), 1));
    let conflict = trio.member(BUYER).draft_step(&record, "dispute", Values::new()).unwrap_err();
    assert_eq!((conflict.code(), conflict.rule()), ("STATE_CONFLICT", "LIF-01"));
    assert_eq!(conflict.to_string(), "there is no step `dispute` from the state `live`");
}

#[test]
fn lif_02_a_step_writes_the_fields_that_it_names() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    let title = |text: &str| values([("invoice_number", FieldValue::Text(text.into()))]);
    let good = trio.step(&record, "update", title("INV-2"));
    assert_eq!(trio.submit(SUPPLIER, vec![good], Vec::new()), "applied");
    let due = values([("due_date", FieldValue::Date("2026-06-01".into()))]);
    let late = trio.step(&record, "update", due);
    assert_eq!(trio.submit(SUPPLIER, vec![late], Vec::new()), "LIF-02", "the public day would not follow");
    let smuggled = trio.step(&record, "reject", title("INV-3"));
    assert_eq!(trio.submit(BUYER, vec![smuggled], Vec::new()), "LIF-02");
    assert_eq!(trio.life(&record).0, "pending");
}

#[test]
fn lif_03_a_public_day_stands_where_the_definition_says_and_begins_a_bucket() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    let row = trio.member(BANK).record(&record).unwrap().unwrap();
    let due = parclose_transaction::Day::of("2026-03-04").unwrap();
    assert_eq!(row.day, Some(due.bucket(7)));
    assert!(row.day < Some(due), "the day itself is for those who can read it");
    let odd_day = |trio: &mut Trio, operation, day| {
        let signed = odd(trio, SUPPLIER, operation, |body| body.operations[0].day = day);
        trio.decide_by(SUPPLIER, &signed)
    };
    let claim = trio.claim("create", "2026-03-04");
    assert_eq!(odd_day(&mut trio, claim, Some(due)), "LIF-03", "no first day of a bucket");
    let claim = trio.claim("create", "2026-03-04");
    assert_eq!(odd_day(&mut trio, claim, None), "LIF-03");
    let step = trio.step(&record, "withdraw", Values::new());
    assert_eq!(odd_day(&mut trio, step, row.day), "LIF-03", "it is set once");
    let account = trio.account(SUPPLIER, SUPPLIER);
    let (mut body, sealed) = hazmat::into_parts(account);
    body.operations[0].day = row.day;
    let account = trio.sign(body, sealed);
    assert_eq!(trio.decide_by(SUPPLIER, &account), "LIF-03", "an account has no day");
}

#[test]
fn lif_04_the_business_day_moves_forward_and_there_is_one() {
    let mut trio = Trio::claims();
    let today = |trio: &Trio| trio.member(BUYER).business_day().unwrap().unwrap().to_string();
    assert_eq!(today(&trio), "2026-01-05");
    assert_eq!(trio.say_day("2026-01-05"), "LIF-04");
    assert_eq!(trio.say_day("2026-01-04"), "LIF-04");
    assert_eq!(trio.say_day("2026-01-06"), "applied");
    assert_eq!(today(&trio), "2026-01-06");
    let back = trio.member(BANK).say_business_day("2026-01-06").unwrap_err();
    assert_eq!((back.rule(), back.code()), ("LIF-04", "BUSINESS_DAY"));
    let mut second = trio.member(BANK).say_business_day("2026-02-01").unwrap();
    (second.record, second.version, second.action) = (RecordId([7; 32]), 1, "create".into());
    assert_eq!(trio.submit(BANK, vec![second], Vec::new()), "LIF-04");
    assert_eq!(
        trio.member(BUYER).record(&calendar_record(&crate::fixtures::CHANNEL)).unwrap().unwrap().version,
        2
    );
}

#[test]
fn lif_05_a_guard_on_the_due_day_looks_at_the_business_day() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept");
    // 2026-03-04 lies in the bucket that begins on 2026-02-26; overdue is what is more than 10 days later.
    let due = trio.member(BANK).record(&record).unwrap().unwrap().day.unwrap();
    assert_eq!(due.to_string(), "2026-02-26");
    assert_eq!(trio.take(BANK, &record, "overdue"), "LIF-05");
    assert_eq!(trio.say_day("2026-03-08"), "applied");
    assert_eq!(trio.take(BANK, &record, "overdue"), "LIF-05", "ten days");
    let early = trio.member(BANK).draft_step(&record, "overdue", Values::new()).unwrap_err();
    assert_eq!((early.rule(), early.code()), ("LIF-05", "NOT_THE_DAY"));
    assert_eq!(trio.say_day("2026-03-09"), "applied");
    assert_eq!(trio.take(BANK, &record, "overdue"), "applied");
    assert_eq!(trio.life(&record).0, "overdue");
    let allowed = |guard| [9, 10, 11, 12, 13].map(|today| allows(guard, Day(today), Day(10)));
    assert_eq!(allowed(DueGuard::Before), [true, false, false, false, false]);
    assert_eq!(allowed(DueGuard::Reached), [false, true, true, true, true]);
    assert_eq!(allowed(DueGuard::Passed(2)), [false, false, false, false, true]);
}

#[test]
fn lif_05_before_anybody_has_said_a_day_no_such_step_is_taken() {
    let mut trio = Trio::with(crate::fixtures::claim_texts());
    assert_eq!(trio.say_key(9), "applied");
    for at in 0..3 {
        let account = trio.account(at, at);
        assert_eq!(trio.decide_by(at, &account), "applied");
    }
    let record = accepted(&mut trio, "accept");
    assert_eq!(trio.take(BANK, &record, "overdue"), "LIF-05");
    // Without a day nobody knows whether it is due: slices go to the debtor alone.
    let whole = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, whole, &[(BANK, 1000)], None), "LIF-07");
}

#[test]
fn lif_06_issues_and_redemptions_come_with_their_steps() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    // A step without its issue, an issue without its step, and with a step that issues nothing.
    assert_eq!(trio.take(BUYER, &record, "accept"), "LIF-06");
    let step = trio.step(&record, "accept", Values::new());
    let (note, mut rng) = (trio.slice(SUPPLIER, 1000), trio.rng.clone());
    let mut alone = trio.member(BUYER).draft_issue(step, &note, &mut rng).unwrap();
    alone.operations.remove(0);
    assert_eq!(trio.submit_drafted(BUYER, Ok(alone)), "LIF-06");
    assert_eq!(trio.accept(&record, "reject", 1000), "LIF-06");
    assert_eq!(trio.accept(&record, "accept", 1000), "applied");
    // A redemption without its step, and the step without it.
    let whole = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, whole, &[(BUYER, 1000)], None), "applied");
    let (step, whole) = (trio.step(&record, "settle", Values::new()), trio.slices_of(BUYER, &record));
    let now = trio.head();
    let mut bare = trio.member_mut(BUYER).draft_redemption(step, (whole, 1000), &[], now, &mut rng).unwrap();
    bare.operations.pop();
    assert_eq!(trio.submit_drafted(BUYER, Ok(bare)), "LIF-06");
    assert_eq!(trio.take(BUYER, &record, "settle"), "LIF-06");
    assert_eq!(trio.life(&record), ("live".into(), 1));
}

#[test]
fn lif_06_sta_13_a_debtor_issues_what_it_undertakes_in_the_same_transaction() {
    let mut trio = Trio::claims();
    let claim = trio.claim("undertake", "2026-03-04");
    let (record, note, mut rng) = (claim.record, trio.slice(SUPPLIER, 1000), trio.rng.clone());
    let drafted = trio.member(BUYER).draft_issue(claim, &note, &mut rng);
    trio.rng = rng;
    assert_eq!(trio.submit_drafted(BUYER, drafted), "applied");
    assert_eq!((trio.life(&record), amounts(&trio, SUPPLIER, &record)), (("live".into(), 1), vec![1000]));
    // Without the note it is no undertaking, and a supplier undertakes nothing for its buyer.
    let bare = trio.claim("undertake", "2026-03-04");
    assert_eq!(trio.submit(BUYER, vec![bare.clone()], Vec::new()), "LIF-06");
    assert_eq!(trio.submit(SUPPLIER, vec![bare], Vec::new()), "ACC-04");
}

#[test]
fn lif_07_slices_move_as_the_state_and_the_day_allow() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept-reserved");
    let whole = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, whole, &[(BANK, 300), (SUPPLIER, 700)], None), "applied");
    assert_eq!(trio.take(BUYER, &record, "dispute"), "applied");
    let pass = |trio: &mut Trio, to| {
        let slices = trio.slices_of(SUPPLIER, &record);
        let sum = slices.iter().map(|note| note.opened.value).sum();
        trio.pass_on(SUPPLIER, &record, slices, &[(to, sum)], None)
    };
    assert_eq!(pass(&mut trio, BANK), "LIF-07", "disputed");
    // Both sides settle it: a part goes back to the debtor, who takes it out, and the rest is good.
    let slices = trio.slices_of(SUPPLIER, &record);
    let both = [(BUYER, 200), (SUPPLIER, 500)];
    assert_eq!(trio.pass_on(SUPPLIER, &record, slices, &both, None), "applied");
    let back = trio.slices_of(BUYER, &record);
    assert_eq!(trio.pay_off(&record, "reduce", back, (200, &[])), "applied");
    assert_eq!(trio.take(BUYER, &record, "drop-dispute"), "applied");
    assert_eq!(trio.life(&record), ("live".into(), 2));
    assert_eq!(trio.say_day("2026-02-25"), "applied");
    assert_eq!(pass(&mut trio, SUPPLIER), "applied", "the last day before it is due");
    assert_eq!(trio.say_day("2026-02-26"), "applied");
    assert_eq!(pass(&mut trio, BANK), "LIF-07");
    assert_eq!(pass(&mut trio, BUYER), "applied", "whoever owes it can have it");
    // Nor does a redemption hand the rest to anybody but the debtor.
    let slices = trio.slices_of(BUYER, &record);
    assert_eq!(trio.pay_off(&record, "pay", slices, (400, &[(BANK, 100)])), "LIF-07");
    assert_eq!(trio.arbiter_case(), ("uphold".into(), "LIF-07".into()));
}

#[test]
fn lif_08_settled_is_what_has_no_note_left_and_part_paid_what_has() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept");
    let whole = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, whole, &[(BUYER, 250), (SUPPLIER, 750)], None), "applied");
    let part = |trio: &Trio| trio.slices_of(BUYER, &record);
    let notes = part(&trio);
    assert_eq!(trio.pay_off(&record, "settle", notes, (250, &[])), "LIF-08", "the supplier has a note");
    let notes = part(&trio);
    assert_eq!(trio.pay_off(&record, "pay", notes, (250, &[])), "LIF-05", "nothing is due yet");
    let notes = part(&trio);
    assert_eq!(trio.pay_off(&record, "prepay", notes, (100, &[(BUYER, 150)])), "applied");
    assert_eq!(trio.life(&record), ("live".into(), 2));
    let rest = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, rest, &[(BUYER, 750)], None), "applied");
    let notes = part(&trio);
    assert_eq!(notes.len(), 2);
    assert_eq!(trio.pay_off(&record, "prepay", notes, (900, &[])), "LIF-08", "nothing would be left");
    let notes = part(&trio);
    assert_eq!(trio.pay_off(&record, "settle", notes, (900, &[])), "applied");
    assert_eq!(trio.life(&record), ("settled".into(), 0));
}

#[test]
fn lif_09_who_declares_a_default_shows_that_it_holds_a_slice() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept");
    let whole = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, whole, &[(BANK, 300), (SUPPLIER, 700)], None), "applied");
    assert_eq!(trio.say_day("2026-06-01"), "applied");
    assert_eq!(trio.take(SUPPLIER, &record, "overdue"), "applied");
    assert_eq!(trio.take(BANK, &record, "default"), "LIF-09", "it holds one and does not show it");
    let slice = trio.slices_of(BANK, &record);
    assert_eq!(trio.pass_on(BANK, &record, slice, &[(BANK, 300)], Some("default")), "applied");
    // Written off is what one holder holds altogether.
    let slice = trio.slices_of(BANK, &record);
    assert_eq!(trio.pass_on(BANK, &record, slice, &[(BANK, 300)], Some("write-off")), "LIF-09");
    let slice = trio.slices_of(SUPPLIER, &record);
    assert_eq!(trio.pass_on(SUPPLIER, &record, slice, &[(BUYER, 700)], None), "applied");
    let slice = trio.slices_of(BUYER, &record);
    assert_eq!(trio.pay_off(&record, "pay", slice, (700, &[])), "applied", "recovered in part");
    let slice = trio.slices_of(BANK, &record);
    assert_eq!(trio.pass_on(BANK, &record, slice, &[(BANK, 300)], Some("write-off")), "applied");
    assert_eq!(trio.life(&record), ("written-off".into(), 1));
}

#[test]
fn lif_10_one_bid_wins_with_the_award_of_its_offer() {
    let mut trio = Trio::claims();
    let offer = trio.offer();
    let bids = [trio.bid(&offer, 970), trio.bid(&offer, 960)];
    assert_eq!(trio.take(SUPPLIER, &offer, "award"), "LIF-10");
    assert_eq!(trio.take(SUPPLIER, &bids[0], "win"), "LIF-10");
    let award = trio.step(&offer, "award", Values::new());
    let wins = bids.map(|bid| trio.step(&bid, "win", Values::new()));
    let both = [vec![award.clone()], wins.to_vec()].concat();
    assert_eq!(trio.submit(SUPPLIER, both, Vec::new()), "LIF-10", "two win");
    assert_eq!(trio.submit(SUPPLIER, vec![award, wins[0].clone()], Vec::new()), "applied");
    assert_eq!(
        (trio.life(&offer).0, trio.life(&bids[0]).0, trio.life(&bids[1]).0),
        ("awarded".into(), "won".into(), "placed".into())
    );
    let again = trio.step(&offer, "award", Values::new());
    assert_eq!(trio.submit(SUPPLIER, vec![again, wins[1].clone()], Vec::new()), "LIF-01");
    assert_eq!(trio.take(BANK, &bids[1], "withdraw"), "applied");
}

#[test]
fn lif_11_a_slice_names_the_debtor_of_its_claim() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept");
    let (whole, note) = (trio.slices_of(SUPPLIER, &record), trio.slice(BANK, 1000));
    let (mut rng, now) = (trio.rng.clone(), trio.head());
    let asset = AssetId(record.0);
    let mut drafted = trio.member_mut(SUPPLIER).draft_moves(asset, whole, &[note], now, &mut rng).unwrap();
    let other = trio.id(BANK);
    drafted.operations[0].parties.insert("buyer".into(), other);
    assert_eq!(trio.submit_drafted(SUPPLIER, Ok(drafted)), "LIF-11");
    assert_eq!(amounts(&trio, SUPPLIER, &record), [1000]);
}

#[test]
fn a_claim_that_is_upheld_against_is_dead() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept-reserved");
    assert_eq!(trio.take(BUYER, &record, "dispute"), "applied");
    assert_eq!(trio.take(SUPPLIER, &record, "dismiss"), "ACC-04", "a side decides nothing");
    assert_eq!(trio.take(BANK, &record, "uphold"), "applied");
    assert_eq!(trio.life(&record), ("void".into(), 1));
}

#[test]
fn a_step_is_offered_when_it_can_be_taken() {
    let mut trio = Trio::claims();
    let record = accepted(&mut trio, "accept");
    let open = |trio: &Trio| {
        let channel = trio.member(BUYER);
        let row = channel.record(&record).unwrap().unwrap();
        channel.open_steps(&row).unwrap().into_iter().map(|step| step.name).collect::<Vec<_>>()
    };
    assert_eq!(open(&trio), ["prepay", "settle"]);
    assert_eq!(trio.say_day("2026-03-04"), "applied");
    assert_eq!(open(&trio), ["pay", "settle"]);
}

impl Trio {
    /// A step out of a dispute that the arbiter takes, and what becomes of the notes then.
    fn arbiter_case(&mut self) -> (String, String) {
        let record = self.receivable("2026-08-04");
        assert_eq!(self.accept(&record, "accept-reserved", 10), "applied");
        assert_eq!(self.take(BUYER, &record, "dispute"), "applied");
        assert_eq!(self.take(BANK, &record, "uphold"), "applied");
        let slices = self.slices_of(SUPPLIER, &record);
        ("uphold".into(), self.pass_on(SUPPLIER, &record, slices, &[(BUYER, 10)], None))
    }

    fn offer(&mut self) -> RecordId {
        let fields = values([
            ("receivable", FieldValue::Text("INV-1".into())),
            ("amount", FieldValue::Amount(1000, *b"GBP")),
            ("due_date", FieldValue::Date("2026-03-04".into())),
            ("recourse", FieldValue::Text("without".into())),
        ]);
        self.made_record(SUPPLIER, "offer", fields)
    }

    fn bid(&mut self, offer: &RecordId, price: u64) -> RecordId {
        let fields = values([
            ("offer", FieldValue::Text(offer.to_string())),
            ("price", FieldValue::Amount(price, *b"GBP")),
        ]);
        self.made_record(BANK, "bid", fields)
    }

    fn made_record(&mut self, by: usize, record_type: &str, fields: Values) -> RecordId {
        let (holder, bank, mut rng) = (self.id(SUPPLIER), self.id(BANK), self.rng.clone());
        let member = |slot: &str| if slot == "bank" { bank } else { holder };
        let operation =
            self.member(by).draft_record(record_type, "create", member, fields, &mut rng).unwrap();
        self.rng = rng;
        let record = operation.record;
        assert_eq!(self.submit(by, vec![operation], Vec::new()), "applied");
        record
    }
}
