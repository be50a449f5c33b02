use super::directions::weight;
use super::*;

/// A closed tube of `n` straight sides around an axis, by rings; lid 0 at the start, lid 1 at the end.
fn tube(start: [f64; 3], axis: [f64; 3], radius: f64, length: f64, n: usize) -> Closed {
    crate::geometry::tube::closed(start, axis, radius, length, n)
}

#[test]
fn volume_and_links_of_a_tilted_tube() {
    let surface = tube([1e-3, 2e-3, 3e-3], [0.48, 0.6, 0.64], 3e-3, 12e-3, 96);
    let lattice = Lattice::build(&surface, 6e-3 / 24.0).expect("a lattice");
    let polygon = 0.5 * 96.0 * (2.0 * std::f64::consts::PI / 96.0).sin() * 9e-6;
    let volume = lattice.sites as f64 * lattice.grid.spacing.powi(3);
    assert!((volume / (polygon * 12e-3) - 1.0).abs() < 3e-3, "volume {volume}");
    let mut cut = 0usize;
    for (block, &fluid) in lattice.fluid.iter().enumerate() {
        for q in 1..Q {
            let bulk = lattice.bulk[block][q - 1];
            let walls = lattice.wall_spans[block].row(q).map_or(0, |r| {
                lattice.wall_rows[r].iter().enumerate().fold(0, |m, (lane, &d)| m | u16::from(d > 0) << lane)
            });
            let lids = lattice.iolet_spans[block].row(q).map_or(0, |r| lattice.iolet_rows[r].mask);
            assert_eq!(bulk & walls | bulk & lids | walls & lids, 0, "a link is of one kind");
            assert_eq!(bulk | walls | lids, fluid, "every link of every fluid lane is known");
            cut += walls.count_ones() as usize + lids.count_ones() as usize;
        }
    }
    assert!(cut > 0);
}

/// Mean distance along cut links: the volume between the outermost sites and the wall is filled, so that the links'
/// projected fractions add up to half a link on average.
#[test]
fn fractions_are_uniform_and_measured_along_the_link() {
    let surface = tube([0.0; 3], [0.48, 0.6, 0.64], 3e-3, 12e-3, 256);
    let lattice = Lattice::build(&surface, 6e-3 / 32.0).expect("a lattice");
    let axis = [0.48, 0.6, 0.64];
    let (mut sum, mut count, mut worst) = (0.0, 0.0, 0.0f64);
    for (block, span) in lattice.wall_spans.iter().enumerate() {
        for (q, c) in C.iter().enumerate().skip(1) {
            let Some(row) = span.row(q) else { continue };
            for (lane, &d) in lattice.wall_rows[row].iter().enumerate().filter(|(_, d)| **d > 0) {
                let delta = f64::from(d) / 65535.0;
                let p = lattice.position(Lattice::base(block) + lane);
                let hit: [f64; 3] = std::array::from_fn(|a| p[a] + delta * lattice.grid.spacing * f64::from(c[a]));
                let along: f64 = (0..3).map(|a| hit[a] * axis[a]).sum();
                let off = (0..3).map(|a| (hit[a] - along * axis[a]).powi(2)).sum::<f64>().sqrt();
                worst = worst.max((off - 3e-3).abs());
                sum += delta * f64::from(weight(q));
                count += f64::from(weight(q));
            }
        }
    }
    assert!((sum / count - 0.5).abs() < 0.02, "mean fraction {}", sum / count);
    assert!(worst < 3e-3 * 2e-4, "wall point off by {worst} m");
}

#[test]
fn openings_own_the_links_through_their_lids() {
    let surface = tube([0.0; 3], [0.48, 0.6, 0.64], 3e-3, 12e-3, 96);
    let lattice = Lattice::build(&surface, 6e-3 / 16.0).expect("a lattice");
    for k in 0..2u16 {
        let flux: f64 = lattice
            .iolet_links
            .iter()
            .filter(|l| l.iolet == k)
            .map(|l| {
                let c = C[l.direction as usize];
                6.0 * f64::from(weight(l.direction as usize))
                    * (0.48 * f64::from(c[0]) + 0.6 * f64::from(c[1]) + 0.64 * f64::from(c[2]))
            })
            .sum();
        let area = std::f64::consts::PI * 64.0 * if k == 0 { -1.0 } else { 1.0 };
        assert!((flux / area - 1.0).abs() < 0.05, "lid {k}: {flux} of {area}");
    }
    let n = lattice.iolet_rows.iter().map(|r| r.mask.count_ones() as usize).sum::<usize>();
    assert_eq!(n, lattice.iolet_links.len());
}

#[test]
fn too_coarse_is_an_error() {
    let surface = tube([0.0; 3], [0.0, 0.0, 1.0], 1e-4, 1e-3, 12);
    assert_eq!(Lattice::build(&surface, 1.0), Err(LatticeError::Empty { spacing: 1.0 }));
}

/// Every step leads to a fluid site from which the opposite step leads back, but for nine links at the ends of memory.
#[test]
fn a_periodic_box_is_closed_on_itself() {
    let lattice = Lattice::periodic([32, 5, 7], 1e-3);
    assert_eq!((lattice.sites, lattice.fluid_sites().count()), (32 * 5 * 7, 32 * 5 * 7));
    let mut missing = Vec::new();
    for site in lattice.fluid_sites() {
        for (q, c) in C.iter().enumerate().skip(1) {
            match lattice.neighbour(site, q) {
                Some(next) => {
                    assert!((Lattice::base(0)..Lattice::base(lattice.origins.len())).contains(&next));
                    assert_eq!(lattice.neighbour(next, directions::opposite(q)), Some(site));
                    let at = lattice.coordinates(site).map(|x| x + 1);
                    if at.iter().zip([32, 5, 7]).all(|(&x, n)| x > 1 && x < n) {
                        let there = lattice.coordinates(next).map(|x| x + 1);
                        assert_eq!(there, std::array::from_fn(|a| at[a] + c[a]));
                    }
                }
                None => missing.push((site, q)),
            }
        }
    }
    assert_eq!((missing.len(), lattice.wall_rows.len()), (18, 18));
    for (site, q) in missing {
        let (block, lane) = (site / LANES - PAD, site % LANES);
        let row = lattice.wall_spans[block].row(q).expect("a wall where no neighbour is");
        assert!(lattice.wall_rows[row].iter().enumerate().all(|(k, &d)| (d > 0) == (k == lane)));
    }
}
