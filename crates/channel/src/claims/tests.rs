use parclose_root::statement::ClaimAct;
use parclose_transaction::day::calendar_record;
use parclose_transaction::tag::tag_key_record;
use parclose_transaction::{FieldValue, TagKey};
use parclose_types::{Failure, Generation, Height};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{BANK, BUYER, CHANNEL, SUPPLIER, Trio, WINDOW, values};
use crate::steps::Values;
use crate::tables::EventOutcome;

fn stage(trio: &Trio, record: &RecordId) -> Option<ClaimStage> {
    let channel = trio.member(BUYER);
    let tag = channel.record(record).ok()??.keyed_tag?;
    channel.claim(&tag).filter(|row| row.record == *record).map(|row| row.stage)
}

fn tag(trio: &Trio, record: &RecordId) -> KeyedTag {
    trio.member(BUYER).record(record).unwrap().unwrap().keyed_tag.unwrap()
}

/// Two receivables of one invoice, written differently.
fn twins(trio: &mut Trio) -> [RecordId; 2] {
    ["INV-0042/7", "inv 00427"].map(|number| {
        let record = trio.receivable("2026-03-04");
        let named =
            trio.step(&record, "update", values([("invoice_number", FieldValue::Text(number.into()))]));
        assert_eq!(trio.submit(SUPPLIER, vec![named], Vec::new()), "applied");
        record
    })
}

fn pass(trio: &mut Trio, record: &RecordId, to: usize) -> String {
    let slices = trio.slices_of(SUPPLIER, record);
    let sum = slices.iter().map(|note| note.opened.value).sum();
    trio.pass_on(SUPPLIER, record, slices, &[(to, sum)], None)
}

fn last_outcome(trio: &Trio) -> EventOutcome {
    let next = trio.member(BUYER).head().unwrap().next;
    trio.member(BUYER).event(Sequence(next.0 - 1)).unwrap().unwrap().outcome
}

/// Endorsers that the last event names.
fn named(trio: &Trio) -> usize {
    match last_outcome(trio) {
        EventOutcome::Claimed { endorsers, .. } | EventOutcome::Released { endorsers, .. } => endorsers.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tag_02_an_operation_has_a_tag_exactly_if_its_step_claims_one() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    let mut bare = trio.step(&record, "accept", Values::new());
    assert!(bare.keyed_tag.take().is_some());
    assert_eq!(trio.submit(BUYER, vec![bare], Vec::new()), "TAG-02");
    let mut tagged = trio.step(&record, "withdraw", Values::new());
    tagged.keyed_tag = Some(KeyedTag([7; 32]));
    assert_eq!(trio.submit(SUPPLIER, vec![tagged], Vec::new()), "TAG-02");
    let mut account = trio.member(SUPPLIER).open_account(&mut ChaCha20Rng::from_seed([1; 32])).unwrap();
    account.keyed_tag = Some(KeyedTag([7; 32]));
    assert_eq!(trio.submit(SUPPLIER, vec![account], Vec::new()), "TAG-02", "what has no life has no tag");
    assert_eq!(stage(&trio, &record), None);
}

#[test]
fn tag_03_an_invoice_is_claimed_by_one_record_of_a_channel() {
    let mut trio = Trio::claims();
    let [first, second] = twins(&mut trio);
    assert_eq!(trio.accept_unclaimed(&first, "accept-reserved", 1000), "applied");
    assert_eq!(stage(&trio, &first), Some(ClaimStage::Asked));
    assert_eq!(trio.accept_unclaimed(&second, "accept", 1000), "TAG-03", "asked for");
    trio.order_claim(&first);
    assert_eq!(stage(&trio, &first), Some(ClaimStage::Held));
    assert_eq!(trio.accept_unclaimed(&second, "accept", 1000), "TAG-03", "held");
    assert_eq!(trio.take(BUYER, &first, "dispute"), "applied");
    assert_eq!(trio.take(BANK, &first, "uphold"), "applied");
    assert_eq!(stage(&trio, &first), Some(ClaimStage::Returned));
    assert_eq!(trio.accept_unclaimed(&second, "accept", 1000), "TAG-03", "given back, and not gone yet");
    trio.order_claim(&first);
    assert_eq!((stage(&trio, &first), named(&trio)), (Some(ClaimStage::Dropped), 0));
    assert_eq!(trio.accept_unclaimed(&second, "accept", 1000), "TAG-03", "an old release may still come");
    trio.wait(CLAIM_HEIGHTS_MAX);
    assert_eq!(trio.accept(&second, "accept", 1000), "applied");
    assert_eq!(stage(&trio, &second), Some(ClaimStage::Held));
    assert_eq!(tag(&trio, &first), tag(&trio, &second));
    trio.member(BANK).verify(|sequence| trio.chain(sequence)).unwrap();
}

#[test]
fn tag_03_two_records_of_one_transaction_stand_for_two_things() {
    let mut trio = Trio::claims();
    let records = twins(&mut trio);
    let accept = |trio: &mut Trio, record: &RecordId| {
        let (step, note) = (trio.step(record, "accept", Values::new()), trio.slice(SUPPLIER, 1000));
        let mut rng = trio.rng.clone();
        let drafted = trio.member(BUYER).draft_issue(step, &note, &mut rng).unwrap();
        trio.rng = rng;
        drafted
    };
    let mut both = accept(&mut trio, &records[0]);
    let other = accept(&mut trio, &records[1]);
    both.operations.extend(other.operations);
    both.movements.extend(other.movements);
    assert_eq!(trio.submit_drafted(BUYER, Ok(both)), "TAG-03");
    assert_eq!(trio.accept(&records[1], "accept", 1000), "applied", "each alone may");
}

#[test]
fn tag_04_until_the_root_chain_holds_the_tag_slices_go_to_the_debtor_alone() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept_unclaimed(&record, "accept", 1000), "applied");
    assert_eq!(pass(&mut trio, &record, BANK), "TAG-04");
    assert_eq!(pass(&mut trio, &record, SUPPLIER), "applied", "kept, split or merged it may be");
    trio.order_claim(&record);
    assert_eq!(pass(&mut trio, &record, BANK), "applied");
    // Nor is a slice issued to whoever is to finance it.
    let straight = trio.receivable("2026-03-04");
    let step = trio.step(&straight, "accept", Values::new());
    let (note, mut rng) = (trio.slice(BANK, 1000), trio.rng.clone());
    let drafted = trio.member(BUYER).draft_issue(step, &note, &mut rng);
    assert_eq!(trio.submit_drafted(BUYER, drafted), "TAG-04");
    // What another channel holds can be paid all the same.
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept_unclaimed(&record, "accept", 1000), "applied");
    assert_eq!(pass(&mut trio, &record, BUYER), "applied");
    let slices = trio.slices_of(BUYER, &record);
    assert_eq!(trio.pay_off(&record, "settle", slices, (1000, &[])), "applied");
    assert_eq!((trio.life(&record).0, stage(&trio, &record)), ("settled".into(), Some(ClaimStage::Asked)));
}

#[test]
fn tag_04_a_tag_that_another_record_holds_moves_nothing_of_this_one() {
    // By this definition what is upheld gives its tag back and lives on.
    let mut texts = crate::fixtures::claim_texts();
    let void = "{ name = \"uphold\", from = [\"disputed\"], to = \"void\", frees = true }";
    assert!(texts.channel_toml.contains(void));
    texts.channel_toml = texts.channel_toml.replace(void, &void.replace("\"void\"", "\"live\""));
    let mut trio = Trio::claims_of(texts);
    let [first, second] = twins(&mut trio);
    assert_eq!(trio.accept(&first, "accept-reserved", 1000), "applied");
    for (by, step) in [(BUYER, "dispute"), (BANK, "uphold")] {
        assert_eq!(trio.take(by, &first, step), "applied");
    }
    trio.order_claim(&first);
    trio.wait(CLAIM_HEIGHTS_MAX);
    assert_eq!(trio.accept(&second, "accept", 1000), "applied");
    assert_eq!((trio.life(&first).0, stage(&trio, &second)), ("live".into(), Some(ClaimStage::Held)));
    assert_eq!(pass(&mut trio, &first, BANK), "TAG-04");
    assert_eq!(pass(&mut trio, &second, BANK), "applied");
}

#[test]
fn tag_05_what_was_given_up_before_it_was_held_is_given_back() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept_unclaimed(&record, "accept-reserved", 1000), "applied");
    let signed_before = trio.claim_act(&record);
    assert_eq!(trio.take(BUYER, &record, "dispute"), "applied");
    assert_eq!(trio.take(BANK, &record, "uphold"), "applied");
    assert_eq!(stage(&trio, &record), Some(ClaimStage::Dropped));
    trio.order(signed_before.clone());
    trio.settle();
    assert_eq!((stage(&trio, &record), named(&trio)), (Some(ClaimStage::Returned), 0));
    trio.order_claim(&record);
    assert_eq!((stage(&trio, &record), named(&trio)), (Some(ClaimStage::Dropped), 0));
    // Somebody hands the old claim in once more: it is given back once more, and nobody is to blame.
    trio.order(signed_before);
    trio.settle();
    assert_eq!((stage(&trio, &record), named(&trio)), (Some(ClaimStage::Returned), 0));
    trio.order_claim(&record);
    assert_eq!(trio.root.claim(&tag(&trio, &record).0), None);
    trio.member(BANK).verify(|sequence| trio.chain(sequence)).unwrap();
}

#[test]
fn tag_05_claims_of_what_nobody_asked_for_are_unfounded_and_name_their_endorsers() {
    let mut trio = Trio::claims();
    let strange = trio.claim_anyway(ClaimAct::Claim, KeyedTag([7; 32]));
    trio.order(strange);
    let root = trio.settle();
    assert_eq!((named(&trio), trio.member(BUYER).claims().count()), (2, 0));
    assert_ne!(root, parclose_types::StateRoot([0; 32]));
    let back = trio.claim_anyway(ClaimAct::Release, KeyedTag([7; 32]));
    trio.order(back);
    trio.settle();
    assert_eq!((named(&trio), trio.member(BUYER).claims().count()), (2, 0));
    // What is released though its record has it is held no more, and is asked for anew.
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept(&record, "accept", 1000), "applied");
    let theft = trio.claim_anyway(ClaimAct::Release, tag(&trio, &record));
    trio.order(theft);
    trio.settle();
    assert_eq!((named(&trio), stage(&trio, &record)), (2, Some(ClaimStage::Asked)));
    assert_eq!(pass(&mut trio, &record, BANK), "TAG-04");
    trio.order_claim(&record);
    assert_eq!(pass(&mut trio, &record, BANK), "applied");
}

#[test]
fn tag_06_each_part_of_a_claim_is_under_the_state_root() {
    let row = ClaimRow {
        tag: KeyedTag([1; 32]),
        record: RecordId([2; 32]),
        author: MemberId([3; 32]),
        sequence: Sequence(4),
        stage: ClaimStage::Asked,
        free_from: Height(5),
    };
    let leaf = |row: ClaimRow| claim_change(&row);
    let mut leaves = vec![
        leaf(row),
        leaf(ClaimRow { tag: KeyedTag([9; 32]), ..row }),
        leaf(ClaimRow { record: RecordId([9; 32]), ..row }),
        leaf(ClaimRow { author: MemberId([9; 32]), ..row }),
        leaf(ClaimRow { sequence: Sequence(9), ..row }),
        leaf(ClaimRow { stage: ClaimStage::Held, ..row }),
        leaf(ClaimRow { stage: ClaimStage::Dropped, ..row }),
        leaf(ClaimRow { stage: ClaimStage::Returned, ..row }),
        leaf(ClaimRow { free_from: Height(9), ..row }),
    ];
    leaves.sort_unstable();
    assert!(leaves.is_sorted_by(|a, b| a < b));
}

#[test]
fn tag_06_sta_09_a_claim_that_was_changed_in_the_store_is_found() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept_unclaimed(&record, "accept", 1000), "applied");
    let (tag, channel) = (tag(&trio, &record), trio.member(BANK));
    let before = *channel.claim(&tag).unwrap();
    let put = |row: &ClaimRow| {
        let mut batch = channel.store.batch();
        batch.put(&CLAIMS, &tag, row);
        channel.store.commit(batch, parclose_store::Durability::Synced).unwrap();
    };
    put(&ClaimRow { stage: ClaimStage::Held, ..before });
    assert!(channel.verify(|sequence| trio.chain(sequence)).is_err());
    put(&before);
    channel.verify(|sequence| trio.chain(sequence)).unwrap();
    trio.reopen(BANK);
    assert_eq!(trio.member(BANK).claim(&tag), Some(&before), "claims are there again after a start");
}

#[test]
fn tag_07_an_endorser_signs_what_its_own_state_says() {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept_unclaimed(&record, "accept", 1000), "applied");
    let (head, channel) = (trio.head(), trio.member(BANK));
    let row = *channel.claim(&tag(&trio, &record)).unwrap();
    let good = channel.claim_statement(&row, head, WINDOW).unwrap();
    assert!(channel.sign_claim(&good, head, WINDOW).is_ok());
    let refused = |statement| channel.sign_claim(&statement, head, WINDOW).unwrap_err();
    use parclose_root::statement::ClaimStatement;
    assert_eq!(refused(ClaimStatement { act: ClaimAct::Release, ..good }), ClaimUnsigned::Stage);
    assert_eq!(refused(ClaimStatement { claim: [7; 32], ..good }), ClaimUnsigned::Stage);
    assert_eq!(refused(ClaimStatement { generation: Generation(9), ..good }), ClaimUnsigned::Scope);
    assert_eq!(refused(ClaimStatement { tag: parclose_types::Tag([9; 32]), ..good }), ClaimUnsigned::Scope);
    let network = parclose_types::NetworkId([9; 32]);
    assert_eq!(refused(ClaimStatement { network, ..good }), ClaimUnsigned::Scope);
    for last_height in [Height(head.0 + CLAIM_HEIGHTS_MAX + 1), Height(head.0 - 1)] {
        let window = refused(ClaimStatement { last_height, ..good });
        assert_eq!((window, window.rule()), (ClaimUnsigned::Window { last_height }, "TAG-07"));
    }
    trio.order_claim(&record);
    let channel = trio.member(BANK);
    assert_eq!(channel.sign_claim(&good, trio.head(), WINDOW), Err(ClaimUnsigned::Stage), "it is held");
}

#[test]
fn tag_08_whoever_accepts_makes_the_tag_with_the_channels_key() {
    let mut trio = Trio::with(crate::fixtures::claim_texts());
    for at in 0..3 {
        let account = trio.account(at, at);
        assert_eq!(trio.decide_by(at, &account), "applied");
    }
    let record = trio.receivable("2026-03-04");
    let without = trio.member(BUYER).draft_step(&record, "accept", Values::new()).unwrap_err();
    assert_eq!((without.rule(), without.code()), ("TAG-08", "NO_TAG_KEY"));
    assert_eq!(trio.say_key(9), "applied");
    let drafted = trio.member(BUYER).draft_step(&record, "accept", Values::new()).unwrap();
    assert_eq!(drafted.keyed_tag, trio.step(&record, "accept", Values::new()).keyed_tag);
    assert!(drafted.keyed_tag.is_some());
    assert_eq!(trio.accept(&record, "accept", 1000), "applied");
    assert_eq!(trio.member(BANK).has_own_tag(&record).unwrap(), Some(true));
    // A buyer that claims something else is seen by whoever has the key and can read the invoice.
    let other = trio.receivable("2026-03-04");
    let mut step = trio.step(&other, "accept", Values::new());
    step.keyed_tag = Some(KeyedTag([7; 32]));
    let (note, mut rng) = (trio.slice(SUPPLIER, 1000), trio.rng.clone());
    let drafted = trio.member(BUYER).draft_issue(step, &note, &mut rng);
    assert_eq!(trio.submit_drafted(BUYER, drafted), "applied");
    assert_eq!(trio.member(BANK).has_own_tag(&other).unwrap(), Some(false));
}

#[test]
fn tag_09_there_is_one_tag_key_and_banks_say_it() {
    let mut trio = Trio::claims();
    let key = |trio: &Trio, at: usize| trio.member(at).tag_key().unwrap().unwrap().check_value();
    let first = key(&trio, BUYER);
    assert_eq!(key(&trio, SUPPLIER), first);
    let mut second =
        trio.member(BANK).say_tag_key(&TagKey::generate(&mut ChaCha20Rng::from_seed([2; 32]))).unwrap();
    assert_eq!((second.record, second.version), (tag_key_record(&CHANNEL), 2));
    (second.record, second.version, second.action) = (RecordId([7; 32]), 1, "create".into());
    assert_eq!(trio.submit(BANK, vec![second], Vec::new()), "TAG-09");
    // Nobody keeps a channel from having a key, or a calendar, by taking the id of its record.
    for (id, rule) in [(tag_key_record(&CHANNEL), "TAG-09"), (calendar_record(&CHANNEL), "LIF-04")] {
        let mut fresh = Trio::with(crate::fixtures::claim_texts());
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let mut squatter = fresh.member(SUPPLIER).open_account(&mut rng).unwrap();
        squatter.record = id;
        assert_eq!(fresh.submit(SUPPLIER, vec![squatter], Vec::new()), rule);
    }
    assert_eq!(trio.say_key(10), "applied", "a new one takes its place");
    assert_ne!(key(&trio, BUYER), first);
}
