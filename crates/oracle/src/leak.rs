//! The leak oracle: every secret value and key of a running consortium, searched for wherever its readers are not.
//!
//! Five members and three channels with different members run in this process, over the real rooms. All of it is
//! searched while it runs, as a killed process would leave it, and after it was closed and started again.

mod plant;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use parclose_channel::tables::{PERMANENT, PRUNABLE, RECORDS};
use parclose_findings::{Budget, Item};
use parclose_node::backup;
use parclose_node::randomness::generator;
use parclose_transaction::{DraftOperation, Perspective};

use crate::canary::Canaries;
use crate::content::{
    Secrets, TRADES, ids, receivable, receivable_operation, register_receivable, register_statement,
    statement, statement_operation,
};
use crate::failures::{see_error, see_refusals, see_strangers};
use crate::ground::{Ground, home_of, seats, see_raw_rows};
use crate::pages::see_served;
use crate::random::rng;
use crate::search::{Search, Watch};
use crate::surface::{Holder, Piece, See, Surface, see_files};
use crate::{Failed, add, keys, log, run};

/// How much is written.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    /// receivables in each trade channel
    pub receivables: usize,
    /// statements between the banks
    pub statements: usize,
}

/// More than 10,000 secret values, and a key for each of them.
pub const FULL: Volume = Volume { receivables: 750, statements: 60 };

/// Operations of one transaction.
const OPERATIONS: usize = 25;
/// Writes between two flushes: sorted files pile up, and the store merges them.
const ROUNDS: usize = 6;
/// At least so many canaries.
pub const CANARIES_MIN: u64 = 10_000;

const SURFACES: [&str; 8] = [
    "bytes of archives",
    "bytes of debug texts",
    "bytes of errors",
    "bytes of files",
    "bytes of logs",
    "bytes of packets",
    "bytes of pages",
    "bytes of rows",
];

/// Runs the oracle at full volume.
pub fn leak_oracle(budget: &Budget) -> Item {
    leak_oracle_of(budget, FULL)
}

/// Runs the oracle.
pub fn leak_oracle_of(budget: &Budget, volume: Volume) -> Item {
    leak_oracle_after(budget, volume, &|_, _| Ok(()))
}

/// Something that is done to a ground and its secrets before they are searched for.
pub type Meddle<'a> = &'a dyn Fn(&Ground, &Canaries) -> Result<(), Failed>;

/// Runs the oracle after somebody has meddled with the ground: to see it fail.
pub fn leak_oracle_after(budget: &Budget, volume: Volume, meddle: Meddle<'_>) -> Item {
    let mut item = Item::new(
        "leak-oracle",
        "no secret value and no key is found, in any form, where its readers are not",
        "parclose-review leaks",
    );
    item.must_reach(&SURFACES);
    item.must_reach(&["canaries", "forms", "canaries at home", "refusals", "merged tables"]);
    item.must_inject(&["kill", "compaction", "restart", "broken room"]);
    run(item, budget, |item, seed| oracle(item, seed, volume, meddle))
}

fn oracle(item: &mut Item, seed: u64, volume: Volume, meddle: Meddle<'_>) -> Result<(), Failed> {
    let level = log::listen();
    let ground = Ground::found()?;
    let mut canaries = Canaries::default();
    let spare = write(&ground, &mut canaries, seed, volume)?;
    keys::register(&ground, &mut canaries)?;
    meddle(&ground, &canaries)?;
    for (what, count) in canaries.counts() {
        add(item, &format!("{what} (canaries)"), count);
        add(item, "canaries", count);
    }
    let search = Search::new(canaries);
    add(item, "forms", search.forms());
    let mut watch = Watch::new(&search, &item.replay);

    ground.see_files(&mut |piece| watch.look(&piece))?;
    ground.see_rows(&mut |piece| watch.look(&piece))?;
    ground.see_packets(&mut |piece| watch.look(&piece))?;
    see_chain(&ground, &mut |piece| watch.look(&piece))?;
    see_texts(&ground, &mut |piece| watch.look(&piece))?;
    see_archives(&ground, &mut |piece| watch.look(&piece))?;
    match &level {
        Some(level) => {
            let status = Arc::new(ground.consortium().status());
            see_served(status, level, ground.consortium().home().path(), &mut |piece| watch.look(&piece))?;
        }
        None => not_logged(item),
    }
    for (trade, secrets) in TRADES.iter().zip(&spare) {
        let refused = see_refusals(&ground, trade, secrets, &mut |piece| watch.look(&piece))?;
        add(item, "refusals", refused);
    }
    see_strangers(&ground, &mut |piece| watch.look(&piece));

    let killed = ground.folder().join("killed");
    ground.copy_after_kill(&killed)?;
    item.inject("kill");
    see_files(&killed, Surface::Files, &mut |piece| watch.look(&piece))?;
    add(item, "merged tables", merge(&ground)?);
    item.inject("compaction");
    ground.see_files(&mut |piece| watch.look(&piece))?;

    let ground = ground.restart()?;
    item.inject("restart");
    ground.see_files(&mut |piece| watch.look(&piece))?;
    ground.see_rows(&mut |piece| watch.look(&piece))?;
    add(item, "canaries at home", watch.at_home().saturating_add(at_home(&ground, &search)?));
    see_log(&mut |piece| watch.look(&piece));
    plant::controls(item, &ground, &search, level.as_ref())?;
    // What was planted in the log is not to be found again.
    log::take();
    log::listen();
    break_off(&ground, &spare, &mut |piece| watch.look(&piece))?;
    item.inject("broken room");
    see_log(&mut |piece| watch.look(&piece));
    let folder = ground.close();
    let root = home_of(&folder).join("root");
    see_raw_rows(&root, &mut |piece| watch.look(&piece))?;
    plant::row(item, &root, folder.path(), &search)?;
    log::take();
    watch.report(item);
    item.executions = watch_executions(item);
    if search.canaries().counts().values().sum::<u64>() < CANARIES_MIN
        && volume.receivables >= FULL.receivables
    {
        item.find("fewer canaries than 10,000", item.replay.clone());
    }
    Ok(())
}

/// What is executed is a search of bytes.
fn watch_executions(item: &Item) -> u64 {
    SURFACES.iter().filter_map(|surface| item.reached.get(*surface)).sum()
}

fn not_logged(item: &mut Item) {
    let why = "this process has a log of its own already, so what nodes say at `trace` cannot be kept";
    item.not_run("logs and pages", why);
    for surface in ["bytes of logs", "bytes of pages"] {
        item.reached.remove(surface);
    }
}

fn see_log(see: &mut See<'_>) {
    let (heard, holder) = (log::heard(), Holder::Anybody);
    see(Piece { surface: Surface::Logs, holder: &holder, place: "the log", bytes: &heard });
}

/// Writes everything, and gives back the secrets of one receivable for each trade that are not written.
fn write(
    ground: &Ground,
    canaries: &mut Canaries,
    seed: u64,
    volume: Volume,
) -> Result<Vec<Secrets>, Failed> {
    let mut rng = rng(seed, "content");
    let mut spare = Vec::new();
    let mut waiting: Vec<((&str, &str), Vec<DraftOperation>)> = Vec::new();
    for trade in &TRADES {
        let seat = (trade.supplier, trade.channel);
        let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
        let master = ground.master(trade.supplier)?;
        let mut operations = Vec::new();
        for _ in 0..volume.receivables {
            let secrets = receivable(&mut rng);
            register_receivable(canaries, trade, &secrets);
            operations.push(receivable_operation(&secrets, trade, (&channel, &master), &ids)?);
        }
        waiting.push((seat, operations));
        let secrets = receivable(&mut rng);
        register_receivable(canaries, trade, &secrets);
        spare.push(secrets);
    }
    let seat = ("bank-1", "banks");
    let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
    let master = ground.master("bank-1")?;
    let mut operations = Vec::new();
    for _ in 0..volume.statements {
        let secrets = statement(&mut rng);
        register_statement(canaries, &secrets);
        operations.push(statement_operation(&secrets, (&channel, &master), &ids)?);
    }
    waiting.push((seat, operations));
    in_rounds(ground, waiting)?;
    Ok(spare)
}

/// Writes in rounds, with a flush after each.
fn in_rounds(ground: &Ground, waiting: Vec<((&str, &str), Vec<DraftOperation>)>) -> Result<(), Failed> {
    let rounds: Vec<_> = waiting
        .into_iter()
        .map(|(seat, operations)| {
            let each = operations.len().div_ceil(ROUNDS).max(1);
            (seat, operations.chunks(each).map(<[DraftOperation]>::to_vec).collect::<Vec<_>>())
        })
        .collect();
    for round in 0..ROUNDS {
        for (seat, operations) in &rounds {
            let Some(operations) = operations.get(round) else { continue };
            ground.write(*seat, operations.chunks(OPERATIONS).map(<[DraftOperation]>::to_vec).collect())?;
        }
        ground.flush()?;
    }
    ground.consortium().quiesce();
    Ok(())
}

/// Everything that validators order, in its encoding and in its debug form.
fn see_chain(ground: &Ground, see: &mut See<'_>) -> Result<(), Failed> {
    let root = ground.consortium().root();
    for (member, channel) in seats() {
        let tag = ground.within((member, channel), |room| room.tag())?;
        for event in root.events(&tag, parclose_types::Sequence(0), usize::MAX)? {
            let place = format!("the root chain, height {}", event.height.0);
            for bytes in [event.transaction.encode(), format!("{event:?}").into_bytes()] {
                see(Piece {
                    surface: Surface::Packets,
                    holder: &Holder::Anybody,
                    place: &place,
                    bytes: &bytes,
                });
            }
        }
    }
    Ok(())
}

/// Debug and display forms of what a node and its members hold.
fn see_texts(ground: &Ground, see: &mut See<'_>) -> Result<(), Failed> {
    let mut show = |place: &str, text: String| {
        see(Piece { surface: Surface::Text, holder: &Holder::Anybody, place, bytes: text.as_bytes() });
    };
    show("a consortium", format!("{:?} {:?}", ground.consortium().home(), ground.consortium().status()));
    for (member, master) in ground.masters() {
        let own = (master, master.identity(), master.encryption(), master.owner(), master.node());
        show("a member's keys", format!("{member} {own:?}"));
    }
    for (member, channel) in seats() {
        let texts = ground.within((member, channel), |room| {
            let keys = room.keys();
            let governance = room.governance();
            let mut texts =
                vec![format!("{keys:?} {:?} {governance:?} {:?}", room.pseudonym(), room.store())];
            for row in governance.deals_of(governance.latest().configuration) {
                let audience = row.deal.audience;
                texts.push(format!("{:?} {:?}", keys.secret(&audience), row.deal));
                for class in &room.definition().classes {
                    let seed = keys.class(&audience, class.id);
                    let leaf = seed.as_ref().map(|seed| seed.leaf(parclose_types::Epoch(0)));
                    let cut =
                        keys.cut(&audience, class.id, parclose_types::Epoch(0), parclose_types::Epoch(7));
                    texts.push(format!("{seed:?} {leaf:?} {cut:?}"));
                }
            }
            let views = room.view_records(keys, |view| texts.push(format!("{view:?} {view:#?}")));
            views.map(|()| texts)
        })??;
        texts.into_iter().for_each(|text| show("what a room holds", text));
    }
    for packet in ground.tap().packets() {
        if let Ok(message) = parclose_exchange::Message::from_bytes(&packet.message) {
            show("a message", format!("{message:?}"));
        }
    }
    Ok(())
}

/// An archive of every member's side of every channel.
fn see_archives(ground: &Ground, see: &mut See<'_>) -> Result<(), Failed> {
    let folder = ground.folder().join("archives");
    std::fs::create_dir_all(&folder)?;
    let network = ground.consortium().root().network();
    for (member, channel) in seats() {
        let card = ground.consortium().home().member_directory(member)?.channel(channel)?;
        let out = folder.join(format!("{member}-{channel}"));
        let key = ground.master(member)?.encryption();
        let to = (key.public(), out.as_path());
        backup::create(&ground.room(member, channel)?, &card, network, &folder, to, &mut generator())?;
    }
    Ok(see_files(&folder, Surface::Archives, see)?)
}

/// Has every store write its largest tables anew; how many sorted files were merged into others by that.
fn merge(ground: &Ground) -> Result<usize, Failed> {
    let home = ground.consortium().home().path().to_owned();
    let before = sorted_files(&home)?;
    for seat in seats() {
        ground.within(seat, |room| {
            room.store().shred(&PERMANENT, None)?;
            room.store().shred(&PRUNABLE, None)?;
            room.store().shred(&RECORDS, None)
        })??;
    }
    let after = sorted_files(&home)?;
    Ok(before.difference(&after).count())
}

fn sorted_files(folder: &std::path::Path) -> Result<BTreeSet<String>, Failed> {
    let mut files = BTreeSet::new();
    see_files(folder, Surface::Files, &mut |piece| {
        if piece.place.ends_with(".sst") {
            files.insert(piece.place.to_owned());
        }
    })?;
    Ok(files)
}

/// Secrets of all canaries as their own readers open them: the search is not blind, and they are there.
fn at_home(ground: &Ground, search: &Search) -> Result<u64, Failed> {
    let mut found = 0_u64;
    for (member, channel) in seats() {
        let opened = ground.within((member, channel), |room| {
            let mut opened = Vec::new();
            let keys: &dyn Perspective = room.keys();
            let views = room.view_records(keys, |view| {
                for field in view.fields {
                    if let parclose_transaction::FieldState::Opened(value) = field.state {
                        opened.push(value.to_bytes());
                    }
                }
            });
            views.map(|()| opened)
        })??;
        for value in opened {
            let mut seen = false;
            search.find(&value, &mut |_| seen = true);
            found = found.saturating_add(u64::from(seen));
        }
    }
    Ok(found)
}

/// Breaks a room off by a fault on purpose, with a secret in hand; what its member is told then.
fn break_off(ground: &Ground, spare: &[Secrets], see: &mut See<'_>) -> Result<(), Failed> {
    let (trade, Some(secrets)) = (&TRADES[1], spare.get(1)) else { return Err("nothing is spare".into()) };
    let seat = (trade.supplier, trade.channel);
    let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
    let master = ground.master(trade.supplier)?;
    let operation = receivable_operation(secrets, trade, (&channel, &master), &ids)?;
    let room = ground.room(trade.supplier, trade.channel)?;
    let (held, said) = (operation.clone(), Arc::new(Mutex::new(Vec::new())));
    let (before, heard) = (std::panic::take_hook(), said.clone());
    std::panic::set_hook(Box::new(move |panic| {
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{panic} {panic:?}"));
    }));
    let broken = room.call(move |_| {
        assert!(held.version == 0, "a fault on purpose, with a draft in hand: {held:?}");
    });
    std::panic::set_hook(before);
    let said = said.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
    if said.is_empty() {
        return Err("a panic says nothing".into());
    }
    see_error(&said, "a panic with a draft in hand", see);
    see_error(&format!("{broken:?} {room:?}"), "a room that breaks off", see);
    match room.submit_and_wait(vec![operation]) {
        Ok(_) => Err("a broken room goes on".into()),
        Err(error) => {
            see_error(&crate::failures::all_of(&error), "a room that has broken off", see);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use parclose_cli::dev::MEMBERS;

    use super::*;

    #[test]
    fn every_member_has_a_place_and_no_channel_has_all_of_them() {
        for member in MEMBERS {
            assert!(seats().any(|(of, _)| of == *member), "{member}");
        }
        assert!(
            ["trade-a", "trade-b", "banks"]
                .iter()
                .all(|channel| { crate::ground::members_of(channel).len() < MEMBERS.len() })
        );
    }
}
