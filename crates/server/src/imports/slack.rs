//! Exports of Slack workspaces: lists of people and channels, and a folder for each channel with a file for each day.
//! A thread is a conversation. Contacts are guests and people of other workspaces; `--me` says it otherwise.

use super::company::is_ours;
use super::found::Found;
use serde_json::{Map, Value as Json, json};

/// The kinds of messages that somebody wrote; all others are notes of who came and what was changed.
const SAID: [&str; 6] = ["", "bot_message", "file_share", "thread_broadcast", "me_message", "file_comment"];

/// Reads what Slack exports: people, channels (in which there is nothing to say) and messages; none if it is something
/// else. `path` names the file: its folder is the channel. `me` has the names, addresses and domains of the company.
pub(super) fn read(value: &Json, path: &str, me: &[String]) -> Option<Vec<Found>> {
    let id = text(value, "id");
    if id.starts_with(['U', 'W']) && value.get("profile").is_some_and(Json::is_object) {
        return Some(vec![person(id, value, me)]);
    }
    let is_channel = id.starts_with(['C', 'G', 'D']) && value.get("members").is_some_and(Json::is_array);
    if is_channel && value.get("created").is_some() {
        return Some(Vec::new());
    }
    if text(value, "type") != "message" {
        return None;
    }
    let time = time(text(value, "ts"))?;
    let is_said = SAID.contains(&text(value, "subtype"));
    Some(if is_said { message(value, &time, path).into_iter().collect() } else { Vec::new() })
}

fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn first<'a>(texts: impl IntoIterator<Item = &'a str>) -> &'a str {
    texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default()
}

fn is_true(value: &Json, name: &str) -> bool {
    value.get(name) == Some(&Json::Bool(true))
}

fn person(id: &str, user: &Json, me: &[String]) -> Found {
    let profile = &user["profile"];
    let name = first([
        text(profile, "display_name"),
        text(profile, "real_name"),
        text(user, "real_name"),
        text(user, "name"),
    ]);
    let is_guest =
        ["is_restricted", "is_ultra_restricted", "is_stranger"].iter().any(|name| is_true(user, name));
    let role = if is_true(user, "is_bot") || id == "USLACKBOT" {
        Some("ai")
    } else if is_guest {
        Some("contact")
    } else if me.is_empty() {
        None
    } else {
        Some(if is_ours(me, name, text(profile, "email")) { "agent" } else { "contact" })
    };
    let member = |name: &str| Some(text(profile, name)).filter(|value| !value.is_empty());
    Found::Person(
        id.to_owned(),
        json!({ "name": name, "email": member("email"), "phone_number": member("phone"), "role": role }),
    )
}

/// Returns a message as a part of its thread; none if it has neither words nor files.
fn message(value: &Json, time: &str, path: &str) -> Option<Found> {
    let mut turn = Map::new();
    let ts = text(value, "ts");
    turn.insert("id".into(), ts.into());
    turn.insert("created_at".into(), time.into());
    let profile = value.get("user_profile").unwrap_or(&Json::Null);
    let is_stranger = is_true(profile, "is_restricted")
        || is_true(profile, "is_ultra_restricted")
        || is_true(value, "is_stranger")
        || is_of_another(value, "user_team")
        || is_of_another(value, "source_team");
    let user = text(value, "user");
    let role = match user {
        _ if value.get("bot_id").is_some_and(Json::is_string) => Some("ai"),
        "" => Some("system"),
        _ if is_stranger => Some("contact"),
        _ => None,
    };
    if let Some(role) = role {
        turn.insert("role".into(), role.into());
    }
    if !user.is_empty() {
        turn.insert("person".into(), user.into());
    }
    let name = first([text(profile, "display_name"), text(profile, "real_name"), text(value, "username")]);
    if !name.is_empty() {
        turn.insert("name".into(), name.into());
    }
    let files: Vec<Json> = list(value, "files").iter().filter_map(file).collect();
    // what programs post stands in boxes below the text
    let boxes =
        list(value, "attachments").iter().map(|shown| first([text(shown, "text"), text(shown, "fallback")]));
    let words: Vec<&str> =
        std::iter::once(text(value, "text")).chain(boxes).filter(|words| !words.is_empty()).collect();
    let is_quoting = list(value, "attachments").iter().any(|shown| shown.get("from_url").is_some());
    let words = if is_quoting { text(value, "text").to_owned() } else { words.join("\n") };
    if words.trim().is_empty() && files.is_empty() {
        return None;
    }
    if !words.trim().is_empty() {
        turn.insert("text".into(), words.into());
    }
    if !files.is_empty() {
        turn.insert("attachments".into(), files.into());
    }
    let channel = path.rsplit('/').nth(1).unwrap_or_default();
    let id = format!("{channel}/{}", first([text(value, "thread_ts"), ts]));
    let mut record = json!({ "id": id, "channel": "slack" });
    record["turns"] = vec![Json::Object(turn)].into();
    if !channel.is_empty() {
        record["custom_data"] = json!({ "slack_channel": channel });
    }
    Some(Found::Part(id, record))
}

/// Tells a message whose author is of another workspace than the message.
fn is_of_another(value: &Json, name: &str) -> bool {
    let (own, of) = (text(value, "team"), text(value, name));
    !own.is_empty() && !of.is_empty() && own != of
}

fn list<'a>(value: &'a Json, name: &str) -> &'a [Json] {
    value.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn file(file: &Json) -> Option<Json> {
    let url = first([text(file, "permalink"), text(file, "url_private")]);
    let name = first([text(file, "name"), text(file, "title")]);
    let size = file.get("size").and_then(Json::as_u64).unwrap_or(0);
    let is_there = !url.is_empty() || !name.is_empty();
    is_there.then(|| json!({ "id": text(file, "id"), "name": name, "type": text(file, "mimetype"), "size": size, "url": url }))
}

/// Reads a time such as "1712345678.000100", which is the id of a message in its channel.
fn time(ts: &str) -> Option<String> {
    let (seconds, micros) = ts.split_once('.')?;
    let is_number =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds, 10) || !is_number(micros, 6) {
        return None;
    }
    let micros: i64 = format!("{seconds}{micros}").parse().ok()?;
    jiff::Timestamp::from_microsecond(micros).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(value: &Json) -> Json {
        match read(value, "export.zip/help/2025-04-03.json", &[]).unwrap().pop() {
            Some(Found::Part(id, record)) => {
                assert_eq!(record["id"], id);
                record
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_is_a_part_of_its_thread() {
        let record = part(&json!({
            "type": "message", "user": "U2", "text": "It <crashes>", "ts": "1743671722.000100", "thread_ts": "1743671700.000200",
            "team": "T1", "user_team": "T2", "user_profile": { "real_name": "Mara E", "display_name": "" },
            "files": [{ "id": "F1", "name": "shot.png", "mimetype": "image/png", "size": 7, "url_private": "https://files.example/1" }, {}],
            "attachments": null
        }));
        assert_eq!(
            record,
            json!({
                "id": "help/1743671700.000200", "channel": "slack", "custom_data": { "slack_channel": "help" },
                "turns": [{
                    "id": "1743671722.000100", "created_at": "2025-04-03T09:15:22.0001Z", "person": "U2", "role": "contact",
                    "name": "Mara E", "text": "It <crashes>",
                    "attachments": [{ "id": "F1", "name": "shot.png", "type": "image/png", "size": 7, "url": "https://files.example/1" }]
                }]
            })
        );
        let alone =
            part(&json!({ "type": "message", "user": "U1", "text": "Hi", "ts": "1743671722.000100" }));
        assert_eq!(
            (alone["id"].as_str(), &alone["turns"][0]["role"]),
            (Some("help/1743671722.000100"), &Json::Null)
        );
    }

    #[test]
    fn programs_are_no_people_and_joining_is_not_said() {
        let bot = part(&json!({
            "type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "Pager", "text": "", "ts": "1743671722.000100",
            "attachments": [{ "fallback": "Disk full", "text": "" }]
        }));
        assert_eq!((&bot["turns"][0]["role"], &bot["turns"][0]["text"]), (&json!("ai"), &json!("Disk full")));
        for subtype in ["channel_join", "channel_topic", "tombstone"] {
            let note = json!({ "type": "message", "subtype": subtype, "user": "U1", "text": "x", "ts": "1743671722.000100" });
            assert_eq!(read(&note, "help/2025-04-03", &[]), Some(Vec::new()));
        }
    }

    #[test]
    fn guests_are_contacts_and_others_what_is_said_of_the_company() {
        let role_among = |me: &[String], user: Json| match &read(&user, "users", me).unwrap()[..] {
            [Found::Person(_, person)] => person["role"].clone(),
            other => panic!("{other:?}"),
        };
        let role = |user: Json| role_among(&[], user);
        assert_eq!(role(json!({ "id": "U1", "profile": {}, "is_restricted": true })), "contact");
        assert_eq!(role(json!({ "id": "U1", "profile": {}, "is_bot": true })), "ai");
        assert_eq!(role(json!({ "id": "W1", "profile": { "email": "a@x.example" } })), Json::Null);
        let me = ["@shop.example".to_owned()];
        assert_eq!(role_among(&me, json!({ "id": "U1", "profile": { "email": "a@shop.example" } })), "agent");
        assert_eq!(role_among(&me, json!({ "id": "U1", "profile": { "email": "a@x.example" } })), "contact");
        let channel = json!({ "id": "C1", "name": "help", "created": 1, "members": [] });
        assert_eq!(read(&channel, "channels", &[]), Some(Vec::new()));
        for other in
            [json!({ "id": "1", "turns": [] }), json!({ "type": "message", "ts": 5 }), json!([]), json!("x")]
        {
            assert_eq!(read(&other, "x", &[]), None);
        }
    }
}
