//! Validators that stop, come back, lose their disks or sign twice.

use malachite_core::Round;
use parclose_root::Trust;

use super::*;
use crate::engine::{EngineHeight, Guard, Nonces, Slot};

#[test]
fn three_of_four_go_on_and_the_fourth_catches_up() {
    let mut cluster = Cluster::all_running(4, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.stop(3);
    for number in 1..=5 {
        cluster.order(0, channel.anchor(number, 0, 900));
    }
    let head = cluster.node(0).head();
    cluster.start(3, false);
    cluster.reach(head);
    cluster.order(3, channel.anchor(6, 0, 900));
    cluster.reach(cluster.node(3).head());
    cluster.agree();
}

#[test]
fn con_17_two_of_four_halt_and_go_on_when_one_returns() {
    let mut cluster = Cluster::all_running(4, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.stop(2);
    cluster.stop(3);
    // What was under way may still be decided; then nothing is, though a block is asked for.
    let stands = || {
        let next = Height(cluster.node(0).head().0 + 1);
        cluster.node(0).shared.advance(next, Duration::from_secs(3)).is_err()
    };
    eventually("two of four come to a halt", stands);
    let halted = cluster.heads();
    cluster.start(2, false);
    cluster.order(0, channel.anchor(1, 0, 900));
    assert!(cluster.heads()[0] > halted[0]);
    cluster.agree();
}

#[test]
fn all_stop_and_go_on_where_they_were() {
    let mut cluster = Cluster::all_running(4, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.order(0, channel.anchor(1, 0, 900));
    let head = cluster.node(0).head();
    for node in 0..4 {
        cluster.stop(node);
    }
    for node in 0..4 {
        cluster.start(node, false);
    }
    cluster.reach(head);
    cluster.order(2, channel.anchor(2, 0, 900));
    assert_eq!(cluster.node(2).events(&channel.tag, Sequence(0), 10).unwrap().len(), 3);
    cluster.agree();
}

#[test]
fn con_13_a_wiped_validator_comes_back_from_its_peers_and_sits_out_first() {
    let mut cluster = Cluster::all_running(4, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.stop(3);
    std::fs::remove_dir_all(cluster.directory(3)).unwrap();
    cluster.start(3, false);
    assert!(cluster.node(3).status().sits_out, "it does not know what it has signed");
    let head = cluster.node(0).head();
    // What it fetches does not make it level with the chain, nor let it vote.
    eventually("it has fetched what it had", || {
        let level = cluster.node(3).is_current();
        assert!(!level || cluster.node(3).head() > head, "level before it has everything");
        level && cluster.node(3).head() > head
    });
    eventually("it votes again", || !cluster.node(3).status().sits_out);
    cluster.order(3, channel.anchor(1, 0, 900));
    cluster.agree();
}

#[test]
fn con_12_a_validator_whose_log_is_damaged_signs_nothing_twice() {
    let mut cluster = Cluster::all_running(4, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    for (damage, number) in [("cut", 1_u8), ("bent", 2), ("gone", 3)] {
        cluster.stop(0);
        let log = cluster.directory(0).join("log").join("consensus.wal");
        let bytes = std::fs::read(&log).unwrap();
        match damage {
            "cut" => std::fs::write(&log, &bytes[..bytes.len() / 2]).unwrap(),
            "bent" => std::fs::write(&log, bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>()).unwrap(),
            _ => std::fs::remove_file(&log).unwrap(),
        }
        match ClusterRoot::start(cluster.options(0, false)) {
            Ok(started) => {
                let started = Arc::new(started);
                cluster.nodes.lock().unwrap().insert(0, Arc::downgrade(&started));
                cluster.running.insert(0, started);
            }
            Err(refused) => {
                assert_eq!(refused.rule(), "CON-18", "{damage}: {refused}");
                std::fs::remove_file(&log).unwrap();
                cluster.start(0, false);
            }
        }
        cluster.order(1, channel.anchor(number, 0, 900));
        cluster.reach(cluster.node(1).head());
    }
    cluster.agree();
    assert!(cluster.running.values().all(|node| node.offences().unwrap() == 0), "nobody signed twice");
}

#[test]
fn con_28_a_validator_whose_record_is_ahead_passes_those_heights_and_votes_again() {
    let mut cluster = Cluster::all_running(4, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.stop(0);
    // Its record says that it has signed for a height of which its engine's log knows nothing.
    let ahead = Height(cluster.node(1).head().0 + 10);
    let (database, _) = directories(&cluster.directory(0)).unwrap();
    let ledger = Ledger::open(database, cluster.genesis.clone(), &SharedCache::new(4 << 20)).unwrap();
    let guard = Guard::open(Arc::new(ledger), false, Nonces::System).unwrap();
    guard.admit(Slot::precommit(EngineHeight::from(ahead), Round::new(0)), b"what it signed").unwrap();
    drop(guard);
    cluster.start(0, false);
    assert!(cluster.node(1).head() < ahead, "it is asked for what the record rules out");
    for number in 1..=3 {
        cluster.order(1, channel.anchor(number, 0, 900));
    }
    cluster.reach(Height(ahead.0 + 1));
    // Of four, one is gone: nothing is decided without its vote.
    cluster.stop(3);
    cluster.order(1, channel.anchor(4, 0, 900));
    cluster.reach(cluster.node(1).head());
    cluster.agree();
    assert!(cluster.running.values().all(|node| node.offences().unwrap() == 0), "nobody signed twice");
}

/// A file system of its own for the log of an engine, which the kernel can be told to find damaged.
struct LogDisk(PathBuf);

fn done(program: &str, arguments: &[&str]) -> bool {
    let run = std::process::Command::new(program).args(arguments).output();
    run.is_ok_and(|run| run.status.success())
}

impl LogDisk {
    /// `None` where a test may not mount one.
    fn at(directory: PathBuf, image: &std::path::Path) -> Option<Self> {
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::File::create(image).unwrap().set_len(8 << 20).unwrap();
        let (at, from) = (directory.to_str()?, image.to_str()?);
        let mounted =
            done("mkfs.ext4", &["-q", from]) && done("mount", &["-o", "loop,errors=remount-ro", from, at]);
        let disk = Self(directory);
        disk.lever().filter(|lever| mounted && lever.exists()).map(|_| disk)
    }

    fn lever(&self) -> Option<PathBuf> {
        let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
        let line = mounts.lines().find(|line| line.split(' ').nth(1) == self.0.to_str())?;
        let device = line.strip_prefix("/dev/")?.split(' ').next()?;
        Some(PathBuf::from("/sys/fs/ext4").join(device).join("trigger_fs_error"))
    }

    fn fail(&self) {
        std::fs::write(self.lever().unwrap(), "1").unwrap();
    }
}

impl Drop for LogDisk {
    fn drop(&mut self) {
        done("umount", &["--lazy", self.0.to_str().unwrap()]);
    }
}

#[test]
fn con_24_an_engine_that_ends_because_its_log_takes_no_writes_names_the_disk() {
    let mut cluster = Cluster::new(4, 0);
    let image = cluster.folder.path().join("image");
    let Some(disk) = LogDisk::at(cluster.directory(0).join("log"), &image) else {
        return println!("skipped: this test may not mount a file system that fails when it is told to");
    };
    for node in 0..4 {
        cluster.start(node, true);
    }
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    disk.fail();
    // Its blocks lie elsewhere and could be written; what it signs could not be noted any more.
    eventually("it stops", || cluster.node(0).status().stopped.is_some());
    let stopped = cluster.node(0).status().stopped.unwrap();
    assert_eq!(stopped.rule(), "STO-12", "{stopped}");
    assert!(stopped.to_string().contains("Read-only"), "{stopped}");
    let refused = cluster.node(0).commit(vec![channel.anchor(1, 0, 900)]).unwrap_err();
    assert_eq!(refused.rule(), "STO-12", "{refused}");
    // The others go on without it, and an engine that ends on a sound disk is no fault of the disk.
    cluster.stop(0);
    cluster.order(1, channel.anchor(1, 0, 900));
    cluster.agree();
    let sound = super::super::start::ended(&cluster.directory(1).join("log/consensus.wal"), "it has ended");
    assert!(matches!(sound, super::super::start::Ended::Engine(reason) if reason.rule() == "CON-18"));
}

/// Whether the two propose at the same moment is luck, so this one is for a soak: `--run-ignored all`.
#[test]
#[ignore = "waits for two nodes with one key to propose at the same moment"]
fn a_validator_that_runs_twice_is_found_out_and_does_not_fork() {
    // The node after the validators has a validator's key, and knows nothing of what that one has signed.
    let mut cluster = Cluster::new(4, 1);
    cluster.timing.heartbeat = Duration::from_millis(5);
    for node in 0..4 {
        cluster.start(node, true);
    }
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    let twin = ClusterOptions { validator: Some(key(validator_number(3))), ..cluster.options(4, true) };
    let twin = ClusterRoot::start(twin).unwrap();
    let found = |cluster: &Cluster| {
        let seen = |node| cluster.node(node).evidence().unwrap().found;
        (0..3).map(seen).find(|evidence| !evidence.is_empty())
    };
    // The twin has other work than the validator, so at their turn they propose different blocks.
    let mut number = 1_u8;
    let mut evidence = Vec::new();
    eventually("somebody finds out", || {
        if twin.status().pooled == 0 {
            let work = channel.anchor(number, 0, twin.head().0 + 500);
            if twin.offered("nobody", &work.encode(), Hop::Spread) != RootAnswer::Taken {
                number = number.wrapping_add(1);
            }
        }
        evidence = found(&cluster).unwrap_or_default();
        !evidence.is_empty()
    });
    let twice = &evidence[0];
    assert_eq!(twice.validator, key(validator_number(3)).public());
    assert!(twice.convicts(&Trust::of(&cluster.genesis)).is_ok());
    twin.stop();
    cluster.agree();
}
