//! Members that lie, on real engines and a real network: found out, named, shown to somebody who has no node.

use parclose_audit::evidence::{Evidence, VerifiedEvidence, Weight, verify_json};
use parclose_audit::{Bundle, VerifiedBundle, bundle::OrderedEvent};
use parclose_channel::{Batch, Channel, Proposal};
use parclose_exchange::{Credentials, Message, Network, Transport, split};
use parclose_root::{Certificate, RootTransaction};
use parclose_types::{PublicKey, StateRoot, encode};

use super::*;
use crate::evidence::collect;

const FALSE: StateRoot = StateRoot([1; 32]);

/// A batch without transactions that says `root` of the state after an event; with `in_force`, what is true of it.
fn batch(channel: &Channel, attested: Sequence, root: StateRoot, last_height: Height) -> Proposal {
    let config = channel.config();
    let header = parclose_channel::BatchHeader {
        network: config.network,
        channel: config.channel,
        generation: config.generation,
        sponsor: channel.pseudonym().public(),
        attested,
        attested_root: root,
        transactions: 0,
        permanent_root: [0; 32],
        prunable_root: [0; 32],
    };
    Proposal { batch: Batch::assemble(header, vec![], channel.pseudonym()), blinder: [7; 32], last_height }
}

impl Nodes {
    fn open(change: &dyn Fn(&str) -> String) -> Self {
        let mut nodes = Self::changed(&["ann", "bob", "cyd", "dan"], &["ann", "bob", "cyd"], change);
        for member in ["ann", "bob", "cyd", "dan"] {
            nodes.start(member);
        }
        eventually("the channel is open", || {
            ["ann", "bob", "cyd"].iter().all(|member| nodes.is_open(member))
        });
        nodes.state(1, "ann", nodes.id_of("bob"));
        nodes.agree(&["ann", "bob", "cyd"]);
        nodes
    }

    fn in_channel<T: Send + 'static>(
        &self,
        member: &str,
        call: impl FnOnce(&mut Channel) -> T + Send + 'static,
    ) -> T {
        self.running[member].room(ROOM).unwrap().call(call).unwrap()
    }

    /// The last event, after which nobody has anything more to attest: the next batch attests it.
    fn newest(&self, member: &str) -> Sequence {
        for attesting in ["ann", "bob", "cyd"] {
            self.running[attesting].room(ROOM).unwrap().quiesce();
        }
        self.agree(&["ann", "bob", "cyd"]);
        Sequence(self.executed(member).0 - 1)
    }

    fn soon(&self) -> Height {
        Height(self.running["ann"].root().head().0 + 500)
    }

    fn pseudonym(&self, member: &str) -> PublicKey {
        self.in_channel(member, |channel| channel.pseudonym().public())
    }

    /// Says something to others as a member that its node would not say.
    fn say(&self, member: &str, to: &[&str], message: &Message) {
        let room = self.running[member].room(ROOM).unwrap();
        let others: Vec<PublicKey> = ["ann", "bob", "cyd"]
            .into_iter()
            .filter(|name| *name != member)
            .map(|name| self.pseudonym(name))
            .collect();
        let hosts = ["ann", "bob", "cyd"].map(str::to_owned).to_vec();
        let (tag, key) =
            self.in_channel(member, |c| (c.tag(), Arc::new(c.pseudonym_in(c.config().generation))));
        let credentials = Credentials { tag, key, peers: others, hosts };
        let transport: Arc<dyn Transport> =
            self.running[member].network().connect(credentials, Arc::new(room));
        for to in to {
            let to = self.pseudonym(to);
            eventually("it is said", || {
                split(999, &message.to_bytes()).into_iter().all(|frame| transport.send(&to, frame).is_ok())
            });
        }
    }

    /// Says that the state after an event is another than it is.
    fn lie(&self, member: &str, to: &[&str], attested: Sequence) {
        let last_height = self.soon();
        let said = self.in_channel(member, move |channel| {
            let said = batch(channel, attested, FALSE, last_height);
            Message::Propose { tag: channel.tag(), proposal: encode(&said) }
        });
        self.say(member, to, &said);
    }

    fn evidence(&self, member: &str) -> Vec<Evidence> {
        let (root, halt) =
            (self.running[member].root().clone(), self.running[member].room(ROOM).unwrap().halted());
        self.in_channel(member, move |channel| collect(channel, root.as_ref(), halt.as_ref()).unwrap())
    }

    /// The evidence that a member comes to have, as somebody else reads it from the file.
    fn shown(&self, member: &str, export: Option<&VerifiedBundle>) -> VerifiedEvidence {
        let mut found = Vec::new();
        eventually("there is evidence", || {
            found = self.evidence(member);
            !found.is_empty()
        });
        assert_eq!(found.len(), 1);
        let genesis = self.running["dan"].root().genesis().clone();
        verify_json(&found[0].to_json(&genesis).unwrap(), &genesis, export).unwrap()
    }

    fn identity(&self, member: &'static str) -> PublicKey {
        self.in_channel(member, move |channel| {
            let mut members = channel.config().members.iter();
            members.find(|entry| entry.name == member).unwrap().certificate.identity
        })
    }

    fn export(&self, member: &str) -> VerifiedBundle {
        let root = self.running[member].root().clone();
        let genesis = root.genesis().clone();
        let exported = self.in_channel(member, move |channel| {
            let events = root.events(&channel.tag(), Sequence(0), usize::MAX).unwrap();
            let events = events
                .iter()
                .map(|event| OrderedEvent { height: event.height, transaction: event.transaction.encode() });
            let proof = root.prove_tag(&channel.tag()).unwrap().unwrap();
            Bundle::export(channel, events.collect(), proof, None).unwrap()
        });
        exported.verify(&genesis).unwrap()
    }

    /// Has bob and cyd certify an anchor over a batch of cyd's, and order it. `keeps` says whether they can hand it out.
    fn collude(&self, attested: Sequence, root: StateRoot, keeps: bool) {
        let last_height = self.soon();
        let (proposal, keys, tag) = self.in_channel("cyd", move |channel| {
            (batch(channel, attested, root, last_height), channel.endorsers().clone(), channel.tag())
        });
        let statement = proposal.statement(tag);
        let signed = statement.signing_bytes();
        let endorsements = ["bob", "cyd"].map(|member| {
            let (signed, proposal) = (signed.clone(), encode(&proposal));
            self.in_channel(member, move |channel| {
                if keeps {
                    channel.receive_anchored(&proposal).unwrap();
                }
                (channel.pseudonym().public(), channel.pseudonym().sign(&signed))
            })
        });
        let certificate = Certificate::assemble(&keys, &endorsements).unwrap();
        let anchor = RootTransaction::Anchor(statement.anchor(certificate));
        let ordered = self.running["cyd"].root().commit(vec![anchor]).unwrap();
        assert!(ordered.outcomes[0].is_ok(), "{:?}", ordered.outcomes);
    }

    /// Waits until a channel has stopped at a member: the rule, as its node's health has it.
    fn halts(&self, member: &str) -> &'static str {
        let mut rule = None;
        eventually("the channel stops visibly", || {
            let rooms = self.running[member].status().report().rooms;
            rule = rooms.first().and_then(|room| room.state.rule());
            rule.is_some()
        });
        rule.unwrap()
    }
}

#[test]
fn mis_01_a_member_that_lies_about_a_state_is_named_by_its_first_batch_and_the_others_go_on() {
    let nodes = Nodes::open(&str::to_owned);
    let attested = nodes.newest("ann");
    nodes.lie("cyd", &["ann", "bob"], attested);
    for witness in ["ann", "bob"] {
        let found = nodes.shown(witness, None);
        assert_eq!((found.kind(), found.weight()), ("false state", Weight::Signed));
        assert_eq!(found.accused(), [nodes.identity("cyd")]);
    }
    // The others go on; what they anchor says what the state was, and convicts.
    assert_eq!(nodes.state(2, "ann", nodes.id_of("bob")).verdict, Verdict::Applied);
    nodes.agree(&["ann", "bob"]);
    assert_eq!(nodes.shown("bob", Some(&nodes.export("ann"))).weight(), Weight::Convicts);
    // Whoever has anchored the truth first and says something else afterwards convicts itself.
    let attested = nodes.newest("bob");
    assert_eq!(nodes.state(3, "bob", nodes.id_of("ann")).verdict, Verdict::Applied);
    nodes.agree(&["ann", "bob"]);
    nodes.lie("bob", &["cyd"], attested);
    let found = nodes.shown("cyd", None);
    assert_eq!((found.kind(), found.weight()), ("contradiction", Weight::Convicts));
    assert_eq!(found.accused(), [nodes.identity("bob")]);
    assert_eq!(nodes.state(4, "ann", nodes.id_of("bob")).verdict, Verdict::Applied);
    nodes.agree(&["ann", "bob", "cyd"]);
}

#[test]
fn nod_28_a_false_state_that_is_certified_stops_who_knows_better_and_names_its_endorsers() {
    let nodes = Nodes::open(&str::to_owned);
    let attested = nodes.newest("ann");
    let before = nodes.executed("ann");
    nodes.collude(attested, FALSE, true);
    // Whoever has the batch has stopped for it, and hands it out all the same.
    assert_eq!(nodes.halts("ann"), "CHA-03");
    assert_eq!(nodes.executed("ann"), before, "nothing of it is executed");
    let found = nodes.shown("ann", None);
    assert_eq!(found.kind(), "certified state");
    let mut colluders = [nodes.identity("bob"), nodes.identity("cyd")];
    let mut accused = found.accused().to_vec();
    colluders.sort();
    accused.sort();
    assert_eq!(accused, colluders);
}

#[test]
fn nod_27_a_channel_that_has_stopped_is_told_of_and_refuses_by_the_rule_that_stopped_it() {
    let nodes = Nodes::open(&str::to_owned);
    let parties = [nodes.id_of("bob"), nodes.id_of("ann")];
    nodes.collude(nodes.newest("ann"), FALSE, true);
    assert_eq!(nodes.halts("bob"), "CHA-03");
    let room = nodes.running["bob"].room(ROOM).unwrap();
    let refused = room.submit_and_wait(statement_of(9, parties)).unwrap_err();
    assert_eq!((refused.rule(), refused.code(), refused.definite()), ("CHA-03", "CHANNEL_STOPPED", true));
    assert!(nodes.running["bob"].root().head() >= Height(1), "its root chain goes on");
}

#[test]
fn mis_13_a_batch_that_its_endorsers_withhold_stops_the_channel_and_names_them() {
    let nodes = Nodes::open(&|text| text.replace("missing_batch_after = 512", "missing_batch_after = 8"));
    let attested = nodes.newest("ann");
    let before = nodes.executed("ann");
    nodes.collude(attested, before.1, false);
    assert!(nodes.evidence("ann").is_empty(), "it may still come");
    assert_eq!(nodes.halts("ann"), "CHA-02");
    assert_eq!(nodes.executed("ann"), before);
    let found = nodes.shown("ann", None);
    assert_eq!((found.kind(), found.accused().len()), ("withheld batch", 2));
    assert!(!found.accused().contains(&nodes.identity("ann")));
}
