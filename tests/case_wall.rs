//! The wall in the case file: what it means, and what `--set` makes of it.

use std::path::Path;

use perfuse::case::Case;
use perfuse::case::wall::{Instant, NodalField, Poisson, Support, Thickness, Wall, Young};
use perfuse::units::{Length, Modulus, Time};

const FLOW: &str = "[geometry]\nsurface = \"tube.vtp\"\nunit = \"mm\"\n\
    [[opening]]\nname = \"inlet\"\npatch = \"2\"\nflow = \"2 ml/s\"\nsupport = \"fixed\"\n\
    [[opening]]\nname = \"outlet\"\npatch = \"3\"\npressure = \"90 mmHg\"\n\
    [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 12\n\
    [wall]\nthickness = \"0.5 mm\"\nyoung = \"1.2 MPa\"\npoisson = 0.45\n";

fn parse(more: &str, sets: &[&str]) -> Case {
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    let case = Case::parse(Path::new("case.toml"), &format!("{FLOW}{more}"), &sets).unwrap_or_else(|e| panic!("{e}"));
    case.validate().unwrap_or_else(|e| panic!("{e}"));
    case
}

fn wall(more: &str, sets: &[&str]) -> Wall {
    parse(more, sets).wall.unwrap_or_else(|| panic!("a wall"))
}

#[test]
fn a_wall_in_si_with_its_defaults() {
    let case = parse("", &[]);
    let wall = case.wall.as_ref().unwrap_or_else(|| panic!("a wall"));
    assert_eq!(*wall.thickness.get_ref(), Thickness::Uniform(Length::from_si(0.5e-3)));
    assert_eq!(*wall.young.get_ref(), Young::Uniform(Modulus::from_si(1.2e6)));
    assert_eq!((wall.poisson.get_ref(), wall.shear), (&Poisson::Uniform(0.45), true));
    assert!(wall.spacing.is_none() && wall.layers.is_none() && wall.outer_spring.is_none());
    assert!(wall.reference_pressure.is_none() && wall.loads.is_none());
    assert_eq!(*wall.ends.get_ref(), Support::Radial);
    assert_eq!(wall.instants(), [Instant::Systole, Instant::Diastole]);
    assert_eq!(case.source.slice(&wall.poisson.span()), "0.45");
    assert!(case.source.slice(&wall.span).starts_with("[wall]"), "{}", case.source.slice(&wall.span));
    let support = |k: usize| case.openings[k].support.as_ref().map(|s| *s.get_ref());
    assert_eq!((support(0), support(1)), (Some(Support::Fixed), None));
}

#[test]
fn everything_given() {
    let more = "spacing = \"0.4 mm\"\nlayers = 4\nends = { spring = \"100 kPa/mm\" }\nouter_spring = \"10 mmHg/mm\"\n\
                reference_pressure = \"80 mmHg\"\nshear = false\n";
    let wall = wall(more, &["opening.outlet.support={ spring = \"2e8 Pa/m\" }"]);
    assert_eq!(wall.spacing.map(|s| s.get_ref().si()), Some(0.4e-3));
    assert_eq!(wall.layers.map(|l| *l.get_ref()), Some(4));
    assert!(matches!(wall.ends.get_ref(), Support::Spring(k) if (k.si() / 1e8 - 1.0).abs() < 1e-12));
    assert!(wall.outer_spring.is_some_and(|k| (k.get_ref().si() / 1.333_223_874e6 - 1.0).abs() < 1e-9));
    assert!(wall.reference_pressure.is_some_and(|p| (p.get_ref().si() - 10_665.8).abs() < 0.1) && !wall.shear);
}

#[test]
fn fields_carry_their_unit() {
    let sets = [
        "wall.thickness={ field = \"thickness\", unit = \"cm\" }",
        "wall.young={ field = \"E\", unit = \"dyn/cm^2\" }",
        "wall.poisson={ field = \"nu\" }",
    ];
    let wall = wall("", &sets);
    let field = |name: &str, unit: &str| NodalField { name: name.into(), unit: unit.into(), si: 0.0 };
    let bare = |field: &NodalField| NodalField { si: 0.0, ..field.clone() };
    let Thickness::Field(thickness) = wall.thickness.get_ref() else { panic!("a field") };
    assert_eq!((bare(thickness), thickness.si), (field("thickness", "cm"), 0.01));
    let Young::Field(young) = wall.young.get_ref() else { panic!("a field") };
    assert!(bare(young) == field("E", "dyn/cm^2") && (young.si / 0.1 - 1.0).abs() < 1e-12);
    assert_eq!(*wall.poisson.get_ref(), Poisson::Field("nu".into()));
    assert_eq!(
        *parse("", &["wall.poisson=0"]).wall.map(|wall| wall.poisson).expect("a wall").get_ref(),
        Poisson::Uniform(0.0)
    );
}

#[test]
fn a_key_set_replaces_its_other_forms() {
    let of_radius = |sets: &[&str]| wall("", sets).thickness.into_inner();
    assert_eq!(of_radius(&["wall.thickness.of_radius=0.1"]), Thickness::OfRadius(0.1));
    assert_eq!(of_radius(&["wall.thickness={ of_radius = 0.2 }"]), Thickness::OfRadius(0.2));
    let young = wall("", &["wall.young=0.8 MPa"]).young.into_inner();
    assert_eq!(young, Young::Uniform(Modulus::from_si(0.8e6)));
    let support = parse("", &["opening.inlet.support=sliding"]).openings[0].support.as_ref().map(|s| *s.get_ref());
    assert_eq!(support, Some(Support::Sliding));
}

#[test]
fn moments_have_names_for_files() {
    let names = ["mean", "systole", "diastole", "350ms", "350500us", "0ms"];
    let at = |si: f64| Instant::At(Time::from_si(si));
    let all = [Instant::Mean, Instant::Systole, Instant::Diastole, at(0.35), at(0.3505), at(0.0)];
    assert_eq!(all.map(|instant| instant.name()), names);
    let sets = ["time.until=periodic", "time.period=\"0.8 s\"", "wall.loads=[\"mean\", \"0.35 s\"]"];
    assert_eq!(wall("", &sets).instants(), [Instant::Mean, at(0.35)]);
    let sets = ["time.until=periodic", "time.period=\"0.8 s\"", "wall.loads=mean"];
    assert_eq!(wall("", &sets).instants(), [Instant::Mean]);
}
