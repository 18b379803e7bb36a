use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "stale-checkpoint",
    tries: "as a peer of a new node: gives it a checkpoint with validators that are not the block's, one that too few have signed, and an event from before it",
    notices: &[
        by("ROO-63", "CHECKPOINT_INVALID"),
        by("ROO-38", "CHECKPOINT_INVALID"),
        by("ROO-62", "RECEIPT_INVALID"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let digest = stage.writer(TRADE, 1)?;
    let receipt = stage.receipt((TRADE, BOB), &digest)?;
    let genesis = stage.chain.root.genesis();
    let good = checkpoint(stage);
    let verified = |what: &str, checkpoint: Checkpoint| {
        let trust = ProvenCheckpoint::new(checkpoint, Vec::new()).verify(genesis);
        Answer::of(what, "a node that begins with it", trust)
    };
    if !hand.is_adverse() {
        let trusted = ProvenCheckpoint::new(good.clone(), Vec::new()).verify(genesis)?;
        let header = stage.chain.root.head();
        if trusted.validators(header.height) != genesis.validators() {
            return Err("a checkpoint names other validators".into());
        }
        let seen = receipt.verify(genesis);
        return Ok(vec![
            verified("the head's own checkpoint", good),
            Answer::of("a receipt", "whoever has the genesis", seen),
        ]);
    }
    let mut others = good.clone();
    others.validators.current = ValidatorSet::new(vec![Validator { key: validator(9).public(), power: 1 }])?;
    let mut few = good.clone();
    few.certificate = stage.precommits(&few.header, &[0, 1]);
    let trust = ProvenCheckpoint::new(good, Vec::new()).verify(genesis)?;
    Ok(vec![
        verified("validators that are not in the block's state", others),
        verified("a certificate of two of four", few),
        Answer::of(
            "an event from before the checkpoint",
            "whoever begins with the checkpoint",
            receipt.verify(trust),
        ),
    ])
}

fn checkpoint(stage: &Stage) -> Checkpoint {
    let header = stage.chain.root.head().clone();
    Checkpoint {
        validators: stage.chain.root.validators().clone(),
        proof: stage.chain.root.prove_validators(),
        certificate: stage.precommits(&header, &[0, 1, 2]),
        header,
    }
}
