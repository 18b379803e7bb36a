//! What a node tells of itself to whoever asks its admin listener.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use parclose_node::admin::Admin;
use parclose_node::log::LogLevel;
use parclose_node::status::NodeStatus;

use crate::Failed;
use crate::surface::{Holder, Piece, See, Surface};

/// The pages with what is sent along, and two requests that are refused. The level is set to what it is: that is logged.
const REQUESTS: [(&str, &str); 7] = [
    ("GET /livez", ""),
    ("GET /readyz", ""),
    ("GET /metrics", ""),
    ("GET /log-level", ""),
    ("PUT /log-level", "trace"),
    ("GET /channels/trade-a", ""),
    ("DELETE /metrics", ""),
];

/// Asks a listener for one page: the whole answer, head and body.
pub fn ask(address: SocketAddr, request: &str, body: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = std::net::TcpStream::connect(address)?;
    let head = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    // In one piece: whoever answers at once may not read a second.
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Asks a listener for all its pages.
pub fn see_pages(address: SocketAddr, see: &mut See<'_>) -> Result<(), Failed> {
    for (request, body) in REQUESTS {
        let bytes = ask(address, request, body)?;
        if bytes.is_empty() {
            return Err(format!("{request} has no answer").into());
        }
        see(Piece { surface: Surface::Pages, holder: &Holder::Anybody, place: request, bytes: &bytes });
    }
    Ok(())
}

/// Serves the pages of a node in this process, and asks for all of them.
pub fn see_served(
    status: Arc<dyn NodeStatus>,
    level: &LogLevel,
    home: &Path,
    see: &mut See<'_>,
) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let report = format!("{:?}", status.report());
    let place = "the report behind the pages";
    see(Piece { surface: Surface::Pages, holder: &Holder::Anybody, place, bytes: report.as_bytes() });
    let admin = Admin::new(status, level.clone(), home);
    let server = runtime.block_on(admin.listen(SocketAddr::from(([127, 0, 0, 1], 0))))?;
    let seen = see_pages(server.address(), see);
    runtime.block_on(server.stop());
    seen
}
