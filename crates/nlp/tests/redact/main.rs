//! The finding of personal data: planted values, distractors, random text.

mod labeled;
mod properties;

use refrain_nlp::redact::{find, mask};
use std::time::Instant;

fn masked(text: &str) -> String {
    mask(text, &find(text, &[]))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(masked(text), expected);
}

#[track_caller]
fn check_names(text: &str, names: &[&str], expected: &str) {
    assert_eq!(mask(text, &find(text, names)), expected);
}

#[track_caller]
fn stays(text: &str) {
    check(text, text);
}

#[test]
fn mail_addresses_are_found_however_they_are_written() {
    check("mail joe.last@example.com, please", "mail [email], please");
    check("anna at example dot com", "[email]");
    check("anna dot schmidt (at) example (dot) co (dot) uk", "[email]");
    check("inba 5252 gmailcom", "[email]");
    check("anna @ example.com", "[email]");
    check("我的邮箱是test@example.com谢谢", "我的邮箱是[email]谢谢");
    stays("@united thanks, see you at home");
    stays("I saw it at example.com yesterday");
    stays("there is a dot at the end");
}

#[test]
fn numbers_are_told_apart() {
    check("call 785-856-2525 ext. 12 now", "call [phone] now");
    check("Card ４１１１ １１１１ １１１１ １１１１", "Card [card]");
    check("هاتفي ٠٥٥١٢٣٤٥٦٧", "هاتفي [phone]");
    check("4111111111111111,123", "[card],123");
    check("4111\u{200b}1111\u{ad}11111111", "[card]");
    check("account 9931939443153", "account [number]");
    check("policy number one two three four five six seven eight", "policy number [number]");
    check("SSN 123-45-6789", "SSN [id]");
    check("passport number is X1234567", "passport number is [id]");
    stays("order 9931939443153 of 14.05.2026 15:30 for $1,234,567.89");
    stays("from 2019-2020 we paid 1 234 567,89 € and 100000000 VND");
    stays("ABC-123-456-7890, SKU 123-456-7890, version 10.15.7.1, 12:30:45");
}

#[test]
fn secrets_are_found_by_look_or_by_what_is_said_of_them() {
    check(
        "my password is hunter2 and my pin is 1234, code 482913",
        "my password is [secret] and my pin is [secret], code [secret]",
    );
    check("mot de passe : azerty12", "mot de passe : [secret]");
    check("password \"correct horse\" it is", "password \"[secret]\" it is");
    check("password is piano 2334", "password is [secret]");
    check("Authorization: Bearer abcdefghijklmnop123456", "Authorization: Bearer [secret]");
    check("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- bye", "[secret] bye");
    stays("my password is not working, the password is wrong and it expired");
    stays("error code 404123, zip code 16518, promo code SAVE20");
    stays("the reset-password-page-of-the-shop-2026 is down");
}

#[test]
fn only_private_web_addresses_are_masked() {
    check("open https://example.com/reset?token=abc123.", "open [url].");
    check("(https://user:pw@example.com/x)", "([url])");
    stays("see https://example.com/help?lang=en&page=2 and www.example.com");
}

#[test]
fn known_names_are_masked_as_whole_words() {
    let check = check_names;
    check(
        "Hi Anna, ANNA SCHMIDT here, anna's order, Annabel",
        &["Anna Schmidt"],
        "Hi [name], [name] here, [name]'s order, Annabel",
    );
    check("Schmidt Anna", &["Anna Schmidt"], "[name]");
    check("Jose GARCIA wrote", &["José García"], "[name] wrote");
    check("王伟您好", &["王伟"], "[name]您好");
    check("Li Bo is short, but li is not", &["Bo Li"], "[name] is short, but li is not");
    check(
        "will you help? Will you? I told Will Page on this page",
        &["Will Page"],
        "will you help? Will you? I told [name] on this page",
    );
    check("Thanks Will", &["Will Page"], "Thanks [name]");
    check("the customer is here", &["Customer"], "the customer is here");
}

#[test]
fn people_who_introduce_themselves_are_masked() {
    check("Hello, my name is Joe Last.", "Hello, my name is [name].");
    check("this is Anna Schmidt speaking", "this is [name] speaking");
    check("I'm Andrew M. and I'm American", "I'm [name] and I'm American");
    check("my name is raj kumar and booking", "my name is [name] and booking");
    check(
        "ich heiße Uwe, je m'appelle Luc, me llamo Íñigo",
        "ich heiße [name], je m'appelle [name], me llamo [name]",
    );
    check("私の名前は田中太郎です", "私の名前は[name]です");
    check("My name's O'Brien. Name: john doe", "My name's [name]. Name: [name]");
    check("hello this is john speaking", "hello this is [name] speaking");
    check("Kind regards,\nAnna Schmidt", "Kind regards,\n[name]");
    check("Frau Müller and Mr. Smith", "Frau [name] and Mr. [name]");
    stays("my name is not on the list, my name is spelled wrong");
    stays("this is urgent, I'm Sorry, it's Delta flight, I am On hold");
    stays("Ich bin Kunde. Ich bin Premium Kunde.");
}

#[test]
fn time_grows_with_the_text_and_no_faster() {
    for piece in
        ["1 ", "a@", "at ", "my name is ", "https://a", "(+1", "-----BEGIN KEY ", "1.", ":", "A1b2C3d4E5"]
    {
        let text = piece.repeat(200_000 / piece.len());
        let start = Instant::now();
        find(&text, &["Anna Schmidt"]);
        assert!(start.elapsed().as_secs() < 5, "{piece:?} took {:?}", start.elapsed());
    }
}
