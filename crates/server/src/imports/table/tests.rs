use super::super::dialect::dialect;
use super::*;
use serde_json::{Value as Json, json};
use std::collections::HashSet;

fn open<'a>(text: &'a str, mapping: &str) -> anyhow::Result<Table<&'a [u8]>> {
    let mut read = Mapping::default();
    read.add(mapping).map_err(anyhow::Error::msg)?;
    let dialect = dialect(text).context("no table")?;
    Ok(Table::open(text.as_bytes(), &dialect, &read)?.unwrap())
}

fn found_as(text: &str, mapping: &str) -> Vec<(u64, Result<Found, String>)> {
    let mut all = Vec::new();
    let table = open(text, mapping).unwrap();
    let layout = Arc::clone(table.layout());
    let mut take = |line, found| {
        let read = |found| match found {
            Found::Row(id, cells) => {
                let part = layout.part(&id, &cells);
                Found::Part(id, part.into())
            }
            found => found,
        };
        all.push((line, Result::map(found, read)));
        true
    };
    assert!(table.read(&mut take).unwrap());
    all
}

/// Reads a table without faults into ids and parts. A row of a table without ids is whole.
fn parts_as(text: &str, mapping: &str) -> Vec<(String, Json)> {
    let part = |(line, found)| match found {
        Ok(Found::Part(id, record)) => (id, record),
        Ok(Found::Conversation(mut record)) => {
            let id = record.as_object_mut().unwrap().remove("id").unwrap();
            (id.as_str().unwrap().to_owned(), record)
        }
        other => panic!("line {line}: {other:?}"),
    };
    found_as(text, mapping).into_iter().map(part).collect()
}

fn parts(text: &str) -> Vec<(String, Json)> {
    parts_as(text, "")
}

/// Reads the first row.
fn first(text: &str) -> Json {
    parts(text).swap_remove(0).1
}

fn refused(text: &str, mapping: &str) -> String {
    open(text, mapping).err().map(|error| format!("{error:#}")).unwrap()
}

#[test]
fn a_row_is_a_message_of_its_conversation() {
    let table = "conversation_id;Sender;Message;Date;Channel;Contact email;Plan;Message ID\n\
        7;customer;\"Late,\nagain\";2025-04-01 08:00;email;ana@mail.example;pro;a\n\
        8;agent;Hello;;;;;b\n7;agent;Sorry;;;;;c\n;;;;;;;\n";
    let read = parts(table);
    assert_eq!(
        read[0],
        (
            "7".into(),
            json!({
                "turns": [{"role": "customer", "text": "Late,\nagain", "created_at": "2025-04-01 08:00", "id": "a"}],
                "channel": "email", "contact": {"email": "ana@mail.example"}, "custom_data": {"Plan": "pro"},
            })
        )
    );
    assert_eq!(read[1], ("8".into(), json!({"turns": [{"role": "agent", "text": "Hello", "id": "b"}]})));
    assert_eq!((read.len(), read[2].0.as_str()), (3, "7"));
}

#[test]
fn columns_are_known_by_many_names_in_many_languages() {
    let check = |header: &str, expected: &[&str]| {
        let table = format!("{header}\n");
        let fates: Vec<String> =
            open(&table, "").unwrap().columns().into_iter().map(|(_, fate)| fate).collect();
        assert_eq!(fates, expected, "{header}");
    };
    let usual = ["id", "text", "created_at", "contact.email", "status"];
    for header in [
        "Ticket ID,Description,Created At,Customer Email,Ticket Status",
        "caseNumber,body,created_date,REQUESTER-EMAIL,state",
        "Ticketnummer,Beschreibung,Erstellt am,E-Mail,Zustand",
        "N° de ticket,Message,Date de création,Courriel,Statut",
        "ID de ticket,Descripción,Fecha de creación,Correo electrónico,Estado",
        "Número do chamado,Mensagem,Criado em,Email,Situação",
        "ID richiesta,Messaggio,Data creazione,Email,Stato",
        "Ticketnummer,Omschrijving,Aangemaakt op,E-mailadres,Status",
        "#,Comment,Timestamp,Mail,Status",
    ] {
        check(header, &usual);
    }
    check(
        "id,conversation_id,subject,content,sender_type,group,labels,Assignee,source",
        &[
            "message_id",
            "id",
            "subject, custom data",
            "text",
            "role",
            "team",
            "tags",
            "custom data",
            "channel, custom data",
        ],
    );
    check(
        "Date,Time,Rating,Title,Review,Version",
        &["created_at", "time", "custom data", "subject, custom data", "text", "custom data"],
    );
    check("id,question,response", &["id", "text", "answer"]);
    check("id,score,response", &["id", "custom data", "text"]);
    check("ticket id,subject,score", &["id", "text, subject", "custom data"]);
}

#[test]
fn two_columns_for_one_thing_are_refused_by_name_until_a_mapping_says_which() {
    let check = |header: &str, expected: &str| {
        let reason = refused(&format!("{header}\n1,a,b,c\n"), "");
        assert!(reason.contains(expected), "{reason}");
    };
    check(
        "id,text,text,Text",
        "line 1: the columns \"text\", \"text_2\" and \"Text\" could each be the text",
    );
    check(
        "id,body,message,x",
        "\"body\" and \"message\" could each be the text: say which it is, as in --map text=\"body\"",
    );
    check("id,text,date,timestamp", "\"date\" and \"timestamp\" could each be the created_at");
    check("ticket id,case id,text,x", "\"ticket id\" and \"case id\" could each be the id");
    let read = parts_as("id,text,text,Text\n1,a,b,c\n", "text=text_2");
    assert_eq!(read[0].1, json!({"turns": [{"text": "b"}], "custom_data": {"text": "a", "Text": "c"}}));
    // of what a conversation can do without, the first is taken and the others are kept
    let table = "id,text,Team,Group\n1,a,b,c\n";
    assert_eq!(first(table)["team"], "b");
    assert_eq!(first(table)["custom_data"], json!({"Group": "c"}));
    let table = open(table, "").unwrap();
    assert!(table.remarks().1[0].starts_with("the columns \"Team\" and \"Group\""), "{:?}", table.remarks());
}

#[test]
fn a_mapping_says_what_columns_mean() {
    let table = "Nr,Was,Von\n1,Late,owner\n2,Sorry,Kunde\n";
    let reason = refused(table, "");
    assert!(reason.contains("no column with a text; columns seen: \"Nr\", \"Was\", \"Von\""), "{reason}");
    let read = parts_as(table, "text=was,id=Nr,role=Von,role.owner=agent");
    assert_eq!(read[0], ("1".into(), json!({"turns": [{"role": "owner", "text": "Late"}]})));
    let reason = refused(table, "text=Wass");
    assert!(reason.contains("--map text=Wass: there is no such column; columns seen: \"Nr\""), "{reason}");
}

#[test]
fn rows_without_an_id_are_conversations_each_the_same_whenever_it_is_read() {
    let table = "Review,Stars\nGreat app,5\nGreat app,5\nBad,1\n";
    let read = parts(table);
    let ids: Vec<&String> = read.iter().map(|(id, _)| id).collect();
    assert_eq!(ids[1], &format!("{}-2", ids[0]));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 3);
    assert_eq!(parts(table), read);
    assert_eq!(read[2].1["turns"][0]["text"], "Bad");
    assert_eq!(parts("Review\nGreat, really\nBad; so bad\n").len(), 2);
    // where there is a column for it, it has to say something
    let read = found_as("id,text\r\n1,\"a parcel\r\nis late\"\r\n\r\n,\"without an id\"\r\n,\r\n2,b\r\n", "");
    let lines: Vec<u64> = read.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 5, 7]);
    assert_eq!(read[1].1, Err("id: is required".into()));
}

#[test]
fn a_row_is_as_wide_as_the_header() {
    let read = found_as("id,text,tags\n1,a,b,,\n2,a\n3,a,b,c\n", "");
    assert_eq!(read[0].1, Ok(Found::Part("1".into(), json!({"turns": [{"text": "a"}], "tags": "b"}))));
    assert_eq!(read[1].1, Ok(Found::Part("2".into(), json!({"turns": [{"text": "a"}]}))));
    assert_eq!(read[2], (4, Err("4 cells, where the header has 3".into())));
}

#[test]
fn answers_on_a_network_are_linked_to_what_they_answer() {
    let table = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n\
        2,shop,False,Tue Oct 31 22:10:47 +0000 2017,@1 Sorry,,1.0\n\
        1,115712,True,Tue Oct 31 22:11:45 +0000 2017,@shop Late,2,\n";
    let read = found_as(table, "");
    assert_eq!(read[0].1, Ok(Found::Same("2".into(), "1".into())));
    let Ok(Found::Part(id, record)) = &read[1].1 else { panic!("{read:?}") };
    assert_eq!((id.as_str(), &record["turns"][0]["role"]), ("2", &json!("agent")));
    let Ok(Found::Part(id, record)) = &read[2].1 else { panic!("{read:?}") };
    assert_eq!((id.as_str(), &record["turns"][0]["role"]), ("1", &json!("contact")));
    assert_eq!(read.len(), 3);
}

#[test]
fn notes_are_private_and_rows_of_events_say_nothing() {
    for (header, note, said) in [
        ("message_type", "note", "comment"),
        ("Type", "Private note", "Reply"),
        ("private", "TRUE", "false"),
        ("public", "0", "1"),
        ("visibility", "internal", "public"),
        ("is_note", "yes", "no"),
    ] {
        let table = format!("ticket_id,role,text,{header}\n1,agent,psst,{note}\n1,agent,hello,{said}\n");
        let read = parts(&table);
        assert_eq!(read[0].1["turns"][0]["private"], true, "{header}");
        assert_eq!(read[1].1["turns"][0].get("private"), None, "{header}");
    }
    assert_eq!(first("ticket_id,role,text,status\n1,admin,,closed\n"), json!({"status": "closed"}));
}

#[test]
fn who_speaks_is_told_by_role_by_direction_or_by_name() {
    let role = |table: &str| {
        let read = parts(table);
        let roles =
            read.iter().map(|(_, record)| record["turns"][0]["role"].as_str().unwrap_or("-").to_owned());
        roles.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(role("ticket id,author,text\n1,end user,a\n1,agent,b\n"), "end user agent");
    assert_eq!(role("ticket id,direction,text\n1,inbound,a\n1,outbound,b\n"), "inbound outbound");
    assert_eq!(role("ticket id,from_agent,text\n1,False,a\n1,True,b\n"), "contact agent");
    assert_eq!(role("ticket id,requester,author,text\n1,Ana,Ana,a\n1,Ana,Rosa,b\n"), "contact agent");
    assert_eq!(
        role(
            "ticket id,customer email,from,text\n1,a@x.example,A@x.example,a\n1,a@x.example,b@x.example,b\n"
        ),
        "contact agent"
    );
    assert_eq!(role("ticket id,author,text\n1,Ana,a\n"), "-");
    // the details of who speaks are the contact's in the rows of the contact
    let read = parts(
        "id,role,text,email,name\n1,customer,a,ana@mail.example,Ana\n1,agent,b,rosa@shop.example,Rosa\n",
    );
    assert_eq!(read[0].1["contact"], json!({"email": "ana@mail.example", "name": "Ana"}));
    assert_eq!(read[1].1.get("contact"), None);
    let contact =
        first("id,text,Customer,First name,Last name,Mobile\n1,a,ana@mail.example,Ana,Abelin,+49 170 1\n");
    assert_eq!(
        contact["contact"],
        json!({"email": "ana@mail.example", "name": "Ana Abelin", "phone_number": "+49 170 1"})
    );
}

#[test]
fn help_desks_are_known_by_their_columns() {
    let table = "Ticket ID,Subject,Description,Status,Priority,Source,Type,Agent,Group,Created time,Resolved time,Full name,Email\n\
        1,Order,My parcel is late,Open,Low,Email,Question,Agent One,Support,2025-04-01 09:15:22,,Ana Abelin,\n";
    assert_eq!(open(table, "").unwrap().layout().desk.map(|desk| desk.name), Some("Freshdesk"));
    assert_eq!(
        first(table),
        json!({
            "turns": [{"text": "My parcel is late", "created_at": "2025-04-01 09:15:22"}], "system": "Freshdesk",
            "status": "Open", "channel": "Email", "team": "Support", "contact": {"name": "Ana Abelin"},
            "custom_data": {"Subject": "Order", "Priority": "Low", "Source": "Email", "Type": "Question", "Agent": "Agent One"},
            "ticketing_system": {"name": "freshdesk", "external_id": "1", "id_type": "ticket_id"},
        })
    );
    let table = "message_id,message_body,message_type,message_created_at,message_author_type,message_author_name,\
        message_author_email,conversation_tags,conversation_id,conversation_state,conversation_created_at\n\
        m1,Late,conversation_message,2025-04-01 08:00:00,lead,Ana,ana@mail.example,,21,closed,2025-04-01 07:59:00\n\
        m2,Psst,note,2025-04-01 08:00:00,admin,Rosa,rosa@shop.example,,21,closed,2025-04-01 07:59:00\n\
        m3,,close,2025-04-01 08:00:00,admin,Rosa,rosa@shop.example,,21,closed,2025-04-01 07:59:00\n";
    let read = parts(table);
    let reference = json!({"name": "intercom", "external_id": "21", "id_type": "conversation_id"});
    assert_eq!(
        read[0].1,
        json!({
            "turns": [{"text": "Late", "role": "lead", "name": "Ana", "email": "ana@mail.example", "id": "m1", "created_at": "2025-04-01 08:00:00"}],
            "contact": {"email": "ana@mail.example", "name": "Ana"}, "status": "closed",
            "created_at": "2025-04-01 07:59:00", "ticketing_system": reference, "system": "Intercom",
        })
    );
    assert_eq!(read[1].1["turns"][0]["private"], true);
    assert_eq!(read[2].1.get("turns"), None);
    let table = "id,conversation_id,content,message_type,private,sender_type,created_at\n\
        1,5,Late,0,false,Contact,2025-04-01\n2,5,Sorry,1,false,User,2025-04-01\n3,5,Psst,1,true,User,2025-04-01\n";
    let roles: Vec<Json> =
        parts(table).iter().map(|(_, record)| record["turns"][0]["role"].clone()).collect();
    assert_eq!(roles, ["contact", "agent", "agent"]);
    let table = "Message ID,Conversation ID,Direction,Message date,Author,Contact name,Contact handle,Subject,Extract\n\
        m,c,Inbound,2025-04-01,,Ana,ana@mail.example,Order,Late\n";
    assert_eq!(first(table)["contact"], json!({"name": "Ana", "email": "ana@mail.example"}));
    assert_eq!(first(table)["turns"][0]["text"], "Late");
}

#[test]
fn a_header_of_any_width_is_refused_in_few_words() {
    let header = |columns: usize| vec!["text"; columns].join(";");
    let doubtful = refused(&format!("{}\nx\n", header(3_000)), "");
    assert!(doubtful.contains("2960 more") && doubtful.len() < 2_000, "{doubtful}");
    assert_eq!(refused(&format!("{}\nx\n", header(5_000)), ""), "line 1: more than 4000 columns");
}
