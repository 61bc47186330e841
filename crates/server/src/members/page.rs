//! The page on which members sign in, and to which one-time links lead. To open a link does not use it up: what looks at
//! addresses in messages opens them too.

use crate::app::App;
use crate::http::light_page;
use axum::extract::State;
use axum::response::Response;

const CARD: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");

/// Answers with the page. It goes on to the dashboard, where there is one.
pub(super) async fn show(State(app): State<App>) -> Response {
    let home = if app.config.server.dashboard { "/app/" } else { "" };
    light_page("Sign in to Refrain", &CARD.replace("{home}", home), SCRIPT)
}
