use super::*;
use crate::conversation::turns;

/// Turns as "c: text" for the contact and "o: text" for the other side; expected: the statements' texts.
fn check(conversation: &[&str], expected: &[&str]) {
    let turns = turns(conversation);
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
fn the_first_thing_said_is_the_matter_if_nothing_else_is() {
    check(&["c: hello", "c: gift wrapping", "c: Order 4471", "c: ok"], &["gift wrapping"]);
    check(&["c: hello", "c: Ortiz Trading Ltd", "c: order 4471"], &[]);
    check(&["c: hello", "c: my name is ana ortiz", "c: 4471"], &[]);
}

#[test]
fn what_begins_with_a_yes_or_a_no_answers_unless_it_wants_something() {
    let matter = "my invoice shows the wrong address";
    for answer in
        ["yes it is the latest one", "ok please go on", "no I did not change it", "I need 20 pieces"]
    {
        check(&[&format!("c: {matter}"), &format!("c: {answer}")], &[matter]);
    }
    for wish in ["no I want a paper invoice", "how can I download the tax form?"] {
        check(&[&format!("c: {matter}"), &format!("c: {wish}")], &[matter, wish]);
    }
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

/// Checks mails of "frame | matter | frame": the matter alone must be stated.
fn check_mails(mails: &[&str]) {
    let mut wrong = Vec::new();
    for mail in mails {
        let parts: Vec<&str> = mail.split(" | ").collect();
        let text = parts.join(" ");
        let turns = [Turn { author: Author::Contact, text: &text }];
        let found: Vec<&str> = find(&turns).iter().map(|span| &text[span.start..span.end]).collect();
        let matter = parts[1].trim_end_matches(['.', '。']);
        if found.len() != 1 || found[0].trim_end_matches(['.', '。']) != matter {
            wrong.push(format!("{found:?} in {mail}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), mails.len(), wrong.join("\n"));
}

#[test]
fn a_plain_complaint_in_a_polite_mail_is_stated_alone() {
    check_mails(&[
        "Hello everyone, I hope this message finds you well. We discovered your shop two years ago at a fair in Leeds and have bought quite a few things for the garden since then. | The parasol arrived with a bent pole. | My wife works from home, so somebody can always open the door for you. Thank you for your time and best wishes from the north.",
        "Good afternoon, my family has been with you since 2011 and my parents were your customers before us. In spring we renovated the kitchen and chose your oven after long talks. | The timer beeps all night long and the fan is far too loud. | We live on the third floor, the bell is at the left. Have a lovely day and greetings to the whole team.",
        "Dear support, I am a teacher and use your planner for all my classes; my colleagues love it as well. At the start of the school year I set up five calendars with a lot of care. | All entries of September have vanished. | You can reach me at school until three in the afternoon and at home after six. Kind regards",
        "To whom it may concern, this spring my brother and I opened a small café near the harbour, and the grinder from your shop is the heart of it. We recommend you to everybody who asks. | The amount was taken from our account two times. | We are open every day except Tuesday, and the coffee is on the house if you ever come by.",
        "Hi team, first of all let me say how much I enjoy your podcasts, I listen to them on the train every morning on my way to work in the city. | The subscription renewed although I had ended it in May. | I am a student and live in a shared flat with three friends. Best wishes and keep it up",
        "Hello, we celebrated my father's seventieth birthday last weekend and gave him one of your watches, which he had wanted for a long time. | The strap came off after one day. | He lives in the countryside and comes to town once a month. Thanks a lot for everything you do, with warm regards from all of us",
        "Dear all, I bought my first bicycle from you when I was a student, and now I ride the third one to work each day, in rain and sun alike. | The invoice shows the wrong company name. | Our office is next to the old station, and visitors are always welcome. With best regards and many thanks",
        "Sehr geehrte Damen und Herren, seit vielen Jahren bin ich eine treue Kundin Ihres Hauses und habe immer gern bei Ihnen eingekauft. Im Frühjahr sind wir in ein Haus mit Garten gezogen und haben uns endlich eine Bank gegönnt. | Die Bank wurde mit einem Riss im Holz geliefert. | Mein Mann und ich sind abends meistens zu Hause. Mit freundlichen Grüßen und vielen Dank für Ihre Mühe",
        "Guten Tag, meine Familie und ich kaufen seit langem bei Ihnen ein, und auch meine Eltern waren schon Ihre Kunden. Letzten Monat haben wir die Küche renoviert und dafür einen Herd bestellt. | Der Betrag wurde zweimal von unserem Konto abgebucht. | Wir wohnen im dritten Stock und haben einen Aufzug. Herzliche Grüße aus dem Norden",
        "Bonjour, je suis cliente chez vous depuis de nombreuses années et j'ai toujours été très satisfaite de vos produits. Le mois dernier nous avons déménagé à Lyon avec nos enfants et acheté quatre chaises pour la cuisine. | Deux chaises sont arrivées cassées. | Mon mari travaille à la maison et peut ouvrir au livreur. Bien cordialement et merci d'avance",
        "Bonjour à toute l'équipe, ma sœur m'a parlé de votre boutique il y a deux ans et depuis j'y achète tous mes cadeaux de Noël. J'habite une petite maison près de la mer. | Le montant a été débité deux fois sur mon compte. | Je suis joignable le matin et mes voisins peuvent aussi prendre les paquets. Bonne journée à vous tous",
        "Estimados señores, soy cliente de su tienda desde hace muchos años y siempre he hablado bien de ustedes a mis amigos. El mes pasado nos mudamos a un piso nuevo en Valencia y compramos cuatro lámparas para el salón. | El importe se cobró dos veces en mi cuenta. | Mi marido y yo estamos en casa por las tardes de lunes a viernes. Un cordial saludo y gracias por su atención",
        "Gentile assistenza, sono vostra cliente da molti anni e ho sempre parlato bene di voi con le mie amiche. Il mese scorso ci siamo trasferiti in una casa nuova a Torino e abbiamo comprato quattro sedie per la cucina. | Una sedia è arrivata rotta. | Mio marito e io siamo a casa la sera dal lunedì al venerdì. Cordiali saluti e grazie per la vostra attenzione",
        "Boa tarde, sou cliente da vossa loja há muitos anos e sempre gostei muito dos vossos produtos. No mês passado mudámos para uma casa nova no Porto e comprámos quatro candeeiros para a sala. | O valor foi cobrado duas vezes na minha conta. | O meu marido e eu estamos em casa à noite de segunda a sexta. Com os melhores cumprimentos e obrigada pela atenção",
        "Beste mensen, al jaren ben ik een trouwe klant van jullie winkel en ik kom er altijd graag. Vorige maand zijn wij naar een nieuw huis in Utrecht verhuisd en hebben we vier lampen gekocht. | Het bedrag is twee keer afgeschreven. | Mijn man en ik zijn 's avonds thuis van maandag tot vrijdag. Met vriendelijke groet en alvast bedankt voor de moeite",
        "Hej, jag har varit kund hos er i många år och har alltid tyckt om era lampor. Förra månaden flyttade vi till en ny lägenhet i Lund och köpte fyra av dem till köket och hallen. | Paketet har inte kommit fram. | Min man och jag är hemma på kvällarna från måndag till fredag. Vänliga hälsningar och tack på förhand för hjälpen",
        "Dzień dobry, jestem Państwa klientką od wielu lat i zawsze lubiłam Państwa lampy. W zeszłym miesiącu przeprowadziliśmy się do nowego mieszkania w Gdańsku i kupiliśmy cztery sztuki do kuchni. | Kwota została pobrana dwukrotnie z mojego konta. | Mój mąż i ja jesteśmy w domu wieczorami od poniedziałku do piątku. Pozdrawiam serdecznie i dziękuję za pomoc",
        "Здравствуйте, я ваша постоянная клиентка уже много лет, и мне всегда нравились ваши лампы. В прошлом месяце мы переехали в новую квартиру в Твери и купили четыре штуки для кухни и коридора. | Деньги списаны с моей карты дважды. | Мой муж и я дома по вечерам с понедельника по пятницу. С уважением и заранее спасибо за помощь от всей нашей семьи",
        "Merhaba, uzun yıllardır müşterinizim ve lambalarınızı her zaman çok beğendim. Geçen ay İzmir'de yeni bir eve taşındık ve mutfak ile koridor için dört tane aldık, komşularımız da çok beğendi. | Tutar hesabımdan iki kez çekildi. | Eşim ve ben hafta içi akşamları evdeyiz, kapıyı her zaman açabiliriz. Saygılarımla ve yardımınız için şimdiden teşekkür ederim, iyi çalışmalar dilerim",
    ]);
}

#[test]
fn circumstances_after_the_matter_are_left_out() {
    check_mails(&[
        "Good evening, I hope this finds you well. My sister recommended your shop to me two years ago and since then I have bought three lamps for the living room. | I want to cancel my subscription. | We are travelling next week, so the phone may be off. Kind regards",
        "Hello, | the kettle leaks at the base. | I am away from Thursday, so please write rather than call.",
        "Hi there, | my parcel has not arrived. | Sorry for my English, it is not my first language.",
        "Good morning, | the second sleeve is shorter than the first. | I am writing this on the train and the signal comes and goes.",
        "Hi, | the voucher code is refused at the checkout. | I'm not very good with computers, I am 74 after all.",
        "Hello. | One of the poles was snapped in half. | Mobile reception up here is poor, so an answer may take me a day.",
        "Hello, | I was charged twice for a single order. | My daughter is helping me to write this.",
        "Hallo, | der Reißverschluss klemmt. | Nächste Woche sind wir verreist, da ist das Telefon aus.",
        "Guten Abend, | ich möchte mein Abo kündigen. | Ich schreibe vom Handy, entschuldigen Sie die Tippfehler.",
        "Guten Tag, | Die Lampe flackert. | Wir fahren am Sonntag in den Urlaub und haben dort kaum Empfang.",
        "Bonjour, | le grille-pain ne chauffe plus. | Nous partons en voyage samedi, le téléphone sera éteint.",
        "Bonjour, | j'ai été débité deux fois. | Excusez mes fautes, le français n'est pas ma langue maternelle.",
        "Hola, | la cremallera está rota. | La semana que viene estamos de viaje y quizá no conteste al teléfono.",
        "Buenas tardes, | quiero cancelar mi suscripción. | Escribo desde el móvil, perdón por las faltas.",
        "Buongiorno, | la lavatrice perde acqua. | La prossima settimana siamo in viaggio e il telefono potrebbe essere spento.",
        "Olá, | o ecrã veio partido. | Para a semana vamos viajar e o telefone pode estar desligado.",
        "Hallo, | de rits is stuk. | Volgende week zijn we op reis, dus de telefoon staat misschien uit.",
        "Hej, | skärmen är sprucken. | Nästa vecka är vi bortresta, så telefonen kan vara avstängd.",
        "Dzień dobry, | zamek jest zepsuty. | W przyszłym tygodniu wyjeżdżamy, więc telefon może być wyłączony.",
        "Здравствуйте, | чайник протекает. | На следующей неделе мы уезжаем, телефон может быть выключен.",
        "Merhaba, | fermuar bozuk. | Gelecek hafta seyahatteyiz, telefon kapalı olabilir.",
        "你好。 | 拉链坏了。 | 我们下周出门旅行，电话可能打不通。",
        "こんにちは。 | ファスナーが壊れています。 | 来週は旅行中なので、電話に出られないかもしれません。",
        "مرحبا. | السحاب مكسور. | سنسافر الأسبوع القادم وقد يكون الهاتف مغلقا.",
        "Hi, | the app crashes when I open the camera. | I use a hearing aid, so email is better for me than a call.",
        "Hello, | the mattress smells of chemicals. | I work night shifts and sleep during the day.",
        "Hello, | the drawer does not close. | We fly to Spain on Friday and will not see our mail there.",
        "Hi, | my points have vanished. | I am usually in meetings, so please leave a message.",
        "Hello, | the heater makes a loud noise. | Forgive my spelling, I broke my wrist.",
        "Guten Tag, | der Gutschein wird nicht angenommen. | Ich bin ab Freitag auf Kur und nur per Mail erreichbar.",
        "Hallo, | mein Paket ist nicht angekommen. | Tagsüber bin ich auf der Arbeit und kann nicht telefonieren.",
        "Bonjour, | la fermeture est cassée. | Je pars en vacances vendredi et je ne lirai pas mes mails.",
        "Hola, | la pantalla parpadea. | Estoy trabajando hasta las seis y no puedo coger el teléfono.",
        "Buongiorno, | il cassetto non si chiude. | Domani parto per le vacanze e non avrò internet.",
        "Olá, | o código não é aceite. | Na próxima semana estou fora e sem internet.",
        "Hallo, | de lade gaat niet dicht. | Overdag ben ik aan het werk en kan ik niet bellen.",
        "Dzień dobry, | szuflada się nie zamyka. | Jutro wyjeżdżam na urlop i nie będę miał internetu.",
        "Здравствуйте, | ящик не закрывается. | Завтра я улетаю в отпуск, интернета там не будет.",
        "Merhaba, | çekmece kapanmıyor. | Yarın tatile çıkıyorum, internetim olmayacak.",
        "Hi, | the blender stopped after a week. | I start work at five in the morning, so ring me in the afternoon please.",
        "Hello, | your app logs me out again and again. | My husband may pick up since I am in hospital.",
        "Guten Tag, | die Rechnung stimmt nicht. | Bitte nicht vormittags anrufen, da bin ich in der Schule.",
        "Bonjour, | le colis est arrivé ouvert. | Je suis au travail la journée, laissez-moi un message.",
        "Hola, | falta una pieza. | Me voy de vacaciones mañana y volveré a mirar el correo el día quince.",
        "Hej, | lampan blinkar hela tiden. | Jag är på jobbet till fem och kan inte svara i telefon.",
        "こんにちは。 | 部品が足りません。 | 日中は仕事中なので、電話はメールの後にしてください。",
        "Здравствуйте, | не хватает одной детали. | Днём я на работе и не могу ответить на звонок.",
    ]);
}

#[test]
fn circumstances_are_the_matter_where_nothing_else_is() {
    for message in [
        "I am on holiday in Spain and my phone has no signal",
        "My phone does not ring any more. It is on loud.",
        "Nobody answers your phone while I am abroad",
        "Ich bin im Urlaub und niemand ist bei Ihnen telefonisch erreichbar",
    ] {
        check(&[&format!("c: {message}")], &[message]);
    }
}

#[test]
fn what_follows_an_open_question_is_the_matter() {
    for (before, question, matter) in [
        ("hi", "Hi there, how may I help you?", "The zip of the jacket came apart"),
        ("Order 7731", "Thank you. What seems to be the trouble?", "Half of the tiles are chipped"),
        ("My booking reference is KX81.", "Please tell us what happened.", "The room smelled of smoke"),
        ("Hello, I have a quick question", "Sure, go ahead", "My points from June are gone"),
        ("Ich brauche Hilfe", "Gern, worum geht es?", "Der Bildschirm bleibt schwarz"),
        ("Bestellnummer 4471", "Danke. Was ist damit?", "Ein Glas hat einen Sprung"),
        ("Bonjour, j'ai une question", "Je vous écoute", "Le lave-linge fuit"),
        ("Hola", "¿En qué puedo ayudarle?", "La pantalla llegó rayada"),
        ("Ho bisogno di aiuto", "Certo, mi dica", "Il frigorifero fa un rumore forte"),
        ("Mam pytanie", "Słucham, w czym mogę pomóc?", "Paczka jest uszkodzona"),
        ("Здравствуйте", "Чем могу помочь?", "Экран треснул после двух дней"),
        ("你好", "请问有什么可以帮您？", "屏幕碎了"),
        ("質問があります", "どのような内容でしょうか？", "画面が割れていました"),
    ] {
        let turns = [
            Turn { author: Author::Contact, text: before },
            Turn { author: Author::Other, text: question },
            Turn { author: Author::Contact, text: matter },
        ];
        let found: Vec<&str> = find(&turns).iter().map(|span| turns[span.turn].text).collect();
        assert_eq!(found, [matter], "after {question}");
    }
}

#[test]
fn what_is_stated_is_found_among_any_number_of_greetings() {
    let text = format!("{}The zip came apart. {}", "Hello there. ".repeat(400), "Bye now. ".repeat(400));
    let turns = [Turn { author: Author::Contact, text: &text }];
    let found: Vec<&str> = find(&turns).iter().map(|span| &text[span.start..span.end]).collect();
    assert_eq!(found, ["The zip came apart."]);
}

#[test]
fn what_is_told_of_oneself_is_not_the_matter_and_pictures_say_nothing_first() {
    check_mails(&[
        "Dear team, two weeks ago we celebrated our anniversary and treated ourselves to a big desk of oak. | The drawer makes a clicking sound at night. | Our room is small and we sit right beside it, and in the evening we read there with the lamp on.",
    ]);
    check(&["c: 😡😡", "c: still no parcel"], &["still no parcel"]);
    check(
        &["c: Ada Lund, ada@mail.example", "o: How can I help?", "c: The drawer is stuck"],
        &["The drawer is stuck"],
    );
}

#[test]
fn a_no_may_come_with_a_wish() {
    check(
        &[
            "c: I need a new desk",
            "o: I gave you the one of oak.",
            "c: no please change it to the one of elm",
        ],
        &["I need a new desk", "no please change it to the one of elm"],
    );
}
