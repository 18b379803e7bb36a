//! Planted leaks, one for each class of surfaces: each goes the way that a real one would, and the same search has to
//! find it.

use std::path::Path;
use std::sync::Arc;

use parclose_exchange::{Credentials, Inbox, Network, split};
use parclose_findings::Item;
use parclose_node::SubmitError;
use parclose_node::log::LogLevel;
use parclose_node::status::{NodeStatus, Report, RoomReport, RoomState};
use parclose_types::{Generation, PublicKey, hex};

use crate::canary::Value;
use crate::failures::{all_of, see_error};
use crate::ground::{Ground, see_raw_rows};
use crate::members::{Form, compress};
use crate::pages::see_served;
use crate::search::{Search, Watch};
use crate::surface::{Holder, Piece, Surface, see_files};
use crate::{Failed, log};

/// A text and an amount that `bank-2` may not know.
struct Planted {
    text: String,
    amount: u64,
}

impl Planted {
    fn of(search: &Search) -> Result<Self, Failed> {
        let canaries = search.canaries();
        let hidden = || canaries.all().iter().filter(|c| !canaries.may_know(c.audience, "bank-2"));
        let text = hidden().find_map(|canary| match &canary.value {
            Value::Text(text) => Some(text.clone()),
            Value::Amount(_) | Value::Key(_) => None,
        });
        let amount = hidden().find_map(|canary| match canary.value {
            Value::Amount(minor) => Some(minor),
            Value::Text(_) | Value::Key(_) => None,
        });
        let (Some(text), Some(amount)) = (text, amount) else { return Err("nothing to plant".into()) };
        Ok(Self { text, amount })
    }
}

/// Whether a watch over some pieces sees a leak.
fn is_caught(
    search: &Search,
    surface: Surface,
    show: impl FnOnce(&mut dyn FnMut(Piece<'_>)) -> Result<(), Failed>,
) -> Result<bool, Failed> {
    let mut watch = Watch::new(search, "");
    show(&mut |piece| watch.look(&piece))?;
    Ok(watch.leaks_at(surface) > 0)
}

/// Plants all but the row.
pub(super) fn controls(
    item: &mut Item,
    ground: &Ground,
    search: &Search,
    level: Option<&LogLevel>,
) -> Result<(), Failed> {
    let planted = Planted::of(search)?;
    item.control(
        "files: a compressed text in the folder of another channel",
        file(ground, search, &planted)?,
    );
    item.control("errors: a member names the value as its rule", error(search, &planted)?);
    item.control("packets: base64 in a message to another member", packet(ground, search, &planted)?);
    item.control("debug texts: a type that prints what it holds", text(search, &planted)?);
    item.control("archives: an amount beside what is sealed", archive(ground, search, &planted)?);
    if let Some(level) = level {
        item.control("pages: a room named by a value", page(ground, search, level, &planted)?);
        item.control("logs: an amount at the level trace", logged(search, &planted)?);
    }
    Ok(())
}

fn file(ground: &Ground, search: &Search, planted: &Planted) -> Result<bool, Failed> {
    let folder = ground.consortium().home().member_directory("bank-2")?.database("banks");
    let path = folder.join("000999.tmp");
    let packed = compress(Form::Zstd, format!("row {} row", planted.text).repeat(9).as_bytes())?;
    std::fs::write(&path, [b"....", packed.as_slice()].concat())?;
    let caught = is_caught(search, Surface::Files, |see| ground.see_files(see));
    std::fs::remove_file(&path)?;
    caught
}

fn error(search: &Search, planted: &Planted) -> Result<bool, Failed> {
    let error = SubmitError::NotEndorsed { rule: planted.text.to_ascii_uppercase() };
    let missed = is_caught(search, Surface::Errors, |see| {
        see_error(&all_of(&error), "another text", see);
        Ok(())
    })?;
    let error = SubmitError::NotEndorsed { rule: planted.text.clone() };
    let caught = is_caught(search, Surface::Errors, |see| {
        see_error(&all_of(&error), "a refusal", see);
        Ok(())
    })?;
    // A search that finds everything finds nothing.
    Ok(caught && !missed)
}

fn packet(ground: &Ground, search: &Search, planted: &Planted) -> Result<bool, Failed> {
    use base64::Engine as _;

    struct Deaf;
    impl Inbox for Deaf {
        fn deliver(&self, _: PublicKey, _: Vec<u8>) -> bool {
            true
        }
    }
    let (card, to) = ground.within(("bank-2", "banks"), |room| (room.id(), room.pseudonym().public()))?;
    let tag = ground.within(("bank-2", "banks"), |room| room.tag())?;
    let key = Arc::new(ground.master("buyer")?.pseudonym(&card, Generation(99)));
    let (own, credentials) = (key.public(), Credentials { tag, key, peers: vec![to], hosts: Vec::new() });
    let way = ground.tap().connect(credentials, Arc::new(Deaf));
    let inner = base64::engine::general_purpose::STANDARD.encode(format!("x{}yz", planted.text));
    for frame in split(1, format!("a message with {inner} in it").as_bytes()) {
        way.send(&to, frame)?;
    }
    let caught = is_caught(search, Surface::Packets, |see| ground.see_packets(see));
    ground.tap().disconnect(&own);
    caught
}

fn text(search: &Search, planted: &Planted) -> Result<bool, Failed> {
    #[derive(Debug)]
    struct Careless {
        #[expect(dead_code, reason = "it is printed, and that is the fault")]
        holds: String,
    }
    let careless = format!("{:?}", Careless { holds: planted.text.clone() });
    is_caught(search, Surface::Text, |see| {
        let holder = &Holder::Anybody;
        see(Piece { surface: Surface::Text, holder, place: "a type", bytes: careless.as_bytes() });
        Ok(())
    })
}

fn archive(ground: &Ground, search: &Search, planted: &Planted) -> Result<bool, Failed> {
    let folder = ground.folder().join("archives");
    let path = folder.join("bank-2-banks");
    let mut archive = std::fs::read(&path)?;
    archive.extend_from_slice(&planted.amount.to_le_bytes());
    std::fs::write(&path, archive)?;
    is_caught(search, Surface::Archives, |see| Ok(see_files(&folder, Surface::Archives, see)?))
}

/// A node whose report names a room by a value.
struct Talkative {
    report: Report,
}

impl NodeStatus for Talkative {
    fn report(&self) -> Report {
        self.report.clone()
    }
}

fn page(ground: &Ground, search: &Search, level: &LogLevel, planted: &Planted) -> Result<bool, Failed> {
    let mut report = ground.consortium().status().report();
    let name = hex::encode(planted.text.as_bytes());
    report.rooms.push(RoomReport { name, state: RoomState::Awake, behind: Some(0) });
    let home = ground.consortium().home().path();
    let mut watch = Watch::new(search, "");
    see_served(Arc::new(Talkative { report }), level, home, &mut |piece| {
        // The page itself, not the report that it is made of.
        if piece.place.starts_with("GET ") {
            watch.look(&piece);
        }
    })?;
    Ok(watch.leaks_at(Surface::Pages) > 0)
}

fn logged(search: &Search, planted: &Planted) -> Result<bool, Failed> {
    tracing::trace!(amount = planted.amount, "a planted leak");
    let heard = log::heard();
    is_caught(search, Surface::Logs, |see| {
        see(Piece { surface: Surface::Logs, holder: &Holder::Anybody, place: "the log", bytes: &heard });
        Ok(())
    })
}

/// Plants a row in a copy of the validators' store, through the database itself.
pub(super) fn row(item: &mut Item, root: &Path, folder: &Path, search: &Search) -> Result<(), Failed> {
    let planted = Planted::of(search)?;
    let copy = folder.join("planted-root");
    std::fs::create_dir_all(&copy)?;
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), copy.join(entry.file_name()))?;
        }
    }
    let wide: Vec<u8> = planted.text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    parclose_store::hazmat::put_raw(&copy, b"\xF0planted", &wide)?;
    let caught = is_caught(search, Surface::Rows, |see| see_raw_rows(&copy, see))?;
    item.control("rows: a text of two bytes a character in a validator's row", caught);
    Ok(())
}
