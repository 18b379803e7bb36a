//! Random statements by random members against a model in memory that knows versions and parties only.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::fixtures::{Statement, Trio, record};

/// What the model keeps of a record: version, preparer, counterparty.
type Model = BTreeMap<u8, (u64, usize, usize)>;

/// The verdict that the rules give, checked in the order of the stages.
fn expected(model: &mut Model, of: &Statement) -> &'static str {
    let party = of.author == of.preparer || of.author == of.counterparty;
    let (version, preparer, counterparty) =
        model.get(&of.record).copied().unwrap_or((0, of.preparer, of.counterparty));
    let creates = of.action == "create";
    // Only the preparer creates, in its own name: it owns a record that is there already, or will.
    let permitted = !creates || (of.author == of.preparer && (version == 0 || preparer == of.author));
    if !party {
        "SCH-04"
    } else if of.preparer == of.counterparty {
        "ACC-03"
    } else if !permitted {
        "ACC-04"
    } else if creates && of.version == 1 && version > 0 {
        "STA-05"
    } else if version + 1 != of.version || creates != (version == 0) {
        "STA-04"
    } else if (preparer, counterparty) != (of.preparer, of.counterparty) {
        "STA-06"
    } else {
        model.insert(of.record, (of.version, of.preparer, of.counterparty));
        "applied"
    }
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let one = (0..3_usize, 0..3_usize, 0..3_usize, 1..3_u8, 1..4_u64, any::<bool>());
    let statement = one.prop_map(|(author, preparer, counterparty, record, version, creates)| Statement {
        author,
        preparer,
        counterparty,
        record,
        version,
        action: if creates { "create" } else { "update" },
    });
    // Mostly well-meant ones, so that records get somewhere: the first member states to the second.
    let fitting = (1..3_u8, 1..4_u64, 0..2_usize).prop_map(|(record, version, author)| Statement {
        author: if version == 1 { 0 } else { author },
        preparer: 0,
        counterparty: 1,
        record,
        version,
        action: if version == 1 { "create" } else { "update" },
    });
    proptest::collection::vec(prop_oneof![1 => statement, 2 => fitting], 4..16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sta_04_05_06_verdicts_are_those_of_the_model(statements in statements(), in_batch in 1..5_usize) {
        let mut trio = Trio::new();
        let mut model = Model::new();
        for chunk in statements.chunk_by(|a, b| a.author == b.author).flat_map(|same| same.chunks(in_batch)) {
            let transactions: Vec<_> = chunk.iter().map(|of| trio.statement(*of)).collect();
            trio.anchor(chunk[0].author, &transactions);
            for (of, transaction) in chunk.iter().zip(&transactions) {
                prop_assert_eq!(trio.verdict(transaction), expected(&mut model, of));
            }
        }
        for (number, (version, preparer, counterparty)) in &model {
            let row = trio.member(2).record(&record(*number)).unwrap().unwrap();
            prop_assert_eq!(row.version, *version);
            let parties = vec![(0, trio.id(*preparer)), (1, trio.id(*counterparty))];
            prop_assert_eq!(row.parties, parties);
        }
        let verified = trio.member(1).verify(|sequence| trio.chain(sequence)).unwrap();
        prop_assert_eq!((verified.records, verified.verdicts), (model.len() as u64, trio.prepared_verdicts() + statements.len() as u64));
    }
}
