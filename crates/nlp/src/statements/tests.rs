use super::*;

/// Turns as "c: text" for the contact and "o: text" for the other side; expected: the statements' texts.
fn check(conversation: &[&str], expected: &[&str]) {
    let turns: Vec<Turn<'_>> = conversation
        .iter()
        .map(|turn| match turn.split_once(": ") {
            Some(("o", text)) => Turn { author: Author::Other, text },
            Some((_, text)) => Turn { author: Author::Contact, text },
            None => panic!("who says {turn}?"),
        })
        .collect();
    let found: Vec<&str> =
        find(&turns).iter().map(|span| &turns[span.turn].text[span.start..span.end]).collect();
    assert_eq!(found, expected, "in {conversation:?}");
}

#[test]
fn a_single_message_is_one_statement() {
    for (message, statement) in [
        ("refund", "refund"),
        ("My card was stolen. What do I do?", "My card was stolen. What do I do?"),
        ("Hi, I want a refund, please.", "I want a refund"),
        (
            "#Ah Okay. So if I wanted to add my son, how would I do that?",
            "if I wanted to add my son, how would I do that?",
        ),
        (
            "um, yes hi Jeff this is Maria Lopez. I need to update my payment method.",
            "I need to update my payment method.",
        ),
        ("Hi, Wi-Fi is not working", "Wi-Fi is not working"),
        ("This is RIDICULOUS! Two hours on hold", "This is RIDICULOUS! Two hours on hold"),
        ("[email] does not work", "[email] does not work"),
    ] {
        check(&[&format!("c: {message}")], &[statement]);
    }
}

#[test]
fn courtesies_and_answers_state_nothing() {
    for message in
        ["Hello", "hai sir", "thank you so much", "2", "8 pm thanks", "[email]", "", "👍", "ok bye"]
    {
        check(&[&format!("c: {message}")], &[]);
    }
}

#[test]
fn every_script_has_statements_and_courtesies() {
    for (greeting, statement) in [
        ("Guten Tag", "meine Bestellung ist nicht angekommen"),
        ("Bonjour", "je n'ai pas reçu mon colis"),
        ("Привет", "Где мой заказ?"),
        ("مرحبا", "لم يصل طلبي حتى الآن"),
        ("नमस्ते", "मेरा ऑर्डर नहीं आया"),
        ("안녕하세요", "주문한 상품이 안 왔어요"),
        ("你好", "我的订单还没有到"),
        ("こんにちは", "注文した商品がまだ届きません"),
        ("สวัสดีครับ", "สินค้ายังไม่ถึง"),
    ] {
        check(&[&format!("c: {greeting}"), &format!("c: {statement}")], &[statement]);
    }
}

#[test]
fn slot_answers_and_small_talk_stay_out_and_new_requests_come_in() {
    check(
        &[
            "c: hello",
            "o: Hello, how can I help?",
            "c: I need to check my balance",
            "o: Could I get your full name, please?",
            "c: Andrew M.",
            "o: For how many people?",
            "c: 2",
            "o: Lucca is in the south.",
            "c: Great, it sounds perfect.",
            "o: Is there anything else that I can do for you?",
            "c: Yes, I lost my debit card as well",
            "o: Is there anything else that I can do for you?",
            "c: No thanks, you've been great",
        ],
        &["I need to check my balance", "I lost my debit card as well"],
    );
    check(
        &["c: my app crashes when I open it", "c: ok thanks", "c: also I was charged twice"],
        &["my app crashes when I open it", "also I was charged twice"],
    );
}

#[test]
fn a_long_message_is_read_sentence_by_sentence() {
    let letter = "c: Dear team, I am a customer of many years and have always spoken well of you to all my friends. \
        Where is my order? I ordered it three weeks ago and I was told it would come within five days. It was a \
        present for my sister, who lives abroad. Please refund the delivery charge. Kind regards, Tom Jones";
    check(&[letter], &["Where is my order?", "Please refund the delivery charge."]);
}

#[test]
fn a_conversation_has_at_most_eight() {
    let turns = vec![Turn { author: Author::Contact, text: "I want to cancel my order" }; 30];
    assert_eq!(find(&turns).len(), STATEMENTS_MAX);
}

/// Folding takes accents off, so that a word of one language may turn into another's.
#[test]
fn no_english_word_of_grammar_is_a_cue_of_another_language() {
    let lines = include_str!("words.txt").lines().filter_map(|line| line.strip_prefix("neutral: "));
    for word in lines.flat_map(|words| words.split(", ")).filter(|word| word.is_ascii()) {
        let cues = matter::Cues::of(word);
        assert!(!cues.wrong && !cues.life && !cues.frame && !cues.vague, "{word}: {cues:?}");
    }
}
