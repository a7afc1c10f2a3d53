//! `thalweg serve`: a folder over HTTP as a delivery network would serve it, with a network and faults to order.
//!
//! [`files`] finds the file, [`body`] sends it through the shared link of [`net`], [`faults`] spoils it, [`log`] keeps
//! what happened, and [`control`] is the interface to all of these while the server runs.

mod body;
mod control;
mod faults;
mod files;
mod log;
mod net;
mod trace;

use crate::failure::Failure;
use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long responses may go on after Ctrl-C.
const GRACE: Duration = Duration::from_millis(500);

/// Serve a folder over HTTP: byte ranges, CORS, cache headers, a shaped network, faults.
///
/// Prints `serving DIR at URL` when it is ready.
#[derive(clap::Args)]
#[command(after_long_help = "TRACE\n  \
    CSV with the header duration_ms,bandwidth_kbps,latency_ms, repeated for ever; 0 kb/s lets nothing\n  \
    through. All responses share the rate. A request waits the latency, twice on a new connection.\n\n\
    FAULTS\n  \
    JSON array of rules, the first match is used: {\"path\": \"part of a path, or a pattern with *\",\n  \
    \"times\": n or null for always} with one or more of\n    \
    \"status\": 404               this status\n    \
    \"body\": \"...\", \"type\": \"...\"  this text, status 200\n    \
    \"garbage\": true             the same length of pseudo-random bytes\n    \
    \"truncate\": bytes           the connection closes after so many\n    \
    \"stall_after\": bytes        nothing after so many, the connection stays open\n    \
    \"delay_ms\": n               waits before the response\n\n\
    WHILE IT RUNS\n  \
    GET, PUT /.thalweg/net       {\"kbps\": n or null, \"latency_ms\": n or null}, or a trace as text/csv\n  \
    GET, PUT, DELETE /.thalweg/faults     the rules\n  \
    GET, DELETE /.thalweg/requests        the last 1000 requests")]
pub struct Args {
    /// The folder.
    dir: PathBuf,
    /// Port; if it is taken another is chosen, as with 0.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen at.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Shape the network by this trace (see below).
    #[arg(long, value_name = "TRACE")]
    net: Option<PathBuf>,
    /// Spoil responses by these rules (see below).
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

/// What every request needs.
struct App {
    root: PathBuf,
    net: Arc<net::Net>,
    faults: faults::Faults,
    log: log::Log,
}

/// Whether a connection has had a request.
#[derive(Clone)]
struct Connection(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Prompt>> for Connection {
    fn connect_info(_: IncomingStream<'_, Prompt>) -> Self {
        Self(Arc::default())
    }
}

/// A listener whose connections send small pieces at once, instead of waiting for acknowledgements.
struct Prompt(TcpListener);

impl Listener for Prompt {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (connection, address) = Listener::accept(&mut self.0).await;
        // One that refuses is merely slower.
        let _ = connection.set_nodelay(true);
        (connection, address)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Runs the subcommand until Ctrl-C.
pub fn run(args: &Args) -> Result<(), Failure> {
    if !args.dir.is_dir() {
        return Err(Failure::Usage(format!("{} is not a folder", args.dir.display())));
    }
    let wrong = |path: &PathBuf, what: String| Failure::Usage(format!("{}: {what}", path.display()));
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| wrong(path, error.to_string()));
    let trace = match &args.net {
        Some(path) => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            trace::Trace::parse(&name, &read(path)?).map_err(|what| wrong(path, what))?
        }
        None => trace::Trace::constant(None, 0),
    };
    let faults = faults::Faults::default();
    if let Some(path) = &args.faults {
        faults.set(&read(path)?).map_err(|what| wrong(path, what))?;
    }
    let app =
        App { root: args.dir.clone(), net: Arc::new(net::Net::new(trace)), faults, log: log::Log::new() };
    tokio::runtime::Runtime::new().map_err(Failure::io("starting"))?.block_on(listen(args, app))
}

async fn listen(args: &Args, app: App) -> Result<(), Failure> {
    let listener = match TcpListener::bind((args.host, args.port)).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            eprintln!("port {} is taken, another is used", args.port);
            TcpListener::bind((args.host, 0)).await
        }
        bound => bound,
    }
    .map_err(Failure::io(format!("listening at {}", args.host)))?;
    let address = listener.local_addr().map_err(Failure::io("listening"))?;
    println!("serving {} at http://{address}/", args.dir.display());

    let service = Router::new()
        .fallback(answer)
        .with_state(Arc::new(app))
        .into_make_service_with_connect_info::<Connection>();
    let interrupted = || async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    let serving = axum::serve(Prompt(listener), service).with_graceful_shutdown(interrupted());
    tokio::select! {
        result = serving => result.map_err(Failure::io("serving")),
        () = async { interrupted().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

async fn answer(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let control = path.strip_prefix("/.thalweg/");
    let mut response = match (control, request.method()) {
        (_, &Method::OPTIONS) => preflight(control.is_some()),
        (Some(name), _) => control::answer(&app, name, request).await,
        (None, &Method::GET | &Method::HEAD) => {
            let is_fresh = !connection.0.swap(true, Ordering::Relaxed);
            serve_file(&app, &path, &request.into_parts().0, is_fresh).await
        }
        _ => plain(StatusCode::METHOD_NOT_ALLOWED),
    };
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Content-Length, Content-Range, Date, Age"),
        (HeaderName::from_static("timing-allow-origin"), "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn preflight(is_control: bool) -> Response<Body> {
    let mut response = plain(StatusCode::NO_CONTENT);
    *response.body_mut() = Body::empty();
    let methods = if is_control { "GET, HEAD, PUT, DELETE" } else { "GET, HEAD" };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{status}\n")));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// A response before its body is sent.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    content: body::Content,
}

impl Reply {
    fn text(status: StatusCode, content_type: &str, text: String) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(value) = content_type.parse() {
            headers.insert(header::CONTENT_TYPE, value);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self { status, headers, content: body::Content::Text(Bytes::from(text)) }
    }

    fn status(status: StatusCode) -> Self {
        Self::text(status, "text/plain; charset=utf-8", format!("{status}\n"))
    }
}

async fn serve_file(app: &App, path: &str, request: &Parts, is_fresh: bool) -> Response<Body> {
    let t_ms = app.log.now_ms();
    let rule = app.faults.take(&files::percent_decode(path).unwrap_or_default()).unwrap_or_default();
    let latency = app.net.latency(is_fresh) + Duration::from_millis(rule.delay_ms.unwrap_or(0));
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }

    let mut reply = match (&rule.body, rule.status.and_then(|status| StatusCode::from_u16(status).ok())) {
        (Some(text), status) => {
            let content_type = rule.content_type.as_deref().unwrap_or("text/plain; charset=utf-8");
            Reply::text(status.unwrap_or(StatusCode::OK), content_type, text.clone())
        }
        (None, Some(status)) => Reply::status(status),
        (None, None) => find(app, path, request.uri.query(), &request.headers).await,
    };
    if rule.garbage {
        reply.content = body::Content::Garbage { length: reply.content.len() };
    }
    let cut = rule.truncate.map(body::Cut::Truncate).or(rule.stall_after.map(body::Cut::Stall));
    if rule.garbage || cut.is_some() {
        // A cache would spoil later requests too, which no rule asked for.
        reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    let range = request.headers.get(header::RANGE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let entry = app.log.add(request.uri.to_string(), range, reply.status.as_u16(), t_ms);
    reply.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(reply.content.len()));
    let body = if request.method == Method::HEAD {
        entry.done();
        Body::empty()
    } else {
        body::start(reply.content, cut, app.net.clone(), entry)
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// The file, or the part of it, that a request asks for.
async fn find(app: &App, url_path: &str, query: Option<&str>, asked: &HeaderMap) -> Reply {
    let Some(mut path) = files::resolve(&app.root, url_path) else {
        return Reply::status(StatusCode::NOT_FOUND);
    };
    let is_folder = tokio::fs::metadata(&path).await.is_ok_and(|found| found.is_dir());
    if is_folder && !url_path.ends_with('/') {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        // One slash only: two would name another host.
        let location = format!("/{}/{query}", url_path.trim_start_matches('/'));
        let mut reply = Reply::status(StatusCode::PERMANENT_REDIRECT);
        if let Ok(location) = location.parse() {
            reply.headers.insert(header::LOCATION, location);
        }
        return reply;
    }
    if is_folder {
        path.push("index.html");
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(files::content_type(&path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(files::cache_control(&path)));

    let mut packed = path.clone().into_os_string();
    packed.push(".br");
    if tokio::fs::metadata(&packed).await.is_ok_and(|found| found.is_file()) {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if files::accepts_brotli(asked) && !asked.contains_key(header::RANGE) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            path = packed.into();
        }
    }
    let size = match tokio::fs::metadata(&path).await {
        Ok(found) if found.is_file() => found.len(),
        _ => return Reply::status(StatusCode::NOT_FOUND),
    };
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (status, offset, length, range) = match files::wanted(asked, size) {
        files::Wanted::All => (StatusCode::OK, 0, size, None),
        files::Wanted::Part(first, length) => {
            let range = format!("bytes {first}-{}/{size}", first + length - 1);
            (StatusCode::PARTIAL_CONTENT, first, length, Some(range))
        }
        files::Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0, Some(format!("bytes */{size}"))),
    };
    if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    Reply { status, headers, content: body::Content::File { path, offset, length } }
}
