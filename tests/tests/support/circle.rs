//! A room of members with one role, who state figures to each other, in a consortium of its own.

use std::collections::BTreeMap;

use parclose_channel::{Channel, Verdict};
use parclose_node::found::{Party, found_channel, found_consortium, read_template, template_folder};
use parclose_node::joining::Invitation;
use parclose_node::{Consortium, Home, Outcome, RoomHandle, randomness};
use parclose_transaction::{
    Act, Change, Definition, DefinitionTexts, DraftOperation, FieldState, FieldValue, Motion, Perspective,
};
use parclose_types::{Generation, Height, MemberId, RecordId, TransactionDigest};
use tempfile::TempDir;

pub(crate) const ROOM: &str = "statements";
/// Members of the room.
pub(crate) const MEMBERS: [&str; 3] = ["ann", "bob", "cyd"];
/// A member of the consortium that does not belong to the room.
pub(crate) const OUTSIDE: &str = "dan";

/// The template of statements between two members.
pub(crate) fn texts() -> DefinitionTexts {
    read_template(&template_folder(&super::templates(), "bilateral")).expect("it is shipped")
}

/// Texts in which a line of the definition is another.
pub(crate) fn with(mut texts: DefinitionTexts, line: &str, other: &str) -> DefinitionTexts {
    assert!(texts.channel_toml.contains(line), "the template has `{line}`");
    texts.channel_toml = texts.channel_toml.replacen(line, other, 1);
    texts
}

/// Texts in which every member reads the month of each statement.
pub(crate) fn month_for_everybody(texts: DefinitionTexts) -> DefinitionTexts {
    let texts =
        with(texts, "[[record]]", "[[audience]]\nname = \"everybody\"\nroles = [\"member\"]\n[[record]]");
    let month = |audience: &str| format!("class = \"reference\"\naudience = \"{audience}\"");
    with(texts, &month("both"), &month("everybody"))
}

/// A consortium of four, three of whom have a room.
pub(crate) struct Circle {
    pub(crate) consortium: Consortium,
    _folder: TempDir,
}

/// A field of a transaction, by the transaction's place in the verdict log and the field's number.
pub(crate) type Place = (u64, u32);

impl Circle {
    pub(crate) fn found(texts: DefinitionTexts) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a test");
        let home = folder.path().join("home");
        let names = [&MEMBERS[..], &[OUTSIDE]].concat();
        found_consortium(&home, &names, &mut randomness::generator()).expect("an empty folder takes a home");
        let consortium = Consortium::open(Home::open(&home).expect("a home")).expect("it opens");
        let definition = Definition::parse("channel.toml", &texts.channel_toml).expect("it is valid");
        let party = |name: &str| Party {
            directory: consortium.home().member_directory(name).expect("a member has its directory"),
            name: name.into(),
            roles: vec!["member".into()],
        };
        let parties = MEMBERS.map(party);
        let (network, cache) = (consortium.root().network(), consortium.cache().clone());
        let founded = found_channel(ROOM, network, texts, &definition, &parties, &cache);
        let (open, _) = founded.expect("the three agree");
        consortium.open_on_root(ROOM, &MEMBERS.map(str::to_owned), open).expect("it is opened");
        Self { consortium, _folder: folder }
    }

    /// Ends every process and starts them again.
    pub(crate) fn restarted(self) -> Self {
        let home = self.consortium.close();
        Self { consortium: Consortium::open(home).expect("it opens again"), _folder: self._folder }
    }

    pub(crate) fn room(&self, member: &str) -> RoomHandle {
        super::room(&self.consortium, member, ROOM)
    }

    pub(crate) fn within<T: Send + 'static>(
        &self,
        member: &str,
        read: impl FnOnce(&mut Channel) -> T + Send + 'static,
    ) -> T {
        super::within(&self.consortium, (member, ROOM), read)
    }

    pub(crate) fn id(&self, member: &str) -> MemberId {
        self.within(member, |channel| channel.own_id())
    }

    pub(crate) fn generation(&self, member: &str) -> Generation {
        self.within(member, |channel| channel.config().generation)
    }

    /// Time passes, and everybody does what is due then.
    pub(crate) fn pass(&self, heights: u64) {
        let to = Height(self.consortium.root().head().0 + heights);
        self.consortium.advance(to).expect("time passes");
        self.consortium.settle();
    }

    /// What the first of two members states to the second.
    pub(crate) fn statement(&self, record: u16, [preparer, counterparty]: [&str; 2]) -> Vec<DraftOperation> {
        let fields = [
            ("month", FieldValue::Text(format!("month {record}"))),
            ("documents", FieldValue::Integer(record.into())),
            ("total", FieldValue::Amount(record.into(), *b"GBP")),
        ];
        vec![DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: "statement".into(),
            record: record_id(record),
            version: 1,
            parties: BTreeMap::from([
                ("preparer".to_owned(), self.id(preparer)),
                ("counterparty".to_owned(), self.id(counterparty)),
            ]),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }]
    }

    /// States it, and waits until it is applied.
    pub(crate) fn state(&self, record: u16, parties: [&str; 2]) -> Outcome {
        let stated = self.room(parties[0]).submit_and_wait(self.statement(record, parties));
        let outcome = stated.expect("a verdict");
        assert_eq!(outcome.verdict, Verdict::Applied);
        outcome
    }

    /// `ann` moves, `bob` agrees, and what follows from it has come to rest.
    pub(crate) fn decide(&self, changes: Vec<Change>) -> TransactionDigest {
        let blinder = [u8::try_from(self.generation("ann").0).expect("few generations"); 32];
        let moved = self.room("ann").act_and_wait(Act::Move(Motion { changes, blinder })).expect("a verdict");
        assert_eq!(moved.verdict, Verdict::Applied);
        let vote = Act::Vote { motion: moved.transaction, approve: true };
        let voted = self.room("bob").act_and_wait(vote).expect("a verdict");
        assert_eq!(voted.verdict, Verdict::Applied);
        self.consortium.settle();
        moved.transaction
    }

    /// Lets the member from outside in.
    pub(crate) fn let_in(&self) {
        let invitation = self.within("ann", |channel| Invitation::to(ROOM, channel));
        let card = self.consortium.accept(OUTSIDE, &invitation, &["member".into()]).expect("a card");
        self.decide(vec![Change::Join(card.entry().expect("a card of its own"))]);
        assert_eq!(self.consortium.admit().expect("it is let in"), 1);
        self.consortium.quiesce();
    }
}

pub(crate) fn record_id(record: u16) -> RecordId {
    let mut id = [7; 32];
    id[..2].copy_from_slice(&record.to_be_bytes());
    RecordId(id)
}

/// Every field of every transaction in a store that a reader opens.
pub(crate) fn opened_places(channel: &Channel, reader: &dyn Perspective) -> Vec<Place> {
    let mut open = Vec::new();
    for (at, row) in channel.verdicts(0, usize::MAX).expect("a store can be read") {
        let stored = channel.transaction(&row.transaction).expect("a store can be read");
        let stored = stored.expect("what has a verdict is stored");
        let views = channel.view_transaction(reader, &stored).expect("a store can be read");
        let opens = |state: &FieldState| matches!(state, FieldState::Opened(_));
        open.extend(views.into_iter().flatten().filter(|v| opens(&v.state)).map(|v| (at, v.field.0)));
    }
    open
}

/// The place of a transaction in the verdict log.
pub(crate) fn place_of(channel: &Channel, transaction: &TransactionDigest) -> u64 {
    let stored = channel.transaction(transaction).expect("a store can be read");
    stored.expect("it has a verdict").place.verdict
}
