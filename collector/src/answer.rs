//! What goes wrong, as typed JSON: `{"error": code, "reason": words, …}`.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A failed request.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    body: Map<String, Value>,
}

impl Failure {
    /// A failure with its code and words for a person.
    pub fn new(status: StatusCode, error: &str, reason: &str) -> Failure {
        let mut body = Map::new();
        body.insert("error".to_owned(), error.into());
        body.insert("reason".to_owned(), reason.into());
        Failure { status, body }
    }

    /// The queue or the memory for requests is full.
    pub fn busy() -> Failure {
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "busy", "too much at once; send it again later")
    }

    /// Adds a detail.
    pub fn with(mut self, key: &str, value: impl Serialize) -> Failure {
        self.body.insert(key.to_owned(), json!(value));
        self
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        eprintln!("cannot read the store: {error}");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "store", "the store could not be read")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
