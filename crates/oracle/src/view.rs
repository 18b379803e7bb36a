//! What one observer sees of a world, in its order; and where two views differ.

use std::collections::BTreeMap;
use std::path::Path;

use parclose_cli::dev::CHANNELS;
use parclose_exchange::Message;
use parclose_root::RootTransaction;

use crate::Failed;
use crate::blank::{self, Compared, compared};
use crate::failures::all_of;
use crate::ground::{Ground, seats};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observer {
    /// orders what channels commit to: everything of the root chain
    Validator,
    /// belongs to none of the channels that are written to, but has its own
    NonMember,
    /// belongs to the channel, and not to the audience of a field
    Outside,
}

/// One thing that is seen: what it is, and its bytes without those that are declared pseudo-random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// what it is
    pub what: String,
    /// what is left of it
    pub bytes: Vec<u8>,
}

/// All that one observer sees, in streams that each have an order.
pub type View = BTreeMap<String, Vec<Seen>>;

/// Where two views differ, in words; nothing if they are equal.
pub fn differences(one: &View, other: &View) -> Vec<String> {
    let mut told = Vec::new();
    for stream in one.keys().filter(|stream| !other.contains_key(*stream)) {
        told.push(format!("{stream}: in one world only"));
    }
    for (stream, there) in other {
        let Some(here) = one.get(stream) else {
            told.push(format!("{stream}: in one world only"));
            continue;
        };
        if here.len() != there.len() {
            told.push(format!("{stream}: {} and {} of them", here.len(), there.len()));
        }
        for (at, (a, b)) in here.iter().zip(there).enumerate().filter(|(_, (a, b))| a != b) {
            told.push(difference(stream, at, a, b));
        }
    }
    told
}

fn difference(stream: &str, at: usize, a: &Seen, b: &Seen) -> String {
    if a.what != b.what {
        return format!("{stream} {at}: {} and {}", a.what, b.what);
    }
    if a.bytes.len() != b.bytes.len() {
        return format!("{stream} {at}: {} of {} and {} bytes", a.what, a.bytes.len(), b.bytes.len());
    }
    let first = a.bytes.iter().zip(&b.bytes).position(|(a, b)| a != b).unwrap_or_default();
    format!("{stream} {at}: {} differs from byte {first} of {} on", a.what, a.bytes.len())
}

/// What an observer sees of a ground.
pub fn of(ground: &Ground, observer: Observer) -> Result<View, Failed> {
    let mut view = View::new();
    match observer {
        Observer::Validator => chain(ground, &mut view)?,
        Observer::NonMember => {
            let member = "supplier-b";
            packets(ground, member, &mut view)?;
            rows(ground, member, &mut view)?;
            strangers(ground, member, &mut view);
            folders(ground, member, &mut view)?;
        }
        Observer::Outside => {
            let member = "bank-1";
            packets(ground, member, &mut view)?;
            rows(ground, member, &mut view)?;
        }
    }
    Ok(view)
}

fn chain(ground: &Ground, view: &mut View) -> Result<(), Failed> {
    let root = ground.consortium().root();
    for (channel, _, members) in CHANNELS {
        let (member, _) = members.first().ok_or("a channel without members")?;
        let tag = ground.within((member, channel), |room| room.tag())?;
        let seen = root.events(&tag, parclose_types::Sequence(0), usize::MAX)?.into_iter().map(|event| {
            let what = format!("height {} {}", event.height.0, event.entry.kind);
            Seen { what, bytes: blank::root_transaction(&event.transaction) }
        });
        view.insert(format!("log of a tag ({channel})"), seen.collect());
        let state = root.tag_state(&tag)?.ok_or("a channel that is not open")?;
        let recent: Vec<u64> = state.recent.iter().map(|(last, _)| last.0).collect();
        let told = (state.opened_at, state.count, state.attested, recent, state.closed);
        let state = Seen { what: "state".into(), bytes: format!("{told:?}").into_bytes() };
        view.insert(format!("state of a tag ({channel})"), vec![state]);
    }
    let head = Seen { what: "head".into(), bytes: root.head().0.to_be_bytes().to_vec() };
    view.insert("head".into(), vec![head]);
    Ok(())
}

/// Tables of the root chain whose rows are compared byte for byte: what it orders, and where in a log that stands.
const ORDERED: u8 = 4;
const LOG: u8 = 6;

/// The rows on a validator's disk, from a closed directory: keys as they are, and of what is hashed or signed the length.
pub fn of_disk(root: &Path) -> Result<Vec<Seen>, Failed> {
    let seen = |(key, value): (Vec<u8>, Vec<u8>)| {
        let bytes = match key.first() {
            Some(&ORDERED) => match RootTransaction::decode(&value) {
                Ok(transaction) => blank::root_transaction(&transaction),
                Err(_) => value,
            },
            Some(&LOG) => value,
            _ => vec![0; value.len()],
        };
        Seen { what: format!("row {key:?}"), bytes }
    };
    Ok(parclose_store::hazmat::raw_rows(root)?.into_iter().map(seen).collect())
}

/// Messages by sender: threads of different members may be faster or slower, but each speaks in its order.
fn packets(ground: &Ground, member: &str, view: &mut View) -> Result<(), Failed> {
    let known = ground.pseudonyms()?;
    for packet in ground.tap().packets() {
        let Some((to, channel)) = known.get(&packet.to) else { return Err("a packet to nobody".into()) };
        if *to != member {
            continue;
        }
        let from = known.get(&packet.from).map_or("a stranger", |(from, _)| from);
        // Who hears of a height before the batch that it orders asks for it: that follows from which thread was faster.
        if is_asked_again(&packet.message) {
            continue;
        }
        let what = format!("message {}", packet.message.first().copied().unwrap_or(u8::MAX));
        let bytes = blank::message(&packet.message).unwrap_or_else(|_| packet.message.clone());
        view.entry(format!("from {from} in {channel}")).or_default().push(Seen { what, bytes });
    }
    Ok(())
}

/// A question for a batch that has not arrived, or its answer: a batch that every member has sent to it anyway.
fn is_asked_again(message: &[u8]) -> bool {
    matches!(Message::from_bytes(message), Ok(Message::Fetch { .. } | Message::Fetched { .. }))
}

fn rows(ground: &Ground, member: &str, view: &mut View) -> Result<(), Failed> {
    for (_, channel) in seats().filter(|(of, _)| *of == member) {
        let dumped = ground.within((member, channel), |room| {
            let mut rows = Vec::new();
            room.store()
                .logical_dump(|row| {
                    rows.push((row.table, row.row_key.to_vec(), row.sealed.len(), row.plain));
                })
                .map(|()| rows)
        })??;
        for (table, key, sealed, plain) in dumped {
            let stream = format!("rows of table {table} in {channel}");
            let plain = plain.unwrap_or_default();
            let seen = match compared(table) {
                Compared::Random => continue,
                Compared::Lengths => Seen {
                    what: format!("row of {} + {sealed} bytes", key.len()),
                    bytes: vec![0; plain.len()],
                },
                how => {
                    let left = blank::row(table, &plain).unwrap_or(plain);
                    let key = if how == Compared::Unordered { vec![0; key.len()] } else { key };
                    Seen { what: format!("row {key:?}"), bytes: left }
                }
            };
            view.entry(stream).or_default().push(seen);
        }
    }
    for (stream, seen) in view.iter_mut().filter(|(stream, _)| stream.starts_with("rows of table")) {
        let table = stream.split_whitespace().nth(3).and_then(|table| table.parse().ok()).unwrap_or(0);
        if matches!(compared(table), Compared::Unordered | Compared::Lengths) {
            seen.sort_by(|a, b| (&a.what, &a.bytes).cmp(&(&b.what, &b.bytes)));
        }
    }
    Ok(())
}

fn strangers(ground: &Ground, member: &str, view: &mut View) {
    let seen = ["trade-a", "banks", "no-such-channel"].map(|channel| {
        let told = ground.consortium().room(member, channel).map_err(|error| all_of(&error));
        Seen { what: channel.into(), bytes: format!("{told:?}").into_bytes() }
    });
    view.insert("answers".into(), seen.to_vec());
}

/// Names of what lies in its directory, but for numbers of tables and logs, which depend on when they are written.
fn folders(ground: &Ground, member: &str, view: &mut View) -> Result<(), Failed> {
    let directory = ground.consortium().home().member_directory(member)?;
    let mut names = std::collections::BTreeSet::new();
    crate::surface::see_files(directory.path(), crate::surface::Surface::Files, &mut |piece| {
        let name = piece.place.rsplit_once(member).map_or("", |(_, below)| below);
        names.insert(name.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>());
    })?;
    let seen = names.into_iter().map(|what| Seen { what, bytes: Vec::new() });
    view.insert("files".into(), seen.collect());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(rows: &[(&str, &[u8])]) -> View {
        let seen = rows.iter().map(|(what, bytes)| Seen { what: (*what).into(), bytes: bytes.to_vec() });
        View::from([("stream".to_owned(), seen.collect())])
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let one = view(&[("a", &[1, 2]), ("b", &[3])]);
        assert_eq!(differences(&one, &one), Vec::<String>::new());
        for (other, told) in [
            (view(&[("a", &[1, 2])]), "stream: 2 and 1 of them"),
            (view(&[("a", &[1, 9]), ("b", &[3])]), "stream 0: a differs from byte 1 of 2 on"),
            (view(&[("a", &[1, 2, 0]), ("b", &[3])]), "stream 0: a of 2 and 3 bytes"),
            (view(&[("b", &[3]), ("a", &[1, 2])]), "stream 0: a and b"),
            (View::new(), "stream: in one world only"),
        ] {
            assert_eq!(differences(&one, &other).first().map(String::as_str), Some(told));
        }
    }
}
