//! The numbers of a report as Prometheus text. A registry is made for each scrape: nothing is counted twice.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use parclose_exchange::Traffic;

use crate::status::{Report, RoomReport};

type Number = Gauge<u64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Room {
    room: String,
}

/// The text of a scrape.
pub(super) fn text(report: &Report, uptime: Duration, disk_free: Option<u64>) -> String {
    let mut registry = Registry::with_prefix("parclose");
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: u64| {
        let gauge = Number::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let syncs = parclose_store::synced_commits();
    counters(
        &mut registry,
        [
            ("root_heads", "Heights learned of since the start", report.heads),
            ("root_offences", "Times a validator was found to sign twice", report.offences),
            ("store_synced_commits", "Commits for which the disk was waited for", syncs),
        ],
    );
    if let Some(traffic) = &report.traffic {
        exchange(&mut registry, traffic);
    }
    for (name, help, value) in [
        ("root_height", "Last final height", report.head.0),
        ("root_head_age_seconds", "Seconds since that was learned", report.head_age.as_secs()),
        ("root_running", "1 while the root chain goes on", u64::from(report.stopped.is_none())),
        ("validators_reached", "Validators reached, itself included", report.validators.reached),
        ("validators_known", "Validators of the network", report.validators.known),
        ("peers_reached", "Nodes of members reached, itself included", report.peers.reached),
        ("peers_known", "Nodes of members", report.peers.known),
        ("uptime_seconds", "Seconds since the start", uptime.as_secs()),
    ] {
        gauge(&mut registry, name, help, value);
    }
    if let Some(free) = disk_free {
        gauge(&mut registry, "disk_free_bytes", "Free below the home", free);
    }
    rooms(&mut registry, &report.rooms);
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = encode(&mut text, &registry);
    text
}

fn counters<const N: usize>(registry: &mut Registry, counted: [(&str, &str, u64); N]) {
    for (name, help, value) in counted {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
}

fn exchange(registry: &mut Registry, traffic: &Traffic) {
    counters(
        registry,
        [
            ("exchange_frames_in", "Frames that arrived", traffic.frames_in),
            ("exchange_frames_out", "Frames that were taken by their receivers", traffic.frames_out),
            ("exchange_bytes_in", "Bytes of frames that arrived", traffic.bytes_in),
            ("exchange_bytes_out", "Bytes of frames that were taken by their receivers", traffic.bytes_out),
            ("exchange_dropped", "Frames that found no room or no way", traffic.dropped),
            ("exchange_unproven", "Proofs and frames that were refused", traffic.unproven),
            (
                "exchange_strangers",
                "Connections of nodes that are not in the address book",
                traffic.strangers,
            ),
            ("exchange_throttled", "Requests beyond a node's share", traffic.throttled),
        ],
    );
}

fn rooms(registry: &mut Registry, rooms: &[RoomReport]) {
    let (usable, behind) = (Family::<Room, Number>::default(), Family::<Room, Number>::default());
    for room in rooms {
        let of = Room { room: room.name.clone() };
        usable.get_or_create(&of).set(room.state.is_usable().into());
        if let Some(events) = room.behind {
            behind.get_or_create(&of).set(events);
        }
    }
    registry.register("room_usable", "1 while a channel can be used", usable);
    registry.register("room_behind_events", "Events ordered and not executed", behind);
}
