use super::*;
use serde_json::json;

fn of(summary: &Value) -> String {
    let content =
        Content { summary, manifest: None, branches: &[], series: None, figures: &[], model: None, notes: &[] };
    page(&content)
}

#[test]
fn titles_are_escaped() {
    let text = of(&json!({ "title": "<script>alert(1)</script>\" onload=\"x", "case": "a&b", "status": "converged" }));
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && text.contains("a&amp;b"), "{text}");
    assert!(!text.contains("<script>alert") && !text.contains("\" onload="));
}

#[test]
fn the_worst_stenosis_comes_first() {
    let summary = json!({
        "status": "converged", "title": "t",
        "openings": [{ "name": "out", "flow_ml_s": { "mean": -4.2 } }, { "name": "in", "flow_ml_s": { "mean": 4.2 } }],
        "branches": [{ "name": "LCX", "flow_ml_s": 1.75 }],
        "stenoses": [
            { "branch": "LAD", "diameter_reduction_percent": 31.0, "at_mm": 10.0, "length_mm": 4.0 },
            { "branch": "LCX", "diameter_reduction_percent": 62.4, "area_reduction_percent": 85.9, "min_diameter_mm": 1.2,
              "at_mm": 34.0, "pressure_drop_mmHg": 12.3, "pressure_ratio": 0.82 },
        ],
    });
    let text = of(&summary);
    for part in [
        "The worst of 2 stenoses",
        "data-key=\"stenoses.1.diameter_reduction_percent\" data-value=\"62.4\">62.4</span> % of the diameter",
        "in <strong>LCX</strong>",
        "data-value=\"0.82\">0.820</span>",
        "data-key=\"branches.0.flow_ml_s\" data-value=\"1.75\">1.75</span> ml/s through the branch",
        "data-key=\"openings.1.flow_ml_s.mean\" data-value=\"4.2\">4.20</span> ml/s into the vessel",
    ] {
        assert!(text.contains(part), "`{part}` is missing in {text}");
    }
    assert!(text.find("62.4") < text.find("Findings"));
}

#[test]
fn what_did_not_converge_or_pass_says_so() {
    let summary = json!({
        "status": "not_converged", "convergence": { "change": 0.079, "tolerance": 0.005 }, "stenoses": [],
        "gates": [{ "key": "mass_imbalance", "max": 0.01, "value": 0.2, "passed": false },
                  { "key": "reynolds", "min": 1.0, "value": 20.0, "passed": true }],
    });
    let text = of(&summary);
    for part in [
        "NOT CONVERGED",
        "This run did not converge.",
        "7.90</span> %",
        "1 of 2 gates failed",
        "FAILED",
        "No stenosis was found.",
    ] {
        assert!(text.contains(part), "`{part}` is missing in {text}");
    }
    assert!(!of(&json!({ "status": "converged" })).contains("stenosis"));
}

#[test]
fn any_summary_makes_a_page() {
    for summary in
        [json!({}), json!([]), json!(null), json!({ "openings": 3, "stenoses": [1], "gates": ["x"], "cycle": [] })]
    {
        assert!(of(&summary).ends_with("</html>"));
    }
}
