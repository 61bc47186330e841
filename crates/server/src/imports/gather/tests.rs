use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// Returns of each conversation what was said in it, in order, and its custom data.
fn gathered(held_max: usize, found: &[Found]) -> BTreeMap<String, Json> {
    let mut gather = Gather::holding(held_max);
    for (line, found) in (1..).zip(found) {
        gather.add(Place { file: 0, line }, found.clone()).unwrap();
    }
    let mut all = BTreeMap::new();
    let mut take = |_, whole: Result<Json, String>| {
        let whole = whole.unwrap();
        assert!(all.insert(text_of(whole.get("id")), whole).is_none());
        true
    };
    gather.finish(&mut take).unwrap();
    all
}

fn part(id: &str, turn: usize) -> Found {
    let data = json!({format!("k{}", turn % 3): turn});
    Found::Part(
        id.into(),
        json!({"turns": [{"text": turn.to_string()}], "custom_data": data, "status": turn}),
    )
}

proptest! {
    #[test]
    fn parts_are_put_together_wherever_they_stand(ids in prop::collection::vec(0_usize..12, 1..60), held in 200_usize..4_000) {
        let found: Vec<Found> = ids.iter().enumerate().map(|(i, id)| part(&format!("c{id}"), i)).collect();
        let in_memory = gathered(usize::MAX, &found);
        prop_assert_eq!(&gathered(held, &found), &in_memory);
        let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (i, id) in ids.iter().enumerate() {
            expected.entry(format!("c{id}")).or_default().push(i.to_string());
        }
        for (id, texts) in expected {
            let turns = in_memory[&id]["turns"].as_array().unwrap();
            let said: Vec<&str> = turns.iter().map(|turn| turn["text"].as_str().unwrap()).collect();
            prop_assert_eq!(said, texts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(&in_memory[&id]["status"], &json!(texts.last().unwrap().parse::<usize>().unwrap()));
        }
    }
}

#[test]
fn answers_belong_to_what_they_answer() {
    let same = |one: &str, other: &str| Found::Same(one.into(), other.into());
    let found = [part("a", 1), part("b", 2), same("c", "b"), part("c", 3), same("b", "a"), part("d", 4)];
    for held in [100, usize::MAX] {
        let all = gathered(held, &found);
        let count = |id: &str| all[id]["turns"].as_array().unwrap().len();
        assert_eq!((all.len(), count("a"), count("d")), (2, 3, 1), "{all:?}");
    }
}

#[test]
fn people_are_known_wherever_they_are_described() {
    let turn = |person: Json, text: &str| json!({"person": person, "text": text});
    let found = [
        Found::Part(
            "1".into(),
            json!({"contact": {"person": 7}, "turns": [turn(json!("7"), "a"), turn(json!(8), "b")]}),
        ),
        Found::Part(
            "1".into(),
            json!({"turns": [turn(json!(9), "c"), {"person": 7, "role": "system", "text": "d", "id": 1}, {"id": 1, "text": "d"}]}),
        ),
        Found::Person("7".into(), json!({"name": "Ann", "email": "ann@example.com", "role": "end-user"})),
        Found::Person("9".into(), json!({"name": "Bot", "role": "bot"})),
    ];
    let all = gathered(usize::MAX, &found);
    assert_eq!(all["1"]["contact"], json!({"id": "7", "name": "Ann", "email": "ann@example.com"}));
    let roles: Vec<&str> =
        all["1"]["turns"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["contact", "agent", "bot", "system"]);
    assert_eq!(all["1"]["turns"][2]["name"], "Bot");
}

#[test]
fn conversations_of_two_systems_are_not_mixed() {
    let ticket = |system: &str, text: &str| {
        Found::Part("5".into(), json!({"turns": [{"text": text}]})).of(Some(system))
    };
    for held in [1, usize::MAX] {
        let mut gather = Gather::holding(held);
        for (found, line) in [ticket("Chatwoot", "a"), ticket("Help Scout", "b"), part("5", 3), part("6", 4)]
            .into_iter()
            .zip(1..)
        {
            gather.add(Place { file: 0, line }, found).unwrap();
        }
        let mut told = Vec::new();
        gather
            .finish(&mut |place, whole| {
                told.push((place.line, whole.err().unwrap_or_default()));
                true
            })
            .unwrap();
        told.sort();
        assert!(told[0].0 == 1 && told[0].1.contains("--source"), "{told:?}");
        assert_eq!(told[1..], [(4, String::new())]);
    }
}

#[test]
fn a_conversation_that_is_too_long_is_said_to_be() {
    let long = Found::Part("5".into(), json!({"turns": [{"text": "a".repeat(VALUE_MAX)}]}));
    for found in [[part("5", 1), long.clone()], [long, part("5", 1)]] {
        let mut gather = Gather::default();
        for found in found {
            gather.add(Place { file: 0, line: 1 }, found).unwrap();
        }
        let mut told = Vec::new();
        gather
            .finish(&mut |_, whole| {
                told.push(whole.err().unwrap_or_default());
                true
            })
            .unwrap();
        assert!(told.len() == 1 && told[0].contains("is longer than"), "{told:?}");
    }
}
