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
            },
        },
    ],
});
