//! The memory of a process: as its owner's debugger sees it, and as a core file.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Failed;
use crate::surface::{Holder, Piece, See, Surface};

/// So much is searched at a time.
const PIECE_BYTES: usize = 4 << 20;
/// What two neighbours have in common, so that nothing is cut in two.
const OVERLAP: usize = 1024;

/// Writable regions of a process: from, to.
fn regions(pid: u32) -> std::io::Result<Vec<(u64, u64)>> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let region = |line: &str| {
        let mut words = line.split_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let is_own = words.next()?.starts_with("rw") && !line.contains("[v");
        let number = |text| u64::from_str_radix(text, 16).ok();
        is_own.then_some((number(from)?, number(to)?))
    };
    Ok(maps.lines().filter_map(region).collect())
}

/// Shows all memory of a process that it can write to.
pub(super) fn see(pid: u32, member: &str, see: &mut See<'_>) -> std::io::Result<()> {
    let mut memory = std::fs::File::open(format!("/proc/{pid}/mem"))?;
    let (holder, place) = (Holder::Member(member.into()), format!("memory of the node of {member}"));
    let mut piece = vec![0; PIECE_BYTES];
    for (from, to) in regions(pid)? {
        let mut at = from;
        while at < to {
            let length = usize::try_from(to - at).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            memory.seek(SeekFrom::Start(at))?;
            let Some(buffer) = piece.get_mut(..length) else { break };
            // A region may have gone since the list was made.
            if memory.read_exact(buffer).is_err() {
                break;
            }
            if buffer.iter().any(|byte| *byte != 0) {
                see(Piece { surface: Surface::Memory, holder: &holder, place: &place, bytes: buffer });
            }
            let step = if length == PIECE_BYTES { PIECE_BYTES - OVERLAP } else { length };
            at += u64::try_from(step).unwrap_or(u64::MAX);
        }
    }
    Ok(())
}

/// A core file of a process, made by the debugger while it stands still; why there is none.
pub(super) fn core_file(pid: u32, folder: &Path) -> Result<Result<Vec<u8>, String>, Failed> {
    let out = folder.join("core");
    let made = Command::new("gcore")
        .arg("-o")
        .arg(&out)
        .arg(pid.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let path = folder.join(format!("core.{pid}"));
    let core = match made {
        Ok(status) if status.success() => std::fs::read(&path).map_err(|e| e.to_string()),
        Ok(status) => Err(format!("gcore ends with {status}")),
        Err(error) => Err(format!("gcore does not start: {error}")),
    };
    let _ = std::fs::remove_file(path);
    Ok(core)
}
