//! What a confidential transfer of two notes into two costs, by role, alone and in a batch.
//!
//! The real code of a channel of cash: an issuer, who endorses; a payer; a payee, who only executes. Processor
//! time; microseconds for each transfer; ratios of one run are what to compare.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use parclose_amounts::{
    AssetTerms, Ledger, Movement, Obligation, Place, RangeEngine, UnspentNote, verify_all,
};
use parclose_channel::holdings::OwnNote;
use parclose_channel::propose::Pooled;
use parclose_channel::{Channel, Payment};
use parclose_transaction::{
    DefinitionTexts, Draft, DraftMovement, DraftOperation, FieldValue, SignedTransaction,
};
use parclose_types::{AssetId, Height, MemberId, NoteId, ObligationId, RecordId};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use super::room::{Founder, Room, Worked};
use super::{Failed, clock, median};

const TEMPLATE: [&str; 3] = [
    include_str!("../../../../channels/dvp-cash/channel.toml"),
    include_str!("../../../../channels/dvp-cash/policy.cedar"),
    include_str!("../../../../channels/dvp-cash/policy.cedarschema"),
];

const NAMES: [&str; 3] = ["payer", "issuer", "payee"];
pub(super) const PAYER: usize = 0;
const ISSUER: usize = 1;
const PAYEE: usize = 2;
const ASSET: RecordId = RecordId([7; 32]);
/// Notes of one issue.
const NOTES: usize = 64;
const NOTE: u64 = 500;

/// Measures transfers in batches of `batch`, and as many alone as a batch has, at most 32.
pub fn transfer(directory: &Path, batches: usize, batch: usize) -> Result<Value, Failed> {
    std::fs::create_dir_all(directory)?;
    let mut room = room(directory)?;
    let alone = batch.min(32);
    issue(&mut room, 2 * (batches * batch + alone))?;
    let mut single = Vec::new();
    for _ in 0..alone {
        single.push(Costs::measure(&mut room, 1)?);
    }
    let mut together = Vec::new();
    for _ in 0..batches {
        together.push(Costs::measure(&mut room, batch)?);
    }
    let (single, together) = (Costs::median(&single), Costs::median(&together));
    Ok(json!({
        "schema": "parclose.bench-transfer/1",
        "transfers": batches * batch + alone,
        "batch": batch,
        "spent": 2,
        "made": 2,
        "seal_us": together.seal,
        "alone": single.to_json(),
        "together": together.to_json(),
        "gain_of_verifying": single.verify / together.verify,
        "gain_of_executing": single.execute / together.execute,
    }))
}

/// A channel with so many notes of one asset, rounded up to whole batches.
pub(super) fn issued(directory: &Path, notes: usize) -> Result<Room, Failed> {
    std::fs::create_dir_all(directory)?;
    let mut room = room(directory)?;
    issue(&mut room, notes)?;
    room.upkeep()?;
    Ok(room)
}

/// Microseconds for each transfer.
#[derive(Clone, Copy, Debug, Default)]
struct Costs {
    /// drafting, proving, sealing, signing by the payer
    seal: f64,
    /// notes, owners, balance, signatures, ranges, and nothing else
    verify: f64,
    /// all that a member does that has not seen the batch before it was ordered
    execute: f64,
}

impl Costs {
    fn measure(room: &mut Room, count: usize) -> Result<Self, Failed> {
        let mut notes = room.members[PAYER].own_notes()?;
        notes.retain(|note| note.opened.value == NOTE);
        notes.truncate(2 * count);
        let to = (room.members[PAYER].own_id(), room.members[PAYEE].own_id());
        let keys = (account(&room.members[PAYER], to.0)?, account(&room.members[PAYER], to.1)?);
        let ledger = Known::of(&room.members[PAYEE])?;
        room.worked.fill(Worked::default());
        let mut signed = Vec::with_capacity(count);
        while notes.len() >= 2 {
            let pair = notes.split_off(notes.len() - 2);
            signed.push(room.work(PAYER, |channel, head, rng| seal(channel, head, rng, (pair, to, keys)))?);
        }
        let sealed = room.worked[PAYER].ordering;
        let verified = verify(&signed, &ledger)?;
        let mut pooled = Vec::with_capacity(signed.len());
        for signed in &signed {
            pooled
                .push(room.work(PAYER, |channel, head, _| Ok(channel.advise(signed, Height(head.0 + 1))??))?);
        }
        room.order(PAYER, pooled)?;
        let each = |seconds: f64| seconds * 1e6 / signed.len().max(1) as f64;
        Ok(Self { seal: each(sealed), verify: each(verified), execute: each(room.worked[PAYEE].executing) })
    }

    fn median(rounds: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(rounds.iter().map(part));
        Self { seal: of(|r| r.seal), verify: of(|r| r.verify), execute: of(|r| r.execute) }
    }

    fn to_json(self) -> Value {
        json!({ "verify_us": self.verify, "execute_us": self.execute })
    }
}

/// Seconds that it takes to verify what some transfers show, all together.
fn verify(signed: &[SignedTransaction], ledger: &Known) -> Result<f64, Failed> {
    let movements: Vec<(&Movement, Place)> = signed
        .iter()
        .flat_map(|signed| signed.body().movements.iter().map(|movement| (movement, signed.body().place())))
        .collect();
    let started = clock::processor()?;
    let mut checked = Vec::with_capacity(movements.len());
    for (movement, place) in &movements {
        checked.push(movement.check(place, ledger)?);
    }
    let answers = verify_all(checked);
    let ended = clock::processor()?;
    if answers.iter().all(Result::is_ok) {
        Ok(ended - started)
    } else {
        Err("a transfer does not hold".into())
    }
}

/// The unspent notes, in memory.
struct Known(BTreeMap<NoteId, UnspentNote>);

impl Known {
    fn of(channel: &Channel) -> Result<Self, Failed> {
        let notes = channel.notes(channel.keys())?;
        Ok(Self(notes.into_iter().map(|view| (view.row.id, view.row.note)).collect()))
    }
}

impl Ledger for Known {
    fn unspent(&self, note: &NoteId) -> Option<UnspentNote> {
        self.0.get(note).copied()
    }

    fn terms(&self, _: &AssetId) -> Option<AssetTerms> {
        Some(AssetTerms { issuer: None, engine: RangeEngine::OF_FORMAT_1 })
    }

    fn obligation(&self, _: &ObligationId) -> Option<Obligation> {
        None
    }
}

type Parties = (Vec<OwnNote>, (MemberId, MemberId), (parclose_types::PublicKey, parclose_types::PublicKey));

/// Two notes become one of the payee and one of the payer.
fn seal(
    channel: &Channel,
    head: Height,
    rng: &mut ChaCha20Rng,
    (notes, (own, payee), (own_key, payee_key)): Parties,
) -> Result<SignedTransaction, Failed> {
    let total: u64 = notes.iter().map(|note| note.opened.value).sum();
    let operations = vec![holding(rng, own, payee, 300), holding(rng, own, own, total - 300)];
    let spends = notes.into_iter().map(|note| Arc::new(channel.to_spend(note))).collect();
    let movements =
        vec![DraftMovement::Transfer { asset: AssetId(ASSET.0), spends, owners: vec![payee_key, own_key] }];
    let draft = Draft { operations, movements, expiry: Height(head.0 + 100) };
    Ok(draft.seal(&channel.desk(Height(head.0 + 1)), rng)?.sign(channel.pseudonym())?)
}

fn holding(rng: &mut ChaCha20Rng, payer: MemberId, holder: MemberId, quantity: u64) -> DraftOperation {
    let mut record = [0; 32];
    rand_core::Rng::fill_bytes(rng, &mut record);
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "holding".into(),
        record: RecordId(record),
        version: 1,
        parties: BTreeMap::from([("payer".to_owned(), payer), ("holder".to_owned(), holder)]),
        fields: BTreeMap::from([("quantity".to_owned(), FieldValue::Quantity(quantity))]),
    }
}

fn account(channel: &Channel, of: MemberId) -> Result<parclose_types::PublicKey, Failed> {
    let account = channel.accounts()?.into_iter().find(|account| account.owner == of);
    Ok(account.ok_or("nobody is paid without an account")?.key)
}

/// A channel of cash with an asset, accounts, and every secret that payments need.
fn room(directory: &Path) -> Result<Room, Failed> {
    let [toml, policy, policy_schema] = TEMPLATE.map(str::to_owned);
    let texts = DefinitionTexts { channel_toml: toml, policy, policy_schema };
    let founders = NAMES.map(|name| -> Founder {
        let roles = if name == "issuer" { vec!["issuer", "participant"] } else { vec!["participant"] };
        (name.into(), roles.into_iter().map(str::to_owned).collect())
    });
    let mut room = Room::found(directory, texts, &founders, clock::processor)?;
    room.upkeep()?;
    let ids = [PAYER, ISSUER, PAYEE].map(|at| room.members[at].own_id());
    let pairs =
        [(PAYER, ids[PAYER], ids[PAYEE]), (PAYER, ids[PAYER], ids[PAYER]), (ISSUER, ids[ISSUER], ids[PAYER])];
    for (at, payer, holder) in pairs {
        let wanted = room.work(at, |channel, head, rng| {
            let draft = Draft::of_records(vec![holding(rng, payer, holder, 1)], Height(0));
            let audiences = draft.audiences(&channel.desk(Height(head.0 + 1)))?;
            Ok(audiences.values().filter_map(|set| channel.deal_on_first_use(set, head, rng)).collect())
        })?;
        room.act(at, wanted)?;
        room.upkeep()?;
    }
    write(&mut room, ISSUER, |_, _| {
        let fields = [("code", FieldValue::Text("GBP".into())), ("decimals", FieldValue::Integer(2))];
        let operation = DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: "asset".into(),
            record: ASSET,
            version: 1,
            parties: BTreeMap::from([("issuer".to_owned(), ids[ISSUER])]),
            fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        Ok((vec![operation], Vec::new()))
    })?;
    for at in [PAYER, PAYEE] {
        write(&mut room, at, |channel, rng| Ok((vec![channel.open_account(rng)?], Vec::new())))?;
    }
    Ok(room)
}

/// Issues so many notes to the payer.
fn issue(room: &mut Room, notes: usize) -> Result<(), Failed> {
    let payer = room.members[PAYER].own_id();
    let payment = Payment { asset: AssetId(ASSET.0), to: payer, amount: NOTE, purpose: None };
    for _ in 0..notes.div_ceil(NOTES) {
        let mut pooled = Vec::with_capacity(NOTES);
        for _ in 0..NOTES {
            pooled.push(room.work(ISSUER, |channel, head, rng| {
                let drafted = channel.issue(&payment, rng)?;
                pool(channel, head, rng, (drafted.operations, drafted.movements))
            })?);
        }
        room.order(ISSUER, pooled)?;
    }
    Ok(())
}

type Content = (Vec<DraftOperation>, Vec<DraftMovement>);

fn write(
    room: &mut Room,
    at: usize,
    content: impl FnOnce(&Channel, &mut ChaCha20Rng) -> Result<Content, Failed>,
) -> Result<(), Failed> {
    let pooled = room.work(at, |channel, head, rng| {
        let content = content(channel, rng)?;
        pool(channel, head, rng, content)
    })?;
    room.order(at, vec![pooled])
}

fn pool(
    channel: &mut Channel,
    head: Height,
    rng: &mut ChaCha20Rng,
    (operations, movements): Content,
) -> Result<Pooled, Failed> {
    let draft = Draft { operations, movements, expiry: Height(head.0 + 100) };
    let signed = draft.seal(&channel.desk(Height(head.0 + 1)), rng)?.sign(channel.pseudonym())?;
    Ok(channel.advise(&signed, Height(head.0 + 1))??)
}
