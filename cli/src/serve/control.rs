//! `/.thalweg/…`: the server's own interface, for tests and for the demo page.
//!
//! | call | does |
//! |---|---|
//! | `GET /.thalweg/net` | `{"shaped", "kbps", "latency_ms", "trace"}`: what the network is now |
//! | `PUT /.thalweg/net` | `{"kbps": n or null, "latency_ms": n or null}`, or a trace as `text/csv` |
//! | `GET`, `PUT`, `DELETE /.thalweg/faults` | the rules of [`super::faults`] |
//! | `GET`, `DELETE /.thalweg/requests` | the last 1000 requests: `[{"path", "range", "status", "bytes_sent", "t_ms", "done"}]` |

use super::App;
use super::trace::Trace;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

const LARGEST_BODY: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetBody {
    kbps: Option<u32>,
    latency_ms: Option<u32>,
}

/// Answers a call to `/.thalweg/{name}`.
pub async fn answer(app: &App, name: &str, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let Ok(text) = std::str::from_utf8(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is not UTF-8");
    };
    let is_csv = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.starts_with("text/csv")));
    let done = match (name, parts.method) {
        ("net" | "faults" | "requests", Method::GET | Method::HEAD) => Ok(()),
        ("net", Method::PUT) => put_net(app, text, is_csv),
        ("faults", Method::PUT) => app.faults.set(text),
        ("faults", Method::DELETE) => {
            app.faults.clear();
            Ok(())
        }
        ("requests", Method::DELETE) => {
            app.log.clear();
            Ok(())
        }
        ("net" | "faults" | "requests", _) => {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "not a method of this resource");
        }
        _ => return refuse(StatusCode::NOT_FOUND, "no such resource"),
    };
    match (done, name) {
        (Err(error), _) => refuse(StatusCode::BAD_REQUEST, &error),
        (Ok(()), "net") => reply(StatusCode::OK, &net(app)),
        (Ok(()), "faults") => reply(StatusCode::OK, &json!(app.faults.list())),
        (Ok(()), _) => reply(StatusCode::OK, &app.log.list()),
    }
}

fn put_net(app: &App, text: &str, is_csv: bool) -> Result<(), String> {
    let trace = if is_csv {
        Trace::parse("uploaded", text)?
    } else {
        let body: NetBody = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Trace::constant(body.kbps, body.latency_ms.unwrap_or(0))
    };
    app.net.set(trace);
    Ok(())
}

fn net(app: &App) -> Value {
    let trace = app.net.trace();
    let (kbps, latency_ms) = (trace.kbps(), trace.latency_ms());
    json!({"shaped": kbps.is_some() || latency_ms > 0, "kbps": kbps, "latency_ms": latency_ms, "trace": trace.name})
}

fn refuse(status: StatusCode, message: &str) -> Response<Body> {
    reply(status, &json!({"error": message}))
}

fn reply(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
