use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "forged-erasure",
    tries: "as the member that exports: passes a record off as erased, without an act that erases it, and then with the acts that erase another record",
    notices: &[by("ERA-10", "BUNDLE_INVALID")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let erased = record(2);
    for at in [ANN, BOB] {
        let target = ErasureTarget::Record(erased);
        stage.act(TRADE, at, Act::Erase(Erasure { target, reason: "it is asked for".into() }))?;
    }
    stage.upkeep(TRADE)?;
    stage.anchored(TRADE, BOB, &[])?;
    let bundle = stage.exported(TRADE, ANN)?;
    let (genesis, judge) = (stage.chain.root.genesis(), "whoever verifies the export");
    if !hand.is_adverse() {
        let verified = bundle.verify(genesis);
        let is_proven =
            verified.as_ref().is_ok_and(|v| v.erasure_of(&ErasureTarget::Record(erased)).is_some());
        if verified.is_ok() && !is_proven {
            return Err("an erasure that the members have decided is not proven".into());
        }
        return Ok(vec![Answer::of("a record that two members have erased", judge, verified)]);
    }
    let with_acts = passed_off(bundle, &record(1))?;
    let without = Bundle { erasures: Vec::new(), ..with_acts.clone() };
    Ok(vec![
        Answer::of("another record as erased", judge, with_acts.verify(genesis)),
        Answer::of("both without an act", judge, without.verify(genesis)),
    ])
}

/// The export, with one more record emptied as erased ones are.
fn passed_off(mut bundle: Bundle, victim: &RecordId) -> Result<Bundle, Failed> {
    let targets = std::collections::BTreeSet::from([ErasureTarget::Record(*victim)]);
    let reach = Reach::new(&targets, []);
    for batch in &mut bundle.batches {
        for (index, (permanent, prunable)) in (0..).zip(batch.permanent.iter().zip(&mut batch.prunable)) {
            let transaction = parclose_transaction::UnverifiedTransaction::decode(permanent)?;
            let body = transaction.claimed_body();
            if !body.operations.iter().any(|operation| operation.record == *victim) {
                continue;
            }
            let mut part = ErasedPart::of_whole(prunable, transaction.check_sealed(prunable)?);
            part.shred(body, &reach);
            let sequence = batch.proof.sequence;
            bundle.erased.push(Remains { sequence, index, part });
            prunable.clear();
        }
    }
    bundle.erased.sort_by_key(|remains| (remains.sequence, remains.index));
    Ok(bundle)
}
