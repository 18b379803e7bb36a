//! Load on rooms: so many record writes, as fast as answers come or at a given rate, and what became of them.
//!
//! At a rate nobody waits for an answer before the next write: what a slow answer holds up is counted from
//! the moment at which the write was due.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parclose_channel::Verdict;
use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{Failure, MemberId, RecordId};
use rand_core::Rng;
use serde_json::{Value, json};

use super::Failed;
use crate::randomness::generator;
use crate::room::RoomHandle;
use crate::submission::{Outcome, SubmitError};

/// What to write.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// who reads with the sender
    pub counterparty: String,
    /// record writes, in turn to each room
    pub writes: u32,
    /// a second; without it as many as `window` allows
    pub rate: Option<f64>,
    /// that wait for their answer at a time, when there is no rate
    pub window: usize,
}

/// Sends it and waits for every answer.
pub fn load(rooms: &[RoomHandle], plan: &LoadPlan) -> Result<Value, Failed> {
    let mut targets = Vec::new();
    for room in rooms {
        targets.push((room, Parties::of(room, &plan.counterparty)?));
    }
    let (tally, mut rng) = (Tally::default(), generator());
    let started = Instant::now();
    for (number, (room, parties)) in (0..plan.writes).zip(targets.iter().cycle()) {
        let due = match plan.rate {
            Some(rate) => wait_until(started + Duration::from_secs_f64(f64::from(number) / rate)),
            None => tally.wait_for_a_place(plan.window),
        };
        tally.state().under_way += 1;
        let mut record = [0; 32];
        rng.fill_bytes(&mut record);
        let tally = tally.clone();
        let operation = parties.operation(RecordId(record), number);
        room.submit(vec![operation], Box::new(move |outcome| tally.answer(due, &outcome)));
    }
    let offered = started.elapsed();
    tally.wait_for_all();
    Ok(tally.state().report(started, offered))
}

fn wait_until(due: Instant) -> Instant {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
    due
}

struct Parties {
    own: MemberId,
    counterparty: MemberId,
}

impl Parties {
    fn of(room: &RoomHandle, counterparty: &str) -> Result<Self, Failed> {
        let name = counterparty.to_owned();
        let found = room.call(move |channel| {
            let other = channel.config().members.iter().find(|member| member.name == name)?.id();
            Some(Self { own: channel.own_id(), counterparty: other })
        });
        Ok(found.flatten().ok_or("the counterparty is no member of the channel")?)
    }

    /// Six fields for two audiences.
    fn operation(&self, record: RecordId, number: u32) -> DraftOperation {
        let fields = [
            ("reference", FieldValue::Text(format!("2026/{number:08}"))),
            ("documents", FieldValue::Integer(number.into())),
            ("total", FieldValue::Amount(u64::from(number) * 100 + 1, *b"GBP")),
            ("remark", FieldValue::Text("delivered in full, accepted on receipt".into())),
            ("cost_centre", FieldValue::Text(format!("cost centre {}", number % 97))),
            ("cost", FieldValue::Amount(u64::from(number) * 93 + 1, *b"GBP")),
        ];
        let parties = [("preparer", self.own), ("counterparty", self.counterparty)];
        DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: "statement".into(),
            record,
            version: 1,
            parties: parties.map(|(slot, member)| (slot.to_owned(), member)).into(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

/// What became of the writes so far.
#[derive(Clone, Default)]
struct Tally(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    under_way: usize,
    /// from when they were due, and when they were answered
    applied: Vec<(Duration, Instant)>,
    /// writes of which it is certain that they were not written, by rule
    refused: BTreeMap<String, u64>,
    /// all others
    failed: BTreeMap<String, u64>,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) {
        drop(self.0.1.wait_while(self.state(), |state| condition(state)));
    }

    fn wait_for_a_place(&self, window: usize) -> Instant {
        self.wait_while(|state| state.under_way >= window);
        Instant::now()
    }

    fn wait_for_all(&self) {
        self.wait_while(|state| state.under_way > 0);
    }

    fn answer(&self, due: Instant, outcome: &Result<Outcome, SubmitError>) {
        let now = Instant::now();
        let mut state = self.state();
        state.under_way -= 1;
        match outcome {
            Ok(outcome) if outcome.verdict == Verdict::Applied => state.applied.push((now - due, now)),
            Ok(outcome) => *state.failed.entry(format!("{:?}", outcome.verdict)).or_default() += 1,
            // At the door: it was never accepted.
            Err(SubmitError::Busy) => *state.refused.entry(SubmitError::Busy.rule().into()).or_default() += 1,
            Err(error) => *state.failed.entry(format!("{}: {error}", error.rule())).or_default() += 1,
        }
        drop(state);
        self.0.1.notify_all();
    }
}

impl State {
    fn report(&mut self, started: Instant, offered: Duration) -> Value {
        let seconds = self.applied.iter().map(|(_, at)| *at - started).max().unwrap_or_default();
        let in_time = self.applied.iter().filter(|(_, at)| *at - started <= offered).count();
        self.applied.sort();
        let percentile = |percent: usize| {
            let at = self.applied.len().saturating_sub(1) * percent / 100;
            self.applied.get(at).map(|(latency, _)| latency.as_secs_f64() * 1e3)
        };
        json!({
            "schema": "parclose.bench-load/1",
            "applied": self.applied.len(),
            "refused_at_the_door": self.refused,
            "failed": self.failed,
            "seconds": seconds.as_secs_f64(),
            "offered_within_seconds": offered.as_secs_f64(),
            "applied_while_offered": in_time,
            "latency_ms": { "p50": percentile(50), "p95": percentile(95), "p99": percentile(99), "max": percentile(100) },
        })
    }
}
