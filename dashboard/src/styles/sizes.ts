/** Sizes that follow the size of text to which a browser is set, as those of the style sheets do. */

/** Returns how much larger text is than usual. */
export const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

/** The screens that have one column, as the style sheets have it. */
export const NARROW = "(max-width: 45em)";
