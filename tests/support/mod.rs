//! What tests need from outside: real vessels, an adapter; and what becomes of a test that does not find it.
//!
//! A test without its need prints `SKIPPED: <reason>` and passes, unless the environment variable `PERFUSE_REQUIRE`, a
//! list of words with commas, names that need.

#![allow(dead_code, reason = "every test file is a program of its own and uses a part of this")]

use std::path::PathBuf;

use perfuse::backend::gpu::device::{Choice, DeviceError, Opened, open};

mod need;
pub use need::skip;

/// The folder of real data (`PERFUSE_DATA`, else `../shared/data` beside the project).
pub fn data() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("PERFUSE_DATA").map_or_else(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    skip("data", &format!("no folder {}", folder.display()));
    None
}

/// The preferred adapter, be it a software one.
pub fn adapter() -> Option<Opened> {
    match open(Choice::Gpu) {
        Ok(opened) => opened,
        Err(DeviceError::NoAdapter) => {
            skip("gpu", "no adapter");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
