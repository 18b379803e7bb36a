use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "two-states-for-one-event",
    tries: "as a member: sends bob a batch that attests the true state of an event, and cyd one that attests another state of the same event",
    notices: &[by("END-05", "ENDORSEMENT_REFUSED"), by("MIS-04", "CONVICTED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let truth = stage.proposed(TRADE, ANN, &[])?;
    let other = if hand.is_adverse() {
        of_another_state(stage, ANN, &truth)
    } else {
        stage.proposed(TRADE, ANN, &[])?
    };
    let (head, window) = (stage.head(), stage.window());
    stage.side_mut(TRADE, BOB).endorse(&encode(&truth), head, window)?;
    let endorsed = stage.side_mut(TRADE, CYD).endorse(&encode(&other), head, window);
    let mut answers = vec![Answer::of("cyd endorses the batch that she is sent", "cyd's node", endorsed)];
    // What ann has signed twice convicts her by itself, and nobody else.
    let side = stage.side(TRADE, ANN);
    let entry = side.config().member(&side.pseudonym().public()).ok_or("ann is a member")?;
    let said = |proposal: &Proposal| SignedHeader {
        header: proposal.batch.header.clone(),
        signature: proposal.batch.signature,
    };
    let both = Misconduct::Contradiction { first: said(&truth), second: said(&other) };
    let of = (side.config().channel, side.config().generation);
    let evidence = Evidence::against(of, vec![entry.certificate.clone()], both);
    let judged = evidence.verify(stage.chain.root.genesis(), None);
    let is_convicted = judged.is_ok_and(|judged| {
        (judged.weight(), judged.accused()) == (Weight::Convicts, &[entry.certificate.identity][..])
    });
    let notice = (by("MIS-04", "CONVICTED"), is_convicted);
    let detail = "both headers with her signature convict ann by themselves";
    answers.push(Answer::seen(
        "bob and cyd compare what they were sent",
        "whoever judges the evidence",
        notice,
        detail,
    ));
    Ok(answers)
}
