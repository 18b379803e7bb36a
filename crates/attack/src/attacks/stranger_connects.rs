use super::sockets::{Node, NodeKey, eventually};
use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "stranger-connects",
    tries: "as a node that is in nobody's address book, with the pseudonym of a member: connects, proves the pseudonym, and sends a frame",
    notices: &[by("NET-07", "STRANGER")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let (known, caller) = (NodeKey::of(2), NodeKey::of(if hand.is_adverse() { 9 } else { 2 }));
    let called = Node::start(&NodeKey::of(1), &[(&known, None)])?;
    let calling = Node::start(&caller, &[(&NodeKey::of(1), Some(called.listens()))])?;
    let (ann, bob) = (stage.side(TRADE, ANN), stage.side(TRADE, BOB));
    let (kept, _way) = called.seat(ann, &[bob], &[&known]);
    let (_, way) = calling.seat(bob, &[ann], &[&NodeKey::of(1)]);
    let (from, to) = (bob.pseudonym().public(), ann.pseudonym().public());
    let what = "bob's pseudonym, and a frame to ann";
    if hand.is_adverse() {
        eventually("a stranger is noticed", || called.network.traffic().strangers > 0)?;
        let is_sent = way.send(&to, vec![7]).is_ok();
        let is_heard = calling.network.is_proven(&ann.tag(), &from, &to) || kept.count() > 0;
        let notice = (by("NET-07", "STRANGER"), !is_sent && !is_heard);
        let detail = "the connection is closed, nothing is proven, and no frame leaves";
        return Ok(vec![Answer::seen(what, "ann's node", notice, detail)]);
    }
    eventually("a node of the book is heard", || way.send(&to, vec![7]).is_ok() && kept.count() > 0)?;
    Ok(vec![Answer::let_through(what)])
}
