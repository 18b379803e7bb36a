//! Desks: what they read of the rooms, and what they do when a room does not answer.

use parclose_channel::{LegTerms, Terms};
use parclose_types::AssetId;

use super::*;
use crate::desk::{Desk, DeskRoom, Tools};

const DEALS: &str = "deals";

/// A consortium in which `ann` and `bob` agree on deals, and `bob`'s desk, which nobody works but the test.
fn with_desk() -> (tempfile::TempDir, Consortium, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels/dvp-securities");
    let texts = read_template(Path::new(template)).unwrap();
    let open = consortium.found_with(DEALS, &["ann", "bob"], texts, "participant");
    consortium.open_on_root(DEALS, &["ann".into(), "bob".into()], open).unwrap();
    consortium.quiesce();
    let directory = consortium.home().member_directory("bob").unwrap();
    let key = consortium.master("bob", &directory).unwrap().identity().public();
    let desk = Desk::new(key, consortium.root().network(), Agreements::default());
    (folder, consortium, desk)
}

impl Consortium {
    /// Has a desk of `bob`'s do what is due, with these rooms.
    fn work_with(&self, desk: &Desk, rooms: &[DeskRoom], has_news: bool) {
        desk.work(&Tools { rooms, root: &self.root, root_handle: &self.root_handle }, has_news);
    }

    /// `ann` proposes a swap to `bob`.
    fn propose_swap(&self) {
        let room = self.room("ann", DEALS).unwrap();
        let head = self.root().head().0;
        let [ann, bob] = ["ann", "bob"].map(|member| self.member_id(member).unwrap());
        let operation = room.call(move |channel| {
            let leg = |sender, receiver, asset| LegTerms {
                tag: channel.tag(),
                sender,
                receiver,
                asset: AssetId([asset; 32]),
                amount: 5,
            };
            let legs = vec![leg(ann, bob, 1), leg(bob, ann, 2)];
            let heights = (Height(head + 100), Height(head + 200));
            let mut terms = Terms::new(heights, legs, &mut generator());
            let record = RecordId([7; 32]);
            terms.approvers.insert(1, channel.approver_key(&record, 1));
            channel.propose_deal(record, (bob, bob), &terms, Vec::new()).unwrap()
        });
        let outcome = room.submit_and_wait(vec![operation.unwrap()]).unwrap();
        assert_eq!(outcome.verdict, Verdict::Applied);
    }
}

#[test]
fn a_ring_is_not_lost_when_a_room_does_not_answer() {
    let (_folder, consortium, desk) = with_desk();
    let rooms = consortium.desk_rooms("bob");
    consortium.work_with(&desk, &rooms, true);
    consortium.propose_swap();
    consortium.quiesce();
    // The rooms of before have stopped; the home is open anew.
    let consortium = Consortium::open(consortium.close()).unwrap();
    let rooms_now = consortium.desk_rooms("bob");
    consortium.work_with(&desk, &rooms_now, false);
    assert_eq!(desk.all().len(), 0, "nobody has rung");
    consortium.work_with(&desk, &rooms, true);
    assert_eq!(desk.all().len(), 0, "it has, and the room does not answer");
    consortium.work_with(&desk, &rooms_now, false);
    assert_eq!(desk.all().len(), 1, "so it is read as soon as it does");
    drop(consortium.close());
}

#[test]
fn a_room_that_was_not_there_yet_is_read_when_it_comes() {
    let (_folder, consortium, desk) = with_desk();
    consortium.propose_swap();
    consortium.quiesce();
    consortium.work_with(&desk, &[], true);
    assert_eq!(desk.all().len(), 0);
    consortium.work_with(&desk, &consortium.desk_rooms("bob"), false);
    assert_eq!(desk.all().len(), 1);
    drop(consortium.close());
}
