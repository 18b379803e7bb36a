use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "padded-certificate",
    tries: "as whoever passes a block on: fills a certificate of two of four validators up with a forged signature, a stranger's, and one of them again",
    notices: &[by("ROO-37", "NOT_COMMITTED"), by("ROO-36", "NOT_COMMITTED"), by("ROO-35", "NOT_COMMITTED")],
    rooms: &[],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let genesis = stage.chain.root.genesis();
    let header = stage.chain.root.head().clone();
    let verified = |what: &str, certificate: CommitCertificate| {
        let verified = certificate.verify(&genesis.network(), genesis.validators());
        Answer::of(what, "whoever verifies the block", verified)
    };
    if !hand.is_adverse() {
        return Ok(vec![verified("three of four", stage.precommits(&header, &[0, 1, 2]))]);
    }
    let mut forged = stage.precommits(&header, &[0, 1, 2]);
    forged.signatures[2].1.0[40] ^= 1;
    let mut strange = stage.precommits(&header, &[0, 1]);
    strange.signatures.extend(stage.precommits(&header, &[9]).signatures);
    strange.signatures.sort_by_key(|(validator, _)| *validator);
    let mut doubled = stage.precommits(&header, &[0, 1]);
    doubled.signatures.push(doubled.signatures[1]);
    Ok(vec![
        verified("two, and a third signature that is forged", forged),
        verified("two, and somebody who is no validator", strange),
        verified("two, one of them twice", doubled),
    ])
}
