use super::{check, said_by};
use crate::cleaning::boilerplate::Boilerplate;
use crate::cleaning::clean;
use crate::conversation::{Author, Turn};

const A_CHAT_IN_ONE_TEXT_IS_TOLD_BY_ITS_SPEAKERS: &[(&str, &str)] = &[
    (
        "May 5, 2025 10:01 AM | Ina: Welcome!\nMay 5, 2025 10:02 AM | Sam Poe: my desk wobbles",
        "my desk wobbles",
    ),
    (
        "5. Mai 2025, 10:01 - Ina: Willkommen im Chat\n5. Mai 2025, 10:02 - Sam: mein Tisch wackelt",
        "mein Tisch wackelt",
    ),
    (
        "(10:01:07) Sam Poe: Hello\n(10:01:30) Sam Poe: my desk wobbles\n(10:02:00) Ina: How can I help you?",
        "Hello\nmy desk wobbles",
    ),
    (
        "Chat started: 2025-05-05 10:00 AM\nServed by: Ina\n\n[10:01:07 AM] Ina: Welcome to Desks!\n[10:01:30 AM] Sam Poe: my desk wobbles\nand the lamp, too",
        "my desk wobbles\nand the lamp, too",
    ),
    (
        "Sam Poe\n10:01 AM\nHi there\nSam Poe\n10:01 AM\nmy desk wobbles\nIna (Support)\n10:02 AM\nSorry to hear that. Shall I send a new one?",
        "Hi there\nmy desk wobbles",
    ),
    (
        "Visitor: my desk wobbles\nAgent: Sorry to hear that. Which one is it?\nVisitor: the oak one",
        "my desk wobbles\nthe oak one",
    ),
    (
        "Kunde: mein Tisch wackelt\nMitarbeiterin: Welcher ist es?\nKunde: der aus Eiche",
        "mein Tisch wackelt\nder aus Eiche",
    ),
    ("Client : mon bureau est bancal\nConseiller : Lequel ?", "mon bureau est bancal"),
    ("Cliente: mi mesa cojea\nAsesor: ¿Cuál es?\nCliente: la de roble", "mi mesa cojea\nla de roble"),
    ("客户：桌子摇晃\n客服：请稍等", "桌子摇晃"),
    ("お客様：机がぐらつきます\nオペレーター：少々お待ちください", "机がぐらつきます"),
    ("Клиент: стол шатается\nОператор: Какой именно?", "стол шатается"),
    ("Müşteri: masam sallanıyor\nTemsilci: Hangi masa?", "masam sallanıyor"),
    (
        "10:01 Ina: Hi, how may I help you today?\n10:02 Sam: my desk wobbles\n10:03 Ina: One moment",
        "my desk wobbles",
    ),
    (
        "Ina (10:01): Guten Tag, wie kann ich Ihnen helfen?\nSam (10:02): mein Tisch wackelt",
        "mein Tisch wackelt",
    ),
    ("Sam Poe, 10:02\nmy desk wobbles\n\nIna, 10:03\nLet me check that for you", "my desk wobbles"),
    (
        "05/05/25, 10:02 - Sam Poe: my desk wobbles\n05/05/25, 10:03 - Desks Ltd: Thanks for reaching out!\n05/05/25, 10:04 - Sam Poe: and it is\nnot even oak",
        "my desk wobbles\nand it is\nnot even oak",
    ),
    (
        "[05.05.25, 10:02:11] Sam: my desk wobbles\n[05.05.25, 10:03:00] Desks: Could you please provide your order number?",
        "my desk wobbles",
    ),
    ("[10:01] <sam> my desk wobbles\n[10:02] <ina> let me check", "my desk wobbles"),
    (
        "Sam has joined the chat\n10:02 Sam: my desk wobbles\n10:03 Bot: Hello, I am a bot\nIna has joined the chat\n10:04 Ina: Hi",
        "my desk wobbles",
    ),
    (
        "Sam: my desk wobbles\nIna: which one?\nSam: the oak one\nIna: thank you for your patience",
        "my desk wobbles\nthe oak one",
    ),
    (
        "Visitor\nmy desk wobbles\nSupport Agent\nWhich one?\nVisitor\nthe oak one",
        "my desk wobbles\nthe oak one",
    ),
    (
        "My desk wobbles.\nTo be clear: it is the oak one.\nPlease: come soon",
        "My desk wobbles.\nTo be clear: it is the oak one.\nPlease: come soon",
    ),
    ("I called at 10:02\nand at 11:15 again", "I called at 10:02\nand at 11:15 again"),
];

#[test]
fn a_chat_in_one_text_is_told_by_its_speakers() {
    check(A_CHAT_IN_ONE_TEXT_IS_TOLD_BY_ITS_SPEAKERS);
}

#[test]
fn the_contact_may_be_known_by_name() {
    let chat = "10:01 Ada: the desk is oak\n10:02 Bea: it wobbles\n10:03 Cid: oh";
    assert_eq!(said_by(chat, &["Bea Lund"]), "it wobbles");
    let cleaned = clean(&[Turn { author: Author::Contact, text: chat }], &[], &Boilerplate::default());
    assert_eq!((cleaned.said.len(), cleaned.unclear), (0, vec![0]));
}

#[test]
fn when_both_help_nothing_is_the_contacts() {
    let chat = "10:01 Ada: How can I help you?\n10:02 Bea: Thanks for contacting us";
    let cleaned = clean(&[Turn { author: Author::Contact, text: chat }], &[], &Boilerplate::default());
    assert_eq!((cleaned.said.len(), cleaned.unclear), (0, vec![0]));
}

#[test]
fn what_the_others_say_is_theirs() {
    let chat = "Visitor: my desk wobbles\nAgent: which one?\nVisitor: the oak one";
    let cleaned = clean(&[Turn { author: Author::Contact, text: chat }], &[], &Boilerplate::default());
    let authors: Vec<Author> = cleaned.said.iter().map(|words| words.author).collect();
    assert_eq!(authors, [Author::Contact, Author::Other, Author::Contact]);
    let place = cleaned.said[2].text.source_range(4..7);
    assert_eq!(&chat[place], "oak");
}

#[test]
fn a_chat_is_told_by_bars_times_since_its_start_and_one_role_that_speaks_again() {
    check(&[
        (
            "Chat Started: Monday, 09:15\nAgent Bea L.\n( 5s ) Bea: Thanks for contacting us\n( 1m 2s ) Ada: My desk wobbles\n( 2m ) Bea: Would you like a rug?",
            "My desk wobbles",
        ),
        (
            "2025-06-03 14:02 | Visitor | My desk wobbles\n2025-06-03 14:03 | Bea | Would you like a rug?",
            "My desk wobbles",
        ),
        ("Visitor 381: My desk wobbles\nBea: Would you like a rug?\nVisitor 381: no", "My desk wobbles\nno"),
        ("User: My desk wobbles Bot: Would you like a rug? User: no", "My desk wobbles\nno"),
    ]);
}
