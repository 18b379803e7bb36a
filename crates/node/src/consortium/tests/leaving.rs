//! The last block of a member that is removed: it executes all of it, and nothing after it.

use parclose_channel::handover::Statement;
use parclose_channel::propose::Pooled;
use parclose_root::{Certificate, RootTransaction};
use parclose_transaction::{Act, Change, Draft, Motion};
use parclose_types::TransactionDigest;

use super::*;

/// `ann` and `bob` remove `cyd`; the rotation is decided and dealt for, and nobody hears enough signatures.
fn decided(consortium: &Consortium) {
    for member in ["ann", "bob", "cyd"] {
        consortium.deafen(member, |_, message| !matches!(message, Some(Message::Handover { .. })));
    }
    let motion = Motion { changes: vec![Change::Remove(consortium.id_of("cyd"))], blinder: [7; 32] };
    let moved = consortium.room("ann", ROOM).unwrap().act_and_wait(Act::Move(motion)).unwrap();
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    assert_eq!(consortium.room("bob", ROOM).unwrap().act_and_wait(vote).unwrap().verdict, Verdict::Applied);
    consortium.settle();
    consortium.quiesce();
    assert_eq!(generation(consortium, "ann"), Generation(0), "it has not taken force");
}

fn generation(consortium: &Consortium, member: &str) -> Generation {
    consortium.room(member, ROOM).unwrap().call(|channel| channel.config().generation).unwrap()
}

/// The rotation, signed by those who stay.
fn rotation(consortium: &Consortium) -> RootTransaction {
    let (head, window) = (consortium.root().head(), consortium.root().genesis().parameters().window);
    let ann = consortium.room("ann", ROOM).unwrap();
    let statement = ann.call(move |channel| channel.rotation(head, window).unwrap()).unwrap();
    let signed = ["ann", "bob"].map(|member| {
        let statement = Statement::Rotate(statement.clone());
        let room = consortium.room(member, ROOM).unwrap();
        room.call(move |channel| channel.sign_handover(&statement, head, window).unwrap()).unwrap()
    });
    let keys = ann.call(|channel| channel.endorsers().clone()).unwrap();
    let current = Certificate::assemble(&keys, &signed.map(|signed| signed.current)).unwrap();
    let next = Certificate::assemble(&statement.next, &signed.map(|signed| signed.next.unwrap())).unwrap();
    RootTransaction::Rotate(statement.rotate(current, next))
}

/// The anchor of something that a member writes, and what it writes.
fn write(consortium: &Consortium, parties: [&str; 2]) -> (RootTransaction, TransactionDigest) {
    let (head, window) = (consortium.root().head(), consortium.root().genesis().parameters().window);
    let operations = consortium.statement(1, parties);
    let author = consortium.room(parties[0], ROOM).unwrap();
    let made = author.call(move |channel| {
        let draft = Draft::of_records(operations, Height(head.0 + 100));
        let sealed = draft.seal(&channel.desk(head), &mut generator()).unwrap();
        let signed = sealed.sign(channel.pseudonym()).unwrap();
        let pooled: Pooled = channel.advise(&signed, Height(head.0 + 1)).unwrap().unwrap();
        let proposal = channel.propose(vec![pooled], Height(head.0 + 100), &mut generator()).unwrap();
        (proposal, signed.digest())
    });
    let (proposal, digest) = made.unwrap();
    let mut endorsed = Vec::new();
    for member in ["ann", "bob"] {
        let bytes = encode(&proposal);
        let room = consortium.room(member, ROOM).unwrap();
        endorsed.push(room.call(move |channel| channel.endorse(&bytes, head, window).unwrap().1).unwrap());
    }
    let anchor = author.call(move |channel| channel.anchor(&proposal, &endorsed).unwrap()).unwrap();
    (RootTransaction::Anchor(anchor), digest)
}

#[test]
fn a_member_that_is_removed_executes_its_last_block_to_the_end_and_nothing_after_it() {
    for rotation_first in [true, false] {
        let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
        let cyd = consortium.room("cyd", ROOM).unwrap();
        cyd.submit_and_wait(consortium.statement(100, ["cyd", "ann"])).unwrap();
        decided(&consortium);
        let rotation = rotation(&consortium);
        let (anchor, written) = write(&consortium, ["cyd", "ann"]);
        let before = consortium.state("cyd").0;
        let block = if rotation_first { vec![rotation, anchor] } else { vec![anchor, rotation] };
        let ordered = consortium.root().commit(block).unwrap();
        assert!(ordered.outcomes.iter().all(Result::is_ok), "{:?}", ordered.outcomes);
        consortium.settle();
        let (last, verdict) = cyd
            .call(move |channel| {
                let stored = channel.transaction(&written).unwrap();
                (channel.head().unwrap().height, stored.map(|stored| stored.verdict.verdict))
            })
            .unwrap();
        assert_eq!(consortium.state("cyd").0, before + 2, "both events of the block, {rotation_first}");
        assert_eq!(verdict, Some(Verdict::Applied), "what it wrote there counts, and it knows");
        assert_eq!(generation(&consortium, "cyd"), Generation(1), "it has seen its own removal");
        // Those who stay go on in later blocks, and nothing of that reaches it.
        for member in ["ann", "bob"] {
            consortium.connect(member);
        }
        let ended = consortium.state("cyd");
        let answer = consortium.submit(2);
        consortium.settle();
        assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
        consortium.quiesce();
        assert_eq!(consortium.state("cyd"), ended);
        assert!(consortium.state("ann").0 > ended.0);
        let height = consortium.room("ann", ROOM).unwrap().call(|c| c.head().unwrap().height).unwrap();
        assert!(last < height, "its last block is not the newest");
        let told = cyd.submit_and_wait(consortium.statement(3, ["cyd", "ann"])).unwrap_err();
        assert_eq!(told.rule(), "CHA-09", "{told}");
        drop(consortium.close());
    }
}
