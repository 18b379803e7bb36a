//! A member is removed, and fails to read on: with its own store, and with its keys on another's.

use parclose_channel::{Channel, Verdict};
use parclose_node::consortium::open_channel;
use parclose_node::joining::Invitation;
use parclose_node::{Consortium, Home};
use parclose_transaction::{Act, Change, FieldState, Motion, Perspective};
use parclose_types::Generation;
use serde_json::{Value, json};

use super::Checks;
use super::homes::Homes;
use super::invoices::{Dealt, Invoices};
use crate::args::OfChannel;
use crate::context::in_room;
use crate::error::CliError;
use crate::import::{Fate, Target};

pub(super) const ROOM: &str = "trade-a";
pub(super) const REMOVED: &str = "bank-1";
pub(super) const JOINED: &str = "bank-2";

/// Receivables that are written once the bank is gone.
pub(super) const WRITTEN_AFTER: usize = 20;

/// Buyer and supplier replace their bank, and write on. What each reader opens of it is counted.
pub(crate) fn run(home: Home, invoices: &Invoices, checks: &mut Checks) -> Result<Value, CliError> {
    let homes = Homes::shared(home);
    let before = Before::of(&homes)?;
    let consortium = Consortium::open(homes.into_shared()?)?;
    replace_the_bank(&consortium)?;
    let written = write_on(&consortium, invoices)?;
    consortium.quiesce();
    before.judge(&Homes::shared(consortium.close()), written, checks)
}

/// What the bank could read before it was removed.
pub(super) struct Before(Opened);

impl Before {
    pub(super) fn of(homes: &Homes) -> Result<Self, CliError> {
        opened_by(homes, REMOVED, REMOVED).map(Self)
    }

    /// Looks what each reader opens now that so many receivables were written without the bank.
    pub(super) fn judge(self, homes: &Homes, written: usize, checks: &mut Checks) -> Result<Value, CliError> {
        judge(&self.0, homes, written, checks)
    }
}

fn judge(before: &Opened, homes: &Homes, written: usize, checks: &mut Checks) -> Result<Value, CliError> {
    let (own, others) = (opened_by(homes, REMOVED, REMOVED)?, opened_by(homes, REMOVED, "buyer")?);
    let readers =
        ["buyer", JOINED].map(|reader| Ok::<_, CliError>((reader, opened_by(homes, reader, "buyer")?)));
    checks.expect(written > 0 && before.past > 0, "the bank that is removed had something to read");
    checks.expect(own.after == 0, "the removed bank's own store has nothing of what came after");
    checks.expect(others.after == 0, "the removed bank's keys open nothing of what came after");
    checks.expect(own.past == before.past, "the removed bank keeps what it could read");
    let mut rows = vec![
        row(&format!("{REMOVED}, before"), before),
        row(&format!("{REMOVED}, its own store"), &own),
        row(&format!("{REMOVED}'s keys, the buyer's store"), &others),
    ];
    for reader in readers {
        let (reader, opened) = reader?;
        checks.expect(opened.after >= 7 * written as u64, format!("{reader} reads on"));
        checks.expect(
            (opened.past > 0) == (reader != JOINED),
            format!("{reader}'s past is as the template says"),
        );
        rows.push(row(&format!("{reader}'s keys, the buyer's store"), &opened));
    }
    Ok(
        json!({ "channel": ROOM, "removed": REMOVED, "joined": JOINED, "written_after": written, "readers": rows }),
    )
}

/// Fields that a reader opens.
#[derive(Debug, Default, PartialEq, Eq)]
struct Opened {
    /// sealed in the first generation
    past: u64,
    /// sealed later
    after: u64,
}

fn row(reader: &str, opened: &Opened) -> Value {
    json!({ "reader": reader, "opened_of_before": opened.past, "opened_of_after": opened.after })
}

fn replace_the_bank(consortium: &Consortium) -> Result<(), CliError> {
    let (buyer, supplier) = (consortium.room("buyer", ROOM)?, consortium.room("supplier-a", ROOM)?);
    let bank = in_room(&consortium.room(REMOVED, ROOM)?, |channel| channel.own_id())?;
    let invitation = in_room(&buyer, |channel| Invitation::to(ROOM, channel))?;
    let card = consortium.accept(JOINED, &invitation, &["bank".into()])?;
    let mut blinder = [0_u8; 32];
    rand_core::Rng::fill_bytes(&mut parclose_node::randomness::generator(), &mut blinder);
    let changes = vec![Change::Remove(bank), Change::Join(card.entry()?)];
    let moved = buyer.act_and_wait(Act::Move(Motion { changes, blinder }))?;
    let voted = supplier.act_and_wait(Act::Vote { motion: moved.transaction, approve: true })?;
    if (&moved.verdict, &voted.verdict) != (&Verdict::Applied, &Verdict::Applied) {
        return Err(CliError::verification(format!("{:?}, {:?}", moved.verdict, voted.verdict)));
    }
    consortium.settle();
    consortium.admit()?;
    let generation = in_room(&buyer, |channel| channel.config().generation)?;
    if generation == Generation(0) {
        return Err(CliError::verification("the keys have not turned over".into()));
    }
    Ok(())
}

/// The supplier's first receivables once more, under other keys.
fn write_on(consortium: &Consortium, invoices: &Invoices) -> Result<usize, CliError> {
    let of = OfChannel { channel: ROOM.into(), member: "supplier-a".into() };
    let room = consortium.room(&of.member, &of.channel)?;
    let target = Target::resolve(consortium, &of, &room, "receivable", &[])?;
    let again = invoices.of(Dealt::A, None).into_iter().take(WRITTEN_AFTER).map(|mut document| {
        document.key.push("again".into());
        document
    });
    let mut written = 0;
    target.import(&room, again, &mut |_, fate| match fate {
        Fate::Applied(_) => {
            written += 1;
            Ok(())
        }
        other => Err(CliError::verification(format!("a receivable after the removal: {other:?}"))),
    })?;
    Ok(written)
}

/// What one member's keys open in another's store, tried on every field of every transaction.
fn opened_by(homes: &Homes, reader: &str, store: &str) -> Result<Opened, CliError> {
    let cache = parclose_node::shared_cache(super::views::CACHE_BYTES);
    let open = |member: &str| -> Result<Channel, CliError> {
        let directory = homes.directory(member)?;
        let card = directory.channel(ROOM)?;
        Ok(open_channel(&directory, &card, &cache)?)
    };
    let read = open(reader)?;
    if reader == store {
        return count(&read, read.keys());
    }
    count(&open(store)?, read.keys())
}

fn count(channel: &Channel, keys: &dyn Perspective) -> Result<Opened, CliError> {
    let mut opened = Opened::default();
    for (_, verdict) in channel.verdicts(0, usize::MAX)? {
        let Some(stored) = channel.transaction(&verdict.transaction)? else { continue };
        let views = channel.view_transaction(keys, &stored)?;
        let open =
            views.iter().flatten().filter(|view| matches!(view.state, FieldState::Opened(_))).count() as u64;
        match stored.body.generation {
            Generation(0) => opened.past += open,
            _ => opened.after += open,
        }
    }
    Ok(opened)
}
