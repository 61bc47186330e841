const dark = matchMedia("(prefers-color-scheme: dark)");
const color = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
color();
dark.addEventListener("change", color);

// descriptions have no markup but code between backticks
const description = (_, { React }) => ({ source, className }) => {
    const parts = String(source ?? "").split("`");
    const shown = parts.map((part, i) => (i % 2 ? React.createElement("code", { key: i }, part) : part));
    return React.createElement("div", { className }, shown);
};
const nothing = () => () => null;
const within = (name, attributes, before) => (Original, { React }) => (props) =>
    React.createElement(name, attributes, before && React.createElement(...before), React.createElement(Original, props));
const labeled = (label) => (Original, { React }) => (props) =>
    React.createElement(Original, { ...props, "aria-label": label });

// the dialog of keys is none to those who cannot see it, and takes no focus
function dress(dialog) {
    const name = () => {
        dialog.querySelector(".close-modal")?.setAttribute("aria-label", "Close");
        for (const heading of dialog.querySelectorAll("h3")) heading.setAttribute("aria-level", "2");
        for (const heading of dialog.querySelectorAll("h4")) heading.setAttribute("aria-level", "3");
        for (const heading of dialog.querySelectorAll("h6")) heading.setAttribute("aria-level", "4");
        for (const button of dialog.querySelectorAll(".modal-btn[aria-label]")) button.removeAttribute("aria-label");
    };
    name();
    new MutationObserver(name).observe(dialog, { childList: true, subtree: true });
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.querySelector(".close-modal")?.click());
    const before = document.activeElement;
    (dialog.querySelector("input") ?? dialog.querySelector("button"))?.focus();
    // the button is another one once a key is given
    return () => setTimeout(() => (before?.isConnected ? before : document.querySelector(".btn.authorize"))?.focus());
}
const dialog = (Original, { React }) => (props) => {
    const within = React.useRef(null);
    React.useEffect(() => dress(within.current), []);
    const attributes = { role: "dialog", "aria-modal": true, "aria-label": "Authorize", ref: within };
    return React.createElement("div", attributes, React.createElement(Original, props));
};

// of who is signed in; a key that is given goes before
let forgeryToken;
async function loadForgeryToken() {
    const answer = await fetch("/me").catch(() => null);
    return answer?.ok ? (await answer.json()).forgery_token : undefined;
}

async function withForgeryToken(request) {
    if (request.method && request.method !== "GET" && !request.headers?.Authorization) {
        forgeryToken ??= await loadForgeryToken();
        if (forgeryToken) request.headers["x-forgery-token"] = forgeryToken;
    }
    return request;
}

SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#reference",
    docExpansion: "none",
    filter: true,
    // the document is asked of this server alone
    validatorUrl: null,
    // its colors are too faint
    syntaxHighlight: false,
    requestInterceptor: withForgeryToken,
    plugins: [
        {
            wrapComponents: {
                Markdown: description,
                // a warning that the document names the dialect of its schemas
                JsonSchemaDialect: nothing,
                // there is one
                ServersContainer: nothing,
                // what a page has for those who cannot see it
                InfoContainer: within("div", { role: "banner" }),
                FilterContainer: within("search"),
                operations: within("div", null, ["h2", { className: "unseen" }, "Operations"]),
                TextArea: labeled("Body"),
                authorizationPopup: dialog,
            },
        },
    ],
});
