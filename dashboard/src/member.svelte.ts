/** Who is signed in, and what that allows. */

import type { Schema } from "./api/client";

class Member {
    /** Who is signed in; set before any page is shown. */
    me = $state.raw<Schema<"Me">>(null as unknown as Schema<"Me">);

    /** Returns true if the member has a scope. */
    may(scope: string): boolean {
        return this.me.scopes.includes(scope);
    }

    /** True if the member may decide about insights. */
    get decides(): boolean {
        return this.may("insights:write");
    }

    /** True if the member may change how the organization is set up. */
    get administers(): boolean {
        return this.may("settings:write");
    }
}

/** Who is signed in. */
export const member = new Member();
