/** Finding what somebody means from a few letters, in any script, forgiving a slip of the finger. */

/** A text made ready to be searched: without case, accents and widths. */
export interface Folded {
    /** Its letters, folded; one may stand for several of the text or for a part of one. */
    letters: string[];
    /** The code point of the text that each letter comes from. */
    from: number[];
    /** The beginnings of words among the letters. */
    starts: number[];
}

/** How well something fits, and the places in code points that do. */
export interface Match {
    /** Greater is better. */
    score: number;
    places: { start: number; end: number }[];
}

const ACCENT = /\p{Mn}/u;
const WORD = /[\p{L}\p{N}\p{M}]/u;
/** Scripts without blanks between words: a word may begin anywhere. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}]/u;

const kept = new Map<string, Folded>();
/** The most texts that are kept folded. */
const KEPT_MAX = 5_000;

/** Folds a text, and keeps it folded for the next letter that is typed. */
export function fold(text: string): Folded {
    const known = kept.get(text);
    if (known) return known;
    const folded: Folded = { letters: [], from: [], starts: [] };
    let wasWord = false;
    let wasLower = false;
    Array.from(text).forEach((point, at) => {
        const isUpper = point !== point.toLowerCase();
        for (const letter of point.normalize("NFKD").toLowerCase()) {
            // an accent belongs to the letter before
            if (ACCENT.test(letter) && folded.letters.length) continue;
            const isWord = WORD.test(letter);
            if (isWord && (!wasWord || (isUpper && wasLower) || UNSPACED.test(letter))) {
                folded.starts.push(folded.letters.length);
            }
            folded.letters.push(isWord ? letter : " ");
            folded.from.push(at);
            wasWord = isWord;
        }
        wasLower = point !== point.toUpperCase();
    });
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(text, folded);
    return folded;
}

/** Returns how well a text fits what was typed, or null. All words that were typed have to be found, in any order. */
export function match(typed: string, text: string): Match | null {
    const asked = fold(typed.trim());
    const words = asked.letters.join("").split(" ").filter(Boolean);
    if (!words.length) return { score: 0, places: [] };
    const folded = fold(text);
    const whole = folded.letters.join("");
    let score = 0;
    const places: { start: number; end: number }[] = [];
    for (const word of words) {
        const found = find([...word], folded, whole);
        if (!found) return null;
        score += found.score;
        places.push(...found.places);
    }
    // what begins as it was typed, and what is short, is more likely meant
    if (whole.startsWith(asked.letters.join("").trim())) score += 6;
    score -= Math.min(4, folded.letters.length / 40);
    return { score: score / words.length, places: joined(places, folded) };
}

type Found = { score: number; places: { start: number; end: number }[] };

/** Finds a word: at the beginning of one, within one, with one slip, or as letters one after the other. */
function find(word: string[], text: Folded, whole: string): Found | null {
    const beginnings = text.starts.map((start) => ({ start, length: common(word, text.letters, start) }));
    const begin = beginnings.find(({ length }) => length === word.length);
    if (begin) {
        const end = begin.start + word.length;
        const isWhole = (text.letters[end] ?? " ") === " ";
        return { score: isWhole ? 20 : 16, places: [{ start: begin.start, end }] };
    }
    const inside = word.length > 1 ? indexOf(whole, word, text.letters) : -1;
    if (inside >= 0) return { score: 11, places: [{ start: inside, end: inside + word.length }] };
    if (word.length >= 4) {
        for (const start of text.starts) {
            const end = slip(word, text.letters, start);
            if (end !== null) return { score: 8, places: [{ start, end }] };
        }
    }
    return subsequence(word, text);
}

/** How many letters of a word stand in a text from a place on. */
function common(word: string[], letters: string[], start: number): number {
    let length = 0;
    while (length < word.length && letters[start + length] === word[length]) length++;
    return length;
}

function indexOf(whole: string, word: string[], letters: string[]): number {
    const sought = word.join("");
    const at = whole.indexOf(sought);
    if (at < 0) return -1;
    // places of the string are units, those of letters are not, where one has two units
    let units = 0;
    for (let letter = 0; letter < letters.length; letter++) {
        if (units >= at) return letter;
        units += letters[letter]!.length;
    }
    return -1;
}

/** Returns where a word ends that begins at `start` and is what was typed but for one slip: a letter too many, missing, wrong, or two turned round. */
function slip(word: string[], letters: string[], start: number): number | null {
    const at = common(word, letters, start);
    // the first letter is hardly ever wrong, and nearly everything is near to short words
    if (at === 0) return null;
    const rest = word.length - at;
    const fits = (skipped: number, over: number) => {
        const left = word.slice(at + skipped);
        return common(left, letters, start + at + over) === left.length;
    };
    if (fits(1, 1)) return letters[start + at] === " " || !letters[start + at] ? null : start + word.length;
    if (fits(1, 0)) return start + word.length - 1;
    if (fits(0, 1)) return start + word.length + 1;
    const isTurned = rest > 1 && word[at] === letters[start + at + 1] && word[at + 1] === letters[start + at];
    return isTurned && fits(2, 2) ? start + word.length : null;
}

/** Finds the letters one after the other, the first at the beginning of a word: `gni` in "Go to new insights". */
function subsequence(word: string[], text: Folded): Found | null {
    if (word.length < 2) return null;
    let best: Found | null = null;
    for (const start of text.starts.filter((start) => text.letters[start] === word[0])) {
        const places = [{ start, end: start + 1 }];
        let at = start + 1;
        let jumps = 0;
        for (const letter of word.slice(1)) {
            let next = at;
            if (text.letters[next] !== letter) {
                // after a gap only the beginning of a word counts, else anything would be found in long texts
                const begin = text.starts.find((other) => other >= at && text.letters[other] === letter);
                if (begin === undefined) {
                    next = -1;
                    break;
                }
                next = begin;
                jumps++;
            }
            places.push({ start: next, end: next + 1 });
            at = next + 1;
        }
        const score = 6 - jumps;
        if (places.length === word.length && (!best || score > best.score)) best = { score, places };
    }
    return best;
}

/** Turns places among letters into places of the text, in order, with those joined that touch. */
function joined(places: { start: number; end: number }[], { from }: Folded) {
    const inText = places
        .map(({ start, end }) => ({ start: from[start]!, end: (from[end - 1] ?? from.at(-1)!) + 1 }))
        .sort((a, b) => a.start - b.start);
    const merged: { start: number; end: number }[] = [];
    for (const place of inText) {
        const last = merged.at(-1);
        if (last && place.start <= last.end) last.end = Math.max(last.end, place.end);
        else merged.push({ ...place });
    }
    return merged;
}
