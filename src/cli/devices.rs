//! `perfuse devices`: what a case can run on here.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use super::{Failure, print, print_json};
use crate::backend::gpu::device::{self, AdapterInfo, Choice};
use crate::backend::native::Native;

/// Arguments of `perfuse devices`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse devices
  perfuse devices --json")]
pub struct DevicesArgs {
    /// Print the list as JSON on stdout
    #[arg(long)]
    json: bool,
}

/// The devices of this machine.
#[derive(Serialize)]
struct Devices {
    auto: Auto,
    native_cpu: Native,
    adapters: Vec<AdapterInfo>,
}

/// What `--device auto` takes.
#[derive(Serialize)]
struct Auto {
    device: String,
    backend: &'static str,
    why: String,
}

/// Prints the devices to stdout.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn run(args: &DevicesArgs) -> Result<(), Failure> {
    let (native_cpu, adapters) = (Native::detect(), device::list());
    let selection = device::select(Choice::Auto, &adapters)?;
    let adapter = selection.adapter.and_then(|index| adapters.get(index));
    let auto = Auto {
        device: adapter.map_or_else(|| native_cpu.to_string(), |adapter| adapter.name.clone()),
        backend: adapter.map_or("cpu", |adapter| adapter.backend),
        why: selection.why,
    };
    let devices = Devices { auto, native_cpu, adapters };
    if args.json { print_json(&devices) } else { print(&text(&devices).unwrap_or_default()) }
}

fn text(devices: &Devices) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "--device auto takes: {}", devices.auto.device)?;
    writeln!(text, "  because: {}", devices.auto.why)?;
    writeln!(text, "\nnative CPU (--device cpu)")?;
    writeln!(text, "  vector instructions    {}", devices.native_cpu.simd)?;
    writeln!(text, "  threads                {}", devices.native_cpu.threads)?;
    for (index, adapter) in devices.adapters.iter().enumerate() {
        let taken = if index == 0 { " (--device gpu)" } else { "" };
        writeln!(text, "\n{}{taken}", adapter.name)?;
        write_adapter(&mut text, adapter)?;
    }
    if devices.adapters.is_empty() {
        writeln!(text, "\nno GPU adapter was found through Vulkan, Metal or DX12")?;
    }
    Ok(text)
}

fn write_adapter(text: &mut String, adapter: &AdapterInfo) -> std::fmt::Result {
    let [x, y, z] = adapter.max_compute_workgroup_size;
    let [smallest, largest] = adapter.subgroup_size;
    writeln!(text, "  kind                   {}", adapter.kind)?;
    writeln!(text, "  backend                {}", adapter.backend)?;
    writeln!(text, "  driver                 {}", adapter.driver)?;
    writeln!(text, "  largest buffer         {}", bytes(adapter.max_buffer_size))?;
    writeln!(text, "  largest binding        {}", bytes(adapter.max_storage_buffer_binding_size))?;
    writeln!(text, "  storage buffers        {} a shader", adapter.max_storage_buffers_per_shader_stage)?;
    writeln!(
        text,
        "  workgroup              {} threads, {x} x {y} x {z} at most, {} of memory",
        adapter.max_compute_invocations_per_workgroup,
        bytes(adapter.max_compute_workgroup_storage_size.into())
    )?;
    writeln!(text, "  workgroups             {} a dimension", adapter.max_compute_workgroups_per_dimension)?;
    writeln!(text, "  subgroup               {smallest} to {largest} threads")?;
    writeln!(text, "  half precision         {}", if adapter.shader_f16 { "yes" } else { "no" })
}

/// A size with a binary prefix.
fn bytes(size: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = (u64::BITS - 1).saturating_sub(size.leading_zeros()) / 10;
    let value = size as f64 / f64::from(power * 10).exp2();
    let shown = format!("{value:.1}");
    format!("{} {}", shown.trim_end_matches(".0"), units[power as usize])
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        for (size, shown) in [(0, "0 B"), (1023, "1023 B"), (1 << 27, "128 MiB"), (5 << 29, "2.5 GiB")] {
            assert_eq!(super::bytes(size), shown);
        }
        assert_eq!(super::bytes(u64::MAX), "16 EiB");
    }
}
