use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "said-and-committed",
    tries: "as an issuer with its key: pays bob a note whose sealed field says 500, and whose commitment is to 5",
    notices: &[by("VIE-03", "MALFORMED")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let mut issue = stage.issued(ANN, GBP, (BOB, 500))?;
    if hand.is_adverse() {
        let mut rng = stage.rng.clone();
        let side = stage.side(CASH, ANN);
        let key = side.pseudonym();
        let (body, sealed) = parclose_transaction::draft::hazmat::into_parts(issue);
        let (place, entry) = place_of(side, &body, (0, 0))?;
        let field = side.keys().field_key(&place, &sealed.salt, &place.context()).ok_or("ann reads it")?;
        let opening = Opening::derive(&GBP, 5, field.secret());
        let owner = OwnerCommitment::new(&stage.account(BOB)?.key, &OwnerBlind::derive(field.secret()));
        let made = [NewNote { owner, leaf: entry.leaf, opening: &opening }];
        let engine = RangeEngine::OF_FORMAT_1;
        let odd = Issue::new(&body.place(), GBP, engine, &made, key.signing_key(), &mut rng)?;
        let body = Body { movements: vec![Movement::Issue(odd)], ..body };
        issue = parclose_transaction::draft::hazmat::sign_unchecked(body, sealed, key);
    }
    // Only its readers can tell, so it is ordered: what counts is that bob is not deceived.
    stage.applied(CASH, ANN, &issue)?;
    let balance = stage.balance(BOB)?;
    let side = stage.side(CASH, BOB);
    let record = issue.body().operations[0].record;
    let view = side.notes(side.keys())?.into_iter().find(|view| view.row.record == record);
    let is_malformed = matches!(view.map(|view| view.state), Some(NoteState::Malformed));
    let notice = (by("VIE-03", "MALFORMED"), is_malformed && balance == 250);
    let detail =
        "the amount does not open to its commitment: it is shown as malformed, and not counted as his";
    Ok(vec![Answer::seen(
        "bob takes a note of 500 for his",
        "bob's node, when it opens the note",
        notice,
        detail,
    )])
}
