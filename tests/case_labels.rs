//! What a case file says of a label map.

use perfuse::case::labels::Tips;
use perfuse::case::{Case, CaseError, LengthUnit};

fn case(geometry: &str, sets: &[String]) -> Result<Case, CaseError> {
    let text = format!(
        "title = \"a\"\n[geometry]\n{geometry}\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n\
         [resolution]\nacross = 9\n"
    );
    Case::parse("some/case.toml".as_ref(), &text, sets)
}

fn good(geometry: &str, sets: &[&str]) -> Case {
    case(geometry, &sets.iter().map(|set| (*set).to_owned()).collect::<Vec<_>>()).unwrap_or_else(|e| panic!("{e}"))
}

const CUT: &str = "[[cut]]\nname = \"stem\"\npoint = [0.0, 0.0, 2.0]\nnormal = [0.0, 0.0, 1.0]\n";

const OPENINGS: &str = "[[opening]]\nname = \"in\"\npatch = \"stem\"\nflow = \"2 ml/s\"\n\
                        [[opening]]\nname = \"out\"\npatch = \"end_1\"\npressure = \"90 mmHg\"\n";

#[test]
fn a_label_map_takes_the_place_of_a_surface() {
    let case = good(&format!("labels = \"seg.nii.gz\"\nlabel = 2\ntips = \"auto\"\n{CUT}{OPENINGS}"), &[]);
    case.validate().unwrap_or_else(|e| panic!("{e}"));
    let labels = case.geometry.labels.as_ref().unwrap_or_else(|| panic!("labels"));
    assert_eq!((labels.label, labels.tips, labels.cuts.len()), (Some(2), Some(Tips::Auto), 1));
    assert_eq!(*case.geometry.unit.get_ref(), LengthUnit::Mm);
    assert_eq!(*labels.cuts[0].point.get_ref(), [0.0, 0.0, 2e-3]);
    let by_set = good("surface = \"a.stl\"\nunit = \"cm\"", &["geometry.labels=seg.mha"]);
    assert!(by_set.geometry.labels.is_some());
    let by_set = good("labels = \"seg.mha\"", &["geometry.surface=a.stl", "geometry.unit=m"]);
    assert!(by_set.geometry.labels.is_none());
}

#[test]
fn what_does_not_go_together_is_refused_at_its_line() {
    let wrong: [(&str, usize, &[&str]); 7] = [
        ("surface = \"a.stl\"", 2, &["[geometry] has no `unit`", "um, mm, cm or m"]),
        ("unit = \"mm\"", 2, &["[geometry] has no vessel", "labels = \"seg.nii.gz\""]),
        ("surface = \"a.stl\"\nlabels = \"a.nii\"", 4, &["`surface` and `labels`", "only one can hold"]),
        ("surface = \"a.stl\"\nunit = \"mm\"\nlabel = 2", 5, &["`label` has no meaning for a surface"]),
        ("labels = \"a.nii\"\ntips = \"all\"", 4, &["`geometry.tips` cannot be `all`", "auto, none"]),
        ("labels = \"a.nii\"\n[[cut]]\npoint = [0.0, 0.0, 0.0]", 4, &["[[cut]] has no `normal`"]),
        ("labels = \"a.nii\"\n[[cut]]\nat = 3", 5, &["unknown key `at` in [[cut]]"]),
    ];
    for (geometry, line, words) in wrong {
        let Err(error) = case(geometry, &[]) else { panic!("{geometry} is accepted") };
        let said = error.to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert!(error.diagnostics().iter().any(|d| d.line() == line), "line {line}: {said}");
    }
    let named = |name: &str| CUT.replace("stem", name);
    for (cuts, words) in [
        (named("wall"), "`wall` cannot be the name of a [[cut]]"),
        (CUT.repeat(2), "`stem` cannot be the name of a [[cut]] (the second one)"),
        (CUT.replace("1.0]", "0.0]"), "`normal` without length"),
    ] {
        let error = good(&format!("labels = \"a.nii\"\n{cuts}"), &[]).validate().err().map(|e| e.to_string());
        assert!(error.as_ref().is_some_and(|said| said.contains(words)), "{error:?}");
    }
}
