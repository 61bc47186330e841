const form = document.forms[0];
const said = document.querySelector("output");
const link = new URLSearchParams(location.search).get("link");
// the address stays in the history of the browser, and is shown to who looks at the screen
history.replaceState(null, "", location.pathname);
if (link) {
    document.title = document.querySelector("h1").textContent = "Welcome to Refrain";
    form.email.parentElement.remove();
    form.organization.parentElement.remove();
    form.password.autocomplete = "new-password";
    form.password.required = false;
    form.password.previousElementSibling.textContent = "Password to set, 12 characters or more; empty to keep the one there is";
}
form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const input = link ? { link } : { email: form.email.value };
    if (form.password.value) input.password = form.password.value;
    if (form.organization && form.organization.value) input.organization = form.organization.value;
    form.button.disabled = true;
    try {
        const headers = { "content-type": "application/json" };
        const answer = await fetch("/sign-in", { method: "POST", headers, body: JSON.stringify(input) });
        const body = await answer.json();
        if (answer.ok) {
            form.remove();
            said.textContent = `You are signed in to ${body.organization.name} as ${body.email} (${body.role}).`;
        } else if (answer.status === 401) {
            said.textContent = link
                ? "This link was used, or its time is over. Ask for another."
                : "The address or the password is not right.";
        } else if (answer.status === 429) {
            said.textContent = `Too many attempts. Try again in ${answer.headers.get("retry-after")} seconds.`;
        } else {
            said.textContent = body.message;
        }
    } catch {
        said.textContent = "The server cannot be reached.";
    }
    form.button.disabled = false;
});
