#![allow(missing_docs, clippy::all)]
use perfuse::backend::cpu::CpuFlow;
use perfuse::fluid::{collision::{Relaxation, omega}, iolet::{self, Iolet, Kind}, moments::Macro};
use perfuse::geometry::{lattice::Lattice, tube};
use std::sync::Arc;
fn main() {
    let a: Vec<f64> = std::env::args().skip(1).map(|s| s.parse().unwrap()).collect();
    let (d, re, tau, umax, len, wb) = (a[0], a[1], a[2], a[3], a[4], a[5]);
    let axis = [0.48, 0.6, 0.64];
    let r = 1.0;
    let dx = 2.0 * r / d;
    let surf = tube::closed([0.0; 3], axis, r, len * 2.0 * r, 1024.max((16.0*d) as usize));
    let t = std::time::Instant::now();
    let lat = Arc::new(Lattice::build(&surf, dx).unwrap());
    println!("sites {} build {:?}", lat.sites, t.elapsed());
    // either tau given or umax given
    let (nu, umean) = if tau > 0.0 { let nu = (tau - 0.5) / 3.0; (nu, re * nu / d) } else { let um = umax / 2.0; (um * d / re, um) };
    let om = omega(nu);
    println!("nu {nu} tau {} umean {umean}", 1.0 / om);
    let prof = |p: [f64; 3]| { let s: f64 = (0..3).map(|k| p[k] * axis[k]).sum(); let q: f64 = (0..3).map(|k| (p[k] - s * axis[k]).powi(2)).sum(); (2.0 * (1.0 - q / r / r), s) };
    let n0 = axis.map(|x| -x as f32);
    let n1 = axis.map(|x| x as f32);
    let iol = vec![Iolet { kind: Kind::Velocity, value: umean as f32, normal: n0 }, Iolet { kind: Kind::Outlet, value: 0.0, normal: n1 }];
    let coef: Vec<f32> = lat.iolet_links.iter().map(|l| if l.iolet == 0 { iolet::coefficient(l, n0, prof(lat.lid_point(l)).0.max(0.0) as f32) } else { 0.0 }).collect();
    let rel = Relaxation { omega: om as f32, omega_bulk: if wb > 0.0 { wb as f32 } else { om as f32 }, fix: std::env::var("FIX").map_or(0, |s| s.parse().unwrap()), rule: std::env::var("RULE").map_or(0, |s| s.parse().unwrap()), beta: std::env::var("BETA").map_or(1.0, |s| s.parse().unwrap()), kappa: std::env::var("KAPPA").map_or((1.0/(1.0-1.0/om+nu)) as f32, |s| s.parse().unwrap()) };
    let mut f = CpuFlow::new(lat.clone(), iol, coef, rel);
    if a.len() > 6 {
        let t = std::time::Instant::now();
        let n = a[6] as usize;
        f.advance(3);
        for _ in 0..3 { let t = std::time::Instant::now(); f.advance(n); println!("MLUPS {:.1}", n as f64 * lat.sites as f64 / t.elapsed().as_secs_f64() / 1e6); }
        println!("{:?}", t.elapsed());
        return;
    }
    let area = std::f64::consts::PI * (r / dx).powi(2);
    let mut last = 0.0;
    let t = std::time::Instant::now();
    let mut steps = 0;
    loop {
        f.advance(500); steps += 500;
        let q = f.influx();
        // gradient + error
        let (mut e2, mut u2, mut n) = (0.0, 0.0, 0.0);
        let (mut sp, mut ss, mut sss, mut ssp, mut sn) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let ltot = len * 2.0 * r;
        let mut un_sum = 0.0; let mut ex_sum = 0.0;
        for s in lat.fluid_sites() {
            let p = lat.position(s);
            let (pr, z) = prof(p);
            if z < ltot * 0.4 || z > ltot * 0.7 { continue; }
            let m = Macro::read(&f.site(s));
            for k in 0..3 { let ex = pr * umean * axis[k]; e2 += (m.j[k] as f64 - ex).powi(2); u2 += ex * ex; un_sum += m.j[k] as f64 * axis[k]; ex_sum += ex * axis[k]; }
            n += 1.0;
            let pp = m.drho as f64 / 3.0;
            sn += 1.0; sp += pp; ss += z; sss += z * z; ssp += z * pp;
        }
        let _ = n;
        if std::env::var("BINS").is_ok() && steps % 4000 == 0 {
            let mut b = vec![[0.0f64; 6]; 6];
            for s in lat.fluid_sites() {
                let p = lat.position(s);
                let (pr, z) = prof(p);
                if z < ltot * 0.4 || z > ltot * 0.7 { continue; }
                let rr = (1.0 - pr / 2.0).max(0.0).sqrt();
                let m = Macro::read(&f.site(s));
                let k = ((rr * 6.0) as usize).min(5);
                let un: f64 = (0..3).map(|k| m.j[k] as f64 * axis[k]).sum::<f64>() / umean;
                let sec: f64 = ((0..3).map(|k| (m.j[k] as f64).powi(2)).sum::<f64>() / umean / umean - un * un).max(0.0);
                b[k][0] += 1.0; b[k][1] += un - pr; b[k][2] += sec; b[k][3] += (un - pr).powi(2);
                let q: [f64;3] = std::array::from_fn(|k| p[k] - z * axis[k]);
                let ur: f64 = (0..3).map(|k| m.j[k] as f64 * q[k]).sum::<f64>() / umean / rr;
                b[k][4] += ur;
                b[k][5] += pr;
            }
            for (k, b) in b.iter().enumerate() { println!("  bin {k} u {:.4} err mean {:+.4} rms {:.4} secondary rms {:.4} radial {:+.5}", b[5]/b[0], b[1] / b[0], (b[3] / b[0]).sqrt(), (b[2] / b[0]).sqrt(), b[4] / b[0]); }
        }
        let grad = (sn * ssp - ss * sp) / (sn * sss - ss * ss) * dx; // per lattice unit
        let exact = -32.0 * nu * umean / d / d;
        let l2 = (e2 / u2).sqrt();
        let val = grad / exact;
        if steps % 4000 == 0 || (val - last).abs() < 2e-7 * 500.0 / d { println!("{steps} L2 {:.4}% grad {:+.3}% meanratio {:.5} qin {:.5} qout {:.5} t {:.1}", l2 * 100.0, (val - 1.0) * 100.0, un_sum / ex_sum, q[0] / umean / area, q[1] / umean / area, t.elapsed().as_secs_f64()); }
        if !val.is_finite() { println!("NaN at {steps}"); break; }
        if (val - last).abs() < 2e-7 * 500.0 / d || steps > 60000 { break; }
        last = val;
    }
}
fn _unused() {}
