//! The command line: one file a subcommand; knows no physics.

pub mod mesh;
