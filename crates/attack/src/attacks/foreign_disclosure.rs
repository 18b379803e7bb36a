use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "foreign-disclosure",
    tries: "as a member that discloses a figure: changes the field that people read, gives another key, another ciphertext, another definition, and another network's proof",
    notices: &[
        by("DIS-10", "DISCLOSURE_INVALID"),
        by("DIS-06", "DISCLOSURE_INVALID"),
        by("DIS-07", "DISCLOSURE_INVALID"),
        by("DIS-04", "DISCLOSURE_INVALID"),
        by("REC-02", "RECEIPT_OF_ANOTHER_NETWORK"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let side = stage.side(TRADE, ANN);
    let proof = |sequence| stage.order_proof(side, sequence);
    let disclosure = Disclosure::prove(side, &record(1), "total", proof)?;
    let genesis = stage.chain.root.genesis();
    let judge = "whoever verifies the disclosure";
    let text = disclosure.to_json(genesis)?;
    if !hand.is_adverse() {
        let verified = disclosure.verify(genesis, None);
        let is_true = verified.as_ref().is_ok_and(|v| *v.value() == FieldValue::Amount(100, *b"GBP"));
        if verified.is_ok() && !is_true {
            return Err("a disclosure of another value".into());
        }
        let read = parclose_audit::disclosure::verify_json(&text, genesis, None);
        return Ok(vec![Answer::of("a disclosure", judge, verified), Answer::of("its file", judge, read)]);
    }
    let bent = |change: &dyn Fn(&mut Disclosure)| {
        let mut bent = disclosure.clone();
        change(&mut bent);
        bent.verify(genesis, None)
    };
    let read = text.replacen("\"total\"", "\"documents\"", 1);
    if read == text {
        return Err("a disclosure's file names its field".into());
    }
    Ok(vec![
        Answer::of(
            "a file that names another field",
            judge,
            parclose_audit::disclosure::verify_json(&read, genesis, None),
        ),
        Answer::of("another key", judge, bent(&|d| d.key[0] ^= 1)),
        Answer::of("another ciphertext", judge, bent(&|d| d.sealed.ciphertext[0] ^= 1)),
        Answer::of(
            "a definition of another version",
            judge,
            bent(&|d| d.definition = d.definition.replacen("version = 1", "version = 2", 1)),
        ),
        Answer::of("another network", judge, disclosure.verify(&crate::stage::genesis(8)?, None)),
    ])
}
