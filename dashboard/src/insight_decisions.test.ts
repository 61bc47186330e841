import { expect, test, vi } from "vitest";

vi.mock("./decide.svelte", () => ({ decisions: {}, operationOf: () => null }));
vi.mock("./layers.svelte", () => ({ layer: () => ({}) }));
vi.mock("./member.svelte", () => ({ member: {} }));
const { inTurn } = await import("./insight_decisions");
const { ApiError } = await import("./api/client");

const refused = new ApiError(409, "not so", null, null);
const unanswered = new ApiError(0, "no answer", null, null);

test("calls go on where there was no answer", async () => {
    const sent: string[] = [];
    let answers = false;
    const call = (name: string) => async () => {
        if (name === "b" && !answers) throw unanswered;
        return (sent.push(name), name);
    };
    const send = inTurn(["a", "b", "c"].map(call));
    await expect(send()).rejects.toBe(unanswered);
    answers = true;
    expect(await send()).toEqual(["a", "b", "c"]);
    expect(sent).toEqual(["a", "b", "c"]);
});

test("where one is refused, those before it are taken back, the newest first, until that is answered", async () => {
    const back: string[] = [];
    let answers = false;
    const call = (name: string) => async () => {
        if (name === "c") throw refused;
        return name;
    };
    const send = inTurn(["a", "b", "c", "d"].map(call), async (id) => {
        if (id === "a" && !answers) throw unanswered;
        back.push(id);
    });
    await expect(send()).rejects.toBe(unanswered);
    answers = true;
    await expect(send()).rejects.toBe(refused);
    expect(back).toEqual(["b", "a"]);
});
