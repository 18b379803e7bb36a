//! What a deal of two legs costs, beside a transfer of one: everything that all members of both channels do for it, in one process.

use std::collections::BTreeMap;
use std::time::Instant;

use parclose_channel::{Answer, Drafted, LegTerms, Payment, Terms};
use parclose_node::desk::Stage;
use parclose_node::measure;
use parclose_node::randomness::generator;
use parclose_node::{Consortium, RoomHandle};
use parclose_transaction::FieldValue;
use parclose_types::{AssetId, Height, MemberId, RecordId, Tag};
use rand_core::Rng;
use serde_json::{Value, json};

use crate::args::Global;
use crate::context::in_room;
use crate::dev;
use crate::error::CliError;
use crate::waiting::Waiting;

const MEMBERS: [&str; 3] = ["seller", "buyer", "witness"];
const CHANNELS: [(&str, &str); 2] = [("securities", "dvp-securities"), ("cash", "dvp-cash")];
/// What every note is worth.
const NOTE: u64 = 100;
const WITHIN: u64 = 1024;

struct Floor {
    consortium: Consortium,
    tags: [Tag; 2],
    assets: [AssetId; 2],
}

/// Milliseconds of processor and of waiting.
struct Cost {
    cpu_ms: f64,
    latencies_ms: Vec<f64>,
}

/// Measures so many transfers and deals, one after the other and all together.
pub(super) fn dvp(global: &Global, count: usize) -> Result<Value, CliError> {
    let floor = Floor::open(global, 4 * count)?;
    let transfers = floor.measure(count, |floor| floor.transfers(1))?;
    let deals = floor.measure(count, |floor| floor.deals(1))?;
    let transfers_together = floor.measure(1, |floor| floor.transfers(count))?;
    let deals_together = floor.measure(1, |floor| floor.deals(count))?;
    drop(floor.consortium.close());
    let each = |cost: &Cost| cost.cpu_ms / count as f64;
    let (transfer_p50, deal_p50) = (median(&transfers.latencies_ms), median(&deals.latencies_ms));
    Ok(json!({
        "schema": "parclose.bench-dvp/1",
        "members": MEMBERS.len(),
        "count": count,
        "one_after_the_other": {
            "transfer_cpu_ms": each(&transfers),
            "deal_cpu_ms": each(&deals),
            "cpu_ratio": each(&deals) / each(&transfers),
            "transfer_p50_ms": transfer_p50,
            "deal_p50_ms": deal_p50,
            "latency_ratio": deal_p50 / transfer_p50,
        },
        "together": {
            "transfer_cpu_ms": each(&transfers_together),
            "deal_cpu_ms": each(&deals_together),
            "cpu_ratio": each(&deals_together) / each(&transfers_together),
        },
    }))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn fresh() -> RecordId {
    let mut id = [0; 32];
    generator().fill_bytes(&mut id);
    RecordId(id)
}

fn used() -> Result<f64, CliError> {
    let usage = measure::usage().map_err(|error| super::failed(&*error))?;
    Ok(usage["cpu_ms"].as_f64().unwrap_or_default())
}

impl Floor {
    fn open(global: &Global, notes: usize) -> Result<Self, CliError> {
        let consortium = dev::found(global, &MEMBERS)?;
        let roles = |issuer: &str| {
            MEMBERS.map(|member| {
                let mut roles = vec!["participant".to_owned()];
                roles.extend((member == issuer).then(|| "issuer".to_owned()));
                roles.sort_unstable();
                (member.to_owned(), roles)
            })
        };
        let mut tags = Vec::new();
        for ((channel, template), issuer) in CHANNELS.into_iter().zip(MEMBERS) {
            tags.push(dev::create_channel(&consortium, global, channel, template, &roles(issuer))?);
        }
        let mut waiting = Waiting::new();
        for member in MEMBERS {
            for (channel, _) in CHANNELS {
                let room = consortium.room(member, channel)?;
                let operation = in_room(&room, |channel| channel.open_account(&mut generator()))??;
                waiting.record(&room, operation);
            }
        }
        let mut assets = Vec::new();
        for ((channel, _), issuer) in CHANNELS.into_iter().zip(MEMBERS) {
            let room = consortium.room(issuer, channel)?;
            let fields = vec![("code", FieldValue::Text("X".into())), ("decimals", FieldValue::Integer(2))];
            let operation = in_room(&room, |channel| channel.define_asset(fields, &mut generator()))??;
            assets.push(AssetId(operation.record.0));
            waiting.record(&room, operation);
        }
        waiting.all_applied()?;
        consortium.settle();
        let missing = || CliError::not_found("channel");
        let pair = |list: Vec<Tag>| <[Tag; 2]>::try_from(list).map_err(|_| missing());
        let assets = <[AssetId; 2]>::try_from(assets).map_err(|_| missing())?;
        let floor = Self { consortium, tags: pair(tags)?, assets };
        floor.issue(notes)?;
        Ok(floor)
    }

    fn issue(&self, notes: usize) -> Result<(), CliError> {
        let mut waiting = Waiting::new();
        for (((channel, _), issuer), asset) in CHANNELS.into_iter().zip(MEMBERS).zip(self.assets) {
            let room = self.consortium.room(issuer, channel)?;
            let to = self.id(issuer)?;
            for _ in 0..notes {
                let payment = Payment { asset, to, amount: NOTE, purpose: None };
                let drafted = in_room(&room, move |channel| channel.issue(&payment, &mut generator()))??;
                waiting.submit(&room, drafted);
            }
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(())
    }

    fn id(&self, member: &str) -> Result<MemberId, CliError> {
        Ok(self.consortium.member_id(member)?)
    }

    fn measure(
        &self,
        times: usize,
        run: impl Fn(&Self) -> Result<Instant, CliError>,
    ) -> Result<Cost, CliError> {
        let before = used()?;
        let mut latencies_ms = Vec::new();
        for _ in 0..times {
            let begun = run(self)?;
            latencies_ms.push(now().duration_since(begun).as_secs_f64() * 1000.0);
        }
        Ok(Cost { cpu_ms: used()? - before, latencies_ms })
    }

    /// The seller delivers so many notes for nothing. The clock starts when they are handed in, and stops when everybody has them.
    fn transfers(&self, count: usize) -> Result<Instant, CliError> {
        let room = self.consortium.room(MEMBERS[0], CHANNELS[0].0)?;
        let ([asset, _], to) = (self.assets, self.id(MEMBERS[1])?);
        let head = self.consortium.root().head();
        let begun = now();
        let mut waiting = Waiting::new();
        for _ in 0..count {
            let payment = Payment { asset, to, amount: NOTE, purpose: None };
            let pay =
                move |channel: &mut parclose_channel::Channel| channel.pay(&payment, head, &mut generator());
            let drafted: Drafted = in_room(&room, pay)??;
            waiting.submit(&room, drafted);
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(begun)
    }

    /// Seller and buyer exchange so many notes. The clock starts when the last answer is handed in, and stops when everybody has what it
    /// was promised.
    fn deals(&self, count: usize) -> Result<Instant, CliError> {
        let [seller, buyer] = [self.id(MEMBERS[0])?, self.id(MEMBERS[1])?];
        let room = |member: &str, channel: usize| -> Result<RoomHandle, CliError> {
            Ok(self.consortium.room(member, CHANNELS[channel].0)?)
        };
        let (proposing, answering) = (room(MEMBERS[0], 0)?, room(MEMBERS[1], 0)?);
        let head = self.consortium.root().head().0;
        let heights = (Height(head.saturating_add(WITHIN)), Height(head.saturating_add(2 * WITHIN)));
        let [securities, cash] = self.tags;
        let [paper, money] = self.assets;
        let mut instructions = Vec::new();
        let mut waiting = Waiting::new();
        for _ in 0..count {
            let record = fresh();
            let leg = |tag, sender, receiver, asset| LegTerms { tag, sender, receiver, asset, amount: NOTE };
            let legs = vec![leg(securities, seller, buyer, paper), leg(cash, buyer, seller, money)];
            let mut terms = Terms::new(heights, legs, &mut generator());
            let key = in_room(&room(MEMBERS[0], 1)?, move |channel| channel.approver_key(&record, 1))?;
            terms.approvers = BTreeMap::from([(1, key)]);
            let operation = in_room(&proposing, move |channel| {
                channel.propose_deal(record, (buyer, buyer), &terms, Vec::new())
            })??;
            waiting.record(&proposing, operation);
            instructions.push(record);
        }
        waiting.all_applied()?;
        self.consortium.settle_deals();
        let (begun, mut waiting) = (now(), Waiting::new());
        for record in &instructions {
            let (instruction, named) = (*record, fresh());
            let case = self.consortium.desk(MEMBERS[1])?.case(CHANNELS[0].0, record);
            let case = case.ok_or_else(|| CliError::not_found("instruction"))?;
            let key = in_room(&answering, move |channel| channel.approver_key(&instruction, 0))?;
            let answer = Answer::Accepted(BTreeMap::from([(0, key)]));
            let operation =
                in_room(&answering, move |channel| channel.answer_deal(named, &case.instruction, &answer))??;
            waiting.record(&answering, operation);
        }
        waiting.all_applied()?;
        self.consortium.settle_deals();
        let desk = self.consortium.desk(MEMBERS[0])?;
        let over = |record: &RecordId| {
            desk.status(CHANNELS[0].0, record).map(|status| status.stage) == Some(Stage::Committed)
        };
        if !instructions.iter().all(over) {
            return Err(CliError::verification("a deal was not committed".into()));
        }
        Ok(begun)
    }
}
