use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "withheld-batch",
    tries: "as two of three members: have a batch ordered, and give its content to nobody",
    notices: &[by("CHA-02", "BATCH_MISSING")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let signed = stage.stated(TRADE, statement(ANN, CYD, 20))?;
    let proposal = stage.proposed(TRADE, ANN, &[signed])?;
    let anchor = stage.endorsed(TRADE, ANN, &proposal)?;
    stage.order(RootTransaction::Anchor(anchor))??;
    let before = stage.side(TRADE, CYD).head().map(|head| head.root);
    let accused = [ANN, BOB].map(|at| {
        let side = stage.side(TRADE, at);
        side.config().member(&side.pseudonym().public()).map(|entry| entry.certificate.clone())
    });
    if hand.is_adverse() {
        stage.close(TRADE, ANN);
        stage.close(TRADE, BOB);
    }
    let executed = stage.catch_up(TRADE, CYD);
    if hand.is_adverse() {
        // Nothing is guessed in its place, and who has endorsed it is accused by the root chain's own proof.
        let side = stage.side(TRADE, CYD);
        let anchor = stage.chain.proofs.last().cloned().ok_or("an anchor was ordered")?;
        let accused: Vec<_> = accused.into_iter().flatten().collect();
        let of = (side.config().channel, side.config().generation);
        let withheld = Misconduct::Withheld { anchor: Box::new(anchor) };
        let evidence = Evidence::against(of, accused, withheld).verify(stage.chain.root.genesis(), None)?;
        if side.head().map(|head| head.root) != before || evidence.accused().len() != 2 {
            return Ok(vec![Answer::let_through("a batch that nobody shows")]);
        }
    }
    Ok(vec![Answer::of("cyd executes what was ordered", "cyd's node", executed)])
}
