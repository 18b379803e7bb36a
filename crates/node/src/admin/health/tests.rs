use std::time::{Duration, SystemTime};

use parclose_types::{Height, NetworkId};

use super::*;
use crate::status::{RoomReport, RoomState};

fn report() -> Report {
    Report {
        network: NetworkId([1; 32]),
        head: Height(7),
        head_age: Duration::from_secs(3),
        heartbeat: Some(Duration::from_secs(1)),
        heads: 2,
        stopped: None,
        offences: 0,
        traffic: None,
        validators: Reach { reached: 3, known: 4 },
        peers: Reach { reached: 2, known: 5 },
        is_unlocked: true,
        rooms: vec![room(RoomState::Awake, Some(0)), room(RoomState::Resting, Some(1024))],
    }
}

fn room(state: RoomState, behind: Option<u64>) -> RoomReport {
    RoomReport { name: "r".into(), state, behind }
}

/// The checks that do not hold.
fn failing(change: impl FnOnce(&mut Report)) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let mut report = report();
    change(&mut report);
    let health = Health::of(&report, folder.path(), &ClockWatch::start());
    assert_eq!(health.ready, health.checks.iter().all(|check| check.ok));
    assert!(health.checks.iter().all(|check| !check.reason.is_empty()));
    health.checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

#[test]
fn adm_01_a_node_is_ready_when_every_check_holds() {
    let none: [&str; 0] = [];
    assert_eq!(failing(|_| ()), none);
    assert_eq!(failing(|r| r.stopped = Some("CON-04")), ["root"]);
    assert_eq!(failing(|r| r.head_age = Duration::from_secs(7)), ["head"]);
    assert_eq!(failing(|r| (r.head_age, r.heartbeat) = (Duration::from_secs(9999), None)), none);
    assert_eq!(failing(|r| r.validators.reached = 2), ["validators"], "two of four decide nothing");
    assert_eq!(
        failing(|r| r.validators = Reach { reached: 2, known: 3 }),
        ["validators"],
        "exactly two thirds"
    );
    assert_eq!(failing(|r| r.peers.reached = 1), ["peers"], "alone among five");
    assert_eq!(
        failing(|r| r.peers = Reach { reached: 1, known: 1 }),
        none,
        "alone, and there is nobody else"
    );
    assert_eq!(failing(|r| r.is_unlocked = false), ["keys"]);
    assert_eq!(failing(|r| r.rooms.push(room(RoomState::Shut("STO-01"), None))), ["channels"]);
    assert_eq!(failing(|r| r.rooms.push(room(RoomState::Halted("STO-01"), Some(0)))), ["channels"]);
    assert_eq!(failing(|r| r.rooms.push(room(RoomState::BrokenOff, Some(0)))), ["channels"]);
    assert_eq!(failing(|r| r.rooms.push(room(RoomState::Awake, Some(1025)))), ["channels"]);
    assert_eq!(failing(|r| r.rooms.push(room(RoomState::Awake, None))), none, "busy is not ill");
}

#[test]
fn adm_01_the_disk_and_the_clock_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let failing = |home: &std::path::Path, clock: &ClockWatch| -> Vec<&'static str> {
        let health = Health::of(&report(), home, clock);
        health.checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
    };
    assert_eq!(failing(&folder.path().join("absent"), &ClockWatch::start()), ["disk"]);
    let moved = ClockWatch::started_at(SystemTime::UNIX_EPOCH);
    assert_eq!(failing(folder.path(), &moved), ["clock"]);
}
