use super::*;

const SCALE: Scale = Scale { dx: 0.2e-3, dt: 1e-4, rho: 1060.0 };
const LAWS: [Rheology; 4] = [CARREAU_YASUDA, CASSON, POWER_LAW, QUEMADA];

fn close(value: f64, expected: f64, tolerance: f64) {
    assert!((value / expected - 1.0).abs() <= tolerance, "{value} is not {expected}");
}

/// The stress rises with the shear rate, the viscosity never does, and it stays between its limits.
#[test]
fn laws_thin_while_their_stress_rises() {
    let thick = [0.2, 0.3, 0.6].map(|haematocrit| Rheology::Quemada { haematocrit, plasma_viscosity: 1.2e-3 });
    for law in LAWS.into_iter().chain(thick) {
        let rates = (0..1200).map(|k| 1e-6 * 10f64.powf(f64::from(k) / 100.0));
        let (mut viscosity, mut stress) = (law.largest(), 0.0);
        for rate in rates {
            let here = law.viscosity(rate);
            assert!(here <= viscosity * (1.0 + 1e-12) && here >= law.reference() * (1.0 - 1e-9), "{law:?} at {rate}");
            assert!(here * rate > stress, "{law:?}: stress falls at {rate}");
            (viscosity, stress) = (here, here * rate);
        }
    }
}

#[test]
fn limits_and_values_in_between() {
    close(CARREAU_YASUDA.largest(), 56e-3, 1e-12);
    close(CARREAU_YASUDA.reference(), 3.45e-3, 1e-4);
    // (1 + 1)^((n - 1)/2) of the way at a shear rate of 1/time.
    close(CARREAU_YASUDA.viscosity(1.0 / 3.313), 3.45e-3 + 52.55e-3 * 2f64.powf(-0.3216), 1e-12);
    close(CASSON.reference(), 3.5e-3, 1e-3);
    close(CASSON.largest(), (3.5e-3f64.sqrt() + 0.5f64.sqrt()).powi(2), 1e-12);
    // Beyond the regularisation: sqrt(stress) = sqrt(yield) + sqrt(viscosity g).
    close((CASSON.viscosity(50.0) * 50.0).sqrt(), 5e-3f64.sqrt() + (3.5e-3f64 * 50.0).sqrt(), 1e-9);
    close(POWER_LAW.viscosity(1.0), 14.67e-3, 1e-12);
    close(POWER_LAW.viscosity(100.0) * 100.0, 14.67e-3 * 100f64.powf(0.7755), 1e-12);
    assert_eq!((POWER_LAW.largest(), POWER_LAW.reference()), (56e-3, 3.45e-3));
}

/// Whole blood of haematocrit 0.45 in a viscometer: about 4 mPa s at 200/s and 10 to 30 mPa s at 1/s (Chien, Science 168,
/// 977, 1970); thicker with more cells.
#[test]
fn quemada_is_blood() {
    assert!((3.4e-3..4.6e-3).contains(&QUEMADA.viscosity(200.0)), "{}", QUEMADA.viscosity(200.0));
    assert!((10e-3..30e-3).contains(&QUEMADA.viscosity(1.0)), "{}", QUEMADA.viscosity(1.0));
    let at = |haematocrit, rate| Rheology::Quemada { haematocrit, plasma_viscosity: 1.2e-3 }.viscosity(rate);
    for rate in [1.0, 10.0, 100.0] {
        for h in [0.2, 0.3, 0.4, 0.5] {
            assert!(at(h + 0.1, rate) > at(h, rate), "haematocrit {h} at {rate}/s");
        }
    }
}

/// Simple shear: D of the shear rate gives back the viscosity of that shear rate, to what single precision leaves.
#[test]
fn the_table_gives_the_viscosity_of_the_shear_rate() {
    let mut worst = 0.0f64;
    for law in LAWS {
        let table = Table::new(&law, &SCALE).expect("a table");
        for k in 0..700 {
            let rate = 1e-4 * 10f64.powf(f64::from(k) / 100.0) * SCALE.dt;
            let nu = law.nu(rate, &SCALE);
            let omega = 1.0 / (3.0 * nu + 0.5);
            // S_xy = rate/2 in both places, D = -2 S/(3 omega).
            let square = 2.0 * (rate / (3.0 * omega)).powi(2);
            let found = (1.0 / f64::from(table.look_up(square as f32)) - 0.5) / 3.0;
            worst = worst.max((found / nu - 1.0).abs());
        }
    }
    println!("largest relative error of the viscosity {worst:.1e}");
    assert!(worst < 5e-4, "{worst}");
}

/// The viscosity by the square of the shear rate, over all rates that a table covers.
#[test]
fn the_table_gives_the_viscosity_at_the_wall() {
    for law in LAWS {
        let table = Table::new(&law, &SCALE).expect("a table");
        let error = |rate: f64| (f64::from(table.nu((rate * rate) as f32)) / law.nu(rate, &SCALE) - 1.0).abs();
        let worst = (0..900).map(|k| error(2e-10 * 10f64.powf(f64::from(k) / 100.0))).fold(0.0, f64::max);
        println!("{law}: largest relative error of the viscosity {worst:.1e}");
        // A segment cuts off the kink of a law that is held constant beyond some shear rate.
        let kink = matches!(law, Rheology::PowerLaw { .. } | Rheology::Quemada { .. });
        let bound = if kink { 1e-3 } else { 1e-4 };
        assert!(worst < bound, "{law}: {worst}");
        // Beyond its ends it holds the viscosities there.
        let (slowest, fastest) = ((f64::from(LOWEST) / f64::from(PART)).sqrt(), 0.25);
        for (square, rate) in [(0.0, slowest), (f32::NAN, slowest), (1e10, fastest), (f32::INFINITY, fastest)] {
            close(f64::from(table.nu(square)), law.nu(rate, &SCALE), 1e-6);
        }
    }
}

#[test]
fn beyond_its_ends_a_table_holds_its_limits() {
    let table = Table::new(&CARREAU_YASUDA, &SCALE).expect("a table");
    let (first, last) = (table.omegas()[0], table.omegas()[SEGMENTS]);
    for square in [0.0, 1e-30, -1.0, f32::NAN, f32::NEG_INFINITY] {
        assert_eq!(table.look_up(square), first);
    }
    for square in [0.1, 1e10, f32::INFINITY] {
        assert!((table.look_up(square) - last).abs() < 1e-6);
    }
    assert!(table.omegas().windows(2).all(|pair| pair[0] <= pair[1]), "thinner at higher shear");
    close(f64::from(first), 1.0 / SCALE.viscosity_to_tau(56e-3), 1e-6);
    assert_eq!(Table::new(&Rheology::Newtonian { viscosity: 3.5e-3 }, &SCALE), None);
}
