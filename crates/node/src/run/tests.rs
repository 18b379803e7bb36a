use std::net::TcpListener;

use super::*;
use crate::config::{LogFormat, Sources, resolve};
use crate::found::found_consortium;
use crate::log::subscriber;
use crate::randomness::generator;

fn config(home: &Path, options: &[(&str, &str)]) -> NodeConfig {
    let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    NodeConfig::of(&resolve(&Sources { options, ..Sources::default() }).unwrap(), home)
}

fn level() -> LogLevel {
    let (subscriber, level) = subscriber(LogFormat::Json, "info", std::io::sink, false).unwrap();
    drop(subscriber);
    level
}

fn home() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann"], &mut generator()).unwrap();
    (folder, path)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Says which network it was asked on, and what.
struct Echo;

impl Commands for Echo {
    fn answer(&self, consortium: &Arc<Consortium>, request: &[u8]) -> Vec<u8> {
        [consortium.root().network().as_ref(), request].concat()
    }
}

/// Runs it, and stops it once it is ready: what `running.json` said.
fn run_once(path: &Path, config: &NodeConfig) -> Result<Option<Running>, RunError> {
    let mut seen = None;
    let ended = run_until(&runtime(), Home::open(path)?, config, (level(), &Echo), async {}, |running| {
        let file: Running = crate::home::read_json(&node_home::running(path)).unwrap();
        assert_eq!(&file, running);
        assert!(Home::open(path).is_err(), "a node holds its home");
        seen = Some(file);
    });
    ended.map(|()| seen)
}

#[test]
fn nod_20_a_node_that_is_told_to_stop_leaves_a_home_that_can_be_used() {
    let (_folder, path) = home();
    let running = run_once(&path, &config(&path, &[])).unwrap().unwrap();
    assert_eq!(running.pid, std::process::id());
    assert!(running.admin.is_some_and(|address| address.port() > 0));
    assert!(!node_home::running(&path).exists());
    // What a crash left is replaced.
    std::fs::write(node_home::running(&path), "{").unwrap();
    assert_eq!(run_once(&path, &config(&path, &[("admin.listen", "off")])).unwrap().unwrap().admin, None);
    assert!(!node_home::running(&path).exists());
    drop(Consortium::open(Home::open(&path).unwrap()).unwrap().close());
}

#[test]
fn adm_06_a_node_does_not_start_where_it_cannot_be_asked() {
    let (_folder, path) = home();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = config(&path, &[("admin.listen", &address)]);
    let refused = run_once(&path, &config).unwrap_err();
    assert_eq!((refused.rule(), refused.code()), ("ADM-06", "ADDRESS_IN_USE"));
    assert!(!node_home::running(&path).exists());
    drop(taken);
    assert!(run_once(&path, &config).is_ok(), "the home was given back");
}

#[test]
fn health_is_answered_while_the_node_runs() {
    use std::io::{Read, Write};
    let (_folder, path) = home();
    let config = config(&path, &[]);
    let runtime = runtime();
    let (asked, until) = tokio::sync::oneshot::channel::<()>();
    let mut answer = String::new();
    let until = async { drop(until.await) };
    let ended =
        run_until(&runtime, Home::open(&path).unwrap(), &config, (level(), &Echo), until, |running| {
            let mut stream = std::net::TcpStream::connect(running.admin.unwrap()).unwrap();
            stream
                .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .unwrap();
            stream.read_to_string(&mut answer).unwrap();
            asked.send(()).unwrap();
        });
    ended.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn nod_23_commands_come_over_a_socket_that_is_the_owners_alone() {
    use std::io::{Read, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;
    let (_folder, path) = home();
    let config = config(&path, &[]);
    let runtime = runtime();
    let (asked, until) = tokio::sync::oneshot::channel::<()>();
    let until = async { drop(until.await) };
    let (mut network, mut reader) = (None, None);
    let ended =
        run_until(&runtime, Home::open(&path).unwrap(), &config, (level(), &Echo), until, |running| {
            let socket = running.socket.clone().unwrap();
            assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
            let mut stream = UnixStream::connect(socket).unwrap();
            stream.write_all(b"a line").unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            network = Some(running.network);
            // It is answered once the node serves, which is after this.
            reader = Some(std::thread::spawn(move || {
                let mut told = Vec::new();
                stream.read_to_end(&mut told).unwrap();
                asked.send(()).unwrap();
                told
            }));
        });
    ended.unwrap();
    let told = reader.unwrap().join().unwrap();
    assert_eq!(told, [network.unwrap().as_ref(), b"a line".as_slice()].concat());
    assert!(!config.client_socket.unwrap().exists(), "it goes with the node");
}
