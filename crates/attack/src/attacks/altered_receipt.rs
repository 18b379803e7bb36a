use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "altered-receipt",
    tries: "as whoever holds a receipt: turns its verdict around, moves it to another transaction, changes what people read in it, and shows it under another network",
    notices: &[
        by("REC-13", "RECEIPT_INVALID"),
        by("REC-08", "RECEIPT_INVALID"),
        by("REC-15", "RECEIPT_INVALID"),
        by("REC-02", "RECEIPT_OF_ANOTHER_NETWORK"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let (first, second) = (stage.writer(TRADE, 1)?, stage.writer(TRADE, 2)?);
    let receipt = stage.receipt((TRADE, BOB), &first)?;
    let other = stage.receipt((TRADE, BOB), &second)?;
    let genesis = stage.chain.root.genesis();
    let judge = "whoever verifies the receipt";
    let text = receipt.to_json(genesis)?;
    if !hand.is_adverse() {
        return Ok(vec![
            Answer::of("a receipt", judge, receipt.verify(genesis)),
            Answer::of("its file", judge, parclose_audit::verify_json(&text, genesis)),
        ]);
    }
    let mut turned = receipt.clone();
    if let Some(outcome) = &mut turned.outcome {
        outcome.proof.verdict.verdict = Verdict::Refused("ACC-04".into());
    }
    let mut moved = receipt.clone();
    moved.ordered.permanent = other.ordered.permanent;
    let read = text.replace("\"applied\"", "\"refused\"");
    if read == text {
        return Err("a receipt's file says `applied`".into());
    }
    Ok(vec![
        Answer::of("`refused` in the place of `applied`", judge, turned.verify(genesis)),
        Answer::of("another transaction in its place", judge, moved.verify(genesis)),
        Answer::of("a file that reads `refused`", judge, parclose_audit::verify_json(&read, genesis)),
        Answer::of("the receipt under another genesis", judge, receipt.verify(&crate::stage::genesis(8)?)),
    ])
}
