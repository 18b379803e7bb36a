use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "hidden-row",
    tries: "as the member that exports: leaves out an event, a batch, the last verdicts, one verdict in the middle, and shows verdicts of an older state",
    notices: &[
        by("BUN-05", "BUNDLE_INVALID"),
        by("BUN-07", "BUNDLE_INVALID"),
        by("BUN-11", "BUNDLE_INVALID"),
        by("BUN-09", "BUNDLE_INVALID"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let old = stage.exported(TRADE, ANN)?;
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    stage.applied(TRADE, ANN, &signed)?;
    stage.anchored(TRADE, BOB, &[])?;
    let bundle = stage.exported(TRADE, ANN)?;
    let (genesis, judge) = (stage.chain.root.genesis(), "whoever verifies the export");
    if !hand.is_adverse() {
        return Ok(vec![Answer::of("a whole export", judge, bundle.verify(genesis))]);
    }
    let bent = |change: &dyn Fn(&mut Bundle)| {
        let mut bent = bundle.clone();
        change(&mut bent);
        bent.verify(genesis)
    };
    let in_verdicts = |change: &dyn Fn(&mut Vec<VerdictRow>)| {
        bent(&|bundle| {
            if let Some(attested) = &mut bundle.attested {
                change(&mut attested.verdicts);
            }
        })
    };
    Ok(vec![
        Answer::of("without the last event", judge, bent(&|b| drop(b.events.pop()))),
        Answer::of("without a batch", judge, bent(&|b| drop(b.batches.remove(3)))),
        Answer::of("without the last verdict", judge, in_verdicts(&|v| drop(v.pop()))),
        Answer::of("without one in the middle", judge, in_verdicts(&|v| drop(v.remove(2)))),
        Answer::of(
            "with the verdicts of an older state",
            judge,
            bent(&|b| b.attested.clone_from(&old.attested)),
        ),
    ])
}
