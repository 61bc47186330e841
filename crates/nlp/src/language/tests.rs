use super::*;
use Language::{
    Cs, Da, De, El, En, Fa, Fi, Fr, He, Hi, Hr, Id, Ja, Ko, Ms, No, Pl, Pt, Ru, Sk, Sr, Sv, Th, Tl, Tr, Vi,
    Zh,
};

fn check(text: &str, prior: Option<Language>, expected: Option<Language>) {
    assert_eq!(detect(text, prior), expected, "{text:?} under {prior:?}");
}

#[test]
fn codes_name_each_language_once() {
    for language in Language::ALL {
        assert_eq!(Language::from_code(language.code()), Some(language));
        assert_eq!(Language::ALL[language as usize], language);
    }
    for code in ["", "EN", "nb", "fil", "xx", "en-US"] {
        assert_eq!(Language::from_code(code), None, "{code}");
    }
}

#[test]
fn tags_are_read_by_their_language() {
    let tags = [
        ("en-US", En),
        ("EN_gb", En),
        ("pt-BR", Pt),
        ("nb-NO", No),
        ("nn", No),
        ("fil-PH", Tl),
        ("iw", He),
        ("in", Id),
        ("zh-Hant-TW", Zh),
        ("yue-HK", Zh),
        ("sr-Latn", Sr),
        ("sh", Sr),
        ("bs_BA", Hr),
    ];
    for (tag, language) in tags {
        assert_eq!(Language::from_tag(tag), Some(language), "{tag}");
    }
    for tag in ["", "-", "und", "ca", "english"] {
        assert_eq!(Language::from_tag(tag), None, "{tag}");
    }
}

#[test]
fn without_letters_the_prior_is_all_there_is() {
    for text in [
        "",
        "  ",
        "12345",
        "👍🎉",
        "+49 30 901820",
        "me@example.com",
        "https://example.de/hallo-welt",
        "A1B2C3",
    ] {
        check(text, None, None);
        check(text, Some(Tr), Some(Tr));
    }
}

#[test]
fn a_script_decides_by_itself() {
    check("Καλημέρα", Some(En), Some(El));
    check("שלום", Some(En), Some(He));
    check("สวัสดี", Some(En), Some(Th));
    check("नमस्ते", Some(En), Some(Hi));
    check("감사합니다", Some(En), Some(Ko));
    check("ありがとう", Some(Zh), Some(Ja));
    check("退款", Some(En), Some(Zh));
    check("返金", Some(Ja), Some(Ja));
    check("我上周订的包裹到现在还没有收到请帮忙", Some(Ja), Some(Zh));
}

#[test]
fn a_script_of_no_language_here_has_none() {
    check("გამარჯობა, როგორ ხართ?", Some(En), None);
    check("வணக்கம்", None, None);
}

#[test]
fn short_texts_lean_on_the_prior() {
    check("Ben", Some(En), Some(En));
    check("Jane Doe", Some(En), Some(En));
    check("hai", Some(En), Some(En));
    check("ok", Some(Fi), Some(Fi));
    check("Hej", Some(Da), Some(Da));
    check("Hej", Some(Sv), Some(Sv));
    check("terima kasih", Some(Ms), Some(Ms));
    check("terima kasih", Some(Id), Some(Id));
    check("Dobar dan, hvala", Some(Sr), Some(Sr));
    check("Dobar dan, hvala", Some(Hr), Some(Hr));
}

#[test]
fn a_sentence_stands_against_the_prior() {
    check("Ich habe mein Paket noch nicht bekommen.", Some(En), Some(De));
    check("where is my order, it should have been here monday", Some(De), Some(En));
    check("Gdje je moja narudžba, čekam već cijeli tjedan?", Some(Sr), Some(Hr));
    check("Saya nak tukar kata laluan tetapi tak boleh.", Some(Id), Some(Ms));
    check("Jeg har ikke fått pengene mine tilbake ennå", Some(Da), Some(No));
    check("Nie môžem sa prihlásiť do svojho účtu", Some(Cs), Some(Sk));
}

#[test]
fn names_and_codes_do_not_flip_a_text() {
    check("Mein Microsoft Teams und Google Drive gehen nicht mehr", None, Some(De));
    check("Mon abonnement Netflix Premium Family Plan ne marche pas", None, Some(Fr));
    check("не работает Google Play Music на Xiaomi Redmi Note", None, Some(Ru));
    check("我的 MacBook Pro Space Gray 坏了", None, Some(Zh));
    check(
        "Bestellung 4711-AB an erika.mustermann@example.com, siehe https://example.com/track/order",
        None,
        Some(De),
    );
}

#[test]
fn careless_writing_is_read() {
    check("i cant log in pls helpp", None, Some(En));
    check("WHERE IS MY REFUND", None, Some(En));
    check("nie moge zalogowac sie na konto", None, Some(Pl));
    check("cam on ban, minh da nhan duoc hang", None, Some(Vi));
    check("koennen sie mir bitte die rechnung zuschicken", None, Some(De));
    // accents as letters of their own, and Persian typed with Arabic letters
    check("J'ai e\u{301}te\u{301} de\u{301}bite\u{301}e deux fois", None, Some(Fr));
    check("خيلي ممنون، كي ميرسه؟", None, Some(Fa));
}

#[test]
fn any_input_is_read_in_bounded_time() {
    let long = "Où est ma commande ? ".repeat(50_000);
    check(&long, None, Some(Fr));
    check(&"日".repeat(100_000), None, Some(Zh));
    check(&"'".repeat(10_000), None, None);
    check(&"a".repeat(10_000), Some(En), detect(&"a".repeat(TEXT_MAX), Some(En)));
}
