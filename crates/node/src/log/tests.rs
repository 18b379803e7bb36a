use std::io::Write;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Passphrase, SigningKey};
use parclose_keys::member::hazmat::member_from_bytes;
use parclose_types::hex;
use tracing::subscriber::with_default;

use super::*;
use crate::node_key::NodeKey;
use crate::unlock::Unlock;

/// Where a test's log goes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::Error::other("a test panicked"))?.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What is logged while `work` runs.
fn logged(format: LogFormat, level: &str, work: impl FnOnce(&LogLevel)) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let (subscriber, level) = subscriber(format, level, move || writer.clone(), false).unwrap();
    with_default(subscriber, || work(&level));
    lines.text()
}

fn speak(_: &LogLevel) {
    tracing::debug!("a detail of ours");
    tracing::info!("news of ours");
    tracing::info!(target: "libp2p_swarm", "news of the network");
    tracing::info!(target: "arc_malachitebft_engine::node", "news of the engine");
    tracing::error!(target: "libp2p_swarm", "an error of the network");
}

#[test]
fn a_level_is_one_or_directives() {
    for level in ["error", "info", "off", "TRACE", "info,libp2p=debug", "parclose_node::run=trace"] {
        assert!(is_level(level), "{level}");
    }
    for level in
        ["", "inof", "3", "info,", "libp2p", "libp2p=", "=info", "a b=info", "[x]=info", &"x".repeat(999)]
    {
        assert!(!is_level(level), "{level}");
    }
}

#[test]
fn the_engine_and_the_network_are_quiet_until_they_are_asked_for() {
    let quiet = logged(LogFormat::Pretty, "info", speak);
    assert!(quiet.contains("news of ours") && !quiet.contains("a detail"), "{quiet}");
    assert!(!quiet.contains("news of the network") && !quiet.contains("news of the engine"), "{quiet}");
    assert!(quiet.contains("an error of the network"), "{quiet}");
    let debug = logged(LogFormat::Pretty, "debug", speak);
    assert!(debug.contains("a detail") && !debug.contains("news of the network"), "{debug}");
    let named = logged(LogFormat::Pretty, "warn,libp2p=info,arc_malachitebft=info", speak);
    assert!(named.contains("news of the network") && named.contains("news of the engine"), "{named}");
    assert!(!named.contains("news of ours"), "{named}");
}

#[test]
fn adm_05_the_level_changes_while_it_runs_or_not_at_all() {
    let text = logged(LogFormat::Pretty, "warn", |level| {
        tracing::info!("first");
        level.set("info").unwrap();
        tracing::info!("second");
        assert_eq!(level.set("loud").unwrap_err().rule(), "ADM-05");
        assert_eq!(level.current(), "info");
        tracing::info!("third");
    });
    assert!(!text.contains("first") && text.contains("second") && text.contains("third"), "{text}");
}

#[test]
fn json_is_one_object_a_line() {
    let text = logged(LogFormat::Json, "info", |_| {
        tracing::info!(height = 7, "two\nlines");
        tracing::warn!("another");
    });
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["message"], "two\nlines");
    assert_eq!((&lines[0]["height"], &lines[1]["level"]), (&7.into(), &"WARN".into()));
}

/// A secret as it could show: as text, as hex, as a list of numbers.
fn traces(canary: &[u8]) -> Vec<String> {
    let list = |open: &str| {
        format!("{open}{}", canary[..8].iter().map(u8::to_string).collect::<Vec<_>>().join(", "))
    };
    vec![
        String::from_utf8_lossy(&canary[..12]).into_owned(),
        hex::encode(&canary[..8]),
        hex::encode(&canary[..8]).to_uppercase(),
        list("["),
    ]
}

#[test]
fn a_planted_secret_is_found_in_no_log() {
    let canary = *b"CANARY-of-the-log-0123456789abcd";
    let everything = |format| {
        logged(format, "trace", |_| {
            let secret = secret_from_bytes(canary);
            let passphrase = Passphrase::read(&mut canary.as_slice()).unwrap();
            let unlock = Unlock::with(passphrase, "a test");
            tracing::info!(?secret, ?unlock, "secrets");
            tracing::info!(member = ?member_from_bytes(canary), key = ?SigningKey::from_seed(&secret), "keys");
            tracing::info!(node = ?NodeKey::from_secret(secret_from_bytes(canary)), "node");
            tracing::info!(nested = ?Some(vec![secret_from_bytes(canary)]), "nested");
        })
    };
    for format in [LogFormat::Pretty, LogFormat::Json] {
        let text = everything(format);
        assert_eq!(text.lines().count(), 4, "everything was logged: {text}");
        for trace in traces(&canary) {
            assert!(!text.contains(&trace), "`{trace}` in {text}");
        }
        // The same search finds what is logged on purpose.
        let planted = logged(format, "info", |_| {
            tracing::info!(list = ?canary, text = "CANARY-of-the-log", hex = hex::encode(&canary), "planted");
        });
        let found = traces(&canary).iter().filter(|trace| planted.contains(trace.as_str())).count();
        assert_eq!(found, 3, "{planted}");
    }
}
