//! What the kernel says of a process's memory.

use std::path::{Path, PathBuf};

use super::Memory;

/// Reads what this process uses and may use; none where there is no `/proc`.
#[must_use]
pub fn read_system() -> Option<Memory> {
    let page_bytes = u64::try_from(rustix::param::page_size()).ok()?;
    Kernel { read: &|path| std::fs::read_to_string(path).ok(), page_bytes }.memory()
}

/// The kernel's files. Reading one takes microseconds: it is made as it is read.
struct Kernel<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    page_bytes: u64,
}

impl Kernel<'_> {
    fn memory(&self) -> Option<Memory> {
        let resident_bytes = self.resident()?;
        let groups = self.text("/proc/self/cgroup").unwrap_or_default();
        let limits = groups.lines().filter_map(|line| self.limit_of_group(line));
        let limit_bytes = limits.chain(self.total()).min()?;
        Some(Memory { resident_bytes, limit_bytes })
    }

    /// The second number of `statm`: resident pages.
    fn resident(&self) -> Option<u64> {
        let statm = self.text("/proc/self/statm")?;
        let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        pages.checked_mul(self.page_bytes)
    }

    /// A line of `/proc/self/cgroup`: `0::/a/b` for version 2, `4:memory:/a/b` for version 1.
    fn limit_of_group(&self, line: &str) -> Option<u64> {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let (root, file) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            return None;
        };
        self.least_limit(Path::new(root), Path::new(path), file)
    }

    /// Every group on the way to the root may have a limit, and the least counts. In a container
    /// the path may be the host's, of which only the root is there.
    fn least_limit(&self, root: &Path, path: &Path, file: &str) -> Option<u64> {
        let groups = path.ancestors().map(|group| {
            let below: PathBuf = group.strip_prefix("/").unwrap_or(group).into();
            root.join(below).join(file)
        });
        // A group without a limit says `max`.
        groups.filter_map(|file| (self.read)(&file)?.trim().parse().ok()).min()
    }

    /// `MemTotal:  16318480 kB`.
    fn total(&self) -> Option<u64> {
        let info = self.text("/proc/meminfo")?;
        let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kibibytes.checked_mul(1024)
    }

    fn text(&self, path: &str) -> Option<String> {
        (self.read)(Path::new(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATM: (&str, &str) = ("/proc/self/statm", "9000 250 100 1 0 500 0\n");
    const TOTAL: (&str, &str) = ("/proc/meminfo", "MemFree: 1 kB\nMemTotal:    8000 kB\n");

    fn memory(files: &[(&str, &str)]) -> Option<Memory> {
        let read = |path: &Path| {
            let file = files.iter().find(|(name, _)| Path::new(name) == path);
            file.map(|(_, text)| (*text).to_owned())
        };
        Kernel { read: &read, page_bytes: 4_096 }.memory()
    }

    fn limit(group: &str, files: &[(&str, &str)]) -> u64 {
        let own = [STATM, TOTAL, ("/proc/self/cgroup", group)];
        memory(&[&own, files].concat()).unwrap().limit_bytes
    }

    #[test]
    fn resident_pages_are_counted_in_bytes() {
        assert_eq!(memory(&[STATM, TOTAL]).unwrap().resident_bytes, 250 * 4_096);
        assert_eq!(memory(&[TOTAL]), None, "no /proc");
        assert_eq!(memory(&[("/proc/self/statm", "nonsense"), TOTAL]), None);
    }

    #[test]
    fn the_least_limit_on_the_way_to_the_root_counts() {
        let a = ("/sys/fs/cgroup/a/memory.max", "5000000\n");
        let b = ("/sys/fs/cgroup/a/b/memory.max", "max\n");
        assert_eq!(limit("0::/a/b\n", &[a, b]), 5_000_000);
        let b = ("/sys/fs/cgroup/a/b/memory.max", "4000000\n");
        assert_eq!(limit("0::/a/b\n", &[a, b]), 4_000_000);
        let root = ("/sys/fs/cgroup/memory.max", "3000000\n");
        assert_eq!(limit("0::/\n", &[root]), 3_000_000);
        assert_eq!(limit("0::/hidden/by/the/container\n", &[root]), 3_000_000);
    }

    #[test]
    fn version_1_counts_only_the_memory_controller() {
        let of_memory = ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2000000\n");
        assert_eq!(limit("5:cpu,cpuacct:/x\n4:memory:/a\n", &[of_memory]), 2_000_000);
        let of_cpu = ("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1\n");
        assert_eq!(limit("5:cpu,cpuacct:/x\n", &[of_cpu]), 8_000 * 1_024);
    }

    #[test]
    fn without_a_limit_there_is_all_the_machine_has() {
        assert_eq!(limit("0::/\n", &[]), 8_000 * 1_024);
        let boundless = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(limit("4:memory:/\n", &[boundless]), 8_000 * 1_024);
    }

    #[test]
    fn this_very_process_uses_something() {
        let memory = read_system().expect("tests run where there is a /proc");
        assert!(memory.resident_bytes > 100_000, "{memory:?}");
        assert!(memory.limit_bytes > memory.resident_bytes, "{memory:?}");
    }
}
