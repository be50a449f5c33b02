//! What becomes of a test that does not find what it needs.

/// Says that a test is left out for a reason, or fails if the environment variable `PERFUSE_REQUIRE`, a list of words
/// with commas, names the need.
pub fn skip(need: &str, reason: &str) {
    let required = std::env::var("PERFUSE_REQUIRE").is_ok_and(|list| list.split(',').any(|word| word.trim() == need));
    assert!(!required, "{reason}, but PERFUSE_REQUIRE names {need}");
    println!("SKIPPED: {reason}");
}
