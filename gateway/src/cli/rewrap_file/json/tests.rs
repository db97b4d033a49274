//! Paths, and strings at them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn fields(paths: &[&str]) -> Fields {
    Fields {
        values: paths
            .iter()
            .map(|path| Path::parse(path).unwrap())
            .collect(),
        context: None,
        associated_data: None,
    }
}

fn found(line: &str, paths: &[&str]) -> Vec<(String, String)> {
    let found = find(line.as_bytes(), &fields(paths)).unwrap();
    let values = found.values.into_iter();
    values
        .map(|value| (line[value.span].to_owned(), value.text))
        .collect()
}

#[test]
fn paths_are_read() {
    let names = |text| Path::parse(text).unwrap().0;
    assert_eq!(names("a"), ["a"]);
    assert_eq!(names(r"a.b\.c.d\\e\f"), ["a", "b.c", r"d\e\f"]);
    for text in ["", ".", "a.", ".a", "a..b"] {
        assert_eq!(Path::parse(text), Err(PathError), "{text:?}");
    }
}

#[test]
fn the_string_itself_is_found_wherever_it_stands() {
    let line = r#" {"x":1e999, "a" : {"b":"no","c":"v\u0061ult:v1:aG\/k="} ,"c":"no"}"#;
    assert_eq!(
        found(line, &["a.c"]),
        [(
            r#""v\u0061ult:v1:aG\/k=""#.to_owned(),
            "vault:v1:aG/k=".to_owned()
        )]
    );
    assert_eq!(found(line, &["a.x"]), []);
    assert_eq!(found(line, &["x.a"]), []);
}

#[test]
fn names_are_compared_as_what_they_mean() {
    let line = r#"{"\u0061":"1","a":"2","b.c":"3"}"#;
    let texts = |path| {
        let found = found(line, &[path]).into_iter();
        found.map(|(_, text)| text).collect::<Vec<_>>()
    };
    assert_eq!(texts("a"), ["1", "2"]);
    assert_eq!(texts(r"b\.c"), ["3"]);
}

#[test]
fn lists_are_walked_through() {
    let line = r#"{"cards":[{"n":"1"},{"n":null},{},5,{"n":["2","3"]},[{"n":"no"}]]}"#;
    let texts: Vec<_> = found(line, &["cards.n"]);
    let texts: Vec<_> = texts.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["1", "2", "3"]);
    let fault = find(br#"{"a":[["1"]]}"#, &fields(&["a"]));
    assert_eq!(fault, Err(Fault::NotString("a".to_owned())));
}

#[test]
fn a_path_twice_counts_once_and_values_are_in_order() {
    let line = r#"{"b":"1","a":"2"}"#;
    let texts = found(line, &["a", "b", "a"]);
    assert_eq!(
        texts,
        [
            ("\"1\"".to_owned(), "1".to_owned()),
            ("\"2\"".to_owned(), "2".to_owned())
        ]
    );
}

#[test]
fn nothing_is_not_an_error_but_something_else_is() {
    for line in ["{}", r#"{"a":null}"#, "", "\r\n"] {
        assert_eq!(found(line, &["a"]), [], "{line:?}");
    }
    for line in [r#"{"a":1}"#, r#"{"a":{}}"#, r#"{"a":true}"#] {
        let fault = find(line.as_bytes(), &fields(&["a"]));
        assert_eq!(fault, Err(Fault::NotString("a".to_owned())), "{line}");
    }
    for line in ["[]", "1", "{", "{} {}", r#"{"a":"\x"}"#, r#"{"b":01}"#] {
        let fault = find(line.as_bytes(), &fields(&["a"]));
        assert!(matches!(fault, Err(Fault::Json(_))), "{line}: {fault:?}");
    }
    assert_eq!(
        find(b"{\"a\":\"\xff\"}", &fields(&["a"])),
        Err(Fault::NotText)
    );
    assert_eq!(
        find(br#"{"a":"\ud800"}"#, &fields(&["a"])),
        Err(Fault::NotText)
    );
}

#[test]
fn deep_lines_cost_no_stack() {
    let line = format!("{{\"b\":{},\"a\":\"1\"}}", "[".repeat(100_000));
    assert!(find(line.as_bytes(), &fields(&["a"])).is_err());
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let line = format!("{{\"a\":{open}{close}}}");
    assert!(find(line.as_bytes(), &fields(&["a"])).is_err());
}

#[test]
fn context_and_associated_data_are_the_last_of_their_name() {
    let fields = Fields {
        context: Some(Path::parse("c").unwrap()),
        associated_data: Some(Path::parse("m.d").unwrap()),
        ..fields(&["a"])
    };
    let found = find(br#"{"c":"1","c":"2","a":"x"}"#, &fields).unwrap();
    assert_eq!(found.context.as_deref(), Some("2"));
    assert_eq!(found.associated_data, None);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|number| json!(number)),
        "\\PC{0,8}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::hash_map("[abc]", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    /// Replacing what is found changes exactly the strings at the path.
    #[test]
    fn other_bytes_stay(map in prop::collection::hash_map("[abc]", any_json(), 0..4), pretty: bool) {
        let before = json!(map);
        let line = if pretty {
            serde_json::to_string_pretty(&before).unwrap()
        } else {
            before.to_string()
        };
        let Ok(found) = find(line.as_bytes(), &fields(&["a.b", "c"])) else { return Ok(()) };
        let mut after = line.clone();
        for value in found.values.iter().rev() {
            let text: String = serde_json::from_str(&line[value.span.clone()]).unwrap();
            prop_assert_eq!(&text, &value.text);
            after.replace_range(value.span.clone(), "\"new\"");
        }
        let mut expected = before;
        replace(&mut expected, &["a", "b"]);
        replace(&mut expected, &["c"]);
        let after: serde_json::Value = serde_json::from_str(&after).unwrap();
        prop_assert_eq!(after, expected);
    }

    #[test]
    fn any_bytes_are_found_out(line: Vec<u8>) {
        let _ = find(&line, &fields(&["a"]));
    }
}

/// The model of a path.
fn replace(value: &mut serde_json::Value, names: &[&str]) {
    fn set(value: &mut serde_json::Value, rest: &[&str]) {
        match value {
            serde_json::Value::String(text) if rest.is_empty() => *text = "new".to_owned(),
            serde_json::Value::Object(_) if !rest.is_empty() => replace(value, rest),
            _ => {}
        }
    }
    let Some(member) = value.get_mut(names[0]) else {
        return;
    };
    match member {
        serde_json::Value::Array(list) => {
            list.iter_mut()
                .for_each(|element| set(element, &names[1..]));
        }
        member => set(member, &names[1..]),
    }
}
