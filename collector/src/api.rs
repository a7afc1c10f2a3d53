//! The routes, and the questions that are asked with GET.

use crate::App;
use crate::answer::Failure;
use crate::dashboard;
use crate::ingest;
use crate::metrics::{By, Figures, Metric, csv};
use crate::store::{MetricsQuery, ViewsQuery};
use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

/// Views that one answer lists when nothing is said, and at most.
const LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 1000;
/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(7200);
/// For everything but the dashboard, which says more: nothing of it runs as a page.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

type Parameters = Query<HashMap<String, String>>;

/// The service. `origins` are those whose pages may post and read; without any, every page may post and none may read.
pub fn routes(app: Arc<App>, origins: &[HeaderValue]) -> Router {
    let cors = CorsLayer::new().max_age(PREFLIGHT_AGE).allow_headers([CONTENT_TYPE]);
    let (posting, reading) = if origins.is_empty() {
        (cors.clone().allow_origin(Any).allow_methods([Method::POST]), None)
    } else {
        // `navigator.sendBeacon` sends with credentials, and so needs them allowed; the collector itself uses none.
        let listed = cors.allow_origin(origins.to_vec()).allow_credentials(true);
        (listed.clone().allow_methods([Method::POST]), Some(listed.allow_methods([Method::GET])))
    };
    let beacons = Router::new()
        .route("/v1/beacons", post(ingest::post))
        .route("/v1/beacons/{project}", post(ingest::post_to))
        .method_not_allowed_fallback(wrong_method)
        .layer(posting);
    let mut questions = Router::new()
        .route("/v1/views", get(views))
        .route("/v1/views/{sid}", get(timeline))
        .route("/v1/metrics", get(metrics))
        .method_not_allowed_fallback(wrong_method)
        .layer(header(CACHE_CONTROL, "no-store"));
    if let Some(reading) = reading {
        questions = questions.layer(reading);
    }
    let probes = Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready));
    beacons
        .merge(questions)
        .merge(probes)
        .merge(dashboard::routes())
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
        .layer(header(CONTENT_SECURITY_POLICY, API_POLICY))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .with_state(app)
}

/// A header for answers that do not have it.
fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// `GET /v1/views?limit=&cid=&since=`
async fn views(State(app): State<Arc<App>>, Query(mut q): Parameters) -> Result<Response, Failure> {
    let limit = number(&q, "limit", LIMIT)?.clamp(0, MAX_LIMIT);
    let query = ViewsQuery {
        limit: limit.unsigned_abs() as u32,
        since: number(&q, "since", i64::MIN)?,
        cid: q.remove("cid"),
    };
    Ok(Json(app.readers.views(query).await?).into_response())
}

/// `GET /v1/views/{sid}`
async fn timeline(State(app): State<Arc<App>>, Path(sid): Path<String>) -> Result<Response, Failure> {
    match app.readers.timeline(sid).await? {
        Some(timeline) => Ok(Json(timeline).into_response()),
        None => Err(Failure::new(StatusCode::NOT_FOUND, "no_such_view", "no view has this session id")),
    }
}

/// `GET /v1/metrics?metric=&by=&from=&to=&format=json|csv`
async fn metrics(State(app): State<Arc<App>>, Query(q): Parameters) -> Result<Response, Failure> {
    let metric = Metric::named(q.get("metric").map_or("", String::as_str));
    let metric = metric.ok_or_else(|| choose("metric", &Metric::names()))?;
    let by =
        By::named(q.get("by").map_or("none", String::as_str)).ok_or_else(|| choose("by", &By::names()))?;
    let (from, to) = (number(&q, "from", i64::MIN)?, number(&q, "to", i64::MAX)?);
    let as_csv = match q.get("format").map_or("json", String::as_str) {
        "json" => false,
        "csv" => true,
        _ => return Err(choose("format", &["json", "csv"])),
    };
    let groups = app.readers.metric(MetricsQuery { metric, by, from, to }).await?;
    let figures: Vec<Figures> = groups.into_iter().map(Figures::of).collect();
    if as_csv {
        return Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&figures)).into_response());
    }
    let about: Value = json!({
        "metric": metric.column(), "unit": metric.unit(), "by": by.name(),
        "from": q.get("from").map(|_| from), "to": q.get("to").map(|_| to), "groups": figures,
    });
    Ok(Json(about).into_response())
}

/// `GET /readyz`: whether beacons can be kept and questions answered.
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Failure> {
    if app.stopping.load(Ordering::Relaxed) || !app.writer.alive() || !app.readers.alive().await {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "the collector takes no beacons now",
        ));
    }
    Ok("ready\n")
}

/// Below the CORS layer of its routes, which answers preflights before it comes to this.
async fn wrong_method() -> Failure {
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this is not done with that method")
}

/// An integer of the query.
fn number(q: &HashMap<String, String>, name: &str, absent: i64) -> Result<i64, Failure> {
    match q.get(name).map(|text| text.trim()) {
        None | Some("") => Ok(absent),
        Some(text) => text.parse().map_err(|_| {
            Failure::new(StatusCode::BAD_REQUEST, "parameter", "this is not an integer")
                .with("parameter", name)
        }),
    }
}

/// A parameter that is none of those that there are.
fn choose(parameter: &str, allowed: &[&str]) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "parameter", "this is none of the allowed values")
        .with("parameter", parameter)
        .with("allowed", allowed)
}
