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
fn numbers_are_found_over_lines_and_separators() {
    for card in [
        "4111.1111.1111.1111",
        "4111/1111/1111/1111",
        "4111_1111_1111_1111",
        "4111·1111·1111·1111",
        "4111\u{2011}1111\u{2011}1111\u{2011}1111",
        "4111\u{a0}1111\u{a0}1111\u{a0}1111",
        "4111 1111\n1111 1111",
        "4111<br>1111<br>1111<br>1111",
        "3782_822463_10005",
    ] {
        check(&format!("my card {card} is gone"), "my card [card] is gone");
    }
    check("call me on 0171\n555\n0123", "call me on [phone]");
    check("phone +49_171_5550123", "phone [phone]");
    check("my number +49 171\n5550123", "my number [phone]");
    check("Telefon null eins sieben eins fünf fünf fünf", "Telefon [phone]");
    check("mi teléfono es seis uno dos tres cuatro cinco seis", "mi teléfono es [phone]");
    check("account number 12345678", "account number [number]");
    check("my account 12345678", "my account [number]");
    check("sort code 20-00-00, account no 1234\n5678", "sort code [number], account no [number]");
    check("DE89\n3704 0044\n0532 0130 00", "[iban]");
    check("my card ending in 4242", "my card ending in [card]");
    check("the last four of my SSN are 1234", "the last four of my SSN are [id]");
    stays("chapters 4\n5\n6\n7 of order 4111");
    stays("order 12345678, on my account since 20240312");
    stays("my order ending in 4242");
    stays("12.05.2024 10:15, 1.234.567,89 EUR, 3/4/5 stars, v1.2.3-beta_4");
}

#[test]
fn addresses_are_found_in_scripts_without_capitals() {
    check("我住在北京市海淀区中关村大街27号。", "我住在[address]。");
    check("住所：東京都千代田区丸の内1丁目9番1号", "住所：[address]");
    check("〒100-0005 東京都千代田区丸の内1-9-1", "[address]");
    check("주소는 서울시 종로구 세종대로 175", "주소는 [address]");
    check("أسكن في شارع الحمرا 12، بيروت", "أسكن في [address]");
    check("ул. Ленина, д. 5, кв. 3", "[address]");
    check("P.O. Box 1234", "P.O. Box [address]");
    check("I live at 742 evergreen terrace", "I live at [address]");
    check("Apt 4, 12 Main Street, Springfield.", "[address].");
    check("at 51.507351, -0.127758 now", "at [address] now");
    stays("我知道3号的订单在5月3号到了");
    stays("서울로 3일 걸립니다");
    stays("rated 4.5, 3.2 and 10.25");
}

#[test]
fn names_are_found_in_signatures() {
    check("It is late\n-- \nAnna Schmidt", "It is late\n-- \n[name]");
    check("It is late\n\nThank you\nAnna Schmidt", "It is late\n\nThank you\n[name]");
    check("Thanks!\nAnna", "Thanks!\n[name]");
    check("<p>Regards,<br/>Anna Schmidt</p>", "<p>Regards,<br/>[name]</p>");
    check("Vielen Dank<br>\nAnna Schmidt", "Vielen Dank<br>\n[name]");
    check("ผมชื่อสมชาย ใจดี ครับ", "ผมชื่อ[name] ครับ");
    stays("Thank you\nWhere is it?");
    stays("Thanks\nMy parcel is late");
    stays("--\nOrder 17 is late");
    stays("Best\nRefund it, please");
}

#[test]
fn mail_addresses_are_found_taken_apart() {
    for mail in [
        "anna.schmidt @ example.com",
        "anna.schmidt@ example.com",
        "anna.schmidt\n@example.com",
        "anna.schmidt@example\n.com",
        "anna.schmidt@example . com",
        "anna.schmidt@example,com",
        "anna.schmidt_at_example.com",
        "anna.schmidt[at]example.com",
        "anna.schmidt (at) example.com",
        "a n n a @ e x a m p l e . c o m",
        "anna собака example точка com",
    ] {
        check(&format!("write to {mail} please"), "write to [email] please");
    }
    stays("see you at home. It is late");
    stays("thanks @shop, it came. Great");
}

#[test]
fn other_things_that_name_a_person_are_found() {
    check("mac 00:1a:2b:3c:4d:5e", "mac [ip]");
    check("my VIN is 1M8GDM9AXKP042788", "my VIN is [id]");
    check("license plate ABC 1234", "license plate [id]");
    check("I am @anna_s on Instagram", "I am [name] on Instagram");
    check("see facebook.com/anna.schmidt.9 please", "see [url] please");
    check("EIN 12-3456789, our EIN is 12-3456789", "EIN [id], our EIN is [id]");
    check("the password should be Bluebird77", "the password should be [secret]");
    check("Bluebird77 is my password", "[secret] is my password");
    check("my passphrase is correct horse battery staple.", "my passphrase is [secret].");
    check("the code you sent me is 482913", "the code you sent me is [secret]");
    stays("the password should be longer, and have 8 characters");
    stays("the code you sent me is wrong");
    stays("see facebook.com/help and www.instagram.com");
    stays("@support hello");
    stays("SKU 00-1a-2b, my passphrase is not accepted");
}

#[test]
fn known_names_are_found_short_and_with_a_letter_wrong() {
    check_names("Walburgha, Wallburga and Walbugra", &["Walburga Li"], "[name], [name] and [name]");
    check_names("I told Li, but li is no word", &["Walburga Li"], "I told [name], but li is no word");
    check_names("Martina and Martian", &["Marti Xu"], "Martina and Martian");
    check_names("ÍÑIGO was here", &["Iñigo"], "[name] was here");
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
