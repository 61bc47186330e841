use super::check;

const WHAT_AN_ANSWER_QUOTES_IS_NOT_SAID_BY_IT: &[(&str, &str)] = &[
    (
        "The kettle leaks.\n\nOn Mon, 5 May 2025 at 18:02, Kettle Care <care@kettle.example> wrote:\n> Dear Sam,\n> your kettle is on its way.",
        "The kettle leaks.",
    ),
    (
        "The kettle leaks.\n\nOn Mon, May 5, 2025 at 6:02\u{202f}PM Kettle Care Customer Happiness Department\n<care@kettle.example> wrote:\n\nDear Sam, do you want a new kettle?",
        "The kettle leaks.",
    ),
    (
        "Der Wasserkocher tropft.\n\nAm 05.05.2025 um 18:02 schrieb Kettle Care:\n> Guten Tag, Ihr Paket kommt.",
        "Der Wasserkocher tropft.",
    ),
    (
        "La bouilloire fuit.\n\nLe lun. 5 mai 2025 à 18:02, Kettle Care <care@kettle.example> a écrit :\n\n> Bonjour, votre colis arrive.",
        "La bouilloire fuit.",
    ),
    (
        "La tetera gotea.\n\nEl lun, 5 may 2025 a las 18:02, Kettle Care (<care@kettle.example>)\nescribió:\n\n> Hola, su paquete llega.",
        "La tetera gotea.",
    ),
    (
        "A chaleira vaza.\n\nEm seg., 5 de mai. de 2025 às 18:02, Kettle Care <care@kettle.example> escreveu:\n\n> Olá",
        "A chaleira vaza.",
    ),
    (
        "Il bollitore perde.\n\nIl giorno lun 5 mag 2025 alle ore 18:02 Kettle Care <care@kettle.example> ha scritto:\n\n> Ciao",
        "Il bollitore perde.",
    ),
    (
        "De waterkoker lekt.\n\nOp ma 5 mei 2025 om 18:02 schreef Kettle Care <care@kettle.example>:\n\n> Hallo",
        "De waterkoker lekt.",
    ),
    (
        "Vattenkokaren läcker.\n\nDen mån 5 maj 2025 kl 18:02 skrev Kettle Care <care@kettle.example>:\n\n> Hej",
        "Vattenkokaren läcker.",
    ),
    (
        "Vedenkeitin vuotaa.\n\nma 5. toukok. 2025 klo 18.02 Kettle Care (care@kettle.example) kirjoitti:\n\n> Hei",
        "Vedenkeitin vuotaa.",
    ),
    (
        "Czajnik przecieka.\n\npon., 5 maj 2025 o 18:02 Kettle Care <care@kettle.example> napisał(a):\n\n> Dzień dobry",
        "Czajnik przecieka.",
    ),
    (
        "Konvice teče.\n\npo 5. 5. 2025 v 18:02 odesílatel Kettle Care <care@kettle.example> napsal:\n\n> Dobrý den",
        "Konvice teče.",
    ),
    (
        "Szivárog a vízforraló.\n\nKettle Care <care@kettle.example> ezt írta (időpont: 2025. máj. 5., H, 18:02):\n\n> Üdv",
        "Szivárog a vízforraló.",
    ),
    (
        "Чайник течёт.\n\nпн, 5 мая 2025 г. в 18:02, Kettle Care <care@kettle.example>:\n\n> Здравствуйте",
        "Чайник течёт.",
    ),
    (
        "Çaydanlık sızdırıyor.\n\nKettle Care <care@kettle.example>, 5 May 2025 Pzt, 18:02 tarihinde şunu yazdı:\n\n> Merhaba",
        "Çaydanlık sızdırıyor.",
    ),
    (
        "Ο βραστήρας στάζει.\n\nΣτις Δευ 5 Μαΐ 2025 στις 6:02 μ.μ., ο χρήστης Kettle Care <care@kettle.example> έγραψε:\n\n> Γεια",
        "Ο βραστήρας στάζει.",
    ),
    (
        "הקומקום דולף.\n\nבתאריך יום ב׳, 5 במאי 2025 ב-18:02 מאת \u{202a}Kettle Care\u{202c}\u{200f} <\u{202a}care@kettle.example\u{202c}\u{200f}>:\u{202c}\n\n> שלום",
        "הקומקום דולף.",
    ),
    (
        "الغلاية تسرب.\n\nفي الاثنين، 5 مايو 2025 في 6:02 م تمت كتابة ما يلي بواسطة Kettle Care <care@kettle.example>:\n\n> مرحبا",
        "الغلاية تسرب.",
    ),
    (
        "ケトルから水が漏れます。\n\n2025年5月5日(月) 18:02 Kettle Care <care@kettle.example>:\n\n> こんにちは",
        "ケトルから水が漏れます。",
    ),
    (
        "水壶漏水。\n\nKettle Care <care@kettle.example> 于2025年5月5日周一 18:02写道：\n\n> 您好",
        "水壶漏水。",
    ),
    (
        "주전자가 새요.\n\n2025년 5월 5일 (월) 오후 6:02, Kettle Care <care@kettle.example>님이 작성:\n\n> 안녕하세요",
        "주전자가 새요.",
    ),
    (
        "กาน้ำรั่ว\n\nในวันที่ จ. 5 พ.ค. 2025 เวลา 18:02 Kettle Care <care@kettle.example> เขียนว่า:\n\n> สวัสดี",
        "กาน้ำรั่ว",
    ),
    (
        "Ấm bị rò.\n\nVào Th 2, 5 thg 5, 2025 vào lúc 18:02 Kettle Care <care@kettle.example> đã viết:\n\n> Chào",
        "Ấm bị rò.",
    ),
    (
        "Ketelnya bocor.\n\nPada tanggal Sen, 5 Mei 2025 pukul 18.02 Kettle Care <care@kettle.example> menulis:\n\n> Halo",
        "Ketelnya bocor.",
    ),
    (
        "Fierbătorul curge.\n\nÎn lun., 5 mai 2025 la 18:02, Kettle Care <care@kettle.example> a scris:\n\n> Salut",
        "Fierbătorul curge.",
    ),
];

#[test]
fn what_an_answer_quotes_is_not_said_by_it() {
    check(WHAT_AN_ANSWER_QUOTES_IS_NOT_SAID_BY_IT);
}

const WITHOUT_LINE_BREAKS: &[(&str, &str)] = &[
    (
        "The fan hums at night. On Mon, May 5, 2025 at 6:02 PM Fans Ltd <care@fans.example> wrote: > Dear Sam, > want a new fan?",
        "The fan hums at night.",
    ),
    (
        "Der Lüfter brummt nachts Am Mo., 5. Mai 2025 um 18:02 Uhr schrieb Fans Ltd <care@fans.example>: > Guten Tag, > Ihr Paket",
        "Der Lüfter brummt nachts",
    ),
    (
        "Le ventilateur ronfle Le lun. 5 mai 2025 à 18:02, Fans Ltd <care@fans.example> a écrit : Bonjour, votre colis arrive",
        "Le ventilateur ronfle",
    ),
    (
        "The fan hums at night -----Original Message----- From: Fans Ltd Sent: Monday, May 5, 2025 6:02 PM To: Sam Subject: Fan Dear Sam, want a new fan?",
        "The fan hums at night",
    ),
    (
        "The fan hums at night From: Fans Ltd <care@fans.example> Sent: Monday, May 5, 2025 6:02 PM To: Sam Subject: Fan Dear Sam, want a new fan?",
        "The fan hums at night",
    ),
    (
        "I wrote on Monday: the fan hums at night, and on 5 May 2025 you wrote: we look into it, but nobody did anything",
        "I wrote on Monday: the fan hums at night, and on 5 May 2025 you wrote: we look into it, but nobody did anything",
    ),
];

#[test]
fn a_quotation_within_a_line_is_found() {
    check(WITHOUT_LINE_BREAKS);
}

const OTHER_PROGRAMS_QUOTE: &[(&str, &str)] = &[
    (
        "The fan hums.\n\n> On 5 May 2025, at 18:02, Fans Ltd <care@fans.example> wrote:\n> \n> Dear Sam,\n> want a new fan?",
        "The fan hums.",
    ),
    ("The fan hums.\n\nOn 05/05/2025 18:02, Fans Ltd wrote:\n> Dear Sam", "The fan hums."),
    (
        "The fan hums.\n\nOn Monday, May 5, 2025 at 06:02:00 PM GMT+2, Fans Ltd <care@fans.example> wrote:\n\nDear Sam",
        "The fan hums.",
    ),
    (
        "The fan hums.\n\n---- On Mon, 05 May 2025 18:02:00 +0200 Fans Ltd <care@fans.example> wrote ----\n\nDear Sam",
        "The fan hums.",
    ),
    (
        "The fan hums.\n\n2025-05-05 18:02 GMT+02:00 Fans Ltd <care@fans.example>:\n\n> Dear Sam",
        "The fan hums.",
    ),
    (
        "Der Lüfter brummt.\n\nFans Ltd <care@fans.example> schrieb am Mo., 5. Mai 2025, 18:02:\n\n> Guten Tag",
        "Der Lüfter brummt.",
    ),
    (
        "Der Lüfter brummt.\n\n-------- Ursprüngliche Nachricht --------\nVon: Fans Ltd <care@fans.example>\nDatum: 05.05.25 18:02 (GMT+01:00)\nAn: sam@poe.example\nBetreff: Lüfter\n\nGuten Tag",
        "Der Lüfter brummt.",
    ),
    (
        "The fan hums.\n\n*From:* Fans Ltd <care@fans.example>\n*Sent:* Monday, May 5, 2025 6:02 PM\n*To:* Sam\n*Subject:* Fan\n\nDear Sam",
        "The fan hums.",
    ),
    (
        "The fan hums.\n\nFrom: Fans Ltd <care@fans.example>\nDate: Monday, 5 May 2025 at 18:02\nTo: Sam Poe <sam@poe.example>, Ann Lee <ann@lee.example>,\n Bo Ray <bo@ray.example>\nSubject: Fan\n\nDear Sam",
        "The fan hums.",
    ),
    (
        "Viftan bullrar.\n\nFrån: Fans Ltd <care@fans.example>\nSkickat: den 5 maj 2025 18:02\nTill: Sam\nÄmne: Sv: vifta\n\nHej",
        "Viftan bullrar.",
    ),
    (
        "Il ventilatore ronza.\n\nDa: Fans Ltd <care@fans.example>\nInviato: lunedì 5 maggio 2025 18:02\nA: Sam\nOggetto: R: ventola\n\nCiao",
        "Il ventilatore ronza.",
    ),
    (
        "A ventoinha zumbe.\n\nDe: Fans Ltd <care@fans.example>\nEnviada: 5 de maio de 2025 18:02\nPara: Sam\nAssunto: RE: ventoinha\n\nOlá",
        "A ventoinha zumbe.",
    ),
    (
        "선풍기가 울려요.\n\n보낸 사람: Fans Ltd <care@fans.example>\n보낸 날짜: 2025년 5월 5일 18:02\n받는 사람: Sam\n제목: RE: 선풍기\n\n안녕하세요",
        "선풍기가 울려요.",
    ),
    (
        "المروحة تطن.\n\nمن: Fans Ltd <care@fans.example>\nتاريخ الإرسال: 5 مايو 2025 18:02\nإلى: Sam\nالموضوع: رد\n\nمرحبا",
        "المروحة تطن.",
    ),
];

#[test]
fn other_programs_quote() {
    check(OTHER_PROGRAMS_QUOTE);
}

const A_HEADER_PARTS_AN_ANSWER_FROM_WHAT_IT_ANSWERS: &[(&str, &str)] = &[
    (
        "The lid is cracked.\n\nFrom: Kettle Care <care@kettle.example>\nSent: Monday, May 5, 2025 6:02 PM\nTo: Sam Poe\nSubject: Re: lid\n\nWe ship a new lid.",
        "The lid is cracked.",
    ),
    (
        "Der Deckel ist gesprungen.\n\n-----Ursprüngliche Nachricht-----\nVon: Kettle Care [mailto:care@kettle.example]\nGesendet: Montag, 5. Mai 2025 18:02\nAn: Sam Poe\nBetreff: AW: Deckel\n\nGuten Tag",
        "Der Deckel ist gesprungen.",
    ),
    (
        "Le couvercle est fêlé.\n\nDe : Kettle Care <care@kettle.example>\nEnvoyé : lundi 5 mai 2025 18:02\nÀ : Sam Poe\nObjet : RE: couvercle\n\nBonjour",
        "Le couvercle est fêlé.",
    ),
    (
        "La tapa está rota.\n\n________________________________\nDe: Kettle Care <care@kettle.example>\nEnviado: lunes, 5 de mayo de 2025 18:02\nPara: Sam Poe\nAsunto: RE: tapa\n\nHola",
        "La tapa está rota.",
    ),
    (
        "Het deksel is stuk.\n\nVan: Kettle Care <care@kettle.example>\nVerzonden: maandag 5 mei 2025 18:02\nAan: Sam Poe\nOnderwerp: RE: deksel\n\nHallo",
        "Het deksel is stuk.",
    ),
    (
        "Pokrywka pękła.\n\nOd: Kettle Care <care@kettle.example>\nWysłano: poniedziałek, 5 maja 2025 18:02\nDo: Sam Poe\nTemat: ODP: pokrywka\n\nDzień dobry",
        "Pokrywka pękła.",
    ),
    (
        "Крышка треснула.\n\nОт: Kettle Care <care@kettle.example>\nОтправлено: 5 мая 2025 г. 18:02\nКому: Sam Poe\nТема: RE: крышка\n\nЗдравствуйте",
        "Крышка треснула.",
    ),
    (
        "盖子裂了。\n\n发件人: Kettle Care <care@kettle.example>\n发送时间: 2025年5月5日 18:02\n收件人: Sam Poe\n主题: 回复: 盖子\n\n您好",
        "盖子裂了。",
    ),
    (
        "蓋が割れています。\n\n差出人: Kettle Care <care@kettle.example>\n送信日時: 2025年5月5日 18:02\n宛先: Sam Poe\n件名: Re: 蓋\n\nこんにちは",
        "蓋が割れています。",
    ),
    (
        "Kapak çatlak.\n\nKimden: Kettle Care <care@kettle.example>\nGönderildi: 5 Mayıs 2025 Pazartesi 18:02\nKime: Sam Poe\nKonu: YNT: kapak\n\nMerhaba",
        "Kapak çatlak.",
    ),
    ("##- Please type your reply above this line -##\n\nThe lid is cracked.", "The lid is cracked."),
    ("I flew From: Oslo To: Rome and my bag is lost", "I flew From: Oslo To: Rome and my bag is lost"),
    (
        "From: Oslo\nTo: Rome\nDate: 5 May\nI want another flight",
        "From: Oslo\nTo: Rome\nDate: 5 May\nI want another flight",
    ),
    ("Your agent wrote: send it back. But how?", "Your agent wrote: send it back. But how?"),
];

#[test]
fn a_header_parts_an_answer_from_what_it_answers() {
    check(A_HEADER_PARTS_AN_ANSWER_FROM_WHAT_IT_ANSWERS);
}

const ANSWERS_IN_BETWEEN_STAY: &[(&str, &str)] = &[
    (
        "On Mon, May 5, 2025 at 6:02 PM Kettle Care <care@kettle.example> wrote:\n> Which model is it?\n\nThe K200.\n\n> What happens?\n\nIt leaks from the bottom.",
        "The K200.\n\nIt leaks from the bottom.",
    ),
    (
        "> When did you buy it?\nIn March, and it was broken.\n> Do you have the bill?\nNo, I lost it.",
        "In March, and it was broken.\nNo, I lost it.",
    ),
    ("> Please send me a new lid", "Please send me a new lid"),
];

#[test]
fn answers_in_between_stay() {
    check(ANSWERS_IN_BETWEEN_STAY);
}

const WHAT_IS_ONLY_PASSED_ON_IS_THE_MATTER: &[(&str, &str)] = &[
    (
        "FYI, customer unhappy.\n\n---------- Forwarded message ---------\nFrom: Sam Poe <sam@poe.example>\nDate: Mon, May 5, 2025 at 6:02 PM\nSubject: lid\nTo: <office@firm.example>\n\nThe lid is cracked.",
        "The lid is cracked.",
    ),
    (
        "Ci occupiamo noi?\n\n---------- Messaggio inoltrato ---------\nDa: Sam Poe <sam@poe.example>\nDate: lun 5 mag 2025\nSubject: lid\nTo: <office@firm.example>\n\nThe lid is cracked.",
        "The lid is cracked.",
    ),
    (
        "FYI\n\n---------- Forwarded message ---------\nFrom: Sam Poe <sam@poe.example>\nDate: Mon, May 5, 2025 at 6:02 PM\nSubject: lid\nTo: <office@firm.example>\n\nThe lid is cracked.",
        "The lid is cracked.",
    ),
    (
        "Begin forwarded message:\n\nFrom: Sam Poe <sam@poe.example>\nSubject: lid\nDate: 5 May 2025 at 18:02:11 CEST\nTo: office@firm.example\n\nThe lid is cracked.\n\nKind regards,\nSam",
        "The lid is cracked.",
    ),
    (
        "Zur Info, siehe unten.\n\nViele Grüße\nRosa Beil\n\nVon: Sam Poe <sam@poe.example>\nGesendet: Montag, 5. Mai 2025 18:02\nAn: Büro\nBetreff: Deckel\n\nDer Deckel ist gesprungen.",
        "Der Deckel ist gesprungen.",
    ),
    (
        "Pour info\n\n---------- Message transféré ---------\nDe : Sam Poe <sam@poe.example>\nDate : lun. 5 mai 2025 à 18:02\nObjet : couvercle\nÀ : <bureau@firm.example>\n\nLe couvercle est fêlé.",
        "Le couvercle est fêlé.",
    ),
    (
        "Ver abajo, por favor.\n\n---------- Mensaje reenviado ----------\nDe: Sam Poe <sam@poe.example>\nFecha: lun, 5 may 2025\nAsunto: tapa\nPara: <oficina@firm.example>\n\nLa tapa está rota.",
        "La tapa está rota.",
    ),
    (
        "К сведению\n\n-------- Пересылаемое сообщение --------\nОт: Sam Poe <sam@poe.example>\nДата: 5 мая 2025\nТема: крышка\nКому: office@firm.example\n\nКрышка треснула.",
        "Крышка треснула.",
    ),
    (
        "---------- 転送メッセージ ----------\n差出人: Sam Poe <sam@poe.example>\n日時: 2025年5月5日 18:02\n件名: 蓋\n宛先: office@firm.example\n\n蓋が割れています。",
        "蓋が割れています。",
    ),
    (
        "Hi team, can you please take care of this? See the mail below.\n\nThanks,\nRosa\n\n-----Original Message-----\nFrom: Sam Poe <sam@poe.example>\nSent: Monday, May 5, 2025\nTo: Office\nSubject: lid\n\nThe lid is cracked.",
        "The lid is cracked.",
    ),
    (
        "I never ordered this newsletter, and I want it to stop.\n\n---------- Forwarded message ---------\nFrom: Kettle Care <care@kettle.example>\nDate: Mon, May 5, 2025\nSubject: Spring sale\nTo: <sam@poe.example>\n\nAll kettles are cheaper!",
        "I never ordered this newsletter, and I want it to stop.",
    ),
    (
        "Could someone get back to her please?\n\nRosa\n\n---------- Forwarded message ---------\nFrom: Ann Lee <ann@lee.example>\nDate: Mon, May 5, 2025\nSubject: fan\nTo: <office@firm.example>\n\nThe fan hums at night.",
        "The fan hums at night.",
    ),
    (
        "Kannst du dir das bitte ansehen?\n\n---------- Weitergeleitete Nachricht ---------\nVon: Ann Lee <ann@lee.example>\nDatum: Mo., 5. Mai 2025\nBetreff: Lüfter\nAn: <buero@firm.example>\n\nDer Lüfter brummt nachts.",
        "Der Lüfter brummt nachts.",
    ),
    (
        "<div>FYI</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">---------- Forwarded message ---------<br>From: <b>Ann Lee</b> &lt;ann@lee.example&gt;<br>Date: Mon, May 5, 2025<br>Subject: fan<br>To: &lt;office@firm.example&gt;<br></div><br><div>The fan hums at night.</div></div>",
        "The fan hums at night.",
    ),
    (
        "Thanks!\n\n-----Original Message-----\nFrom: Kettle Care <care@kettle.example>\nSent: Monday, May 5, 2025\nTo: Sam\nSubject: lid\n\nWe ship a new lid.",
        "Thanks!",
    ),
];

#[test]
fn what_is_only_passed_on_is_the_matter() {
    check(WHAT_IS_ONLY_PASSED_ON_IS_THE_MATTER);
}

#[test]
fn what_parts_a_mail_may_be_a_moment_or_any_request_to_write_above_it() {
    check(&[
        (
            "The desk wobbles\n\nShop ---03/06/2025 14:02:11---Your order\n\nFrom: Shop/ACME\nDate: 03/06/2025\n\nIt is on its way",
            "The desk wobbles",
        ),
        ("The desk wobbles\n\n--- replied above this line ---\n\nIt is on its way", "The desk wobbles"),
    ]);
}
