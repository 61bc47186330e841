//! The records of help desks, with what such records have besides what is read of them.

use super::conversation::{Conversation, Turn};
use serde_json::{Value, json};

/// The ids of a conversation's contact and of its agent.
fn people(conversation: &Conversation) -> (usize, usize) {
    (70_000 + conversation.number, 80 + conversation.number % 3)
}

fn author(conversation: &Conversation, turn: &Turn) -> usize {
    let (contact, agent) = people(conversation);
    if turn.is_asked { contact } else { agent }
}

fn each(conversation: &Conversation, value: impl Fn(&Turn) -> Value) -> Vec<Value> {
    conversation.turns.iter().map(value).collect()
}

pub(crate) fn zendesk(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let comment = |turn: &Turn| {
        json!({
            "id": 9_000_000 + turn.number, "type": "Comment", "author_id": author(conversation, turn), "body": turn.text,
            "html_body": turn.html(), "plain_body": turn.text, "public": true, "audit_id": 5_000_000 + turn.number,
            "created_at": turn.time.to_string(), "attachments": [], "metadata": {"system": {"client": "Mozilla/5.0", "ip_address": "192.0.2.7"}, "custom": {}},
            "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": null}},
        })
    };
    vec![json!({
        "url": format!("https://shop.zendesk.example/api/v2/tickets/{}.json", conversation.number), "id": conversation.number, "external_id": null,
        "via": {"channel": "email", "source": {"from": {"address": conversation.email, "name": conversation.name}, "to": {"address": "support@shop.example"}, "rel": null}},
        "created_at": conversation.began().to_string(), "updated_at": conversation.began().to_string(), "type": "question", "subject": conversation.subject,
        "raw_subject": conversation.subject, "description": conversation.turns[0].text, "priority": "normal", "status": "closed", "recipient": null,
        "requester_id": contact, "submitter_id": contact, "assignee_id": agent, "organization_id": null, "group_id": 36, "collaborator_ids": [],
        "has_incidents": false, "is_public": true, "due_at": null, "tags": ["order", "late"], "custom_fields": [{"id": 36001, "value": "eu"}, {"id": 36002, "value": null}],
        "satisfaction_rating": {"score": "unoffered"}, "brand_id": 3, "allow_channelback": false, "comments": each(conversation, comment),
        "requester": {"id": contact, "name": conversation.name, "email": conversation.email, "role": "end-user"},
    })]
}

pub(crate) fn intercom(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let part = |turn: &Turn| {
        let (kind, id) =
            if turn.is_asked { ("user", format!("c{contact}")) } else { ("admin", agent.to_string()) };
        json!({
            "type": "conversation_part", "id": turn.number.to_string(), "part_type": "comment", "body": turn.html(), "created_at": turn.seconds(),
            "updated_at": turn.seconds(), "notified_at": turn.seconds(), "assigned_to": null, "external_id": null, "attachments": [], "redacted": false,
            "author": {"type": kind, "id": id, "name": turn.name, "email": if turn.is_asked { conversation.email.as_str() } else { "ben@shop.example" }},
        })
    };
    let mut parts = each(conversation, part);
    let source = parts.remove(0);
    vec![json!({
        "type": "conversation", "id": conversation.number.to_string(), "created_at": conversation.began().as_second(), "updated_at": conversation.began().as_second(),
        "title": null, "waiting_since": null, "snoozed_until": null, "open": false, "state": "closed", "read": true, "priority": "not_priority",
        "source": {"type": "conversation", "id": "61", "delivered_as": "customer_initiated", "subject": "", "body": source["body"], "author": source["author"], "attachments": [], "url": null},
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": format!("c{contact}"), "external_id": null}]},
        "admin_assignee_id": agent, "team_assignee_id": null, "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "5", "name": "order"}]},
        "custom_attributes": {"Plan": "pro"}, "statistics": {"type": "conversation_statistics", "time_to_assignment": null, "count_reopens": 0, "count_parts": 4},
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": parts, "total_count": 4},
    })]
}

pub(crate) fn freshdesk(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let said = |turn: &Turn| {
        json!({
            "id": 9_000_000 + turn.number, "body": turn.html(), "body_text": turn.text, "incoming": turn.is_asked, "private": false, "source": 2,
            "user_id": author(conversation, turn), "ticket_id": conversation.number, "support_email": null, "to_emails": null, "attachments": [],
            "created_at": turn.time.to_string(), "updated_at": turn.time.to_string(),
        })
    };
    vec![json!({
        "id": conversation.number, "subject": conversation.subject, "status": 5, "priority": 1, "source": 1, "requester_id": contact, "responder_id": agent,
        "group_id": 15, "type": "Problem", "tags": ["order"], "custom_fields": {"cf_model": "K2", "cf_none": null}, "spam": false, "fr_escalated": false,
        "description": conversation.turns[0].html(), "description_text": conversation.turns[0].text, "created_at": conversation.began().to_string(),
        "updated_at": conversation.began().to_string(), "due_by": conversation.began().to_string(), "cc_emails": [], "to_emails": null,
        "requester": {"id": contact, "name": conversation.name, "email": conversation.email, "mobile": null, "phone": null},
        "conversations": each(conversation, said).split_off(1),
    })]
}

pub(crate) fn freshchat(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let message = |turn: &Turn| {
        json!({
            "id": format!("m-{}", turn.number), "message_parts": [{"text": {"content": turn.text}}], "app_id": "a-1", "channel_id": "ch-1",
            "conversation_id": format!("f-{}", conversation.number), "interaction_id": "i-1", "message_type": "normal", "created_time": turn.time.to_string(),
            "actor_id": if turn.is_asked { format!("u-{contact}") } else { format!("ag-{agent}") }, "actor_type": if turn.is_asked { "user" } else { "agent" },
        })
    };
    vec![json!({"conversations": [{
        "conversation_id": format!("f-{}", conversation.number), "app_id": "a-1", "status": "resolved", "channel_id": "ch-1", "assigned_agent_id": format!("ag-{agent}"),
        "created_time": conversation.began().to_string(), "users": [{"id": format!("u-{contact}"), "first_name": conversation.name, "last_name": null, "email": conversation.email}],
        "properties": [{"name": "Topic", "value": "order"}], "messages": each(conversation, message),
    }]})]
}

pub(crate) fn chatwoot(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let message = |turn: &Turn| {
        json!({
            "id": turn.number, "content": turn.text, "message_type": usize::from(!turn.is_asked), "private": false, "status": "sent", "content_type": "text",
            "content_attributes": {}, "conversation_id": conversation.number, "account_id": 1, "inbox_id": 4, "created_at": turn.seconds(), "source_id": null,
            "sender": {"id": author(conversation, turn), "name": turn.name, "type": if turn.is_asked { "contact" } else { "user" }, "thumbnail": "", "additional_attributes": {}},
        })
    };
    vec![json!({
        "id": conversation.number, "account_id": 1, "inbox_id": 4, "status": "resolved", "labels": ["billing"], "created_at": conversation.began().as_second(),
        "timestamp": conversation.began().as_second(), "muted": false, "can_reply": true, "unread_count": 0, "uuid": "5c1f", "custom_attributes": {"order": "A-1"},
        "meta": {"sender": {"id": contact, "name": conversation.name, "email": conversation.email, "phone_number": null, "type": "contact"}, "channel": "Channel::WebWidget", "assignee": {"id": agent, "name": "Ben"}},
        "messages": each(conversation, message),
    })]
}

pub(crate) fn help_scout(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let by = |is_asked: bool| {
        if is_asked {
            json!({"id": contact, "type": "customer", "first": conversation.name, "last": "", "photoUrl": "", "email": conversation.email})
        } else {
            json!({"id": agent, "type": "user", "first": "Ben", "last": "B", "photoUrl": "", "email": "ben@shop.example"})
        }
    };
    let thread = |turn: &Turn| {
        json!({
            "id": turn.number, "type": if turn.is_asked { "customer" } else { "message" }, "status": "active", "state": "published", "body": turn.html(),
            "action": {"type": "default", "associatedEntities": {}}, "source": {"type": "email", "via": "customer"}, "createdBy": by(turn.is_asked), "savedReplyId": 0, "to": [], "cc": [], "bcc": [],
            "createdAt": turn.time.to_string(), "_embedded": {"attachments": []}, "_links": {"customer": {"href": "https://api.helpscout.example/v2/customers/1"}},
        })
    };
    let mut threads = each(conversation, thread);
    threads.reverse();
    vec![json!({
        "id": 500_000 + conversation.number, "number": conversation.number, "threads": threads.len(), "type": "email", "folderId": 1, "status": "closed", "state": "published",
        "subject": conversation.subject, "preview": conversation.subject, "mailboxId": 85, "assignee": by(false), "createdBy": by(true), "primaryCustomer": by(true),
        "createdAt": conversation.began().to_string(), "closedAt": conversation.began().to_string(), "tags": [{"id": 1, "color": "#fff", "tag": "order"}],
        "customFields": [{"id": 8, "name": "Size", "value": "8", "text": "38"}], "_embedded": {"threads": threads}, "_links": {"self": {"href": "https://api.helpscout.example/v2/conversations/1"}},
    })]
}

pub(crate) fn front(conversation: &Conversation) -> Vec<Value> {
    let (_, agent) = people(conversation);
    let links = json!({"self": format!("https://api2.front.example/conversations/cnv_{}", conversation.number), "related": {"conversation": format!("https://api2.front.example/conversations/cnv_{}", conversation.number)}});
    let gus = json!({"id": format!("tea_{agent}"), "email": "gus@shop.example", "username": "gus", "first_name": "Gus", "last_name": "Graa", "is_admin": false, "is_available": true});
    let message = |turn: &Turn| {
        json!({
            "_links": links, "id": format!("msg_{}", turn.number), "type": "email", "is_inbound": turn.is_asked, "is_draft": false, "error_type": null, "version": null,
            "created_at": turn.seconds() as f64 + 0.25, "blurb": conversation.subject, "body": turn.html(), "text": turn.text, "author": if turn.is_asked { Value::Null } else { gus.clone() },
            "recipients": [{"_links": {}, "handle": conversation.email, "role": if turn.is_asked { "from" } else { "to" }}, {"_links": {}, "handle": "info@shop.example", "role": if turn.is_asked { "to" } else { "from" }}],
            "attachments": [], "metadata": {"is_forward": false},
        })
    };
    let mut all = vec![json!({
        "_links": links, "id": format!("cnv_{}", conversation.number), "subject": conversation.subject, "status": "archived", "assignee": gus,
        "recipient": {"_links": {}, "name": conversation.name, "handle": conversation.email, "role": "from"}, "tags": [{"id": "tag_1", "name": "order", "is_private": false}],
        "custom_fields": {"Nights": "3"}, "created_at": conversation.began().as_second() as f64 + 0.25, "is_private": false, "links": [],
    })];
    all.extend(each(conversation, message));
    all
}

pub(crate) fn gorgias(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let message = |turn: &Turn| {
        json!({
            "id": turn.number, "uri": format!("/api/tickets/{}/messages/{}/", conversation.number, turn.number), "ticket_id": conversation.number, "channel": "email", "via": "email", "public": true, "from_agent": !turn.is_asked,
            "sender": {"id": author(conversation, turn), "email": if turn.is_asked { conversation.email.as_str() } else { "ben@shop.example" }, "name": turn.name, "meta": null},
            "receiver": {"id": agent, "email": "info@shop.example", "name": "Shop"}, "source": {"type": "email", "to": [], "from": {}}, "body_text": turn.text, "body_html": turn.html(),
            "stripped_text": turn.text, "stripped_html": null, "attachments": [], "created_datetime": turn.time.to_string(), "sent_datetime": null, "failed_datetime": null, "macros": null,
        })
    };
    let mut all = vec![json!({
        "id": conversation.number, "uri": format!("/api/tickets/{}/", conversation.number), "external_id": null, "status": "closed", "priority": "normal", "channel": "email", "via": "email", "subject": conversation.subject, "language": "en", "spam": false,
        "customer": {"id": contact, "email": conversation.email, "name": conversation.name, "firstname": "", "lastname": ""}, "assignee_user": {"id": agent, "email": "ben@shop.example", "name": "Ben"},
        "assignee_team": null, "tags": [{"id": 5, "name": "order", "uri": "/api/tags/5/", "decoration": null}], "custom_fields": {"77": {"id": 77, "value": "Delivery::Late"}}, "messages_count": 4,
        "created_datetime": conversation.began().to_string(), "closed_datetime": null, "meta": null, "integrations": [],
    })];
    all.extend(each(conversation, message));
    all
}

pub(crate) fn hubspot(conversation: &Conversation) -> Vec<Value> {
    let (contact, agent) = people(conversation);
    let message = |turn: &Turn| {
        let actor = if turn.is_asked { format!("V-{contact}") } else { format!("A-{agent}") };
        json!({
            "id": format!("m{}", turn.number), "type": "MESSAGE", "conversationsThreadId": conversation.number.to_string(), "createdAt": turn.time.to_string(), "updatedAt": turn.time.to_string(), "createdBy": actor,
            "client": {"clientType": "HUBSPOT"}, "senders": [{"actorId": actor, "name": turn.name}], "recipients": [], "archived": false, "text": turn.text, "richText": turn.html(), "attachments": [],
            "truncationStatus": "NOT_TRUNCATED", "inReplyToId": null, "status": {"statusType": "SENT"}, "direction": if turn.is_asked { "INCOMING" } else { "OUTGOING" }, "channelId": "1000", "channelAccountId": "2",
        })
    };
    let mut all = vec![
        json!({
            "id": conversation.number, "createdAt": conversation.began().to_string(), "status": "CLOSED", "originalChannelId": "1000", "originalChannelAccountId": "2", "latestMessageTimestamp": conversation.began().to_string(),
            "associatedContactId": contact.to_string(), "inboxId": "7", "assignedTo": format!("A-{agent}"), "spam": false, "archived": false, "threadAssociations": {"associatedTicketId": "900"},
        }),
        json!({"id": contact.to_string(), "properties": {"firstname": conversation.name, "lastname": "", "email": conversation.email, "phone": null}, "createdAt": conversation.began().to_string(), "archived": false}),
    ];
    all.extend(each(conversation, message));
    all
}

pub(crate) fn opencx(conversation: &Conversation) -> Vec<Value> {
    let id = |kind: u32, number: usize| format!("0197a1b2-0000-7000-8{kind:03}-{number:012}");
    let message = |turn: &Turn| {
        json!({
            "id": id(1, turn.number), "created_at": turn.time.to_string(),
            "event": {"type": "message", "sender": {"type": if turn.is_asked { "contact" } else { "ai" }, "name": turn.name}, "content": {"type": "text", "text": turn.text}},
        })
    };
    vec![json!({
        "id": id(2, conversation.number), "ticket_number": conversation.number, "status": "closed_resolved", "ai_closure_type": "resolved", "sentiment": "neutral", "channel": {"type": "web"},
        "contact": {"id": id(3, conversation.number), "email": conversation.email, "phone_number": null, "name": conversation.name, "custom_data": {"plan": "gold"}, "created_at": conversation.began().to_string(), "updated_at": conversation.began().to_string(), "non_verified_name": null, "non_verified_email": null},
        "language": "en", "assignee_id": null, "custom_data": {"route": "A"}, "team": null, "handoff": null, "ticketing_system": null, "assist_mode": false, "created_at": conversation.began().to_string(), "updated_at": conversation.began().to_string(), "summary": null,
        "history": each(conversation, message),
    })]
}
