const form = document.forms[0];
const { email, password, organization, button } = form.elements;
const part = (id) => document.getElementById(id);
const { link, next } = Object.fromEntries(new URLSearchParams(location.search));

// `next` stands in the address, which anybody may have written: only a page of the dashboard is gone on to
function destination(next, home) {
    const url = next && URL.canParse(next, location.origin) ? new URL(next, location.origin) : null;
    const isOurs = url && url.origin === location.origin && url.pathname.startsWith(home);
    return isOurs ? url.pathname + url.search + url.hash : home;
}

function welcome() {
    // the address stays in the history of the browser, and is shown to who looks at the screen
    history.replaceState(null, "", location.pathname);
    document.title = document.querySelector("h1").textContent = "Welcome to Refrain";
    document.querySelector("label[for=password]").textContent = "Choose a password";
    for (const id of ["address", "other", "lost"]) part(id).remove();
    part("need").textContent = "At least 12 characters; a few words do well. Leave it empty to keep the password that you have.";
    password.autocomplete = "new-password";
    password.required = false;
}

function refuse(problem, field) {
    part("problem").textContent = problem;
    password.setAttribute("aria-invalid", field === password);
    button.disabled = false;
    (field ?? button).focus();
}

async function signIn() {
    const input = link ? { link } : { email: email.value };
    if (password.value) input.password = password.value;
    if (!link && organization.value) input.organization = organization.value;
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/sign-in", { method: "POST", headers, body: JSON.stringify(input) });
    const body = await answer.json();
    if (answer.ok && form.dataset.home) {
        location.replace(destination(next, form.dataset.home));
    } else if (answer.ok) {
        part("done").textContent = `You are signed in to ${body.organization.name} as ${body.email} (${body.role}).`;
        form.remove();
    } else if (answer.status === 401 && link) {
        refuse("This link was used, or its time is over. Ask for another.");
    } else if (answer.status === 401) {
        refuse("The address or the password is not right.", password);
    } else if (answer.status === 429) {
        refuse(`Too many attempts. Try again in ${answer.headers.get("retry-after")} seconds.`);
    } else {
        const [, wrong] = body.message.match(/^password: (.*)/) ?? [];
        refuse(wrong ? `This can be no password: ${wrong}.` : body.message, wrong && password);
    }
}

if (link) welcome();
form.addEventListener("submit", (event) => {
    event.preventDefault();
    part("problem").textContent = "";
    button.disabled = true;
    signIn().catch(() => refuse("The server cannot be reached."));
});
part("reveal").addEventListener("click", ({ currentTarget }) => {
    const isShown = password.type === "password";
    password.type = isShown ? "text" : "password";
    currentTarget.textContent = isShown ? "Hide" : "Show";
    currentTarget.setAttribute("aria-label", `${currentTarget.textContent} the password`);
});
for (const kind of ["keydown", "keyup"]) {
    password.addEventListener(kind, (event) => {
        part("caps").textContent = event.getModifierState("CapsLock") ? "Caps lock is on." : "";
    });
}
