//! What waits in a room: for endorsements when the keys turn over, or for the secret of its audience.

use parclose_transaction::{Act, Change, Motion};

use super::*;

/// Hands on what is sent to a member, but for some of it.
struct Deaf<F> {
    room: RoomHandle,
    hears: F,
}

impl<F: Fn(PublicKey, Option<Message>) -> bool + Send + Sync> Inbox for Deaf<F> {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
        !(self.hears)(from, whole(&frame)) || self.room.deliver(from, frame)
    }
}

impl Consortium {
    /// Has a member hear only some of what is sent to it.
    pub(super) fn deafen(
        &self,
        member: &str,
        hears: impl Fn(PublicKey, Option<Message>) -> bool + Send + Sync + 'static,
    ) {
        let room = self.room(member, ROOM).unwrap();
        let _ = self.network.connect(self.credentials_of(member), Arc::new(Deaf { room, hears }));
    }

    /// `bob` moves that keys turn over, and `cyd` agrees.
    pub(super) fn decide_on_new_keys(&self) {
        let motion = Motion { changes: vec![Change::Rekey], blinder: [7; 32] };
        let moved = self.room("bob", ROOM).unwrap().act_and_wait(Act::Move(motion)).unwrap();
        let vote = Act::Vote { motion: moved.transaction, approve: true };
        assert_eq!(self.room("cyd", ROOM).unwrap().act_and_wait(vote).unwrap().verdict, Verdict::Applied);
    }
}

#[test]
fn members_listen_under_their_next_pseudonyms_before_the_keys_can_turn_over() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    for member in ["ann", "bob", "cyd"] {
        consortium.deafen(member, |_, message| !matches!(message, Some(Message::Handover { .. })));
    }
    consortium.decide_on_new_keys();
    consortium.settle();
    let stand_in = consortium.network.connect(stranger(), Arc::new(StandIn::default()));
    for member in ["ann", "bob", "cyd"] {
        let (generation, next) = consortium
            .room(member, ROOM)
            .unwrap()
            .call(|channel| (channel.config().generation, channel.pseudonym_in(Generation(1)).public()))
            .unwrap();
        assert_eq!(generation, Generation(0), "nobody has heard enough signatures");
        assert!(stand_in.send(&next, Vec::new()).is_ok(), "{member} listens");
    }
    assert!(stand_in.send(&PublicKey([8; 32]), Vec::new()).is_err(), "not everybody does");
    ["ann", "bob", "cyd"].into_iter().for_each(|member| consortium.connect(member));
    drop(consortium.close());
}

#[test]
fn nod_10_what_was_on_its_way_when_the_keys_turned_over_is_sealed_again() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let ann = consortium.pseudonym_of("ann");
    for member in ["bob", "cyd"] {
        let to_ann = move |from, message| from != ann || !matches!(message, Some(Message::Propose { .. }));
        consortium.deafen(member, to_ann);
    }
    let waiting = consortium.submit(1);
    let later: Vec<_> = (2..9).map(|record| consortium.submit(record)).collect();
    consortium.decide_on_new_keys();
    assert!(waiting.try_recv().is_err(), "nobody has endorsed it");
    // Nobody waits for the secrets that need this member's acknowledgement longer than a deal may take.
    let within = consortium.room("bob", ROOM).unwrap().call(|channel| {
        let definition = channel.definition();
        definition.governance.deal_within.max(definition.parameters.attest_after * 3)
    });
    let outcome = (0..8 * within.unwrap()).find_map(|_| {
        consortium.advance(Height(consortium.root().head().0 + 1)).unwrap();
        for member in ["ann", "bob", "cyd"].repeat(4) {
            consortium.room(member, ROOM).unwrap().call(|_| ());
        }
        consortium.root_handle.flush();
        waiting.try_recv().ok()
    });
    let outcome = outcome.expect("an answer").unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied);
    for answer in later {
        assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    consortium.quiesce();
    for member in ["ann", "bob", "cyd"] {
        let found = consortium.room(member, ROOM).unwrap().call(move |channel| {
            let stored = channel.transaction(&outcome.transaction).unwrap().unwrap();
            (stored.body.generation.0, stored.body.operations.len(), channel.verdicts(0, 1000).unwrap())
        });
        let (generation, operations, verdicts) = found.unwrap();
        assert_eq!((generation, operations), (1, 1), "{member}: sealed under the new keys");
        let times = verdicts.iter().filter(|(_, row)| row.transaction == outcome.transaction).count();
        assert_eq!(times, 1, "{member}");
    }
    drop(consortium.close());
}

#[test]
fn nod_14_a_batch_that_nobody_answers_is_not_waited_for_for_ever() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let (bob, _cyd) = (consortium.stand_in("bob", None), consortium.stand_in("cyd", None));
    let waiting = consortium.submit(1);
    let window = consortium.root().genesis().parameters().window;
    for attempt in 0..4 {
        assert!(waiting.try_recv().is_err(), "attempt {attempt}");
        consortium.advance(Height(consortium.root().head().0 + 2 * window + 1)).unwrap();
        consortium.room("ann", ROOM).unwrap().call(|_| ()).unwrap();
    }
    assert_eq!(bob.proposals().len(), 4);
    let unknown = waiting.recv().unwrap().unwrap_err();
    assert_eq!((unknown.rule(), unknown.definite()), ("NOD-08", false));
    assert!(unknown.to_string().contains("NOD-14"), "{unknown}");
    consortium.connect("bob");
    consortium.connect("cyd");
    assert_eq!(consortium.submit(2).recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}

#[test]
fn nod_12_a_draft_waits_for_the_secret_of_its_audience_and_not_for_ever() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let to_cyd = || {
        let (done, answer) = channel();
        let room = consortium.room("ann", ROOM).unwrap();
        let statement = consortium.statement(1, ["ann", "cyd"]);
        room.submit(statement, Box::new(move |outcome| drop(done.send(outcome))));
        answer
    };
    consortium.disconnect("cyd");
    let early = to_cyd();
    consortium.settle();
    assert!(early.try_recv().is_err(), "it waits for its reader");
    let patience = consortium.room("ann", ROOM).unwrap().call(|c| c.definition().parameters.expiry_max);
    consortium.advance(Height(consortium.root().head().0 + patience.unwrap() + 2)).unwrap();
    consortium.settle();
    let refused = early.recv().unwrap().unwrap_err();
    assert_eq!((refused.rule(), refused.code(), refused.definite()), ("NOD-12", "AUDIENCE_NOT_READY", true));
    consortium.connect("cyd");
    consortium.settle();
    assert_eq!(to_cyd().recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}

#[test]
fn nod_22_a_member_that_missed_a_batch_is_asked_again() {
    let (_folder, consortium) = consortium(&["ann", "bob"]);
    consortium.deafen("bob", |_, _| false);
    let answer = consortium.submit(1);
    consortium.settle();
    assert!(answer.try_recv().is_err(), "the only other endorser has heard nothing");
    consortium.connect("bob");
    let one_more = |_| {
        consortium.advance(Height(consortium.root().head().0 + 1)).unwrap();
        consortium.settle();
    };
    (0..3).for_each(one_more);
    assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}
