use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "forged-pack",
    tries: "as whoever passes an evidence pack on: changes its report, gives another key for a field, leaves a field out, and signs it with a key of its own",
    notices: &[
        by("PCK-02", "PACK_INVALID"),
        by("PCK-05", "PACK_INVALID"),
        by("PCK-06", "PACK_INVALID"),
        by("PCK-03", "PACK_INVALID"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let held = stage.granted()?;
    let keys = [held.wrapped.open(&held.key)?];
    let bundle = stage.exported(TRADE, BOB)?;
    let genesis = stage.chain.root.genesis();
    let (file, verified) = (bundle.encode(), bundle.verify(genesis)?);
    let (lines, report) = (verified.field_lines(&keys), b"{\"sum\": 600}".to_vec());
    let signer = stage.room(TRADE).seats[BOB].master.identity();
    let pack = Pack::sign(report, vec![held.wrapped.grant], lines, file, &signer);
    let (expected, judge) = (signer.public(), "whoever verifies the pack");
    if !hand.is_adverse() {
        return Ok(vec![Answer::of("a pack", judge, pack.verify(genesis, Some(&expected)))]);
    }
    let forger = stage.room(TRADE).seats[CYD].master.identity();
    let signed = |change: &dyn Fn(&mut Pack), by: &SigningKey| {
        let mut bent = pack.clone();
        change(&mut bent);
        let Pack { report, grants, lines, bundle, .. } = bent;
        Pack::sign(report, grants, lines, bundle, by)
    };
    let mut reported = pack.clone();
    reported.report = b"{\"sum\": 900}".to_vec();
    let own = signed(&|pack| pack.report = b"{\"sum\": 900}".to_vec(), &forger);
    let other_key = signed(&|pack| pack.lines[0].key[0] ^= 1, &signer);
    let left_out = signed(&|pack| pack.lines.truncate(pack.lines.len() - 1), &signer);
    Ok(vec![
        Answer::of("another sum in its report", judge, reported.verify(genesis, Some(&expected))),
        Answer::of("the same, signed by cyd", judge, own.verify(genesis, Some(&expected))),
        Answer::of("another key for a field", judge, other_key.verify(genesis, Some(&expected))),
        Answer::of("without the last field", judge, left_out.verify(genesis, Some(&expected))),
    ])
}
