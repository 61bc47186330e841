/** The file that somebody gave to be imported, kept while one goes from page to page. */

import { address } from "./address.svelte";

class Importing {
    file = $state.raw<File | null>(null);

    /** Takes a file, and goes to where it is looked through. */
    take(file: File) {
        this.file = file;
        if (address.path !== "/settings/imports") address.go("/settings/imports");
    }
}

export const importing = new Importing();
