//! People who sign in: what they may do, and what nobody else may.

mod access;
mod back_off;
mod keys;
mod masked;
mod roster;
mod sign_in;
mod sign_ins;

use crate::support::app::{Answer, TestApp};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::{Value, json};
use std::net::SocketAddr;

pub(super) const PASSWORD: &str = "a horse, a staple";

/// A browser: it keeps the cookie that it is given, and sends the token against forgery.
pub(super) struct Browser<'t> {
    t: &'t TestApp,
    address: SocketAddr,
    /// Name and value of the cookie.
    pub(super) cookie: Option<String>,
    pub(super) forgery_token: String,
}

impl<'t> Browser<'t> {
    pub(super) fn new(t: &'t TestApp) -> Self {
        Self::at(t, 1)
    }

    /// A browser at another address.
    pub(super) fn at(t: &'t TestApp, place: u8) -> Self {
        let address = ([203, 0, 113, place], 40_000).into();
        Self { t, address, cookie: None, forgery_token: String::new() }
    }

    /// A browser in which a new member of this role signed in and set a password.
    pub(super) async fn of(t: &'t TestApp, role: &str) -> Self {
        let mut browser = Self::new(t);
        let link = invite(t, &format!("{role}@example.com"), role).await;
        browser.sign_in(json!({"link": link, "password": PASSWORD})).await.ok();
        browser
    }

    pub(super) async fn sign_in(&mut self, input: Value) -> Answer {
        self.call("POST", "/sign-in", Some(input)).await
    }

    pub(super) async fn by_password(&mut self, email: &str, password: &str) -> Answer {
        self.sign_in(json!({"email": email, "password": password})).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(super) async fn call(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    /// Calls with further headers; one of a name that the browser sends itself takes its place.
    pub(super) async fn call_with(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(self.address));
        let own = [
            ("cookie", self.cookie.clone()),
            ("x-forgery-token", Some(self.forgery_token.clone())),
            ("content-type", body.as_ref().map(|_| "application/json".to_owned())),
        ];
        for (name, value) in own {
            if let Some(value) = value.filter(|_| headers.iter().all(|(given, _)| *given != name)) {
                request = request.header(name, value);
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.t.send(request.body(body).unwrap()).await;
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned()).filter(|pair| !pair.ends_with('='));
        }
        if let Some(token) = answer.body["forgery_token"].as_str() {
            token.clone_into(&mut self.forgery_token);
        }
        answer
    }
}

/// Invites somebody and returns the token of the link.
pub(super) async fn invite(t: &TestApp, email: &str, role: &str) -> String {
    let invited = t.post_ok("/members", json!({"email": email, "role": role})).await;
    token(&invited)
}

/// The token of the link in an answer.
pub(super) fn token(invited: &Value) -> String {
    invited["link"].as_str().unwrap().split_once("/sign-in?link=").unwrap().1.to_owned()
}

/// The kinds of the newest entries of the audit log, the newest first.
pub(super) async fn audited(t: &TestApp, count: usize) -> Vec<Value> {
    let log = t.get_ok("/audit-log").await;
    let entries = log["items"].as_array().unwrap().iter();
    // noted in the background
    entries.filter(|entry| entry["kind"] != "key.first_used").take(count).cloned().collect()
}
