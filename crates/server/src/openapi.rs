//! The OpenAPI 3.1 document, made from the operations that the router is made from.

use crate::access::Scope;
use crate::error::ErrorBody;
use axum::http::Method;
use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

/// The bytes that a body may have, where an operation does not take more.
pub const BODY_MAX: usize = 256 * 1024;
/// The most characters of an id in a path: those of a UUID.
const PATH_ID_MAX: usize = 36;
/// What the document says of the cookie of a sign-in.
const COOKIE: &str = "Set by `POST /sign-in`. Where it is sent with another method than GET, `x-forgery-token` must be the `forgery_token` of `GET /me`. On a loopback address without TLS its name is `refrain`.";
/// The most characters of an `ETag`.
const ETAG_MAX: usize = 64;
/// The most characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;

type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// One method of one path, with all that the guard checks and the document describes.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub struct Operation {
    /// The HTTP method.
    pub method: Method,
    /// The path, with `{…}` for its parameters.
    pub path: &'static str,
    /// The scope that the caller's key or role must have. None means that none is needed.
    pub scope: Option<Scope>,
    /// True if it is for members who signed in, whatever their role.
    pub signed_in: bool,
    /// True if its answer is a function of what the organization's transactions wrote, and so has an `ETag` by that.
    pub revalidates: bool,
    /// True if its answer has words of customers, which no browser keeps.
    pub quotes: bool,
    /// True if it carries live conversation, and so has the larger rate limit.
    pub live: bool,
    /// The bytes that its body may have.
    pub body_max: usize,
    /// True if it also takes a form with a file, for which it may take long.
    pub uploads: bool,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    queries: Vec<SchemaFn>,
    body: Option<SchemaFn>,
    response: Option<(&'static [&'static str], Option<SchemaFn>)>,
    statuses: Vec<u16>,
    versioned: bool,
    idempotent: bool,
    also_returns: &'static [&'static str],
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Operation {
    /// Returns an operation that answers 200 without a body.
    pub fn new(method: Method, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            scope: None,
            signed_in: false,
            revalidates: false,
            quotes: false,
            live: false,
            body_max: BODY_MAX,
            id,
            tag: "",
            summary: "",
            queries: Vec::new(),
            body: None,
            response: None,
            statuses: Vec::new(),
            versioned: false,
            idempotent: false,
            uploads: false,
            also_returns: &[],
        }
    }

    /// Describes it in a few words.
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Puts it under a tag, unless it has one.
    pub(crate) fn tagged(mut self, tag: &'static str) -> Self {
        if self.tag.is_empty() {
            self.tag = tag;
        }
        self
    }

    /// Requires `scope` of the caller's key or role.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Requires a member who signed in.
    pub fn signed_in(mut self) -> Self {
        self.signed_in = true;
        self
    }

    /// Returns true if it takes a caller.
    pub fn needs_caller(&self) -> bool {
        self.scope.is_some() || self.signed_in
    }

    /// Counts it against the rate limit of live conversation.
    pub fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// Takes the parameters of `T` from the query string, beside those named before.
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.queries.push(schema_of::<T>);
        self
    }

    /// Takes `T` as the body.
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(schema_of::<T>);
        self
    }

    /// Takes a body of up to so many bytes.
    pub fn body_max(mut self, bytes: usize) -> Self {
        self.body_max = bytes;
        self
    }

    /// Takes the members of the body as the fields of a form too, with a file in place of `path`.
    pub fn uploads(mut self) -> Self {
        self.uploads = true;
        self
    }

    /// Answers with a body of one of these media types too, where that is asked for.
    pub fn also_returns(mut self, media_types: &'static [&'static str]) -> Self {
        self.also_returns = media_types;
        self
    }

    /// Answers 200 with `T`.
    pub fn returns<T: JsonSchema>(mut self) -> Self {
        self.response = Some((&["application/json"], Some(schema_of::<T>)));
        self
    }

    /// Answers 200 with a body of one of these media types.
    pub fn returns_media(mut self, media_types: &'static [&'static str]) -> Self {
        self.response = Some((media_types, None));
        self
    }

    /// Adds an error that it may answer with, beside those that follow from the rest.
    pub fn or(mut self, status: u16) -> Self {
        self.statuses.push(status);
        self
    }

    /// Answers with an `ETag`. A write is refused if its `If-Match` names another one.
    pub fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// Does the same once, however often it comes with the same `Idempotency-Key`.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    fn is_conditional(&self) -> bool {
        self.versioned && self.method != Method::GET
    }

    fn errors(&self) -> Vec<u16> {
        let mut statuses = self.statuses.clone();
        if self.is_conditional() || self.idempotent {
            statuses.extend([400, 409]);
        }
        statuses.extend([500, 503]);
        if self.needs_caller() {
            statuses.extend([401, 403, 429]);
        }
        if !self.queries.is_empty() {
            statuses.push(400);
        }
        if self.body.is_some() {
            statuses.extend([400, 408, 413, 415]);
        }
        if self.path.contains('{') {
            statuses.push(404);
        }
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    fn describe(&self, requests: &mut SchemaGenerator, responses: &mut SchemaGenerator) -> Json {
        let mut described = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag],
            "parameters": self.parameters(requests),
            "responses": self.responses(responses),
        });
        if let Some(body) = self.body {
            let schema = body(requests);
            let required = resolve(&schema, requests).get("required").is_some();
            described["requestBody"] =
                json!({"required": required, "content": {"application/json": {"schema": schema}}});
            if self.uploads {
                let form = form_of(resolve(&schema, requests));
                described["requestBody"]["content"]["multipart/form-data"] = json!({"schema": form});
            }
        }
        match self.scope {
            Some(scope) => described["description"] = json!(format!("Needs the scope `{scope}`.")),
            None if self.signed_in => {
                described["description"] = json!("For members who signed in.");
                described["security"] = json!([{"cookieAuth": []}]);
            }
            None => described["security"] = json!([]),
        }
        described
    }

    fn parameters(&self, requests: &mut SchemaGenerator) -> Vec<Json> {
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Json> = in_path
            .map(|name| {
                let schema = json!({"type": "string", "maxLength": PATH_ID_MAX});
                json!({"name": name, "in": "path", "required": true, "schema": schema})
            })
            .collect();
        for query in &self.queries {
            let schema = query(requests);
            push_parameters(&resolve(&schema, requests), &mut parameters);
        }
        if self.is_conditional() {
            parameters.push(json!({
                "name": "If-Match",
                "in": "header",
                "required": false,
                "schema": {"type": "string", "maxLength": ETAG_MAX},
                "description": "The ETag of a reply: refused with 409 if something changed since.",
            }));
        }
        if self.idempotent {
            parameters.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "schema": {
                    "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_MAX, "pattern": "^[ -~]+$"
                },
                "description": "Chosen by the client for each thing that it wants done. Sent again within 24 hours, with the same body, the request changes nothing and is answered as the first time; with another body it is refused with 409.",
            }));
        }
        parameters
    }

    fn responses(&self, generator: &mut SchemaGenerator) -> Map<String, Json> {
        let mut responses = Map::new();
        let mut success = json!({"description": "Default Response"});
        if let Some((media_types, schema)) = self.response {
            let schema = schema.map_or_else(|| json!({}), |schema| schema(generator).to_value());
            for media_type in media_types {
                success["content"][media_type]["schema"] = schema.clone();
            }
        }
        for media_type in self.also_returns {
            success["content"][media_type]["schema"] = json!({});
        }
        if self.revalidates {
            success["headers"] = json!({"ETag": {"schema": {"type": "string"}}});
            responses.insert("304".into(), json!({"description": "Not Modified"}));
        }
        if self.versioned {
            success["headers"] = json!({"ETag": {"schema": {"type": "string"}}});
            if self.is_conditional() {
                let described = "The operation, by which `POST /operations/{id}/undo` takes the change back. Absent if nothing changed.";
                success["headers"]["Operation-Id"] =
                    json!({"description": described, "schema": {"type": "string", "format": "uuid"}});
            }
        }
        if self.idempotent {
            let described = "Present if the answer was given before.";
            let header = json!({"description": described, "schema": {"type": "string", "const": "true"}});
            success["headers"] = json!({"Idempotency-Replayed": header});
        }
        responses.insert("200".into(), success);
        for status in self.errors() {
            let name = axum::http::StatusCode::from_u16(status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or("Error");
            let schema = generator.subschema_for::<ErrorBody>();
            responses.insert(
                status.to_string(),
                json!({"description": name, "content": {"application/json": {"schema": schema}}}),
            );
        }
        responses
    }
}

/// Returns the schema of a form with a file and the members of a body.
fn form_of(mut body: Json) -> Json {
    if let Some(members) = body.get_mut("properties").and_then(Json::as_object_mut) {
        members.remove("path");
        members.insert("file".into(), json!({"type": "string", "format": "binary"}));
    }
    body["required"] = json!(["file"]);
    body
}

fn push_parameters(schema: &Json, parameters: &mut Vec<Json>) {
    let required = schema.get("required").and_then(Json::as_array).cloned().unwrap_or_default();
    for (name, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let mut property = property.clone();
        let description = property.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({
            "name": name,
            "in": "query",
            "required": required.contains(&json!(name)),
            "schema": property,
        });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameters.push(parameter);
    }
}

/// Returns the component that `schema` refers to, or `schema` itself if it is no reference.
fn resolve(schema: &Schema, generator: &SchemaGenerator) -> Json {
    let component = schema
        .get("$ref")
        .and_then(Json::as_str)
        .and_then(|reference| reference.strip_prefix("#/components/schemas/"))
        .and_then(|name| generator.definitions().get(name));
    component.cloned().unwrap_or_else(|| schema.clone().to_value())
}

/// Returns the document that describes `operations`.
pub fn document(operations: &[Operation]) -> Json {
    let generator = |contract: Contract| {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.contract = contract;
        settings.into_generator()
    };
    let (mut requests, mut responses) = (generator(Contract::Deserialize), generator(Contract::Serialize));
    let mut paths = Map::new();
    for operation in operations {
        let described = operation.describe(&mut requests, &mut responses);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_lowercase()] = described;
    }
    let mut schemas = requests.take_definitions(true);
    schemas.extend(responses.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Refrain",
            "description": "Reads customer conversations and shows what customers keep saying. Compatible with the OpenCX HTTP API.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearerAuth": []}, {"cookieAuth": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer"},
                "cookieAuth": {"type": "apiKey", "in": "cookie", "name": "__Host-refrain", "description": COOKIE},
            },
        },
    })
}
