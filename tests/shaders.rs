//! The shaders without a GPU: they link, they are valid, and they share the memory layout and the tables of the Rust
//! code.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Literal, Module, TypeInner};
use perfuse::backend::gpu::layout::{self, LAYOUTS};
use perfuse::backend::gpu::pipelines::{WORKGROUP, storage_buffers};
use perfuse::backend::gpu::shader::{FILES, Kernel};
use perfuse::fluid::iolet::Kind;
use perfuse::fluid::rheology;
use perfuse::fluid::storage::{self, Storage};
use perfuse::geometry::lattice::directions::{C, Q, W0, W1, W2, opposite};
use perfuse::geometry::lattice::{LANES, NOWHERE, PAD, ROWS};

/// Every kernel with every storage of the state.
fn kernels() -> impl Iterator<Item = (Kernel, Storage)> {
    Kernel::ALL.into_iter().flat_map(|kernel| Storage::ALL.map(|storage| (kernel, storage)))
}

fn module(kernel: Kernel, storage: Storage) -> Module {
    let source = kernel.source(storage);
    naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)))
}

#[test]
fn every_kernel_links_and_is_valid() {
    for (kernel, storage) in kernels() {
        let module = module(kernel, storage);
        // What adapters of Vulkan, Metal and DX12 all have: numbers of 16 bits unpacked from words.
        let needed = match storage {
            Storage::F32 => Capabilities::empty(),
            Storage::F16 => Capabilities::SHADER_FLOAT16_IN_FLOAT32,
        };
        let info = Validator::new(ValidationFlags::all(), needed).validate(&module);
        assert!(info.is_ok(), "{}: {:?}", kernel.name(), info.err());
        let entries: Vec<_> = module.entry_points.iter().map(|e| (e.name.as_str(), e.workgroup_size)).collect();
        assert_eq!(entries, [("main", [WORKGROUP, 1, 1])], "{}", kernel.name());
    }
}

#[test]
fn every_file_is_used_and_short() {
    let sources: Vec<String> = kernels().map(|(kernel, storage)| kernel.source(storage)).collect();
    for (name, text) in FILES {
        assert!(sources.iter().any(|s| s.contains(text)), "{name}.wgsl belongs to no kernel");
        assert!(sources.iter().all(|s| s.matches(text).count() <= 1), "{name}.wgsl is joined twice");
        assert!(text.lines().count() <= 150, "{name}.wgsl has {} lines", text.lines().count());
    }
    let listed: std::collections::BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.wgsl")).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let found = std::fs::read_dir(folder).expect("the folder").map(|e| e.expect("a file").file_name());
    assert_eq!(found.map(|n| n.to_string_lossy().into_owned()).collect::<std::collections::BTreeSet<_>>(), listed);
}

/// What a kernel of a run binds: the most storage buffers of any, as asked of an adapter. Those that only measure copy
/// states of 32 bits, whatever a flow keeps, and need no more than a flow in these.
#[test]
fn the_storage_buffers_asked_for_are_those_bound() {
    let buffer = |v: &naga::GlobalVariable| matches!(v.space, naga::AddressSpace::Storage { .. });
    for storage in Storage::ALL {
        let bound = |kernel| module(kernel, storage).global_variables.iter().filter(|(_, v)| buffer(v)).count();
        let runs = |kernel: &Kernel| !matches!(kernel, Kernel::Copy | Kernel::Fields);
        let most = Kernel::ALL.into_iter().filter(runs).map(bound).max();
        assert_eq!(most, Some(storage_buffers(storage) as usize), "{storage}");
        assert!(Kernel::ALL.map(bound).into_iter().max() <= Some(storage_buffers(Storage::F32) as usize));
    }
}

#[test]
fn shared_structs_have_the_same_layout() {
    let modules: Vec<Module> = kernels().map(|(kernel, storage)| module(kernel, storage)).collect();
    for layout in &LAYOUTS {
        let mut seen = 0;
        for module in &modules {
            for (_, ty) in module.types.iter().filter(|(_, ty)| ty.name.as_deref() == Some(layout.name)) {
                let TypeInner::Struct { members, span } = &ty.inner else { panic!("{} is no struct", layout.name) };
                let fields: Vec<_> =
                    members.iter().map(|m| (m.name.as_deref().unwrap_or(""), m.offset as usize)).collect();
                assert_eq!(fields, layout.fields, "fields of {}", layout.name);
                assert_eq!(*span as usize, layout.size, "size of {}", layout.name);
                seen += 1;
            }
        }
        assert!(seen > 0, "no kernel has a struct {}", layout.name);
    }
}

/// Every struct that a buffer holds is among those checked.
#[test]
fn no_shared_struct_goes_unchecked() {
    for module in kernels().map(|(kernel, storage)| module(kernel, storage)) {
        for (_, variable) in module.global_variables.iter() {
            let mut ty = &module.types[variable.ty];
            while let TypeInner::Array { base, .. } = ty.inner {
                ty = &module.types[base];
            }
            if let (TypeInner::Struct { .. }, Some(name)) = (&ty.inner, &ty.name) {
                assert!(LAYOUTS.iter().any(|l| l.name == name), "{name} has no Rust layout");
            }
        }
    }
}

/// The numbers of a WGSL constant, in order.
fn constant(module: &Module, name: &str) -> Vec<f64> {
    fn numbers(module: &Module, at: naga::Handle<naga::Expression>, out: &mut Vec<f64>) {
        match &module.global_expressions[at] {
            naga::Expression::Literal(Literal::I32(v)) => out.push(f64::from(*v)),
            naga::Expression::Literal(Literal::U32(v)) => out.push(f64::from(*v)),
            naga::Expression::Literal(Literal::F32(v)) => out.push(f64::from(*v)),
            naga::Expression::Compose { components, .. } => {
                components.iter().for_each(|c| numbers(module, *c, out));
            }
            naga::Expression::ZeroValue(ty) => match module.types[*ty].inner {
                TypeInner::Vector { size, .. } => out.extend(std::iter::repeat_n(0.0, size as usize)),
                _ => out.push(0.0),
            },
            other => panic!("a constant made of {other:?}"),
        }
    }
    let found = module.constants.iter().find(|(_, c)| c.name.as_deref() == Some(name));
    let (_, constant) = found.unwrap_or_else(|| panic!("no constant {name}"));
    let mut out = Vec::new();
    numbers(module, constant.init, &mut out);
    out
}

#[test]
fn the_lattice_is_the_same() {
    let module = module(Kernel::Flow, Storage::F32);
    let directions: Vec<f64> = C.iter().flatten().map(|&c| f64::from(c)).collect();
    assert_eq!(constant(&module, "C"), directions);
    for (name, weight) in [("W0", W0), ("W1", W1), ("W2", W2)] {
        assert_eq!(constant(&module, name), [f64::from(weight)], "{name}");
    }
    let row = |q: usize| ROWS.iter().position(|r| *r == [C[q][1], C[q][2]]).unwrap_or(8) as f64;
    assert_eq!(constant(&module, "ROW"), (0..Q).map(row).collect::<Vec<_>>());
    for (name, number) in [("LANES", LANES), ("PAD", PAD), ("NOWHERE", NOWHERE as usize)] {
        assert_eq!(constant(&module, name), [number as f64], "{name}");
    }
    assert!((1..Q).step_by(2).all(|q| opposite(q) == q + 1), "the shaders count on pairs of neighbours");
}

#[test]
fn the_tables_of_a_rheology_are_read_alike() {
    let module = module(Kernel::Flow, Storage::F32);
    let counts = [("SHIFT", rheology::SHIFT), ("FIRST", rheology::FIRST), ("SEGMENTS", rheology::SEGMENTS as u32)];
    for (name, number) in counts {
        assert_eq!(constant(&module, name), [f64::from(number)], "{name}");
    }
    for (name, half) in [("OMEGA", rheology::OMEGA), ("NU", rheology::NU)] {
        assert_eq!(constant(&module, name), [half as f64], "{name}");
    }
    for (name, number) in [("LOWEST", rheology::LOWEST), ("HIGHEST", rheology::HIGHEST), ("PART", rheology::PART)] {
        assert_eq!(constant(&module, name), [f64::from(number)], "{name}");
    }
}

#[test]
fn the_kinds_of_openings_are_the_same() {
    let module = module(Kernel::Incoming, Storage::F32);
    for (name, kind) in [("VELOCITY", Kind::Velocity), ("OUTLET", Kind::Outlet), ("RESERVOIR", Kind::Reservoir)] {
        assert_eq!(constant(&module, name), [f64::from(layout::kind(kind))], "{name}");
    }
}

#[test]
fn numbers_in_16_bits_are_scaled_alike() {
    let module = module(Kernel::Flow, Storage::F16);
    for (name, number) in [("SCALE", f64::from(storage::SCALE)), ("CUT", f64::from(storage::CUT))] {
        assert_eq!(constant(&module, name), [number], "{name}");
    }
}
