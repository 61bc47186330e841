/** Has an element say something more to whoever points at it; it is worded only then. */
export function hover(text: () => string) {
    return (node: HTMLElement) => {
        const word = () => (node.title = text());
        node.addEventListener("pointerenter", word);
        return () => node.removeEventListener("pointerenter", word);
    };
}
