use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "mint",
    tries: "as an issuer of something else: issues notes of ann's asset to itself, correct in everything but her signature",
    notices: &[by("VAL-17", "NOTE_NOT_SPENDABLE")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let issuer = if hand.is_adverse() { BOB } else { ANN };
    let issue = stage.issued(issuer, GBP, (BOB, 700))?;
    let answer = stage.put_forward(CASH, issuer, ("an issue of 700", &issue))?;
    let is_worth = if hand.is_adverse() { 250 } else { 950 };
    worth(stage, BOB, is_worth).map(|()| vec![answer])
}
