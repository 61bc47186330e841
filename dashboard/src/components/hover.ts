/** Has an element say something more to whoever points at it; it is worded only then. */
export function hover(text: () => string) {
    return (node: HTMLElement) => {
        const word = () => (node.title = text());
        const forget = () => node.removeAttribute("title");
        node.addEventListener("pointerenter", word);
        node.addEventListener("pointerleave", forget);
        return () => {
            node.removeEventListener("pointerenter", word);
            node.removeEventListener("pointerleave", forget);
        };
    };
}
