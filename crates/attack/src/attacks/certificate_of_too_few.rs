use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "certificate-of-too-few",
    tries: "as two of four validators: pass a block off as decided; and as one of three members: an anchor as endorsed",
    notices: &[by("ROO-38", "NOT_COMMITTED"), by("ROO-08", "NOT_CERTIFIED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let validators: &[u8] = if hand.is_adverse() { &[0, 1] } else { &[0, 1, 2] };
    let certificate = stage.precommits(stage.chain.root.head(), validators);
    let genesis = stage.chain.root.genesis();
    let verified = certificate.verify(&genesis.network(), genesis.validators());
    let block =
        Answer::of(format!("a block of {} validators", validators.len()), "whoever verifies it", verified);
    let proposal = stage.proposed(TRADE, ANN, &[])?;
    let mut anchor = stage.endorsed(TRADE, ANN, &proposal)?;
    if hand.is_adverse() {
        anchor.certificate.signatures.truncate(1);
    }
    let ordered = stage.order(RootTransaction::Anchor(anchor))?;
    Ok(vec![block, Answer::of("an anchor of the members that have signed", "the root chain", ordered)])
}
