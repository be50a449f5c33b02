//! Where a flow is computed: adapters reached through wgpu, and the processor itself.

pub mod cpu;
pub mod gpu;
pub mod native;

use std::borrow::Cow;
use std::sync::Arc;

/// err
#[derive(Debug, thiserror::Error)]
#[error("backend")]
pub struct BackendError;
/// state
pub struct State<'a>(pub [Cow<'a, [f32]>; 10]);
/// flow
pub enum Flow {
    /// cpu
    Cpu(cpu::CpuFlow),
}
#[allow(missing_docs, reason = "temporary")]
impl Flow {
    pub fn open(_o: Option<&gpu::device::Opened>, lattice: Arc<crate::geometry::lattice::Lattice>, iolets: Vec<crate::fluid::iolet::Iolet>, c: Vec<f32>, p: crate::fluid::collision::Physics) -> Result<Self, BackendError> {
        Ok(Self::Cpu(cpu::CpuFlow::new(lattice, iolets, c, p)))
    }
    pub fn advance(&mut self, n: usize) -> Result<(), BackendError> { let Self::Cpu(f) = self; f.advance(n); Ok(()) }
    pub fn influx(&mut self) -> Result<Vec<f64>, BackendError> { let Self::Cpu(f) = self; Ok(f.influx()) }
    pub fn iolets(&self) -> &[crate::fluid::iolet::Iolet] { let Self::Cpu(f) = self; f.iolets() }
    pub fn set_iolet(&mut self, k: usize, i: crate::fluid::iolet::Iolet) { let Self::Cpu(f) = self; f.set_iolet(k, i) }
    pub fn physics(&self) -> crate::fluid::collision::Physics { let Self::Cpu(f) = self; f.physics() }
    pub fn set_physics(&mut self, p: crate::fluid::collision::Physics) { let Self::Cpu(f) = self; f.set_physics(p) }
    pub fn state(&mut self) -> Result<State<'_>, BackendError> { let Self::Cpu(f) = self; Ok(State(f.moments().map(Cow::Borrowed))) }
    pub fn set_state(&mut self, fields: &[&[f32]; 10]) -> Result<(), BackendError> { let Self::Cpu(f) = self; for s in 0..fields[0].len() { f.set_site(s, &fields.map(|x| x[s])); } Ok(()) }
}
