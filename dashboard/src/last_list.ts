/** The list that one came from to an insight, so that the next one is one key away. */
export const lastList = {
    /** The ids of its insights, as far as they were loaded. */
    ids: [] as string[],
    /** How many there are. */
    total: 0,
    /** The parameters of its address. */
    search: "",
    /** The id of the insight that was shown last, to whose row the list goes back. */
    shown: null as string | null,
};
