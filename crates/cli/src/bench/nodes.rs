//! `parclose bench record-write --nodes`: record writes in a consortium of processes on this machine.
//!
//! ```text
//!   steady       one member of a channel writes 20 times a second
//!   saturation   both write as fast as answers come; once more after the overload, on a store that has grown
//!   overload     three times as much is handed in as was written at saturation
//!   catching up  a member that was away executes what it has missed
//!   channels     a fixed load on one channel, and spread over many
//! ```
//!
//! A record has six fields for two audiences. Every node is a process of its own, links are authenticated and
//! encrypted, every write that must be is synced; drafts are handed in inside the writing member's node.

use std::collections::BTreeMap;
use std::path::Path;

use parclose_node::{in_parallel, measure};
use serde_json::{Map, Value, json};

use super::running::{AWAY, PAIR, Running, TRIO, WRITERS};
use crate::args::Global;
use crate::error::CliError;
use crate::progress::Progress;

/// Writes a second at which the latency is measured.
const STEADY_RATE: f64 = 20.0;
/// Writes a second over all channels, well below saturation.
const SPREAD_RATE: f64 = 100.0;
/// How many times of what was written at saturation is handed in.
const OVERLOAD: f64 = 3.0;

/// Measures in a home of its own: so many writes where the number counts, so many seconds where a rate is given.
pub(super) fn record_write(
    global: &Global,
    (writes, seconds): (u32, u16),
    counts: &[u16],
) -> Result<Value, CliError> {
    let mut progress = Progress::start(global.quiet);
    let primitives = primitives(&global.home)?;
    progress.step("measured the primitives");
    let one_channel = one_channel(&beside(global, "one"), (writes, seconds), &mut progress)?;
    let channels = many_channels(&beside(global, "many"), seconds, counts, &mut progress)?;
    let mut measured = json!({
        "schema": "parclose.bench-nodes/1",
        "validators": 4,
        "members": WRITERS.len(),
        "fields": 6,
        "audiences": 2,
        "processors": std::thread::available_parallelism().map(usize::from).unwrap_or_default(),
        "primitives": primitives,
        "channels": channels,
    });
    if let (Some(all), Some(of_one)) = (measured.as_object_mut(), one_channel.as_object()) {
        all.extend(of_one.clone());
    }
    Ok(measured)
}

/// A consortium below the home of the measurement.
fn beside(global: &Global, name: &str) -> Global {
    Global { home: global.home.join(name), ..global.clone() }
}

/// What one channel does.
fn one_channel(
    global: &Global,
    (writes, seconds): (u32, u16),
    progress: &mut Progress,
) -> Result<Value, CliError> {
    let running = Running::up(global, &[])?;
    running.stop(AWAY)?;
    let mut report = Report { running: &running, progress, names: Running::measured() };
    report.progress.step("a consortium of four validators is up");
    let pair = [PAIR.to_owned()];
    let steady = report.phase("steady", |_| one(&running, &pair, STEADY_RATE, seconds))?;
    let saturation = report.phase("saturation", |_| both(&running, &pair, writes / 2, None))?;
    let peak = saturation["writes_per_second"].as_f64().unwrap_or_default();
    let rate = OVERLOAD * peak / WRITERS.len() as f64;
    let overload =
        report.phase("overload", |_| both(&running, &pair, writes_in(seconds, rate), Some(rate)))?;
    // A store that has grown has more to do for each write, whoever writes.
    let afterwards = report.phase("saturation afterwards", |_| both(&running, &pair, writes / 2, None))?;
    let goodput = overload["writes_per_second_while_offered"].as_f64().unwrap_or_default();
    let peak_afterwards = afterwards["writes_per_second"].as_f64().unwrap_or_default();
    let catching_up = catch_up(&mut report, writes)?;
    Ok(json!({
        "steady": steady,
        "saturation": saturation,
        "overload": overload,
        "saturation_afterwards": afterwards,
        "overload_goodput": { "of_peak_before": goodput / peak, "of_peak_afterwards": goodput / peak_afterwards },
        "catching_up": catching_up,
    }))
}

/// One load on more and more channels.
fn many_channels(
    global: &Global,
    seconds: u16,
    counts: &[u16],
    progress: &mut Progress,
) -> Result<Vec<Value>, CliError> {
    let most = counts.iter().copied().max().unwrap_or_default();
    let many: Vec<String> = (0..most).map(|number| format!("many-{number:03}")).collect();
    let running = Running::up(global, &many)?;
    running.stop(AWAY)?;
    let mut report = Report { running: &running, progress, names: Running::measured() };
    let mut spread = Vec::new();
    for count in counts {
        let channels = many.get(..usize::from(*count)).unwrap_or_default();
        let mut measured = report.phase("channels", |_| one(&running, channels, SPREAD_RATE, seconds))?;
        measured["channels"] = json!(count);
        spread.push(measured);
    }
    Ok(spread)
}

fn primitives(home: &Path) -> Result<Value, CliError> {
    measure::primitives(&home.join("primitives")).map_err(|e| super::failed(&*e))
}

/// Writes in so many seconds at a rate.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below u32::MAX"
)]
fn writes_in(seconds: u16, rate: f64) -> u32 {
    (rate * f64::from(seconds)) as u32
}

/// Both writers write to each other.
fn both(
    running: &Running<'_>,
    channels: &[String],
    writes: u32,
    rate: Option<f64>,
) -> Result<Vec<Value>, CliError> {
    let (writes, rate) = (writes.to_string(), rate.map(|rate| rate.to_string()));
    let [first, second] = WRITERS;
    let load = |writer: &str, counterparty: &str| {
        let mut more = vec!["--writes", writes.as_str()];
        more.extend(rate.iter().flat_map(|rate| ["--rate", rate.as_str()]));
        running.load(writer, counterparty, channels, &more)
    };
    in_parallel([(first, second), (second, first)].map(|(writer, other)| move || load(writer, other)))
}

/// The first writer writes to the second.
fn one(running: &Running<'_>, channels: &[String], rate: f64, seconds: u16) -> Result<Vec<Value>, CliError> {
    let [writer, counterparty] = WRITERS;
    let (writes, rate) = (writes_in(seconds, rate).to_string(), rate.to_string());
    let load = running.load(writer, counterparty, channels, &["--writes", &writes, "--rate", &rate])?;
    Ok(vec![load])
}

/// What phases have in common: what every node has used meanwhile.
struct Report<'r> {
    running: &'r Running<'r>,
    progress: &'r mut Progress,
    names: Vec<&'static str>,
}

impl Report<'_> {
    fn phase(
        &mut self,
        what: &str,
        load: impl FnOnce(&Running<'_>) -> Result<Vec<Value>, CliError>,
    ) -> Result<Value, CliError> {
        let (before, height) = (self.used()?, self.running.height()?);
        let loads = load(self.running)?;
        let (after, heights) = (self.used()?, self.running.height()?.saturating_sub(height));
        let number = |load: &Value, key: &str| load[key].as_f64().unwrap_or_default();
        let sum = |key: &str| loads.iter().map(|load| number(load, key)).sum::<f64>();
        let longest = |key: &str| loads.iter().map(|load| number(load, key)).fold(0.0, f64::max);
        let (applied, seconds) = (sum("applied"), longest("seconds"));
        self.progress.step(&format!("{what}: {applied} writes in {seconds:.1} s"));
        let mut phase = json!({
            "applied": applied,
            "seconds": seconds,
            "root_heights": heights,
            "writes_per_second": applied / seconds,
            "writes_per_second_while_offered": sum("applied_while_offered") / longest("offered_within_seconds"),
            "loads": loads,
        });
        let used = used_meanwhile(&before, &after, applied);
        if let (Some(phase), Some(used)) = (phase.as_object_mut(), used.as_object()) {
            phase.extend(used.clone());
        }
        Ok(phase)
    }

    fn used(&self) -> Result<Vec<(&'static str, Value)>, CliError> {
        self.names.iter().map(|name| Ok((*name, self.running.usage(name)?))).collect()
    }
}

type Used = [(&'static str, Value)];

/// For each write: processor time by node and by what threads are for, syncs, bytes to the disk.
fn used_meanwhile(before: &Used, after: &Used, writes: f64) -> Value {
    let difference = |part: &dyn Fn(&Value) -> f64| -> f64 {
        after.iter().map(|(_, used)| part(used)).sum::<f64>()
            - before.iter().map(|(_, used)| part(used)).sum::<f64>()
    };
    let of = |key: &'static str| move |used: &Value| used[key].as_f64().unwrap_or_default();
    let mut by_node = Map::new();
    for ((name, before), (_, after)) in before.iter().zip(after) {
        by_node.insert((*name).into(), json!((of("cpu_ms")(after) - of("cpu_ms")(before)) / writes));
    }
    let purposes = after.iter().filter_map(|(_, used)| used["cpu_ms_by_thread"].as_object());
    let purposes: std::collections::BTreeSet<&String> = purposes.flat_map(Map::keys).collect();
    let by_thread: BTreeMap<&String, f64> = purposes
        .into_iter()
        .map(|purpose| {
            let spent = |used: &Value| used["cpu_ms_by_thread"][purpose].as_f64().unwrap_or_default();
            (purpose, difference(&spent) / writes)
        })
        .collect();
    let peaks: BTreeMap<&str, &Value> =
        after.iter().map(|(name, used)| (*name, &used["resident_bytes_max"])).collect();
    json!({
        "cpu_ms_per_write": difference(&of("cpu_ms")) / writes,
        "cpu_ms_per_write_by_node": by_node,
        "cpu_ms_per_write_by_thread": by_thread,
        "synced_commits_per_write": difference(&of("synced_commits")) / writes,
        "disk_written_bytes_per_write": difference(&of("disk_written_bytes")) / writes,
        "resident_bytes_max_by_node": peaks,
    })
}

/// A member comes back and executes what the others have written meanwhile.
fn catch_up(report: &mut Report<'_>, writes: u32) -> Result<Value, CliError> {
    let running = report.running;
    let channels = [TRIO.to_owned()];
    // What the root chain did before is none of it.
    running.start(AWAY)?;
    running.wait_for(AWAY, TRIO, running.next_event(WRITERS[0], TRIO)?, |_| ())?;
    running.stop(AWAY)?;
    let load = running.load(WRITERS[0], AWAY, &channels, &["--writes", &writes.to_string()])?;
    let events = running.next_event(WRITERS[0], TRIO)?;
    let started = report.progress.seconds();
    running.start(AWAY)?;
    let ready = report.progress.seconds();
    let (mut first, mut begun) = (None, ready);
    let progress = &*report.progress;
    running.wait_for(AWAY, TRIO, events, |next| {
        let seen = *first.get_or_insert(next);
        if next == seen {
            begun = progress.seconds();
        }
    })?;
    let level = report.progress.seconds();
    let written = load["applied"].as_f64().unwrap_or_default();
    report.progress.step(&format!("caught up with {written} writes in {:.1} s", level - ready));
    let used = running.usage(AWAY)?;
    Ok(json!({
        "writes": written,
        "seconds_to_start": ready - started,
        "seconds": level - ready,
        "seconds_once_it_moved": level - begun,
        "writes_per_second": written / (level - ready),
        "cpu_ms_per_write": used["cpu_ms"].as_f64().map(|ms| ms / written),
        "usage": used,
    }))
}
