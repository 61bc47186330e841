import { expect, test } from "vitest";
import { detailWords } from "./audit_log";

test("details are said on one line", () => {
    expect(detailWords({ by: "password" })).toBe("by: password");
    expect(detailWords({ changed_members: ["name", "time_zone"], ok: true, none: null, deep: {} })).toBe(
        "changed members: name, time_zone · ok: yes",
    );
    expect(detailWords(null)).toBe("");
});
