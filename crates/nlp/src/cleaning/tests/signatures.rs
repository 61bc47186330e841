use super::check;

const SIGNATURES_ARE_LEFT_OUT: &[(&str, &str)] = &[
    ("The spout is bent.\n\n-- \nSam Poe\nPoe & Daughters", "The spout is bent."),
    (
        "The spout is bent.\n\nKind regards,\nSam Poe\nHead of Tea | Poe & Daughters\n+44 20 7946 0999\nwww.poe.example",
        "The spout is bent.",
    ),
    ("Die Tülle ist verbogen.\n\nMit freundlichen Grüßen\n\nSam Poe", "Die Tülle ist verbogen."),
    ("Le bec est tordu.\n\nBien cordialement,\nSam Poe\nTél. : 01 99 00 12 34", "Le bec est tordu."),
    ("El pico está doblado.\n\nUn saludo,\nSam", "El pico está doblado."),
    ("O bico está torto.\n\nAtenciosamente,\nSam Poe", "O bico está torto."),
    ("Il beccuccio è storto.\n\nCordiali saluti\nSam Poe", "Il beccuccio è storto."),
    ("De tuit is krom.\n\nMet vriendelijke groet,\nSam Poe", "De tuit is krom."),
    ("Pipen är böjd.\n\nMed vänliga hälsningar\nSam Poe", "Pipen är böjd."),
    ("Tuden er bøjet.\n\nMed venlig hilsen\nSam Poe", "Tuden er bøjet."),
    ("Nokka on vino.\n\nYstävällisin terveisin\nSam Poe", "Nokka on vino."),
    ("Dziobek jest krzywy.\n\nZ poważaniem\nSam Poe", "Dziobek jest krzywy."),
    ("Hubička je křivá.\n\nS pozdravem\nSam Poe", "Hubička je křivá."),
    ("Носик погнут.\n\nС уважением,\nСэм По", "Носик погнут."),
    ("Носик погнутий.\n\nЗ повагою,\nСем По", "Носик погнутий."),
    ("Ağzı eğik.\n\nSaygılarımla,\nSam Poe", "Ağzı eğik."),
    ("Το στόμιο είναι στραβό.\n\nΜε εκτίμηση,\nΣαμ Πόε", "Το στόμιο είναι στραβό."),
    ("الفوهة ملتوية.\n\nمع أطيب التحيات\nسام بو", "الفوهة ملتوية."),
    ("注ぎ口が曲がっています。\n\nよろしくお願いいたします。\n山田", "注ぎ口が曲がっています。"),
    ("壶嘴弯了。\n\n此致\n敬礼\n王明", "壶嘴弯了。"),
    ("The spout is bent. Best regards, Sam Poe", "The spout is bent."),
    (
        "The spout is bent.\n\nThanks,\nSam\n\nP.S. The box was open, too.",
        "The spout is bent.\n\nP.S. The box was open, too.",
    ),
    (
        "The spout is bent\n\nSam Poe\nPoe & Daughters\nsam@poe.example\nTel. 020 7946 0999",
        "The spout is bent",
    ),
    ("Thanks\nNow the spout is bent", "Thanks\nNow the spout is bent"),
    ("The spout is bent. Thank you very much", "The spout is bent. Thank you very much"),
    ("The spout is bent. Thanks, Sam", "The spout is bent. Thanks, Sam"),
    (
        "The spout is bent.\n\nRegards,\nSam Poe\nPoe Ltd\nsam@poe.example\n\nPoe Ltd is part of the Poe family of teas since eighteen hundred and two.",
        "The spout is bent.",
    ),
    (
        "Der Henkel fehlt.\n\nDiese Nachricht wurde von meinem Android-Gerät mit GMX Mail gesendet.",
        "Der Henkel fehlt.",
    ),
    ("Best kettle I ever had", "Best kettle I ever had"),
];

#[test]
fn signatures_are_left_out() {
    check(SIGNATURES_ARE_LEFT_OUT);
}

const NOTICES_AND_FOOTERS_ARE_LEFT_OUT: &[(&str, &str)] = &[
    ("The base is scratched.\n\nSent from my Galaxy", "The base is scratched."),
    ("The base is scratched. Sent from my iPad", "The base is scratched."),
    (
        "Der Sockel ist zerkratzt.\n\nVon meinem Samsung Galaxy Smartphone gesendet.",
        "Der Sockel ist zerkratzt.",
    ),
    ("Der Sockel ist zerkratzt.\n\nGesendet mit der GMX Mail App", "Der Sockel ist zerkratzt."),
    ("Le socle est rayé.\n\nEnvoyé de mon iPhone", "Le socle est rayé."),
    ("La base está rayada.\n\nEnviado desde mi iPhone", "La base está rayada."),
    ("La base è graffiata.\n\nInviato da iPhone", "La base è graffiata."),
    ("De voet is bekrast.\n\nVerstuurd vanaf mijn iPhone", "De voet is bekrast."),
    ("Podstawa jest porysowana.\n\nWysłane z iPhone'a", "Podstawa jest porysowana."),
    ("Подставка поцарапана.\n\nОтправлено с iPhone", "Подставка поцарапана."),
    ("Taban çizik.\n\niPhone'umdan gönderildi", "Taban çizik."),
    ("台座に傷があります。\n\niPhoneから送信", "台座に傷があります。"),
    ("底座刮花了。\n\n发自我的iPhone", "底座刮花了。"),
    ("받침이 긁혔어요.\n\n나의 iPhone에서 보냄", "받침이 긁혔어요."),
    ("The base is scratched.\n\nGet Outlook for Android", "The base is scratched."),
    (
        "The base is scratched.\n\nThis message contains confidential information and is intended only for the\nindividual named. If you are not the intended recipient you should not copy it.",
        "The base is scratched.",
    ),
    (
        "Der Sockel ist zerkratzt.\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind,\ninformieren Sie bitte sofort den Absender und vernichten Sie diese Mail.",
        "Der Sockel ist zerkratzt.",
    ),
    (
        "Le socle est rayé.\n\nCe message et toutes les pièces jointes sont confidentiels et établis à l'attention exclusive de ses destinataires.",
        "Le socle est rayé.",
    ),
    (
        "La base está rayada.\n\nEste mensaje y sus archivos adjuntos van dirigidos exclusivamente a su destinatario. Si ha recibido este mensaje por error, bórrelo.",
        "La base está rayada.",
    ),
    (
        "CAUTION: This email originated from outside of the organization. Do not click links.\n\nThe base is scratched.",
        "The base is scratched.",
    ),
    (
        "The base is scratched. Please consider the environment before printing this mail.",
        "The base is scratched.",
    ),
    ("The base is scratched.\n\nUnsubscribe here", "The base is scratched."),
    (
        "I received the wrong base, please delete my account",
        "I received the wrong base, please delete my account",
    ),
    ("The sender deleted my confidential attachment", "The sender deleted my confidential attachment"),
    (
        "My iPhone app never got the code, sent from my bank",
        "My iPhone app never got the code, sent from my bank",
    ),
];

/// Each stands below the same words.
const NOTICES: &[&str] = &[
    "Der Inhalt dieser E-Mail ist vertraulich und ausschließlich für den bezeichneten Adressaten bestimmt. Wenn Sie nicht der vorgesehene Adressat sein sollten, so ist jede Weitergabe des Inhalts unzulässig.",
    "Ce courriel et les documents joints sont strictement confidentiels. Si vous n'êtes pas le destinataire, merci de le détruire et d'en avertir l'expéditeur.",
    "La información contenida en este correo es confidencial y está destinada únicamente a la persona a la que va dirigida. Si usted no es el destinatario, le rogamos que lo elimine.",
    "Le informazioni contenute nella presente comunicazione sono riservate e destinate esclusivamente al destinatario. Chi la ricevesse per errore è pregato di distruggerla.",
    "Esta mensagem é confidencial e destina-se apenas ao destinatário. Se a recebeu por erro, por favor elimine-a e avise-nos.",
    "De informatie in dit bericht is vertrouwelijk en alleen bestemd voor de geadresseerde. Bent u dat niet, dan verzoeken wij u dit bericht te verwijderen.",
    "Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata. Jeśli nie są Państwo adresatem, prosimy o usunięcie wiadomości.",
    "Это сообщение является конфиденциальным и предназначено исключительно для адресата. Если вы получили его по ошибке, удалите его и сообщите отправителю.",
    "Detta meddelande är konfidentiellt och avsett endast för adressaten. Har du fått det av misstag, radera det och meddela avsändaren.",
    "Bu e-posta gizlidir ve sadece alıcısına yöneliktir. Yanlışlıkla aldıysanız lütfen göndereni bilgilendirip siliniz.",
    "本メールには機密情報が含まれている場合があります。誤って受信された場合は、送信者に連絡の上、削除してください。",
    "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人。如果您错收了本邮件，请立即通知发件人并删除本邮件。",
    "The contents of this email are confidential to the intended recipient. They may not be disclosed to, or used or copied in any way by anyone else.",
    "This e-mail (and its attachments) may be privileged. Any unauthorised use is prohibited. If you are not the addressee, kindly delete it.",
    "Tato zpráva je důvěrná a je určena výhradně adresátovi. Pokud jste ji obdrželi omylem, informujte prosím odesílatele a zprávu smažte.",
    "Denne e-mail er fortrolig og kun beregnet til modtageren. Har du modtaget den ved en fejl, bedes du slette den og underrette afsenderen.",
    "Acest mesaj este confidențial și este destinat exclusiv destinatarului. Dacă l-ați primit din greșeală, vă rugăm să îl ștergeți.",
    "Το παρόν μήνυμα είναι εμπιστευτικό και προορίζεται μόνο για τον παραλήπτη. Αν το λάβατε εκ παραδρομής, ειδοποιήστε τον αποστολέα και διαγράψτε το.",
];

#[test]
fn notices_are_left_out_in_many_languages() {
    let messages: Vec<String> =
        NOTICES.iter().map(|notice| format!("The base is scratched.\n\n{notice}")).collect();
    let expected: Vec<(&str, &str)> =
        messages.iter().map(|message| (message.as_str(), "The base is scratched.")).collect();
    check(&expected);
}

#[test]
fn notices_and_footers_are_left_out() {
    check(NOTICES_AND_FOOTERS_ARE_LEFT_OUT);
}

#[test]
fn a_closing_may_name_a_place_and_a_name_its_motto() {
    check(&[
        ("Der Tisch wackelt.\n\nViele Grüße aus dem sonnigen Köln\nAda", "Der Tisch wackelt."),
        ("The desk wobbles\n\nBest,\nAda (she/her)\n\"Be kind.\" - Someone", "The desk wobbles"),
        ("机が揺れます\n\n以上、よろしくお願いいたします。", "机が揺れます"),
        ("The desk wobbles\n\nSent from my phone on the ACME network.", "The desk wobbles"),
        ("ACHTUNG: Externe E-Mail! Klicken Sie nicht auf Links.\n\nDer Tisch wackelt", "Der Tisch wackelt"),
    ]);
}
