use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "forged-decision",
    tries: "as anybody: submits the commit of a deal of which one leg is prepared, and proves one to a member by an event of its own making",
    notices: &[by("ROO-82", "DECISION_SUBMITTED"), by("ROO-42", "RECEIPT_INVALID")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let dealt = Dealt::open(stage)?;
    dealt.lock(stage, 0)?;
    dealt.lock(stage, 1)?;
    dealt.prepare(stage, 0)?;
    if !hand.is_adverse() {
        dealt.prepare(stage, 1)?;
        let decided = stage.chain.proofs.last().cloned().ok_or("the deal is decided")?;
        let verified = decided.verify(stage.chain.root.genesis());
        worth(stage, BOB, 650)?;
        return Ok(vec![Answer::of("the commit of both legs, by the root chain", "both members", verified)]);
    }
    let decision = RootTransaction::Decision(Decision { deal: dealt.id, outcome: DealOutcome::Commit });
    let ordered = stage.order(decision.clone())?;
    let submitted = Answer::of("a decision among transactions", "the root chain", ordered);
    let mut proof = stage.chain.proofs.last().cloned().ok_or("a leg was prepared")?;
    proof.transaction = decision.encode();
    proof.entry.kind = parclose_root::EventKind::Decision;
    proof.entry.transaction = decision.digest();
    let shown = proof.verify(stage.chain.root.genesis());
    stage.settle(CASH)?;
    worth(stage, BOB, 250)?;
    Ok(vec![
        submitted,
        Answer::of("a decision in the place of an event", "whoever verifies the proof", shown),
    ])
}
