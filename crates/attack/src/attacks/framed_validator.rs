use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "framed-validator",
    tries: "as anybody: makes evidence against an honest validator of votes of two heights, of a vote that another has signed, of one vote twice, of a stranger, and of nothing",
    notices: &[
        by("CON-16", "EVIDENCE_INVALID"),
        by("CON-21", "EVIDENCE_INVALID"),
        by("CON-22", "EVIDENCE_INVALID"),
    ],
    rooms: &[],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let (genesis, height) = (stage.chain.root.genesis(), stage.head());
    let (accused, value, other) = (validator(0).public(), stage.chain.root.head().hash(), ValueHash([7; 32]));
    let judge = |what: &str, evidence: Result<ValidatorEvidence, Failed>| -> Result<Answer, Failed> {
        Ok(Answer::of(what, "whoever judges the evidence", evidence?.verify(genesis)))
    };
    let one = Precommit::of(stage, 0, height, value);
    if !hand.is_adverse() {
        let two = Precommit::of(stage, 0, height, other);
        return Ok(vec![judge(
            "two votes that exclude each other",
            accusation(height, accused, [&one, &two]),
        )?]);
    }
    let before = Precommit::of(stage, 0, Height(height.0 - 1), other);
    let mut lent = Precommit::of(stage, 1, height, other);
    lent.validator = accused;
    let stranger = [value, other].map(|value| Precommit::of(stage, 9, height, value));
    Ok(vec![
        judge("votes of two heights", accusation(height, accused, [&one, &before]))?,
        judge("a vote that another validator has signed", accusation(height, accused, [&one, &lent]))?,
        judge("one vote twice", accusation(height, accused, [&one, &one]))?,
        judge("a stranger's votes", accusation(height, validator(9).public(), [&stranger[0], &stranger[1]]))?,
        judge("nothing", Ok(ValidatorEvidence { found: Vec::new(), changes: Vec::new() }))?,
    ])
}
