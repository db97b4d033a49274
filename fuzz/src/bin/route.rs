//! The path of a request against the whole table.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::{
    pattern,
    routes::{self, Area, Matched, Verb},
};

const VERBS: [Verb; 5] = [
    Verb::Read,
    Verb::List,
    Verb::Write,
    Verb::Delete,
    Verb::Head,
];

fuzz_target!(|path: &str| {
    for area in [Area::Root, Area::Mount] {
        for verb in VERBS {
            let Matched::Route(route, captured) = routes::find(area, verb, path) else {
                continue;
            };
            // Put back into one of the pattern's forms, what stands there gives the path again.
            let forms = pattern::without_brackets(route.pattern);
            let mut again = forms.iter().map(|form| filled(form, &captured));
            assert!(again.any(|again| again == path || again.strip_suffix('/') == Some(path)));
        }
    }
});

/// The pattern with a value in the place of every parameter.
fn filled(pattern: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut filled = String::new();
    for (at, part) in pattern.split('{').enumerate() {
        let behind = match part.split_once('}') {
            Some((_, behind)) if at > 0 => {
                filled.push_str(values.next().unwrap_or(&""));
                behind
            }
            _ => part,
        };
        filled.push_str(behind);
    }
    filled
}
