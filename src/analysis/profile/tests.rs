use std::f64::consts::PI;

use nalgebra::Vector3;

use super::*;
use crate::geometry::extend::close;
use crate::geometry::primitives::Straight;
use crate::geometry::vessel::{Selector, Vessel};

/// Hagen-Poiseuille flow through a tilted tube of 20 sites across: flow, pressure and shear along it are known.
#[test]
fn a_pipe_flow_is_read_back() {
    let axis = Vector3::new(0.48, 0.6, 0.64);
    let straight = Straight { axis: axis.into(), length: 30e-3, ..Straight::new(6e-3) };
    let ends = ["inlet", "outlet"].map(|name| (name.to_owned(), Selector::Patch(name.to_owned())));
    let vessel = Vessel::build(straight.surface().expect("a tube"), &ends).expect("a vessel");
    let lattice = Lattice::build(&close(&vessel, &[0.0, 0.0]).expect("closed"), 0.3e-3).expect("a lattice");
    let tree = Tree::new(&vessel, 0).expect("a tree");
    let (radius, mean, drop) = (3e-3f64, 0.2, 5e3);
    let along = |place: [f64; 3]| Vector3::from(place).dot(&axis);
    let velocity = |site: usize| {
        let place = Vector3::from(lattice.position(site));
        let off = (place - axis * place.dot(&axis)).norm_squared();
        (axis * (2.0 * mean * (1.0 - off / (radius * radius)))).into()
    };
    let pressure = |site: usize| 12e3 - drop * along(lattice.position(site));
    let wss: Vec<f64> = vessel.wall.vertices.iter().map(|&v| 1.0 + 20.0 * along(v)).collect();
    let flow = mean * PI * radius * radius;
    let fields = Fields {
        lattice: &lattice,
        velocity: &velocity,
        pressure: &pressure,
        wss: &wss,
        flows: &[flow, -flow],
        inlet_pressure: 12e3,
    };
    let (profiles, integrals) = profiles(&tree, &fields);
    let (profile, integral) = (&profiles[0], &integrals[0]);
    assert_eq!((profiles.len(), profile.name.as_str(), profile.len()), (1, "outlet", integral.len()));
    for (k, through) in integral.iter().enumerate() {
        let at = along(profile.places[k]);
        assert_eq!(profile.flow[k], flow);
        assert!((through / flow - 1.0).abs() < 0.01, "{through} {flow} at {at}");
        let expected = 12e3 - drop * at;
        // The first and the last section lie a little inside of the ends.
        assert!((profile.pressure[k] - expected).abs() < 1.0, "{} {expected}", profile.pressure[k]);
        assert!((profile.pressure_ratio[k] - profile.pressure[k] / 12e3).abs() < 1e-12);
        let expected = 1.0 + 20.0 * at;
        assert!((profile.wss_mean[k] - expected).abs() < 0.01, "{} {expected}", profile.wss_mean[k]);
        let most = profile.wss_max[k];
        assert!(
            most >= profile.wss_mean[k] - 1e-12 && most < expected + 0.02,
            "{most} {} {expected}",
            profile.wss_mean[k]
        );
    }
}
