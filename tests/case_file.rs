//! The case file: what it means, and what is said about each mistake.

use std::path::Path;

use perfuse::case::rheology::Preset;
use perfuse::case::{Case, CaseError, Condition, Extension, Field, LengthUnit, Place, Profile, Resolution, Rheology};

const GOOD: &str = r#"title = "Idealised 50 % stenosis"

[geometry]
surface = "../meshes/stenosis_50.obj"
unit = "mm"

[[opening]]
name = "inlet"
patch = "inlet"
flow = "3.0 ml/s"
profile = "plug"

[[opening]]
name = "outlet"
near = [0.0, 1, 2.5]
pressure = "90 mmHg"
extension = "20 mm"

[blood]
density = "1060 kg/m^3"
viscosity = "3.5 mPa s"

[resolution]
across = 24

[time]
until = "steady"
tolerance = 1e-4
max_steps = 100000

[output]
fields = ["pressure", "wss"]

[expect]
"pressure_drop_mmHg.outlet" = { max = 12.0 }
"#;

fn parse(text: &str, sets: &[&str]) -> Result<Case, CaseError> {
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    Case::parse(Path::new("some/case.toml"), text, &sets)
}

fn good(text: &str, sets: &[&str]) -> Case {
    parse(text, sets).unwrap_or_else(|e| panic!("{e}"))
}

/// What is said about a text that must be refused, by parsing or by validation.
fn refusal(text: &str, sets: &[&str]) -> CaseError {
    match parse(text, sets) {
        Ok(case) => case.validate().err().unwrap_or_else(|| panic!("accepted:\n{text}\n{sets:?}")),
        Err(error) => error,
    }
}

/// The good case with one piece replaced must be refused at the line with all these words.
fn refuses(from: &str, to: &str, at_line: &str, words: &[&str]) {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    let error = refusal(&text, &[]);
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in:\n{message}");
    }
    let lines: Vec<&str> = text.lines().collect();
    let pointed = error.diagnostics().iter().any(|d| lines.get(d.line() - 1).is_some_and(|l| l.contains(at_line)));
    assert!(pointed, "`{at_line}` is not the line pointed at:\n{message}");
    assert!(message.starts_with("some/case.toml:"), "{message}");
    assert!(error.diagnostics().iter().all(|d| d.help.is_some()), "no remedy in:\n{message}");
}

#[test]
fn a_good_case_in_si() {
    let case = good(GOOD, &[]);
    case.validate().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(case.title.as_deref(), Some("Idealised 50 % stenosis"));
    assert_eq!(case.name(), "case");
    assert_eq!(*case.geometry.unit.get_ref(), LengthUnit::Mm);
    assert_eq!(case.geometry.surface.get_ref().as_slice(), [Path::new("../meshes/stenosis_50.obj")]);
    let [inlet, outlet] = case.openings.as_slice() else { panic!("two openings") };
    assert!(matches!(&inlet.place, Place::Patch(patch) if patch.get_ref() == "inlet"));
    assert!(matches!(&inlet.condition, Condition::Flow(flow) if flow.get_ref().si() == 3e-6));
    assert_eq!((inlet.profile, *inlet.extension.get_ref()), (Profile::Plug, Extension::Auto));
    assert!(matches!(&outlet.place, Place::Near(point) if *point.get_ref() == [0.0, 1e-3, 2.5e-3]));
    assert!(matches!(&outlet.condition, Condition::Pressure(p) if (p.get_ref().si() - 11_999.014_867).abs() < 1e-6));
    assert_eq!(outlet.profile, Profile::Parabolic);
    assert!(matches!(outlet.extension.get_ref(), Extension::Fixed(length) if length.si() == 0.02));
    assert_eq!(case.blood.density.get_ref().si(), 1060.0);
    assert!(matches!(&case.blood.rheology, Rheology::Newtonian(viscosity) if viscosity.get_ref().si() == 3.5e-3));
    assert!(matches!(&case.resolution, Resolution::Across(across) if *across.get_ref() == 24));
    assert_eq!(case.time.tolerance.map(|t| t.into_inner()), Some(1e-4));
    assert_eq!(case.time.max_steps.map(|t| t.into_inner()), Some(100_000));
    assert_eq!(case.output.fields, [Field::Pressure, Field::Wss]);
    assert_eq!(case.expect[0].key.get_ref(), "pressure_drop_mmHg.outlet");
    assert_eq!((case.expect[0].min, case.expect[0].max), (None, Some(12.0)));
}

#[test]
fn spans_point_into_the_file() {
    let case = good(GOOD, &[]);
    assert_eq!(case.source.slice(&case.blood.rheology.span()), "\"3.5 mPa s\"");
    assert_eq!(case.source.slice(&case.openings[1].condition.span()), "\"90 mmHg\"");
    let error = case.error(case.resolution.span(), "too fine for this device", "8 GB needed", "use 16");
    assert_eq!(error.to_string(), "some/case.toml:24: too fine for this device (8 GB needed)\n  help: use 16");
}

#[test]
fn several_surfaces_and_windows_line_ends() {
    let text = GOOD.replace("\"../meshes/stenosis_50.obj\"", "[\"wall.stl\", \"inlet.stl\"]").replace('\n', "\r\n");
    let case = good(&text, &[]);
    assert_eq!(case.geometry.surface.get_ref().len(), 2);
    good(&format!("\u{feff}{text}"), &[]).validate().unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn unknown_keys_get_a_suggestion() {
    refuses("viscosity =", "viscocity =", "viscocity", &["unknown key `viscocity` in [blood]", "mean `viscosity`"]);
    refuses("[blood]", "[blod]", "[blod]", &["unknown key `blod`", "did you mean `blood`?", "the case has no [blood]"]);
    refuses("patch =", "pach =", "pach", &["unknown key `pach` in [[opening]]", "did you mean `patch`?"]);
    refuses("title =", "across = 24\ntitle =", "across = 24", &["`across` belongs into [resolution]"]);
    refuses(
        "unit = \"mm\"",
        "unit = \"mm\"\ncolour = 3",
        "colour",
        &["not a key of the case file", "keys here: label, labels"],
    );
    refuses("{ max = 12.0 }", "{ most = 12.0 }", "most", &["unknown key `most`", "max, min"]);
    refuses("\"pressure_drop_mmHg.outlet\"", "pressure_drop_mmHg.outlet", "pressure", &["in quotes"]);
}

#[test]
fn values_of_the_wrong_kind() {
    refuses("\"90 mmHg\"", "90", "= 90", &["`opening.outlet.pressure`: `90` has no unit", "mmHg, Pa, kPa"]);
    refuses("\"90 mmHg\"", "\"90 ml/s\"", "ml/s", &["a unit of flow", "a pressure is needed"]);
    refuses("\"90 mmHg\"", "\"90 mmhg\"", "mmhg", &["did you mean `mmHg`"]);
    refuses(
        "across = 24",
        "across = \"24\"",
        "across",
        &["`resolution.across`", "expected a whole number", "6 or more"],
    );
    refuses("across = 24", "across = -3", "across", &["`-3`", "a whole number, 1 or more"]);
    refuses("across = 24", "across = 1.5", "across", &["1.5", "a whole number"]);
    refuses("across = 24", "across = 99999999999", "across", &["6 to 2000 sites"]);
    refuses("[0.0, 1, 2.5]", "[0.0, nan, 2.5]", "near", &["NaN", "a finite number"]);
    refuses("[0.0, 1, 2.5]", "[0.0, 2.5]", "near", &["invalid length 2", "three numbers"]);
    refuses("[0.0, 1, 2.5]", "[0.0, 1.0, 2.5, 3.5]", "near", &["invalid length 4", "three numbers"]);
    refuses("max = 12.0", "max = inf", "max", &["inf", "a finite number"]);
    refuses(
        "\"plug\"",
        "\"parabola\"",
        "parabola",
        &["`opening.profile` cannot be `parabola`", "did you mean `parabolic`?"],
    );
    refuses("unit = \"mm\"", "unit = \"inch\"", "inch", &["`geometry.unit` cannot be `inch`", "um, mm, cm, m"]);
    refuses("\"wss\"]", "\"wsss\"]", "wsss", &["did you mean `wss`?"]);
    refuses("\"20 mm\"", "\"long\"", "long", &["opening.outlet.extension", "not a length"]);
    refuses("[blood]", "blood = 3\n[bloody]", "blood", &["blood"]);
    refuses("surface = \"../meshes/stenosis_50.obj\"", "surface = 3", "surface", &["a file name, or a list"]);
    refuses("unit = \"mm\"\n", "", "[geometry]", &["[geometry] has no `unit`", "um, mm, cm or m"]);
    refuses("[resolution]\nacross = 24", "", "title", &["the case has no [resolution]"]);
    refuses("= 24", "= ", "across", &["not valid TOML"]);
    refuses("\"3.0 ml/s\"", "3.0 ml/s", "3.0 ml/s", &["not valid TOML", "stand in quotes"]);
    refuses("across = 24", "across = 24\nacross = 25", "across = 25", &["duplicate key"]);
}

#[test]
fn exactly_one_alternative() {
    refuses("flow = \"3.0 ml/s\"\n", "", "[[opening]]", &["opening `inlet` has no condition", "flow = \"3 ml/s\""]);
    refuses("patch = \"inlet\"\n", "", "[[opening]]", &["opening `inlet` has no place", "near"]);
    refuses("across = 24", "", "[resolution]", &["[resolution] has no value", "across = 24"]);
    let both = "pressure = \"90 mmHg\"\nflow = \"1 ml/s\"";
    refuses("pressure = \"90 mmHg\"", both, "pressure", &["opening `outlet` has more than one condition", "remove"]);
    refuses("across = 24", "across = 24\nspacing = \"0.1 mm\"", "spacing", &["more than one value"]);
}

#[test]
fn values_outside_physiology() {
    refuses("1060 kg", "1.06 kg", "density", &["`blood.density` is 1.06 kg/m^3", "500 kg/m^3 to 2000 kg/m^3", "1060"]);
    refuses("3.5 mPa s", "3.5 Pa s", "viscosity", &["3500 mPa s", "0.1 mPa s to 100 mPa s"]);
    refuses("3.0 ml/s", "3.0 l/s", "l/s", &["`opening.inlet.flow` is 3000 ml/s", "50 l/min"]);
    refuses("flow = \"3.0 ml/s\"", "velocity = \"30 m/s\"", "velocity", &["30 m/s", "10 m/s"]);
    refuses("90 mmHg", "90 kPa", "kPa", &["675.055 mmHg", "-400 mmHg to 400 mmHg"]);
    refuses("across = 24", "across = 5", "across", &["5 sites", "6 to 2000 sites"]);
    refuses("across = 24", "spacing = \"0.1 m\"", "spacing", &["100 mm", "0.001 mm to 10 mm"]);
    refuses("across = 24", "spacing = \"-0.1 mm\"", "spacing", &["-0.1 mm"]);
    refuses("\"20 mm\"", "\"-20 mm\"", "extension", &["-20 mm", "0 mm to 1000 mm"]);
    refuses("1e-4", "0", "tolerance", &["`time.tolerance` is 0", "above 0"]);
    refuses("{ max = 12.0 }", "{ max = 12.0, min = 13 }", "max", &["min 13 above max 12"]);
    refuses("{ max = 12.0 }", "{ }", "outlet", &["has no bound"]);
    refuses("surface = \"../meshes/stenosis_50.obj\"", "surface = []", "surface", &["names no file"]);
}

#[test]
fn conditions_that_cannot_make_a_flow() {
    refuses("name = \"outlet\"", "name = \"inlet\"", "inlet", &["two openings are named `inlet`"]);
    refuses("name = \"outlet\"", "name = \"out let\"", "out let", &["cannot be the name", "letters, digits"]);
    refuses("near = [0.0, 1, 2.5]", "patch = \"inlet\"", "patch", &["`inlet` and `outlet` are at the same place"]);
    refuses("pressure = \"90 mmHg\"", "flow = \"-3 ml/s\"", "-3 ml/s", &["no opening has a pressure"]);
    refuses("\"3.0 ml/s\"", "\"-3.0 ml/s\"", "-3.0", &["all prescribed flow leaves the vessel", "is positive"]);
    refuses("\"3.0 ml/s\"", "\"0 ml/s\"", "\"0 ml/s\"", &["nothing drives a flow"]);
    refuses("extension = \"20 mm\"", "profile = \"plug\"", "profile = \"plug\"", &["no meaning at a pressure opening"]);
    let one = GOOD.split("[[opening]]\nname = \"outlet\"").next().unwrap_or("").to_owned()
        + "[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n[resolution]\nacross = 12\n";
    assert!(refusal(&one, &[]).to_string().contains("1 [[opening]], a vessel needs at least 2"));
    let pressures = GOOD.replace("flow = \"3.0 ml/s\"\nprofile = \"plug\"", "pressure = \"95 mmHg\"");
    good(&pressures, &[]).validate().unwrap_or_else(|e| panic!("{e}"));
    assert!(refusal(&pressures.replace("95", "90"), &[]).to_string().contains("all pressures are equal"));
}

#[test]
fn all_findings_at_once() {
    let text = GOOD.replace("1060 kg", "1.06 kg").replace("across = 24", "across = 3");
    assert_eq!(refusal(&text, &[]).diagnostics().len(), 2);
    let text = GOOD.replace("density", "densitty").replace("patch", "pach");
    assert_eq!(refusal(&text, &[]).diagnostics().len(), 3);
}

#[test]
fn overrides() {
    let case = good(
        GOOD,
        &["opening.inlet.flow=4 ml/s", "resolution.across = 32", "title=two words", "opening.outlet.near=[1,2,3]"],
    );
    assert!(matches!(&case.openings[0].condition, Condition::Flow(flow) if flow.get_ref().si() == 4e-6));
    assert!(matches!(&case.resolution, Resolution::Across(across) if *across.get_ref() == 32));
    assert_eq!(case.title.as_deref(), Some("two words"));
    assert_eq!(case.source.file_text(), GOOD);
    assert_eq!(case.source.sets().next(), Some("opening.inlet.flow = \"4 ml/s\""));
    let case = good(GOOD, &["geometry.surface=[\"a.stl\", \"b.stl\"]", "time.max_steps=7", "time.max_steps=8"]);
    assert_eq!(case.geometry.surface.get_ref().len(), 2);
    assert_eq!(case.time.max_steps.map(|steps| steps.into_inner()), Some(8));
    let case = good(GOOD, &["expect.\"pressure_drop_mmHg.outlet\".min=1", "expect.\"mass_imbalance\"={max=0.005}"]);
    assert_eq!((case.expect.len(), case.expect[1].min, case.expect[1].max), (2, Some(1.0), Some(12.0)));
}

#[test]
fn an_override_replaces_the_alternatives_of_its_key() {
    let case = good(GOOD, &["resolution.spacing=0.2 mm", "opening.inlet.velocity=0.2 m/s", "opening.outlet.patch=out"]);
    assert!(matches!(&case.resolution, Resolution::Spacing(_)));
    assert!(matches!(&case.openings[0].condition, Condition::Velocity(_)));
    assert!(matches!(&case.openings[1].place, Place::Patch(_)));
    let case = good(GOOD, &["time.cycles=2"]);
    assert!(case.time.until.is_none() && case.time.cycles.is_some_and(|cycles| *cycles.get_ref() == 2));
    let both = GOOD.replacen("until = \"steady\"", "until = \"periodic\"\ncycles = 2", 1);
    assert!(refusal(&both, &[]).to_string().contains("both `until` and `cycles`"));
}

/// Dotted keys add to a value in its short form too; a table in braces takes its place.
#[test]
fn an_override_of_a_part() {
    let wave = |sets: &[&str]| match good(GOOD, sets).openings.remove(0).condition {
        Condition::Waveform(wave) => wave.into_inner(),
        other => panic!("{other:?}"),
    };
    let case = wave(&["opening.inlet.waveform=beat.csv", "opening.inlet.waveform.scale=1.2"]);
    assert_eq!((case.file.as_str(), case.scale, case.close), ("beat.csv", 1.2, false));
    let close = "opening.inlet.waveform={file=\"b.csv\", close=true}";
    let case = wave(&[close, "opening.inlet.waveform.file=c.csv"]);
    assert_eq!((case.file.as_str(), case.close), ("c.csv", true));
    let case = wave(&[close, "opening.inlet.waveform={file=\"d.csv\"}"]);
    assert_eq!((case.file.as_str(), case.close), ("d.csv", false));
    let error = refusal(GOOD, &["opening.inlet.waveform.scale=1.2"]).to_string();
    assert!(error.contains("[opening.waveform] has no `file`"), "{error}");
}

/// Every mistake in a rheology is found at its place, by what it is.
#[test]
fn rheologies_that_are_refused() {
    let rheology = |text: &str, at: &str, parts: &[&str]| {
        refuses("viscosity = \"3.5 mPa s\"", &format!("rheology = {text}"), at, parts);
    };
    rheology("\"cason\"", "cason", &["`blood.rheology` cannot be `cason`", "did you mean `casson`?", "quemada"]);
    rheology("3.5", "rheology", &["`blood.rheology`", "the name of a law"]);
    rheology("{ model = \"casson\" }", "model", &["unknown key `model` in [blood.rheology]", "carreau-yasuda, casson"]);
    rheology("{}", "rheology", &["`blood.rheology` has no law"]);
    let quemada = "quemada = { haematocrit = 45.0, plasma_viscosity = \"1.2 mPa s\" }";
    rheology(
        &format!("{{ {quemada} }}"),
        "45.0",
        &["`blood.rheology.quemada.haematocrit` is 45, allowed is 0.2 to 0.6"],
    );
    let nan = "{ quemada = { haematocrit = nan, plasma_viscosity = \"1.2 mPa s\" } }";
    rheology(nan, "nan", &["haematocrit` is NaN"]);
    let casson = "casson = { yield_stress = \"5 Pa\", viscosity = \"3.5 mPa s\" }";
    rheology(&format!("{{ {casson} }}"), "5 Pa", &["yield_stress` is 5 Pa, allowed is 0 Pa to 1 Pa", "5 mPa"]);
    rheology(&format!("{{ {casson}, {quemada} }}"), "quemada", &["more than one law: `casson` and `quemada`"]);
    rheology("{ casson = { yield_stres = \"5 mPa\" } }", "yield_stres", &["did you mean `yield_stress`?"]);
    rheology("{ casson = { yield_stress = \"5 mPa\" } }", "casson", &["[blood.rheology.casson] has no `viscosity`"]);
    rheology(
        "{ casson = { yield_stress = \"5 ml/s\", viscosity = \"3.5 mPa s\" } }",
        "5 ml/s",
        &["a unit of flow", "a pressure is needed"],
    );
    rheology(
        "{ power-law = { consistency = \"15 mPa s\", exponent = 1.4, least = \"9 mPa s\", most = \"3 mPa s\" } }",
        "1.4",
        &["exponent` is 1.4, allowed is 0.05 to 1", "least` is 9 mPa s, allowed is at most"],
    );
    refuses("density =", "rheology = \"casson\"\ndensity =", "casson", &["more than one viscosity: `viscosity` and"]);
    refuses("viscosity = \"3.5 mPa s\"", "", "[blood]", &["[blood] has no viscosity", "rheology = \"carreau-yasuda\""]);
    let case = good(&GOOD.replace("viscosity = \"3.5 mPa s\"", "rheology = \"casson\""), &["blood.rheology=quemada"]);
    assert!(matches!(&case.blood.rheology, Rheology::Preset(p) if *p.get_ref() == Preset::Quemada));
    case.validate().unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn errors_in_overrides_name_the_override() {
    let message = |sets: &[&str]| refusal(GOOD, sets).to_string();
    let text = message(&["resolution.across=20", "opening.inlet.flow=4 mmHg"]);
    assert!(
        text.starts_with("--set opening.inlet.flow = \"4 mmHg\": ") && text.contains("a unit of pressure"),
        "{text}"
    );
    let text = message(&["blood.viscosity=900 cP"]);
    assert!(text.starts_with("--set blood.viscosity") && text.contains("900 mPa s"), "{text}");
    let text = message(&["opening.inlett.flow=4 ml/s"]);
    assert!(text.contains("no opening is named `inlett`") && text.contains("did you mean `inlet`?"), "{text}");
    assert!(message(&["opening.inlet=3"]).contains("is a table"));
    assert!(message(&["opening=3"]).contains("opening"));
    assert!(message(&["blood.viscocity=4 cP"]).contains("did you mean `viscosity`?"));
    assert!(message(&["resolution"]).contains("has no `=`"));
    assert!(message(&["=3"]).contains("not a dotted key"));
    assert!(message(&["a b=3"]).contains("not a dotted key"));
    assert!(message(&["title.x=3"]).contains("title"));
    assert!(refusal("", &["opening.inlet.flow=4 ml/s"]).to_string().contains("no [[opening]]"));
}

#[test]
fn missing_and_unreadable_files() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let load = |name: &str| Case::load(&folder.path().join(name), &[]).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(load("none.toml").contains("cannot read the case file"));
    assert!(load("none.toml").contains("none.toml"));
    std::fs::write(folder.path().join("vessel.stl"), b"solid\n\xff\xfe").unwrap_or_else(|e| panic!("{e}"));
    let said = load("vessel.stl");
    assert!(said.contains("not UTF-8 text (line 2)") && said.contains("perfuse inspect"), "{said}");
    std::fs::write(folder.path().join("empty.toml"), "").unwrap_or_else(|e| panic!("{e}"));
    assert!(load("empty.toml").contains("the case has no [geometry]"));
    assert!(!load("").is_empty());
}

#[test]
fn surfaces_are_found_beside_the_case() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    std::fs::write(folder.path().join("case.toml"), GOOD).unwrap_or_else(|e| panic!("{e}"));
    let load = |sets: &[String]| Case::load(&folder.path().join("case.toml"), sets).unwrap_or_else(|e| panic!("{e}"));
    let error = load(&[]).surface_paths().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("case.toml:4: surface file `../meshes/stenosis_50.obj` not found"), "{error}");
    assert!(error.contains("PERFUSE_DATA"), "{error}");
    std::fs::write(folder.path().join("a.stl"), "").unwrap_or_else(|e| panic!("{e}"));
    let paths = load(&["geometry.surface=a.stl".into()]).surface_paths().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(paths, [folder.path().join("a.stl")]);
}

/// Whatever a user cuts off or mistypes is refused or accepted, never a panic, and every place is inside its text.
#[test]
fn damaged_files_never_panic() {
    let check = |text: &str| {
        if let Err(error) = parse(text, &["resolution.across=\u{20ac}"]).and_then(|case| case.validate()) {
            for d in error.diagnostics() {
                assert!(d.text.get(d.span.clone()).is_some() && d.line() >= 1, "{d:?}");
            }
        }
    };
    let text = GOOD.replace("Idealised", "Id\u{e9}alis\u{e9}e \u{1f600}");
    for cut in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
        check(&text[..cut]);
        check(&text[cut..]);
        check(&format!("{}\u{20ac}{}", &text[..cut], &text[cut..]));
        check(&format!("{}\"{}", &text[..cut], &text[cut..]));
    }
}

#[test]
fn the_schema_lists_every_key_and_allows_no_other() {
    let schema = perfuse::case::schema();
    let properties = |value: &serde_json::Value| value["properties"].as_object().map_or(0, serde_json::Map::len);
    assert_eq!(properties(&schema), 12);
    assert_eq!(properties(&schema["properties"]["opening"]["items"]), 14);
    assert_eq!(schema["properties"]["time"]["not"]["required"], serde_json::json!(["until", "cycles"]));
    assert_eq!(schema["properties"]["blood"]["additionalProperties"], false);
    assert_eq!(schema["properties"]["blood"]["required"], serde_json::json!(["density"]));
    let described = schema["properties"].as_object().into_iter().flatten().all(|(_, s)| s["description"].is_string());
    assert!(described, "{schema:#}");
}
