//! What unit tests need from outside.

use super::device::{Choice, DeviceError, Opened, open};

#[path = "../../../tests/support/need.rs"]
mod need;

/// The preferred adapter, be it a software one; none, after saying so, where there is no adapter.
pub fn adapter() -> Option<Opened> {
    match open(Choice::Gpu) {
        Ok(opened) => opened,
        Err(DeviceError::NoAdapter) => {
            need::skip("gpu", "no adapter");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
