//! Where a flow is computed.

pub mod cpu;
