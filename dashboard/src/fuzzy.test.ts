import { expect, test } from "vitest";
import { match } from "./fuzzy";

function marked(typed: string, text: string): string | null {
    const found = match(typed, text);
    if (!found) return null;
    const points = Array.from(text);
    return found.places.map(({ start, end }) => points.slice(start, end).join("")).join("|");
}

function order(typed: string, ...texts: string[]): string[] {
    return texts
        .map((text) => ({ text, found: match(typed, text) }))
        .filter(({ found }) => found)
        .sort((a, b) => b.found!.score - a.found!.score)
        .map(({ text }) => text);
}

test("words are found in any order, without case and accents", () => {
    expect(marked("card new", "When will I get my new Card?")).toBe("new|Card");
    expect(marked("cafe", "Le Café")).toBe("Café");
    expect(marked("ﬁsh", "Fish")).toBe("Fish");
    expect(marked("nothing", "Card")).toBe(null);
});

test("a slip of the finger is forgiven", () => {
    expect(marked("setings", "Settings")).toBe("Settings");
    expect(marked("settigns", "Settings")).toBe("Settings");
    expect(marked("setxings", "Settings")).toBe("Settings");
    expect(marked("wehook", "Webhooks")).toBe("Webhook");
    expect(marked("cad", "Settings, General")).toBe(null);
});

test("first letters of words are enough", () => {
    expect(marked("al", "Audit log")).toBe("A|l");
    expect(marked("cb", "Coming back")).toBe("C|b");
});

test("every script is searched", () => {
    expect(marked("карта", "Где моя КАРТА?")).toBe("КАРТА");
    expect(marked("カード", "私のカードが届かない")).toBe("カード");
    expect(marked("บัตร", "ฉันยังไม่ได้รับบัตร")).toBe("บัตร");
    expect(marked("بطاقة", "أين البطاقة")).toBe("بطاقة");
    expect(marked("कार्ड", "मेरा कार्ड कहाँ है")).toBe("कार्ड");
    expect(marked("😀b", "a 😀b c")).toBe("b");
});

test("places are code points", () => {
    expect(match("card", "🎉🎉 card")?.places).toEqual([{ start: 3, end: 7 }]);
    expect(match("ard", "🎉 𝒳 card")?.places).toEqual([{ start: 5, end: 8 }]);
});

test("what begins so goes before what only has it", () => {
    expect(order("card", "Discard it", "My card", "Cards", "Card")).toEqual(["Card", "Cards", "My card", "Discard it"]);
});
