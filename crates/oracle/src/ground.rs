//! The ground that the suites stand on: the development consortium, its real rooms in this process, with a tap on the
//! network between them.
//!
//! Five members, three channels: `trade-a` and `trade-b` with a supplier, a bank and the buyer each, and the banks' own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use parclose_channel::{Channel, Verdict};
use parclose_cli::args::Global;
use parclose_cli::dev::{CHANNELS, MEMBERS};
use parclose_cli::passphrase::PassphraseOptions;
use parclose_keys::MemberSecret;
use parclose_node::{Consortium, Home, RoomHandle, key_file};
use parclose_transaction::DraftOperation;
use parclose_types::PublicKey;
use tempfile::TempDir;

use crate::Failed;
use crate::surface::{Holder, Piece, See, Surface, see_files};
use crate::tap::Tap;

/// The home, below a ground's folder.
const HOME: &str = "home";
/// Stores that are open at a time: all of them.
const AWAKE_MAX: usize = 64;

/// A consortium that runs.
pub struct Ground {
    folder: TempDir,
    consortium: Consortium,
    tap: Tap,
    masters: BTreeMap<String, Arc<MemberSecret>>,
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ground({})", self.folder.path().display())
    }
}

/// The home below a closed ground's folder.
pub fn home_of(closed: &TempDir) -> PathBuf {
    closed.path().join(HOME)
}

/// Where the channels' templates are.
pub fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels")
}

/// The members of a channel.
pub fn members_of(channel: &str) -> Vec<&'static str> {
    let plan = CHANNELS.iter().find(|(name, _, _)| *name == channel);
    plan.into_iter().flat_map(|(_, _, members)| members.iter().map(|(member, _)| *member)).collect()
}

/// Every member's place in every channel: member, channel.
pub fn seats() -> impl Iterator<Item = (&'static str, &'static str)> {
    CHANNELS
        .iter()
        .flat_map(|(channel, _, members)| members.iter().map(move |(member, _)| (*member, *channel)))
}

impl Ground {
    /// Founds the consortium in a folder of its own, and listens from its first start on.
    pub fn found() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let global = Global {
            home: folder.path().join(HOME),
            templates: templates(),
            json: true,
            quiet: true,
            passphrase: PassphraseOptions::default(),
        };
        let home = parclose_cli::dev::up(&global).map_err(|e| e.to_prose())?.close();
        Self::open(folder, home)
    }

    /// A second ground that begins as a closed one was left: with the same keys, heights and rows.
    pub fn as_left(closed: &Path) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        copy_folder(&closed.join(HOME), &folder.path().join(HOME))?;
        let home = Home::open(&folder.path().join(HOME))?;
        Self::open(folder, home)
    }

    fn open(folder: TempDir, home: Home) -> Result<Self, Failed> {
        let mut masters = BTreeMap::new();
        for member in MEMBERS {
            let directory = home.member_directory(member)?;
            let master = key_file::member(&directory.key_file(), directory.unlock())?;
            masters.insert((*member).to_owned(), Arc::new(master));
        }
        let tap = Tap::default();
        let consortium = Consortium::open_over(home, AWAKE_MAX, Arc::new(tap.clone()))?;
        Ok(Self { folder, consortium, tap, masters })
    }

    /// Closes it and starts it again.
    pub fn restart(self) -> Result<Self, Failed> {
        let Self { folder, consortium, tap, masters } = self;
        let home = consortium.close();
        let consortium = Consortium::open_over(home, AWAKE_MAX, Arc::new(tap.clone()))?;
        Ok(Self { folder, consortium, tap, masters })
    }

    /// Closes it, and lets go of its home; its folder stays until the returned one is dropped.
    pub fn close(self) -> TempDir {
        drop(self.consortium.close());
        self.folder
    }

    /// The consortium.
    pub fn consortium(&self) -> &Consortium {
        &self.consortium
    }

    /// What has arrived at its members.
    pub fn tap(&self) -> &Tap {
        &self.tap
    }

    /// The folder around the home.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A member's master.
    pub fn master(&self, member: &str) -> Result<Arc<MemberSecret>, Failed> {
        Ok(self.masters.get(member).ok_or("no such member")?.clone())
    }

    /// All masters.
    pub fn masters(&self) -> &BTreeMap<String, Arc<MemberSecret>> {
        &self.masters
    }

    /// A member's room.
    pub fn room(&self, member: &str, channel: &str) -> Result<RoomHandle, Failed> {
        Ok(self.consortium.room(member, channel)?)
    }

    /// Runs `look` in a member's room.
    pub fn within<T: Send + 'static>(
        &self,
        (member, channel): (&str, &str),
        look: impl FnOnce(&mut Channel) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        self.room(member, channel)?.call(look).ok_or_else(|| "a room has stopped".into())
    }

    /// Writes transactions of a member at the same time, and waits until all are applied.
    pub fn write(
        &self,
        (member, channel_name): (&str, &str),
        transactions: Vec<Vec<DraftOperation>>,
    ) -> Result<(), Failed> {
        let room = self.room(member, channel_name)?;
        let (done, wait) = channel();
        let handed_in = transactions.len();
        for operations in transactions {
            let done = done.clone();
            room.submit(operations, Box::new(move |outcome| drop(done.send(outcome))));
        }
        drop(done);
        let mut applied = 0;
        for outcome in wait {
            match outcome?.verdict {
                Verdict::Applied => applied += 1,
                other => return Err(format!("not applied: {other:?}").into()),
            }
        }
        if applied == handed_in { Ok(()) } else { Err("a submission has no answer".into()) }
    }

    /// Whose pseudonym is whose: the member, in all of its channels.
    pub fn pseudonyms(&self) -> Result<BTreeMap<PublicKey, (&'static str, &'static str)>, Failed> {
        let mut known = BTreeMap::new();
        for (member, channel) in seats() {
            known
                .insert(self.within((member, channel), |room| room.pseudonym().public())?, (member, channel));
        }
        Ok(known)
    }

    /// All files of the home, as they are now.
    pub fn see_files(&self, see: &mut See<'_>) -> Result<(), Failed> {
        Ok(see_files(self.consortium.home().path(), Surface::Files, see)?)
    }

    /// All rows of all channels' stores: keys, and values as their owner opens them.
    pub fn see_rows(&self, see: &mut See<'_>) -> Result<(), Failed> {
        for (member, channel) in seats() {
            let rows = self.within((member, channel), |room| {
                let mut rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
                room.store().logical_dump(|row| rows.push((row.row_key.to_vec(), row.plain))).map(|()| rows)
            })??;
            let holder = Holder::Member(member.into());
            let place = format!("{member}/{channel}");
            // Rows are searched one after another in one stretch: a value must not be found across two of them.
            for (key, plain) in rows {
                see(Piece { surface: Surface::Rows, holder: &holder, place: &place, bytes: &key });
                if let Some(plain) = plain {
                    see(Piece { surface: Surface::Rows, holder: &holder, place: &place, bytes: &plain });
                }
            }
        }
        Ok(())
    }

    /// Everything that has arrived at each member.
    pub fn see_packets(&self, see: &mut See<'_>) -> Result<(), Failed> {
        let known = self.pseudonyms()?;
        for packet in self.tap.packets() {
            let (holder, place) = match known.get(&packet.to) {
                Some((member, channel)) => {
                    (Holder::Member((*member).into()), format!("to {member} in {channel}"))
                }
                None => (Holder::Anybody, "to a pseudonym of nobody".to_owned()),
            };
            see(Piece { surface: Surface::Packets, holder: &holder, place: &place, bytes: &packet.message });
        }
        Ok(())
    }

    /// All stores as a killed process leaves them, below a folder.
    pub fn copy_after_kill(&self, to: &Path) -> Result<(), Failed> {
        for (member, channel) in seats() {
            let to = to.join(member).join(channel);
            std::fs::create_dir_all(&to)?;
            self.within((member, channel), move |room| {
                parclose_store::hazmat::copy_after_kill(room.store(), &to)
            })??;
        }
        Ok(())
    }

    /// Has every store write what it keeps in memory into sorted files.
    pub fn flush(&self) -> Result<(), Failed> {
        for seat in seats() {
            self.within(seat, |room| room.store().flush())??;
        }
        Ok(())
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&path, &to)?;
        } else {
            // With its permissions: key files are their owner's alone.
            std::fs::copy(path, to)?;
        }
    }
    Ok(())
}

/// All rows of a closed database, as the disk holds them: what whoever has the disk can read.
pub fn see_raw_rows(path: &Path, see: &mut See<'_>) -> Result<(), Failed> {
    let place = path.display().to_string();
    for (key, value) in parclose_store::hazmat::raw_rows(path)? {
        for bytes in [&key, &value] {
            see(Piece { surface: Surface::Rows, holder: &Holder::Anybody, place: &place, bytes });
        }
    }
    Ok(())
}
