//! The rules that there are, from the enum itself: a list kept by hand would not grow with it.

use baton_mock_discord::verdict::Rule;

/// All of them: serde names them in what it says about one that it does not know.
pub(crate) fn every_rule() -> Vec<Rule> {
    let error = serde_json::from_str::<Rule>("\"\"").expect_err("no rule is called so").to_string();
    let names = error.split('`').skip(3).step_by(2);
    let rules: Vec<Rule> =
        names.map(|name| serde_json::from_value(name.into()).expect("a rule")).collect();
    assert!(rules.contains(&Rule::RestUnauthorized) && rules.len() >= 20, "{error}");
    rules
}
