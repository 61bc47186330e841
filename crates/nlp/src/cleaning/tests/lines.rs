use super::{check, said_by};

const HTML_IS_READ_AS_A_BROWSER_SHOWS_IT: &[(&str, &str)] = &[
    ("<p>My bike has a flat tyre</p>", "My bike has a flat tyre"),
    (
        "<div>My&nbsp;bike has a <b>flat</b> tyre &amp; a bent rim</div>",
        "My bike has a flat tyre & a bent rim",
    ),
    (
        "<html><head><title>x</title><style>p{color:red}</style></head><body><p>The chain<br>came off</p></body></html>",
        "The chain\ncame off",
    ),
    (
        "<p class=\"MsoNormal\"><span lang=\"EN\">The chain came off<o:p></o:p></span></p><p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>",
        "The chain came off",
    ),
    (
        "<!DOCTYPE html><!-- a > b --><script>if (a<b) alert('<p>')</script><p>The bell\n   is\n   mute</p>",
        "The bell is mute",
    ),
    (
        "The bell is mute<br/>since Monday<img src=\"data:image/png;base64,AAAA\" alt=\"bell\">",
        "The bell is mute\nsince Monday",
    ),
    ("<ul><li>no bell</li><li>no light</li></ul>", "no bell\nno light"),
    (
        "<p>See <a href=\"https://bikes.example/a?utm_source=x&id=1\">this saddle</a> for me</p>",
        "See this saddle for me",
    ),
    ("<div style=\"display:none\">Preview text</div><div>The saddle is loose</div>", "The saddle is loose"),
    (
        "<div dir=\"ltr\">The saddle is loose</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Mon, May 5, 2025 at 6:02 PM Bikes &lt;<a href=\"mailto:a@bikes.example\">a@bikes.example</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\"><div>Dear Sam</div></blockquote></div>",
        "The saddle is loose",
    ),
    (
        "<div>The saddle is loose</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> Bikes &lt;a@bikes.example&gt;<br><b>Sent:</b> Monday, May 5, 2025<br><b>To:</b> Sam<br><b>Subject:</b> Saddle</div><div>Dear Sam, want a bell?</div>",
        "The saddle is loose",
    ),
    (
        "<div>The saddle is loose</div><div class=\"yahoo_quoted\">Bikes: want a bell?</div>",
        "The saddle is loose",
    ),
    (
        "<div>The saddle is loose</div><div class=\"gmail_signature\"><div>Sam Poe</div><div>Poe Ltd</div></div>",
        "The saddle is loose",
    ),
    ("&lt;p&gt;The saddle is loose&lt;/p&gt;", "The saddle is loose"),
    (
        "<table><tr><td>Name</td><td>Sam</td></tr><tr><td>E-mail</td><td>sam@poe.example</td></tr><tr><td>Message</td><td>The saddle is loose again</td></tr></table>",
        "The saddle is loose again",
    ),
    ("It&#39;s &quot;new&quot; &#8211; but rusty", "It's \"new\" – but rusty"),
    ("I paid < 5 € & more", "I paid < 5 € & more"),
    ("a <b c> d", "a <b c> d"),
    ("if x<y and y>z then R&D; fails", "if x<y and y>z then R&D; fails"),
    ("<3 your bikes", "<3 your bikes"),
    ("<jo@poe.example> is my address", "<jo@poe.example> is my address"),
    ("<p>The rim is bent<p>and the bell", "The rim is bent\n\nand the bell"),
];

#[test]
fn html_is_read_as_a_browser_shows_it() {
    check(HTML_IS_READ_AS_A_BROWSER_SHOWS_IT);
}

const LETTERS_ARE_PLAIN_AND_WHAT_NOBODY_SEES_IS_GONE: &[(&str, &str)] = &[
    ("My t\u{200b}yre is fl\u{ad}at", "My tyre is flat"),
    ("\u{feff}\u{200e}My\u{a0}tyre\u{202f}is flat\u{200f}", "My tyre is flat"),
    ("𝓜𝔂 𝕥𝕪𝕣𝕖 𝒊𝒔 𝖋𝖑𝖆𝖙", "My tyre is flat"),
    ("Ｍｙ ｔｙｒｅ ｉｓ ｆｌａｔ", "My tyre is flat"),
    ("Ｗｈｙ ｉｓ ｍｙ ｔｙｒｅ ｆｌａｔ？", "Why is my tyre flat?"),
    ("My tyre （the new one） is flat！", "My tyre (the new one) is flat!"),
    ("Ⓜⓨ ⓣⓨⓡⓔ", "My tyre"),
    ("ᴍʏ ᴛʏʀᴇ", "my tyre"),
    ("the e\u{301}tag\u{300}ere ﬁts", "the étag\u{300}ere fits"),
    ("Му tyrе is flаt", "My tyre is flat"),
    ("Шина спyстила", "Шина спустила"),
    ("می\u{200c}خواهم دوچرخه", "می\u{200c}خواهم دوچرخه"),
    ("क्\u{200d}ष ठीक", "क्\u{200d}ष ठीक"),
    ("👩\u{200d}🔧 fixed it ❤\u{fe0f}", "👩\u{200d}🔧 fixed it ❤"),
    ("Wo ist mein Rad… für 5 m²?", "Wo ist mein Rad… für 5 m²?"),
    ("don´t know, nº 5, ½ price™", "don´t know, nº 5, ½ price™"),
    ("自転車が壊れました（昨日）！", "自転車が壊れました（昨日）！"),
    ("ﾀｲﾔがﾊﾟﾝｸ", "タイヤがパンク"),
    ("타이어", "타이어"),
    ("f\u{336}l\u{336}a\u{336}t", "flat"),
    ("line one\u{2028}line two\u{0}", "line one\nline two"),
];

#[test]
fn letters_are_plain_and_what_nobody_sees_is_gone() {
    check(LETTERS_ARE_PLAIN_AND_WHAT_NOBODY_SEES_IS_GONE);
}

const CHAT_MARKUP_IS_SHOWN_AS_IT_IS_MEANT: &[(&str, &str)] = &[
    (
        "<@U04AB12CD> my tyre is flat <https://bikes.example/t/7|tyre 7> :cry: &gt; *really*",
        "my tyre is flat really",
    ),
    (
        "Where is <https://bikes.example/t/7|order 7> that I placed in May?",
        "Where is order 7 that I placed in May?",
    ),
    ("<!here> see <#C024BE7LR|shop>: the lock is jammed", "see shop: the lock is jammed"),
    ("<@!81290412> the lock is jammed <:sad:8123412> <t:1618953630:R>", "the lock is jammed"),
    ("<at>Bike Bot</at> the lock is jammed", "the lock is jammed"),
    ("The **lock** is _really_ ~~not~~ `jammed`", "The lock is really not jammed"),
    ("# Lock\n* is jammed\n* and rusty", "Lock\nis jammed\nand rusty"),
    ("See [the manual](https://bikes.example/m.pdf?dl=1) for me", "See the manual for me"),
    ("![photo](https://img.example/1.png) the lock is jammed", "the lock is jammed"),
    (
        "The page https://bikes.example/login?next=%2F does not load",
        "The page bikes.example/login does not load",
    ),
    ("The lock is jammed:\nhttps://bikes.example/p?id=4", "The lock is jammed:"),
    ("I bought it on www.bikes.example yesterday", "I bought it on www.bikes.example yesterday"),
    ("I bought it on www.bikes.example", "I bought it on www.bikes.example"),
    ("It is on www.bikes.example/p/4?a=1 as new", "It is on www.bikes.example/p/4 as new"),
    ("The lock (see https://bikes.example/p?id=4) is jammed", "The lock (see bikes.example/p) is jammed"),
    ("The lock (https://bikes.example/p?id=4) is jammed", "The lock is jammed"),
    ("[b]The lock[/b] is [color=red]jammed[/color] ||again||", "The lock is jammed again"),
    ("[url] is refused, and [name] too", "[url] is refused, and [name] too"),
    (
        "[quote=Ann]Is it locked?[/quote]\n[b]The lock[/b] is jammed [img]https://x.example/a.png[/img]",
        "The lock is jammed",
    ),
    (
        "h3. Lock\n{noformat}x=1{noformat} It is {color:red}jammed{color} [~ann] {{again}} !lock.png|thumbnail!",
        "Lock\nIt is jammed again",
    ),
    (
        "The [lock|https://bikes.example/p/4] is jammed! Why?! {4} and {name}",
        "The lock is jammed! Why?! {4} and {name}",
    ),
    ("2*3*4 is snake_case_name at 10:30:45", "2*3*4 is snake_case_name at 10:30:45"),
    ("My card **** 1234 was refused", "My card **** 1234 was refused"),
    ("Settings > Account does nothing", "Settings > Account does nothing"),
    ("a **b *c** d* e", "a b *c d* e"),
];

#[test]
fn chat_markup_is_shown_as_it_is_meant() {
    check(CHAT_MARKUP_IS_SHOWN_AS_IT_IS_MEANT);
}

const A_FORM_SAYS_WHAT_ITS_MESSAGE_SAYS: &[(&str, &str)] = &[
    (
        "Name: Sam Poe\nEmail: sam@poe.example\nPhone: 123\nComments: My tent leaks at the seam\nPage: https://tents.example/contact",
        "My tent leaks at the seam",
    ),
    (
        "Vorname: Sam\nNachname: Poe\nE-Mail-Adresse: sam@poe.example\nNachricht: Mein Zelt ist undicht.\nEs tropft überall.\nDatenschutz akzeptiert: Ja",
        "Mein Zelt ist undicht.\nEs tropft überall.",
    ),
    (
        "Nom : Poe\nPrénom : Sam\nCourriel : sam@poe.example\nVotre message : Ma tente fuit depuis hier",
        "Ma tente fuit depuis hier",
    ),
    (
        "Nombre: Sam\nCorreo electrónico: sam@poe.example\nAsunto: Tienda\nMensaje: Mi tienda tiene una gotera",
        "Mi tienda tiene una gotera",
    ),
    (
        "Imię i nazwisko: Sam Poe\nTelefon: 123\nTreść wiadomości: Mój namiot przecieka",
        "Mój namiot przecieka",
    ),
    ("Имя: Сэм\nТелефон: 123\nСообщение: Моя палатка протекает\nСогласие: да", "Моя палатка протекает"),
    (
        "お名前：山田\nメールアドレス：y@poe.example\nお問い合わせ内容：テントが雨漏りします",
        "テントが雨漏りします",
    ),
    ("姓名：王明\n电话：123\n留言：我的帐篷漏水了", "我的帐篷漏水了"),
    (
        "New submission from your contact form\n\nName\nSam Poe\n\nEmail\nsam@poe.example\n\nMessage\nMy tent leaks at the seam\n\nI agree to the terms\nYes",
        "My tent leaks at the seam",
    ),
    (
        "First name\nSam\n\nLast name\nPoe\n\nEmail\nsam@poe.example\n\nHow can we help?\nMy tent leaks at the seam\n\nI agree to the terms and conditions\nYes",
        "My tent leaks at the seam",
    ),
    (
        "*First name*: Sam\n*Email*: sam@poe.example\n*Product*: Tent\n*How can we help?*: It leaks at the seam",
        "It leaks at the seam",
    ),
    (
        "Name: Sam\nOrder number: 12\nAnything you would like to add: The tent leaks at the seam",
        "The tent leaks at the seam",
    ),
    ("My tent leaks at the seam.\nOrder number: 12\nName: Sam\nPhone: 123", "My tent leaks at the seam."),
    (
        "Name | Sam Poe\nE-mail | sam@poe.example\nTell us more | The tent leaks at the seam\nBrowser | Firefox 138",
        "The tent leaks at the seam",
    ),
    ("Problem: my tent leaks", "Problem: my tent leaks"),
    (
        "Two things: the tent leaks, and the pole is bent.\nNote: it is new",
        "Two things: the tent leaks, and the pole is bent.\nNote: it is new",
    ),
];

#[test]
fn a_form_says_what_its_message_says() {
    check(A_FORM_SAYS_WHAT_ITS_MESSAGE_SAYS);
}

const WHAT_A_MACHINE_WROTE_IS_LEFT_OUT: &[(&str, &str)] = &[
    (
        "The sync stops.\n\nLog:\n2025-05-05 10:00:01,123 ERROR sync.core - timeout\n2025-05-05 10:00:02,123 WARN sync.core - retry",
        "The sync stops.",
    ),
    (
        "The sync stops. Console says:\nUncaught TypeError: Cannot read properties of undefined (reading 'map')\n    at Cart (https://bikes.example/main.4f2a.js:1:20331)",
        "The sync stops.",
    ),
    (
        "The sync stops.\nTraceback (most recent call last):\n  File \"/app/a.py\", line 3, in run\n    raise X()\nValueError: bad\n\nPlease fix it.",
        "The sync stops.\n\nPlease fix it.",
    ),
    (
        "The sync stops. Here is the stack trace:\njava.lang.NullPointerException: null\n\tat com.acme.Sync.run(Sync.java:42)\n\tat com.acme.Main.main(Main.java:7)\nCaused by: java.io.IOException\n\t... 12 more",
        "The sync stops.",
    ),
    (
        "The call fails with this answer:\n{\"error\": {\"code\": 500,\n \"detail\": \"boom\"},\n \"id\": \"a1b2\"}",
        "The call fails with this answer:",
    ),
    (
        "The key is refused:\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4\n4Mv8Fke8m1ZyQ2pGfS3mWb0wq3Cp9V1xk2q5y7kPz",
        "The key is refused:",
    ),
    ("The totals are wrong.\n12.5 13.0 14.2\n99.1 12.0 0.4\n5.0 6.1 7.7", "The totals are wrong."),
    ("The sync stops.\n```\nfoo = bar(1)\nif foo { baz() }\n```\nWhat now?", "The sync stops.\nWhat now?"),
    (
        "Die Synchronisierung bricht ab.\n\nHier das Protokoll:\n[2025-05-05 10:00:01] ERROR: timeout in worker-3\n[2025-05-05 10:00:02] ERROR: timeout in worker-4",
        "Die Synchronisierung bricht ab.",
    ),
    (
        "The import stops.\nApr  2 09:15:00 web1 imp[812]: worker exited\nApr  2 09:15:01 web1 imp[812]: worker started\nApr  2 09:15:02 web1 imp[812]: worker exited",
        "The import stops.",
    ),
    (
        "The import stops.\n127.0.0.1 - - [02/Apr/2025:09:15:00 +0000] \"GET /imp HTTP/1.1\" 500 12\n127.0.0.1 - - [02/Apr/2025:09:15:01 +0000] \"GET /imp HTTP/1.1\" 500 12",
        "The import stops.",
    ),
    (
        "The import stops.\n04-02 09:15:00.000  1234  1234 E AndroidRuntime: FATAL EXCEPTION: main\n04-02 09:15:00.000  1234  1234 E AndroidRuntime: Process: com.acme.imp, PID: 1234",
        "The import stops.",
    ),
    (
        "The import stops.\nts=2025-04-02T09:15:00Z level=error msg=\"broken pipe\" job=imp\nts=2025-04-02T09:15:01Z level=error msg=\"broken pipe\" job=imp",
        "The import stops.",
    ),
    (
        "The import stops.\nTypeError: Cannot read properties of undefined (reading 'id')\n    at imp (https://app.example/main.js:1:2345)\n    at async Promise.all (index 0)",
        "The import stops.",
    ),
    (
        "The import stops.\nSystem.NullReferenceException: Object reference not set to an instance of an object.\n   at Acme.Imp.Run() in C:\\src\\Imp.cs:line 42\n   at Acme.Program.Main(String[] args)",
        "The import stops.",
    ),
    ("The import stops.\n\n<order>\n  <id>12</id>\n  <total>3.50</total>\n</order>", "The import stops."),
    (
        "The import stops.\n\n{\n  \"id\": 12,\n  \"total\": 3.5,\n  \"ok\": false\n}\n\nCan you help?",
        "The import stops.\n\nCan you help?",
    ),
    ("The import stops.\nid;name;total\n1;A-100;3.50\n2;B-200;4.50\n3;C-300;5.50", "The import stops."),
    ("The import stops.\n| day | total |\n|---|---|\n| 1 | 3.50 |\n| 2 | 4.50 |", "The import stops."),
    (
        "The import stops.\n00000000  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00\n00000010  03 00 3e 00 01 00 00 00  40 10 00 00 00 00 00 00",
        "The import stops.",
    ),
    ("Error 0x80070005 when I install KB5034441", "Error 0x80070005 when I install KB5034441"),
    (
        "I was charged 12.50 and 13.00\nand then 14.20 again",
        "I was charged 12.50 and 13.00\nand then 14.20 again",
    ),
    ("The app says: could not connect to server", "The app says: could not connect to server"),
];

#[test]
fn what_a_machine_wrote_is_left_out() {
    check(WHAT_A_MACHINE_WROTE_IS_LEFT_OUT);
}

#[test]
fn lines_that_stand_for_media_are_left_out() {
    check(&[
        ("The tent leaks here:\n<Media omitted>\nand there", "The tent leaks here:\nand there"),
        ("[Attachment: tent.jpg]\nThe tent leaks", "The tent leaks"),
        ("<Media omitted>", "<Media omitted>"),
    ]);
}

#[test]
fn a_name_the_contact_is_known_by_signs() {
    assert_eq!(said_by("The tent leaks.\n\nsam", &["Sam Poe"]), "The tent leaks.");
    assert_eq!(said_by("Sam", &["Sam Poe"]), "Sam");
}

#[test]
fn answers_of_a_questionnaire_are_said_and_its_questions_are_not() {
    check(&[
        (
            "Q: Your name?\nA: Ada\nQ: What went wrong?\nA: The desk wobbles on the left",
            "The desk wobbles on the left",
        ),
        ("Q1. Happy?\nA1. no\nQ2. Why?\nA2. The desk came far too late", "The desk came far too late"),
        ("Message: The desk wobbles on the left", "The desk wobbles on the left"),
        (
            "Name — Ada Lund\nEmail — ada@mail.example\nMessage — The desk wobbles on the left",
            "The desk wobbles on the left",
        ),
        ("Name\n\nAda Lund\n\nEmail\n\nada@mail.example\n\nMessage\n\nThe desk wobbles", "The desk wobbles"),
    ]);
}

#[test]
fn wide_marks_have_their_blank_and_what_chats_add_is_left_out() {
    check(&[
        ("The desk wobbles，please help！Thanks", "The desk wobbles, please help! Thanks"),
        ("Is it oak？", "Is it oak?"),
        ("机器坏了，请帮忙！", "机器坏了，请帮忙！"),
        ("The desk wobbles <This message was edited>", "The desk wobbles"),
        ("@4917012345678 the desk wobbles", "the desk wobbles"),
        ("The desk wobbles\n$ curl -i https://shop.example/v1\nHTTP/1.1 500 Error", "The desk wobbles"),
    ]);
}
