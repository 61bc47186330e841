/** Texts that do harm where they are not shown as text, and conversations in which every field has one. */

import type { Conversation } from "./support";

export const HOSTILE = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    '"><iframe src=javascript:window.hit=1>',
    "<a href=javascript:window.hit=1>press</a>",
    "javascript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "<style>*{display:none}</style>",
    "</style><style>body{background:red}</style>",
    'style="position:fixed;inset:0"',
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    "{@html '<b>x</b>'}",
    "{#each}{/each}",
    "<%= 7*7 %>",
    "#{7*7}",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1|cmd",
    "@SUM(1+1)",
    "-2+3",
    "[press](javascript:window.hit=1)",
    "![x](http://evil.example/x.png)",
    "http://evil.example/?a=<b>",
    "**bold** _it_ `code`",
    "\u202Eesrever\u202C",
    "\u2066isolate\u2069 \u2067rtl\u2069",
    "\u202A\u202B\u202D\u202E overrides",
    "zero\u200Bwidth\u200D\u2060\uFEFF",
    "\u0000\u0001\u001B[31mred",
    "a" + "\u0301".repeat(300),
    "Z" + "\u0489".repeat(300) + "algo",
    "👩‍👩‍👧‍👦".repeat(40),
    "🏳️‍🌈🇩🇪🇩🇪",
    "W".repeat(65_536),
    "ไม่มีช่องว่างในประโยคนี้เลยสักนิดเดียว".repeat(10),
    "العربية مع English و 123",
    "עברית עם <b>html</b>",
    "日本語の長い文章がここに入ります。".repeat(20),
    "line\nbreak\r\nand\ttab",
    "\u2028separator\u2029",
    "&lt;b&gt;&amp;amp;",
    "<!-- comment --><![CDATA[x]]>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content=0;url=http://evil.example>",
    "<form action=http://evil.example><input>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<object data=x></object><embed src=x>",
    "<math><mi xlink:href=javascript:window.hit=1>x</mi></math>",
    "<template><script>window.hit=1</script></template>",
    "' onmouseover='window.hit=1",
    "`;window.hit=1//",
    "\\u003cscript\\u003e",
    "%3Cscript%3Ewindow.hit=1%3C/script%3E",
    "__proto__",
    "constructor",
    "toString",
    "null",
    "undefined",
    "NaN",
    "../../../etc/passwd",
];

/** What each conversation begins with, and what is found where the words of customers must not be. */
export const OPENING = "I cannot open the page with";

/** Returns conversations in whose every field stands one of the texts: as often as it takes for an insight, the same one. */
export function hostileConversations(copies: number): Conversation[] {
    return HOSTILE.flatMap((text, at) =>
        Array.from({ length: copies }, (_, copy) => {
            // what is said would be masked if it were the name of who says it
            const other = HOSTILE[(at + 7) % HOSTILE.length]!;
            const created_at = new Date(Date.now() - copy * 3_600_000).toISOString();
            return {
                id: `hostile-${at}-${copy}`,
                channel: "web",
                created_at,
                assignee_id: other.slice(0, 100),
                team: text.slice(0, 60),
                tags: [text.slice(0, 60)],
                handoff: { summary: text.slice(0, 2_000), sentiment: "angry" },
                ticketing_system: { name: "zendesk", external_id: text.slice(0, 60), id_type: "ticket_id" },
                contact: {
                    name: other.slice(0, 200),
                    email: `h${at}-${copy}@example.com`,
                    custom_data: { plan: text.slice(0, 100) },
                },
                // as a name as well, under which it is offered as a filter
                custom_data: { version: text.slice(0, 100), [text.slice(0, 60)]: text.slice(0, 100) },
                turns: [
                    {
                        role: "contact",
                        text: `${OPENING} ${text}`,
                        attachments: [
                            { name: text.slice(0, 200), url: `https://evil.example/${at}`, type: "image/png" },
                        ],
                    },
                    { role: "system", event: "handoff", context: { summary: text.slice(0, 500) } },
                    { role: "system", event: "team_assigned_by_system", context: { team_name: text.slice(0, 60) } },
                    { role: "agent", name: other.slice(0, 100), text },
                ],
            };
        }),
    );
}
