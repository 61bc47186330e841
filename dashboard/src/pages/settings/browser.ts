/** Returns a name of a browser and its system, from what it calls itself. */
export function browserName(userAgent: string | null): string {
    if (!userAgent) return "A browser";
    const find = (pairs: [RegExp, string][]) => pairs.find(([pattern]) => pattern.test(userAgent))?.[1];
    const browser =
        find([
            [/Edg\//, "Edge"],
            [/OPR\//, "Opera"],
            [/Firefox\//, "Firefox"],
            [/Chrom(e|ium)\//, "Chrome"],
            [/Safari\//, "Safari"],
        ]) ?? userAgent.split(/[\s/]/)[0]!;
    const system = find([
        [/iPhone|iPad/, "iOS"],
        [/Android/, "Android"],
        [/Windows/, "Windows"],
        [/Mac OS X/, "macOS"],
        [/Linux/, "Linux"],
    ]);
    return system ? `${browser} on ${system}` : browser;
}
