/** Settings as they are being changed. */

import type { Schema } from "../../api/client";

type Settings = Schema<"Settings">;
export type Changes = Schema<"UpdateSettingsInput">;

/** What of the settings is changed and not saved yet. */
export class Draft {
    changes = $state.raw<Changes>({});
    /** What the server says is wrong, by setting. */
    wrong = $state.raw<Record<string, string>>({});
    #saved: () => Settings | undefined;

    constructor(saved: () => Settings | undefined) {
        this.#saved = saved;
    }

    /** The settings as they would be. */
    get now(): Settings | undefined {
        const saved = this.#saved();
        return saved && ({ ...saved, ...this.changes } as Settings);
    }

    get isChanged(): boolean {
        return Object.keys(this.changes).length > 0;
    }

    /** Changes a setting; to what it is already takes the change away. */
    set<Name extends keyof Changes>(name: Name, value: Changes[Name]) {
        const rest = { ...this.changes };
        delete rest[name];
        const isAsSaved = this.#saved()?.[name as keyof Settings] === value;
        this.changes = isAsSaved ? rest : { ...rest, [name]: value };
    }

    discard() {
        this.changes = {};
        this.wrong = {};
    }
}

/**
 * Returns what sets settings back to what they were: those that the organization had not set itself, to what the server is
 * configured to. Null if the key of a language model would be needed, which is shown to nobody.
 */
export function backFrom(changes: Changes, saved: Settings): Changes | null {
    const touchesModel = "language_model_key" in changes || "language_model_url" in changes;
    if (touchesModel && saved.language_model_has_key && saved.own.includes("language_model_url")) return null;
    const back: Record<string, unknown> = {};
    for (const name of Object.keys(changes)) {
        if (name === "language_model_key") continue;
        back[name] = saved.own.includes(name) ? saved[name as keyof Settings] : null;
    }
    return back as Changes;
}

/** Returns what is wrong by setting, from a message such as `time_zone: expected a name`. */
export function wrongBy(message: string, changes: Changes): Record<string, string> {
    const [, name = "", rest = ""] = /^(\w+): (.*)$/s.exec(message) ?? [];
    return name in changes ? { [name]: rest } : { "": message };
}
