//! A file system of a few MiB that a test mounts below a node's home: it fills up, or takes no more writes.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::consortium::eventually;

/// A mounted file system; it is unmounted at the end, whoever still uses it.
pub(crate) struct SmallDisk {
    at: PathBuf,
    /// what it lies in, if not in memory
    image: Option<PathBuf>,
}

fn done(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's own paths are text")
}

impl SmallDisk {
    /// One of 32 MiB in memory; `None` where a test may not mount.
    pub(crate) fn of_memory(at: &Path) -> Option<Self> {
        let mounted = done("mount", &["-t", "tmpfs", "-o", "size=32m,mode=700", "none", text(at)]);
        mounted.then(|| Self { at: at.to_owned(), image: None })
    }

    /// One of 64 MiB in a file, which the kernel can be told to find damaged; `None` where a test may not have one.
    pub(crate) fn of_a_file(image: &Path, at: &Path) -> Option<Self> {
        std::fs::File::create(image).unwrap().set_len(64 << 20).unwrap();
        let disk = Self { at: at.to_owned(), image: Some(image.to_owned()) };
        let made = done("mkfs.ext4", &["-q", "-m", "0", text(image)]) && disk.mount();
        let usable = made && disk.trigger().is_some_and(|trigger| trigger.exists());
        // What was mounted is unmounted by the drop.
        usable.then_some(disk)
    }

    fn mount(&self) -> bool {
        let image = self.image.as_deref().expect("only what lies in a file is mounted again");
        done("mount", &["-o", "loop,errors=remount-ro", text(image), text(&self.at)])
    }

    /// The kernel's lever for an error of this file system.
    fn trigger(&self) -> Option<PathBuf> {
        let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
        let line = mounts.lines().find(|line| line.split(' ').nth(1) == Some(text(&self.at)))?;
        let device = line.strip_prefix("/dev/")?.split(' ').next()?;
        Some(Path::new("/sys/fs/ext4").join(device).join("trigger_fs_error"))
    }

    /// Leaves so many KiB free.
    pub(crate) fn fill_but(&self, left_kib: u64) {
        self.fill("most");
        let most = std::fs::OpenOptions::new().write(true).open(self.at.join("most")).unwrap();
        most.set_len(most.metadata().unwrap().len().saturating_sub(left_kib << 10)).unwrap();
    }

    /// Leaves nothing free.
    pub(crate) fn fill_up(&self) {
        self.fill("rest");
    }

    fn fill(&self, name: &str) {
        let mut file = std::fs::File::create(self.at.join(name)).unwrap();
        let full = (0..1 << 16).find_map(|_| file.write_all(&[0; 4096]).err());
        assert_eq!(full.unwrap().kind(), std::io::ErrorKind::StorageFull);
    }

    /// There is room again.
    pub(crate) fn clear(&self) {
        for name in ["most", "rest"] {
            std::fs::remove_file(self.at.join(name)).unwrap();
        }
    }

    /// From now on it can be read only, whoever has its files open.
    pub(crate) fn fail(&self) {
        std::fs::write(self.trigger().unwrap(), "1").unwrap();
        let refused = std::fs::write(self.at.join("probe"), "").unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    }

    /// Checked and mounted again, after everybody has let go of it. A copy of it: as long as somebody in another mount
    /// namespace has the old one it comes back as it was.
    pub(crate) fn mend(&self) {
        eventually("nobody uses it", || done("umount", &[text(&self.at)]));
        let image = self.image.as_deref().unwrap();
        let copy = image.with_extension("copy");
        std::fs::copy(image, &copy).unwrap();
        std::fs::rename(&copy, image).unwrap();
        // Its exit code is 1 when it has mended something, as it has here.
        let _ = done("e2fsck", &["-fp", text(image)]);
        assert!(self.mount());
    }
}

impl SmallDisk {
    /// The node whose home lies here, if one runs: not whoever has by now the number of one that is no more.
    fn node(&self) -> Option<String> {
        let running = std::fs::read(self.at.join("running.json")).ok()?;
        let running: serde_json::Value = serde_json::from_slice(&running).ok()?;
        let pid = running["pid"].as_u64()?.to_string();
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        line.split('\0').any(|word| word == text(&self.at)).then_some(pid)
    }
}

impl Drop for SmallDisk {
    /// Once it is unmounted nobody finds the node any more that has its home here, so it ends first.
    fn drop(&mut self) {
        if let Some(pid) = self.node() {
            done("kill", &["-9", &pid]);
        }
        done("umount", &["--lazy", text(&self.at)]);
    }
}
