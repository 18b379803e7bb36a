use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "equivocating-validator",
    tries: "as a validator: signs two precommits of one height and round, for different blocks",
    notices: &[by("CON-16", "CONVICTED")],
    rooms: &[],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let header = stage.chain.root.head();
    let one = Precommit::of(stage, 0, header.height, header.hash());
    let second = if hand.is_adverse() { ValueHash([7; 32]) } else { header.hash() };
    let other = Precommit::of(stage, 0, header.height, second);
    let evidence = accusation(header.height, validator(0).public(), [&one, &other])?;
    let judged = evidence.verify(stage.chain.root.genesis());
    let is_convicted = match &judged {
        Ok(offences) => {
            let all: Vec<_> = offences.iter().map(|o| (o.validator, o.height, o.step)).collect();
            all == [(validator(0).public(), header.height, "precommit")]
        }
        Err(_) => false,
    };
    let detail = "the two messages convict this validator, and nobody else, to whoever has the genesis";
    let notice = (by("CON-16", "CONVICTED"), is_convicted);
    Ok(vec![Answer::seen("two votes of one validator", "whoever judges the evidence", notice, detail)])
}
