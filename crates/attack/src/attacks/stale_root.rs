use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "stale-root",
    tries: "as whoever answers a reader: proves an event of a room under an older block, and the room's log by a proof of an older state",
    notices: &[by("ROO-42", "RECEIPT_INVALID"), by("BUN-05", "BUNDLE_INVALID")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let old_proof = stage.tag_proof(TRADE)?;
    let old_header = stage.chain.root.head().clone();
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    stage.applied(TRADE, ANN, &signed)?;
    stage.anchored(TRADE, BOB, &[])?;
    let mut receipt = stage.receipt((TRADE, BOB), &signed.digest())?;
    let mut bundle = stage.exported(TRADE, BOB)?;
    if hand.is_adverse() {
        receipt.anchor.certificate = stage.precommits(&old_header, &[0, 1, 2]);
        receipt.anchor.header = old_header;
        bundle.tag_proof = old_proof;
    }
    let genesis = stage.chain.root.genesis();
    Ok(vec![
        Answer::of("the receipt of a statement", "whoever verifies the receipt", receipt.verify(genesis)),
        Answer::of("an export of the room", "whoever verifies the export", bundle.verify(genesis)),
    ])
}
