// The policy lets no text become markup. What is loaded next would ask for leave to, be refused and report it; so it finds
// nothing to ask. What it would have shown as markup, page.js shows as text.
delete window.trustedTypes;
