//! Planted leaks of processes: each is shown by the same functions that look at nodes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use parclose_findings::Item;

use super::nodes::Nodes;
use super::{memory, see_process};
use crate::Failed;
use crate::canary::Value;
use crate::members::{Form, compress};
use crate::pages::see_pages;
use crate::search::{Search, Watch};
use crate::surface::Surface;

/// A process with a secret on its command line and in its environment, and so in its memory.
struct Careless(Child);

impl Drop for Careless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn controls(item: &mut Item, nodes: &Nodes, search: &Search) -> Result<(), Failed> {
    let canaries = search.canaries();
    let hidden = canaries.all().iter().filter(|canary| !canaries.may_know(canary.audience, "supplier-b"));
    let texts = hidden.filter_map(|canary| match &canary.value {
        Value::Text(text) if text.is_ascii() => Some(text.clone()),
        _ => None,
    });
    let mut texts = texts.take(2);
    let (Some(one), Some(other)) = (texts.next(), texts.next()) else {
        return Err("nothing to plant".into());
    };

    let careless = Command::new("sleep")
        .arg("600")
        .env("CUSTOMER", &one)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let careless = Careless(careless);
    // A process that has just begun shows no environment for a moment.
    let environment = format!("/proc/{}/environ", careless.0.id());
    for _ in 0..5_000 {
        if !std::fs::read(&environment)?.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let mut watch = Watch::new(search, "");
    see_process(careless.0.id(), "supplier-b", &mut |piece| watch.look(&piece))?;
    item.control("a value in an environment", watch.leaks_at(Surface::Processes) > 0);
    if item.reached.contains_key("bytes of memory") {
        memory::see(careless.0.id(), "supplier-b", &mut |piece| watch.look(&piece))?;
        item.control("a value in the memory of a process", watch.leaks_at(Surface::Memory) > 0);
    }

    let log = nodes.homes().join("supplier-b").join("planted-node.log");
    std::fs::write(
        &log,
        format!("TRACE a field opens to {}", parclose_types::hex::encode(other.as_bytes())),
    )?;
    let planted = nodes.homes().join("buyer").join("planted.sst");
    std::fs::write(&planted, compress(Form::Snappy, other.repeat(9).as_bytes())?)?;
    let mut watch = Watch::new(search, "");
    nodes.see_files(&mut |piece| watch.look(&piece))?;
    item.control("a value in a node's log", watch.leaks_at(Surface::Logs) > 0);
    item.control("a value in a compressed table", watch.leaks_at(Surface::Files) > 0);
    std::fs::remove_file(&planted)?;
    std::fs::remove_file(&log)?;

    item.control("a value in a page", page(search, &one)?);
    Ok(())
}

/// A listener that answers every request with a value.
fn page(search: &Search, text: &str) -> Result<bool, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (address, body) = (listener.local_addr()?, format!("channel_{text} 1\n"));
    let _serving = std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 1024]);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}");
        }
    });
    let mut watch = Watch::new(search, "");
    see_pages(address, &mut |piece| watch.look(&piece))?;
    Ok(watch.leaks_at(Surface::Pages) > 0)
}
