//! What a process has used so far: processor, disk, memory.

use std::collections::BTreeMap;
use std::fs::read_to_string;

use serde_json::{Value, json};

use super::Failed;

/// Ticks of a second in `/proc/self/stat` (Linux: always this many).
const TICKS: u64 = 100;

/// What this process has used since its start (Linux: `/proc/self`).
pub fn usage() -> Result<Value, Failed> {
    let io = read_to_string("/proc/self/io")?;
    let status = read_to_string("/proc/self/status")?;
    Ok(json!({
        "schema": "parclose.bench-usage/1",
        "cpu_ms": of_the_process()?,
        "cpu_ms_by_thread": by_thread()?,
        "disk_written_bytes": number(&io, "write_bytes:"),
        "synced_commits": parclose_store::synced_commits(),
        "resident_bytes_max": number(&status, "VmHWM:") * 1024,
    }))
}

/// Milliseconds, with those of threads that have ended.
fn of_the_process() -> Result<u64, Failed> {
    let stat = read_to_string("/proc/self/stat")?;
    // A command's name may hold anything, but ends with the last parenthesis.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let times = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks = times.sum::<Result<u64, _>>()?;
    Ok(ticks * 1000 / TICKS)
}

/// Milliseconds of the threads that live, by what they are for.
fn by_thread() -> Result<BTreeMap<&'static str, u64>, Failed> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task")? {
        let path = entry?.path();
        // One may end between two looks.
        let (Ok(name), Ok(times)) =
            (read_to_string(path.join("comm")), read_to_string(path.join("schedstat")))
        else {
            continue;
        };
        let nanoseconds: u64 = times.split(' ').next().unwrap_or_default().parse()?;
        *all.entry(purpose(name.trim())).or_default() += nanoseconds / 1_000_000;
    }
    Ok(all)
}

/// What a thread of such a name is for.
fn purpose(name: &str) -> &'static str {
    match name {
        "root" => "root chain: blocks",
        "root-engine" => "root chain: engine and its network",
        "exchange" => "network between members",
        "admin" | "links" => "health and development",
        _ if name.starts_with("rocksdb") => "RocksDB",
        // Named after its member and its channel.
        _ if name.contains('/') => "rooms",
        _ => "client and others",
    }
}

fn number(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_a_thread_is_counted_under_what_it_is_for() {
        let busy = std::thread::Builder::new().name("buyer/room".into()).spawn(|| {
            let mut digest = [0; 32];
            loop {
                digest = parclose_crypto::hash(parclose_types::labels::SALT, &[&digest]);
                let used = usage().unwrap();
                if used["cpu_ms_by_thread"]["rooms"].as_u64().unwrap_or_default() >= 50 {
                    return used;
                }
            }
        });
        let used = busy.unwrap().join().unwrap();
        assert!(used["cpu_ms"].as_u64().unwrap() >= 40, "{used}");
        assert!(used["resident_bytes_max"].as_u64().unwrap() > 1 << 20, "{used}");
    }

    #[test]
    fn threads_are_known_by_their_names() {
        let names = ["root", "root-engine", "rocksdb:low", "supplier-a/chan", "parclose"];
        let purposes = names.map(purpose);
        assert_eq!(purposes[3..], ["rooms", "client and others"]);
        assert!(purposes.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len());
    }
}
