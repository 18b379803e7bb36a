use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};

use parclose_channel::{Batch, BatchHeader, Proposal, Verdict};
use parclose_exchange::{Credentials, Gathering, Inbox, Message, Said, Transport, split};
use parclose_transaction::{Definition, DefinitionTexts, DraftOperation, FieldValue, UnverifiedTransaction};
use parclose_types::{
    ChannelCommitment, ChannelId, MemberId, PublicKey, RecordId, Sequence, SignatureBytes, StateRoot, Tag,
    encode,
};

use super::*;
use crate::found::{Party, found_channel, found_consortium, read_template};
use crate::submission::{Outcome, SubmitError};

mod clock;
mod desks;
mod erasing;
mod ground;
mod leaving;
mod opening;
mod resting;
mod restoring;
mod stopping;
mod waiting;

pub(crate) const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels/bilateral");
pub(crate) const ROOM: &str = "statements";

/// A consortium of three in a temporary folder, with one channel of these members.
fn consortium(members: &[&str]) -> (tempfile::TempDir, Consortium) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob", "cyd"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let open = consortium.found(members);
    consortium.start_with(members, open);
    (folder, consortium)
}

impl Consortium {
    /// Opens the channel of these members, and has its first record written.
    fn start_with(&self, members: &[&str], open: OpenChannel) {
        let names: Vec<String> = members.iter().map(|name| (*name).to_owned()).collect();
        self.open_on_root(ROOM, &names, open).unwrap();
        // The first record has the secret of its audience dealt.
        assert_eq!(self.submit(200).recv().unwrap().unwrap().verdict, Verdict::Applied);
        self.quiesce();
    }
}

/// What the first of two members states to the second.
pub(crate) fn statement_of(record: u8, [preparer, counterparty]: [MemberId; 2]) -> Vec<DraftOperation> {
    let fields = [
        ("month", FieldValue::Text("2026-10".into())),
        ("documents", FieldValue::Integer(record.into())),
        ("total", FieldValue::Amount(100, *b"GBP")),
    ];
    vec![DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "statement".into(),
        record: RecordId([record; 32]),
        version: 1,
        parties: BTreeMap::from([
            ("preparer".to_owned(), preparer),
            ("counterparty".to_owned(), counterparty),
        ]),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }]
}

impl Consortium {
    /// Founds the channel; what is left is to open it on the root chain.
    fn found(&self, members: &[&str]) -> OpenChannel {
        self.found_as(ROOM, members, str::to_owned)
    }

    fn found_named(&self, name: &str, members: &[&str]) -> OpenChannel {
        self.found_as(name, members, str::to_owned)
    }

    /// Founds a channel by a definition that is changed first.
    fn found_as(&self, name: &str, members: &[&str], change: impl Fn(&str) -> String) -> OpenChannel {
        let mut texts = read_template(Path::new(TEMPLATE)).unwrap();
        texts.channel_toml = change(&texts.channel_toml);
        self.found_with(name, members, texts, "member")
    }

    fn found_with(&self, name: &str, members: &[&str], texts: DefinitionTexts, role: &str) -> OpenChannel {
        let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
        let party = |name: &&str| Party {
            directory: self.home().member_directory(name).unwrap(),
            name: (*name).into(),
            roles: vec![role.into()],
        };
        let parties: Vec<Party> = members.iter().map(party).collect();
        let network = self.root().network();
        found_channel(name, network, texts, &definition, &parties, self.cache()).unwrap().0
    }

    fn pseudonym_of(&self, member: &str) -> PublicKey {
        self.room(member, ROOM).unwrap().call(|channel| channel.pseudonym().public()).unwrap()
    }

    fn id_of(&self, member: &str) -> MemberId {
        self.room(member, ROOM).unwrap().call(|channel| channel.own_id()).unwrap()
    }

    /// What the first of two members states to the second.
    fn statement(&self, record: u8, parties: [&str; 2]) -> Vec<DraftOperation> {
        statement_of(record, parties.map(|member| self.id_of(member)))
    }

    /// Submits as `ann`, to `bob`, without waiting.
    fn submit(&self, record: u8) -> Receiver<Result<Outcome, SubmitError>> {
        let (done, answer) = channel();
        let room = self.room("ann", ROOM).unwrap();
        room.submit(self.statement(record, ["ann", "bob"]), Box::new(move |o| drop(done.send(o))));
        room.call(|_| ()).unwrap();
        answer
    }

    fn state(&self, member: &str) -> (u64, StateRoot) {
        let head = |channel: &mut Channel| channel.head().map(|head| (head.next.0, head.root)).unwrap();
        self.room(member, ROOM).unwrap().call(head).unwrap()
    }

    /// Puts a stand-in between the network and a member; takes it off again with [`Self::connect`].
    fn stand_in(&self, member: &str, answers: Option<&'static str>) -> Arc<StandIn> {
        let stand_in = Arc::new(StandIn { answers, ..StandIn::default() });
        let transport = self.network.connect(self.credentials_of(member), stand_in.clone());
        assert!(stand_in.transport.set(transport).is_ok());
        stand_in
    }

    fn credentials_of(&self, member: &str) -> Credentials {
        let (keys, tag) = self
            .room(member, ROOM)
            .unwrap()
            .call(|channel| (channel.pseudonym_in(channel.config().generation), channel.tag()))
            .unwrap();
        Credentials { tag, key: Arc::new(keys), peers: Vec::new(), hosts: Vec::new() }
    }

    fn disconnect(&self, member: &str) {
        self.network.disconnect(&self.pseudonym_of(member));
    }

    /// Lets everybody work until a member has executed so many events.
    fn until(&self, member: &str, events: u64) {
        let reached = (0..10_000).any(|_| {
            self.settle();
            self.state(member).0 >= events
        });
        assert!(reached, "{member} has executed {} of {events} events", self.state(member).0);
    }

    fn connect(&self, member: &str) {
        let room = self.room(member, ROOM).unwrap();
        let _ = self.network.connect(self.credentials_of(member), Arc::new(room));
    }
}

/// By what somebody takes part who is no member.
fn stranger() -> Credentials {
    let key = MemberSecret::generate(&mut generator()).pseudonym(&ChannelId([9; 32]), Generation(0));
    Credentials { tag: Tag([9; 32]), key: Arc::new(key), peers: Vec::new(), hosts: Vec::new() }
}

/// An empty batch that attests the opening, which every member has executed long ago.
fn attesting_the_opening(channel: &Channel, blinder: u8, last_height: Height) -> (Tag, Proposal) {
    let (config, opening) = (channel.config(), channel.event(Sequence(0)).unwrap().unwrap());
    let header = BatchHeader {
        network: config.network,
        channel: config.channel,
        generation: config.generation,
        sponsor: channel.pseudonym().public(),
        attested: Sequence(0),
        attested_root: opening.root,
        transactions: 0,
        permanent_root: [0; 32],
        prunable_root: [0; 32],
    };
    let batch = Batch::assemble(header, vec![], channel.pseudonym());
    (channel.tag(), Proposal { batch, blinder: [blinder; 32], last_height })
}

/// Takes what is sent to a member: keeps it, or refuses every batch, and to open anything, with a rule.
#[derive(Default)]
struct StandIn {
    transport: OnceLock<Arc<dyn Transport>>,
    answers: Option<&'static str>,
    kept: Mutex<Vec<(PublicKey, Vec<u8>)>>,
}

impl Inbox for StandIn {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
        if let (Some(rule), Some(Message::Propose { tag, proposal })) = (self.answers, whole(&frame)) {
            let commitment = Proposal::decode(&proposal).unwrap().commitment();
            let refusal = Message::Refuse { tag, commitment, rule: rule.into() };
            for frame in split(1, &refusal.to_bytes()) {
                self.transport.get().unwrap().send(&from, frame).unwrap();
            }
        }
        if let (Some(rule), Some(Message::AskOpened { tag, permanent, .. })) = (self.answers, whole(&frame)) {
            let transaction = UnverifiedTransaction::decode(&permanent).unwrap().digest();
            let said = match rule {
                FORGED => Said::Opened(SignatureBytes([7; 64])),
                rule => Said::Refused(rule.into()),
            };
            self.pass_on(&from, Message::Opened { tag, transaction, said });
        }
        self.kept.lock().unwrap().push((from, frame));
        true
    }
}

/// A stand-in with this for an answer signs whatever it is asked to open, with a signature that is none.
const FORGED: &str = "forged";

impl StandIn {
    /// How often it was asked to open something.
    fn asked_to_open(&self) -> usize {
        let kept = self.kept.lock().unwrap();
        kept.iter().filter(|(_, frame)| matches!(whole(frame), Some(Message::AskOpened { .. }))).count()
    }

    /// The batches that came so far.
    fn proposals(&self) -> Vec<Proposal> {
        let kept = self.kept.lock().unwrap();
        let proposal = |(_, frame): &(PublicKey, Vec<u8>)| match whole(frame) {
            Some(Message::Propose { proposal, .. }) => Some(Proposal::decode(&proposal).unwrap()),
            _ => None,
        };
        kept.iter().filter_map(proposal).collect()
    }

    /// The endorsements that came so far.
    fn endorsed(&self) -> Vec<ChannelCommitment> {
        let kept = self.kept.lock().unwrap();
        let endorsed = |(_, frame): &(PublicKey, Vec<u8>)| match whole(frame) {
            Some(Message::Endorse { commitment, .. }) => Some(commitment),
            _ => None,
        };
        kept.iter().filter_map(endorsed).collect()
    }

    /// Endorses the newest batch that was kept, as the member does.
    fn signed_by(&self, room: &RoomHandle) -> Message {
        let proposal = self.proposals().pop().unwrap();
        let signed = room.call(move |channel| {
            let head = Height(proposal.last_height.0.saturating_sub(9));
            let (commitment, (endorser, signature)) =
                channel.endorse(&encode(&proposal), head, 1024).unwrap();
            Message::Endorse { tag: channel.tag(), commitment, endorser, signature }
        });
        signed.unwrap()
    }

    fn pass_on(&self, to: &PublicKey, message: Message) {
        for frame in split(1, &message.to_bytes()) {
            self.transport.get().unwrap().send(to, frame).unwrap();
        }
    }

    /// Hands over what was kept.
    fn release(&self, to: &RoomHandle) {
        for (from, frame) in std::mem::take(&mut *self.kept.lock().unwrap()) {
            to.deliver(from, frame);
        }
    }
}

/// The message of a single frame.
fn whole(frame: &[u8]) -> Option<Message> {
    let bytes = Gathering::default().take(frame).ok()??;
    Message::from_bytes(&bytes).ok()
}

#[test]
fn hom_06_a_channel_of_others_and_no_channel_give_one_answer() {
    let (_folder, consortium) = consortium(&["ann", "bob"]);
    let answer = |channel: &str| {
        let error = consortium.room("cyd", channel).unwrap_err();
        let directory = consortium.home().member_directory("cyd").unwrap();
        let on_disk = directory.channel(channel).unwrap_err();
        let all = |e: &HomeError| (e.rule(), e.code(), e.to_string(), e.fix(), e.fault());
        assert_eq!(all(&error), all(&on_disk));
        all(&error)
    };
    assert_eq!(answer(ROOM).0, "HOM-06");
    assert_eq!(answer(ROOM), answer("no-such-channel"));
    assert_eq!(consortium.room("dan", ROOM).unwrap_err().rule(), "HOM-05");
    consortium.room("ann", ROOM).unwrap();
    drop(consortium.close());
}

#[test]
fn nod_01_a_batch_that_too_few_endorse_is_not_ordered() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let before = consortium.state("ann");
    consortium.stand_in("bob", Some("END-05"));
    consortium.stand_in("cyd", Some("END-07"));
    let refused = consortium.submit(1).recv().unwrap().unwrap_err();
    assert_eq!((refused.rule(), refused.definite()), ("NOD-01", true));
    assert!(matches!(refused, SubmitError::NotEndorsed { rule } if rule.starts_with("END-0")));
    consortium.settle();
    assert_eq!(consortium.state("ann"), before, "nothing was ordered");
    // One endorser is enough for two of three; the refusals of a batch do not outlive it.
    consortium.connect("bob");
    let outcome = consortium.submit(1).recv().unwrap().unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied);
    consortium.connect("cyd");
    drop(consortium.close());
}

#[test]
fn nod_02_who_waits_when_a_room_stops_learns_that_the_outcome_is_unknown() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    consortium.stand_in("bob", None);
    consortium.stand_in("cyd", None);
    let (waiting, room) = (consortium.submit(1), consortium.room("ann", ROOM).unwrap());
    room.stop();
    let stopped = waiting.recv().unwrap().unwrap_err();
    assert_eq!((stopped.rule(), stopped.definite()), ("NOD-02", false));
    assert!(matches!(stopped, SubmitError::Stopped { transaction: Some(_) }), "it was signed already");
    while room.call(|_| ()).is_some() {}
    assert!(matches!(room.submit_and_wait(vec![]), Err(SubmitError::Stopped { transaction: None })));
    room.quiesce();
    drop(consortium.close());
}

#[test]
fn nod_03_a_transaction_that_is_ordered_too_late_has_no_verdict() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let (bob, _cyd) = (consortium.stand_in("bob", None), consortium.stand_in("cyd", None));
    let waiting = consortium.submit(1);
    let expiry = consortium
        .room("ann", ROOM)
        .unwrap()
        .call(|channel| channel.definition().parameters.expiry_max)
        .unwrap();
    consortium.advance(Height(consortium.root().head().0 + expiry + 1)).unwrap();
    bob.release(&consortium.room("bob", ROOM).unwrap());
    let expired = waiting.recv().unwrap().unwrap_err();
    assert_eq!((expired.rule(), expired.definite()), ("NOD-03", true));
    consortium.connect("bob");
    let outcome = consortium.submit(1).recv().unwrap().unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied, "sealed again, it is written");
    consortium.connect("cyd");
    drop(consortium.close());
}

#[test]
fn nod_04_one_batch_is_on_its_way_and_it_goes_to_all() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let (bob, cyd) = (consortium.stand_in("bob", None), consortium.stand_in("cyd", None));
    let waiting: Vec<_> = (1..4).map(|record| consortium.submit(record)).collect();
    let (at_bob, at_cyd) = (bob.proposals(), cyd.proposals());
    assert_eq!((at_bob.len(), &at_bob), (1, &at_cyd), "one batch, to both");
    assert_eq!(at_bob[0].batch.header.transactions, 1);
    assert!(waiting.iter().all(|answer| answer.try_recv().is_err()));
    // Once it is final, the next batch takes all that was gathered meanwhile.
    consortium.connect("bob");
    bob.release(&consortium.room("bob", ROOM).unwrap());
    let outcomes: Vec<Outcome> = waiting.iter().map(|answer| answer.recv().unwrap().unwrap()).collect();
    assert_eq!(outcomes[1].sequence, outcomes[2].sequence);
    assert_ne!(outcomes[0].sequence, outcomes[1].sequence);
    assert_eq!(cyd.proposals()[1].batch.header.transactions, 2);
    consortium.connect("cyd");
    drop(consortium.close());
}

#[test]
fn nod_05_what_no_batch_attests_is_attested_after_a_while_or_before_rest() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let room = consortium.room("ann", ROOM).unwrap();
    let after = room.call(|channel| channel.definition().parameters.attest_after).unwrap();
    let attested = |member: &str| {
        let room = consortium.room(member, ROOM).unwrap();
        room.call(|channel| channel.latest_attested().unwrap()).unwrap().map(|(attested, _)| attested)
    };
    let written = consortium.submit(1).recv().unwrap().unwrap().sequence;
    consortium.advance(Height(consortium.root().head().0 + after - 1)).unwrap();
    consortium.settle();
    assert!(attested("ann") < Some(written), "not yet: its batch attests the one before");
    consortium.advance(Height(consortium.root().head().0 + 1)).unwrap();
    consortium.until("ann", written.0 + 2);
    assert_eq!(attested("ann"), Some(written));
    let written = consortium.submit(2).recv().unwrap().unwrap().sequence;
    consortium.quiesce();
    assert_eq!(attested("ann"), Some(written));
    let rested = consortium.state("ann");
    consortium.advance(Height(consortium.root().head().0 + 2 * after)).unwrap();
    consortium.quiesce();
    assert_eq!(consortium.state("ann"), rested, "a channel at rest makes no batches");
    drop(consortium.close());
}

#[test]
fn nod_06_a_batch_that_stays_missing_stops_the_channel_of_who_misses_it() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let before = consortium.state("cyd").0;
    consortium.disconnect("cyd");
    consortium.submit(1).recv().unwrap().unwrap();
    consortium.settle();
    let room = consortium.room("cyd", ROOM).unwrap();
    let patience = room.call(|channel| channel.definition().parameters.missing_batch_after).unwrap();
    consortium.advance(Height(consortium.root().head().0 + patience + 1)).unwrap();
    consortium.settle();
    consortium.connect("cyd");
    consortium.settle();
    assert_eq!(consortium.state("cyd").0, before, "it has stopped where the batch was missing");
    let stopped = room.submit_and_wait(consortium.statement(2, ["cyd", "ann"])).unwrap_err();
    assert_eq!((stopped.rule(), stopped.definite()), ("CHA-02", true), "nothing was signed");
    assert_eq!(consortium.submit(3).recv().unwrap().unwrap().verdict, Verdict::Applied, "nobody else has");
    drop(consortium.close());
}

#[test]
fn nod_07_who_is_far_behind_endorses_nothing() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let ann = consortium.room("ann", ROOM).unwrap();
    ann.submit_and_wait(consortium.statement(199, ["ann", "cyd"])).unwrap();
    consortium.quiesce();
    let lag = ann.call(|channel| channel.definition().parameters.endorse_lag_max).unwrap();
    consortium.disconnect("bob");
    let rooms = |member: &str| consortium.room(member, ROOM).unwrap();
    let write = |count: u64| {
        for _ in 0..count {
            ann.submit_and_wait(consortium.statement(1, ["ann", "cyd"])).unwrap();
        }
        rooms("bob").root_head();
        rooms("bob").call(|_| ()).unwrap();
    };
    // A batch that attests the opening, which the member has executed long ago.
    let last_height = Height(consortium.root().head().0 + 500);
    let old =
        move |blinder: u8| move |channel: &mut Channel| attesting_the_opening(channel, blinder, last_height);
    let from = consortium.pseudonym_of("ann");
    let offer = |blinder: u8| {
        let (tag, proposal) = ann.call(old(blinder)).unwrap();
        let message = Message::Propose { tag, proposal: encode(&proposal) };
        let taken = split(1, &message.to_bytes()).into_iter().all(|frame| rooms("bob").deliver(from, frame));
        assert!(taken);
        rooms("bob").call(|_| ()).unwrap();
        proposal.commitment()
    };
    write(lag);
    let at_ann = consortium.stand_in("ann", None);
    let endorsed = offer(1);
    assert_eq!(at_ann.endorsed(), [endorsed], "as far behind as is allowed");
    consortium.connect("ann");
    write(1);
    let at_ann = consortium.stand_in("ann", None);
    let waiting = offer(2);
    assert_eq!(at_ann.endorsed(), []);
    // The other member has what it misses; once it has caught up, it looks again.
    let _ = consortium.network.connect(consortium.credentials_of("bob"), Arc::new(rooms("bob")));
    consortium.until("bob", consortium.state("cyd").0);
    assert_eq!(at_ann.endorsed(), [waiting]);
    consortium.connect("ann");
    drop(consortium.close());
}

#[test]
fn nod_08_when_the_root_chain_takes_no_anchor_the_outcome_is_unknown() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let (bob, _cyd) = (consortium.stand_in("bob", None), consortium.stand_in("cyd", None));
    let waiting = consortium.submit(1);
    let window = consortium.root().genesis().parameters().window;
    // Each time the endorsement comes when the anchor's last height has passed already.
    for _ in 0..4 {
        let signed = bob.signed_by(&consortium.room("bob", ROOM).unwrap());
        consortium.advance(Height(consortium.root().head().0 + window + 1)).unwrap();
        bob.pass_on(&consortium.pseudonym_of("ann"), signed);
        // Taken by the room, refused by the root chain, and tried again by the room.
        consortium.room("ann", ROOM).unwrap().call(|_| ()).unwrap();
        consortium.root_handle.flush();
        consortium.room("ann", ROOM).unwrap().call(|_| ()).unwrap();
    }
    let unknown = waiting.recv().unwrap().unwrap_err();
    assert_eq!((unknown.rule(), unknown.code(), unknown.definite()), ("NOD-08", "OUTCOME_UNKNOWN", false));
    assert!(unknown.to_string().contains("ROO-16"), "{unknown}");
    consortium.connect("bob");
    consortium.connect("cyd");
    drop(consortium.close());
}

#[test]
fn nod_09_members_out_of_reach_do_not_keep_anybody_waiting() {
    let (_folder, consortium) = consortium(&["ann", "bob"]);
    consortium.disconnect("bob");
    let refused = consortium.submit(1).recv().unwrap().unwrap_err();
    assert!(matches!(&refused, SubmitError::NotEndorsed { rule } if rule == "NOD-09"));
    assert_eq!(refused.rule(), "NOD-01");
    consortium.quiesce();
    consortium.connect("bob");
    assert_eq!(consortium.submit(1).recv().unwrap().unwrap().verdict, Verdict::Applied);
    // Nor whoever waits for rest: what nobody can attest now is attested later.
    consortium.disconnect("bob");
    consortium.room("ann", ROOM).unwrap().quiesce();
    consortium.connect("bob");
    drop(consortium.close());
}

#[test]
fn a_member_out_of_reach_stops_nobody_and_fetches_what_it_missed() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let before = consortium.state("cyd").0;
    consortium.disconnect("cyd");
    for record in 1..4 {
        let outcome = consortium.submit(record).recv().unwrap().unwrap();
        assert_eq!(outcome.verdict, Verdict::Applied);
    }
    consortium.settle();
    assert_eq!(consortium.state("ann"), consortium.state("bob"));
    assert_eq!(consortium.state("cyd").0, before, "it waits for a batch that it does not have");
    consortium.connect("cyd");
    consortium.until("cyd", consortium.state("ann").0);
    assert_eq!(consortium.state("cyd"), consortium.state("ann"));
    let outcome = consortium.room("cyd", ROOM).unwrap();
    let outcome = outcome.submit_and_wait(consortium.statement(9, ["cyd", "ann"])).unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied, "and it takes part again");
    let home = consortium.close();
    let reopened = Consortium::open(home).unwrap();
    assert_eq!(reopened.state("ann"), reopened.state("cyd"));
    drop(reopened.close());
}

#[test]
fn a_founding_that_is_cut_off_before_the_opening_leaves_its_name_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob", "cyd"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    drop(consortium.found(&["ann", "bob"]));
    let card = consortium.home().member_directory("ann").unwrap().channel(ROOM).unwrap();
    let reopened = Consortium::open(consortium.close()).unwrap();
    let ann = reopened.home().member_directory("ann").unwrap();
    assert!(ann.channels().unwrap().is_empty(), "no opening was ordered: there is no channel");
    let open = reopened.found(&["ann", "bob"]);
    reopened.open_on_root(ROOM, &["ann".into(), "bob".into()], open).unwrap();
    assert_ne!(ann.channel(ROOM).unwrap().tag, card.tag);
    assert_eq!(reopened.submit(1).recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(reopened.close());
}

#[test]
fn a_channel_that_the_root_chain_forgot_keeps_its_data() {
    let (_folder, consortium) = consortium(&["ann", "bob"]);
    assert_eq!(consortium.submit(1).recv().unwrap().unwrap().verdict, Verdict::Applied);
    let executed = consortium.state("ann").0;
    let home = consortium.close();
    // The root chain's directory is put back to how it was before any block.
    std::fs::remove_dir_all(home.path().join("root")).unwrap();
    let reopened = Consortium::open(home).unwrap();
    assert!(reopened.state("ann").0 > executed, "all of it, and the attestation before the end");
    drop(reopened.close());
}
