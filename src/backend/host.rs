//! The machine under the process: memory that it can still have, its processor, and how busy it is.
//!
//! Memory: Linux tells in three places: what is free or can be freed, what the control groups of the process (containers, batch
//! systems) leave of their limits, and what the process's own limit of address space leaves. The least of them counts.
//! Other systems do not tell.

use std::fs::read_to_string;
use std::path::Path;

/// Limit, use, and the part of the use that can be freed, as a control group of version 2 names them.
const GROUP: [&str; 3] = ["memory.max", "memory.current", "inactive_file"];

/// The same in version 1.
const OLD_GROUP: [&str; 3] = ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"];

/// Bytes that can still be allocated; none where the system does not tell.
#[must_use]
pub fn available() -> Option<u64> {
    let root = Path::new("/");
    [free(root), groups(root), address_space(root)].into_iter().flatten().min()
}

/// What the machine has free.
fn free(root: &Path) -> Option<u64> {
    let text = read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// What the control groups of this process leave it, those around them included.
fn groups(root: &Path) -> Option<u64> {
    let list = read_to_string(root.join("proc/self/cgroup")).ok()?;
    let mut left = Vec::new();
    for line in list.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (base, names) = match controllers {
            "" => ("sys/fs/cgroup", GROUP),
            some if some.split(',').any(|name| name == "memory") => ("sys/fs/cgroup/memory", OLD_GROUP),
            _ => continue,
        };
        let inner = Path::new(path.trim_start_matches('/'));
        left.extend(inner.ancestors().filter_map(|group| group_left(&root.join(base).join(group), names)));
    }
    left.into_iter().min()
}

fn group_left(folder: &Path, [limit, used, freed]: [&str; 3]) -> Option<u64> {
    let number = |name: &str| read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let limit = number(limit)?;
    let stat = read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let line = stat.lines().find_map(|line| line.strip_prefix(freed)?.strip_prefix(' '));
    let freed = line.and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or(0);
    Some(limit.saturating_sub(number(used)?.saturating_sub(freed)))
}

/// What the limit of address space (`ulimit -v`) leaves.
#[cfg(target_os = "linux")]
fn address_space(root: &Path) -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: writes to the structure that it is given.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } != 0;
    if failed || limit.rlim_cur == libc::RLIM_INFINITY {
        return None;
    }
    // SAFETY: asks for a constant of the system.
    let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()?;
    let pages: u64 = read_to_string(root.join("proc/self/statm")).ok()?.split_whitespace().next()?.parse().ok()?;
    Some(limit.rlim_cur.saturating_sub(pages * page))
}

#[cfg(not(target_os = "linux"))]
fn address_space(_: &Path) -> Option<u64> {
    None
}

/// Gives memory that was freed back to the system, where the allocator would keep it for later.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: only releases pages that no allocation uses; safe from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Name of the processor; none where the system does not tell.
#[must_use]
pub fn processor() -> Option<String> {
    let text = read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Bytes of the largest cache of the first core; none where the system does not tell.
#[must_use]
pub fn cache() -> Option<u64> {
    let size = |k: usize| {
        let text = read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{k}/size")).ok()?;
        let kilobytes: u64 = text.trim().strip_suffix('K')?.parse().ok()?;
        kilobytes.checked_mul(1024)
    };
    (0..8).filter_map(size).max()
}

/// Processors that the process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Processes that ran or waited to run over the last minute, on average; none where the system does not tell.
#[must_use]
pub fn load() -> Option<f64> {
    #[cfg(unix)]
    {
        let mut averages = [0.0f64; 1];
        // SAFETY: writes at most as many numbers as the array has.
        let written = unsafe { libc::getloadavg(averages.as_mut_ptr(), 1) };
        (written == 1 && averages[0].is_finite()).then_some(averages[0])
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, text)).unwrap_or_else(|e| panic!("{e}"));
    }

    #[test]
    fn the_tightest_limit_counts() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let root = folder.path();
        assert_eq!((free(root), groups(root)), (None, None));
        write(root, "proc/meminfo", "MemTotal: 16 kB\nMemAvailable:   12 kB\n");
        assert_eq!(free(root), Some(12 * 1024));
        write(root, "proc/self/cgroup", "0::/job/step\n");
        write(root, "sys/fs/cgroup/job/step/memory.max", "max\n");
        write(root, "sys/fs/cgroup/job/step/memory.current", "500\n");
        assert_eq!(groups(root), None, "no limit");
        write(root, "sys/fs/cgroup/job/memory.max", "9000\n");
        write(root, "sys/fs/cgroup/job/memory.current", "3000\n");
        assert_eq!(groups(root), Some(6000), "the group around it");
        write(root, "sys/fs/cgroup/job/memory.stat", "anon 1000\ninactive_file 2000\ninactive_file_more 7\n");
        assert_eq!(groups(root), Some(8000), "what can be freed is not used");
        write(root, "proc/self/cgroup", "5:cpu:/\n4:hugetlb,memory:/job\n");
        write(root, "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "700\n");
        write(root, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "300\n");
        assert_eq!(groups(root), Some(400), "version 1");
        write(root, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "900\n");
        assert_eq!(groups(root), Some(0), "over its limit");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
        assert!(load().is_some_and(|load| load >= 0.0) && cores() > 0);
    }
}
