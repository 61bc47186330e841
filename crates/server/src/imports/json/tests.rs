use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::io::BufReader;

fn read_all(text: &str) -> Vec<(u64, String, Result<Json, String>)> {
    let mut all = Vec::new();
    // in pieces, as files come
    let reader = BufReader::with_capacity(64 * 1024, text.as_bytes());
    read(reader, "file", &mut |line, stream, value| {
        all.push((line, stream.to_owned(), value.map(|(value, _)| value)));
        true
    })
    .unwrap();
    all
}

/// The lines, streams and ids of what is read; `!` for what is none.
fn told(text: &str) -> String {
    let id =
        |value: &Result<Json, String>| value.as_ref().map_or("!".into(), |value| value["id"].to_string());
    read_all(text).iter().map(|(line, stream, value)| format!("{line} {stream} {}, ", id(value))).collect()
}

#[test]
fn every_shape_gives_the_same_values() {
    for text in [
        "{\"id\":1}\n{\"id\":2}\n",
        "{\"id\":1},\r\n{\"id\":2},\r\n",
        "[{\"id\":1},\n{\"id\":2}]",
        "[[{\"id\":1}],\n[{\"id\":2}]]",
        "{\"data\":[{\"id\":1},\n{\"id\":2}],\"next\":null}",
        "{\"data\":{\"meta\":{\"count\":2},\"payload\":[{\"id\":1},\n{\"id\":2}]}}",
        "{\"type\":\"SCHEMA\"} {\"_airbyte_data\":{\"id\":1}}\n{\"_airbyte_data\":\"{\\\"id\\\":2}\"}",
    ] {
        assert_eq!(told(text), "1 file 1, 2 file 2, ", "{text}");
    }
    assert_eq!(
        told("[\n  {\n    \"id\": 1\n  },\n  {\n    \"id\": 2,\n    \"a\": \"]}\\\"\"\n  }\n]\n"),
        "2 file 1, 5 file 2, "
    );
    let streams = "{\"type\":\"RECORD\",\"stream\":\"tickets\",\"record\":{\"id\":1}}
{\"type\":\"RECORD\",\"record\":{\"stream\":\"users\",\"data\":{\"id\":2}}}\n{\"type\":\"STATE\",\"value\":{}}
{\"tickets\":[{\"id\":3}],\"users\":[{\"id\":4}],\"count\":1}\n{\"tickets\":[],\"next_page\":\"x\"}";
    assert_eq!(told(streams), "1 tickets 1, 2 users 2, 4 tickets 3, 4 users 4, ");
}

#[test]
fn what_is_no_value_costs_itself_alone() {
    assert_eq!(told("{\"id\":1}\n{\"id\":\n{\"id\":3}\n"), "1 file 1, 2 file !, 3 file 3, ");
    assert_eq!(
        told("{\"id\":1}\n{\"a\":\"x}\n{\"id\":3,\"b\":\"\"}\n{\"id\":4}"),
        "1 file 1, 2 file !, 3 file 3, 4 file 4, "
    );
    assert_eq!(told("5\n\"x\"\n{\"id\":3}\n]"), "1 file !, 2 file !, 3 file 3, 4 file !, ");
    assert_eq!(told("[5, {\"id\":2}, }, {\"id\":3}]"), "1 file !, 1 file 2, 1 file !, 1 file 3, ");
    assert_eq!(told("[{\"id\":1},{\"id\":x},{\"id\":3}]\n"), "1 file 1, 1 file !, 1 file 3, ");
    assert_eq!(told("[{\"id\":1},\n[{\"id\":2},\n"), "1 file 1, 2 file 2, 3 file !, ");
    // a record without an id is none of a page, nor is a message of Slack with its blocks
    assert_eq!(
        read_all("{\"ts\":\"1743671722.000100\",\"text\":\"x\",\"blocks\":[{\"type\":\"y\"}]}").len(),
        1
    );
    assert_eq!(read_all("{\"text\":\"x\",\"tags\":[]}").len(), 1);
    assert!(read_all("{\"turns\":[{\"text\":\"x\"}]}")[0].2.is_ok());
}

#[test]
fn a_long_page_is_read_value_by_value() {
    let long = "x".repeat(40_000);
    let value = |id: usize| format!("{{\"id\": {id}, \"text\": \"{long}]}}\"}}");
    let values: Vec<String> = (0..500).map(value).collect();
    let text = format!(
        "{{\"meta\": {{\"n\": [1]}}, \"tickets\": [\n{}\n], \"next\": \"\", \"users\": [{{\"id\": 500}}]}}",
        values.join(",\n")
    );
    let all = read_all(&text);
    assert_eq!(all.len(), 501);
    assert_eq!(
        (all[7].0, all[7].1.as_str(), &all[7].2.as_ref().unwrap()["id"]),
        (9, "tickets", &Json::from(7))
    );
    assert_eq!((all[500].0, all[500].1.as_str()), (502, "users"));
}

/// A page of some length is read member by member, whatever follows its list.
#[test]
fn a_long_page_that_is_broken_is_read_up_to_there() {
    let text = "x".repeat(2 * PAGE_MIN);
    for tail in
        ["]]]]", ":", "\"a\"]", "\"a\":]", "\"a\"\"b\"\"\"]", "5", "{", "[", "\"", "\"a\":{", "\"a\":[{]"]
    {
        let all = read_all(&format!("{{\"data\":[\n{{\"text\":\"{text}\"}}],{tail}"));
        assert!(all[0].2.is_ok() && all[1..].iter().any(|(.., value)| value.is_err()), "{tail}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(text in "[\\[\\]{}\",:a1\\\\ \n]{0,200}") {
        prop_assert!(read_all(&text).len() <= text.len());
    }
}

#[test]
fn parts_of_a_record_that_is_cut_are_no_records() {
    let record = json!({"id": 1, "notes": [{"id": 5, "text": "private"}, {"id": 6}], "contact": {"id": 7}});
    let pretty = serde_json::to_string_pretty(&json!([record, record])).unwrap();
    let flat: String = pretty.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let tabs = pretty.replace("  ", "\t").replace('\n', "\r\n");
    for text in [pretty, flat, tabs] {
        for end in text.char_indices().map(|(at, _)| at) {
            let ids = read_all(&text[..end])
                .into_iter()
                .filter_map(|(_, _, value)| Some(value.ok()?["id"].clone()));
            assert!(ids.into_iter().all(|id| id == 1), "{}", &text[..end]);
        }
    }
    // what follows it at its own height is read
    let notes = "    \"notes\": [\n      {\n        \"id\": 5\n      }\n    ]\n";
    let broken = format!("[\n  {{\n    \"id\": x,\n{notes}  }},\n  {{\n    \"id\": 2\n  }}\n]");
    assert_eq!(told(&broken), "2 file !, 10 file 2, ");
}
