//! `thalweg-collector` takes CMCD v2 event records from players (`POST /v1/beacons`), answers 204 once they are on
//! disk, and answers questions about the views that they tell of (`GET /v1/views`, `/v1/metrics`, and a dashboard).
//!
//! The way of a beacon: `server` (sockets, time limits) -> `ingest` (body to records) -> `record` (one line) ->
//! `store` (one writing thread, group commit) -> `view` (what the records say). Back: `api` -> `store` -> `metrics`.

mod answer;
mod api;
mod dashboard;
mod ingest;
mod metrics;
mod record;
mod server;
mod store;
mod view;

use axum::http::HeaderValue;
use clap::Parser;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

/// Takes CMCD v2 event records from players, keeps them, and answers questions about the views.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The folder that the data is kept in; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "thalweg-data")]
    data: PathBuf,
    /// The address to listen on; if its port is taken, a free one is used
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// An origin whose pages may post and read, such as https://example.org; may be given more than once.
    /// Without any, pages of every origin may post and none may read
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<HeaderValue>,
}

/// What every request may use.
struct App {
    writer: store::Writer,
    readers: store::Readers,
    /// A permit a byte that requests may hold.
    memory: Arc<Semaphore>,
    /// Set once the collector is told to stop.
    stopping: AtomicBool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let folder = arguments.data.display();
    std::fs::create_dir_all(&arguments.data).map_err(|error| format!("cannot make {folder}: {error}"))?;
    let file = arguments.data.join("collector.sqlite");
    let (writer, thread) =
        store::Writer::start(&file).map_err(|error| format!("cannot open {}: {error}", file.display()))?;
    let app = Arc::new(App {
        writer,
        readers: store::Readers::new(&file),
        memory: Arc::new(Semaphore::new(ingest::MEMORY)),
        stopping: AtomicBool::new(false),
    });

    let listener = server::listen(arguments.listen).await?;
    println!("collector at http://{}/ keeping its data in {folder}", listener.local_addr()?);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        app.stopping.store(true, Ordering::Relaxed);
        // Who asks twice does not want to wait. Nothing that was answered 204 is lost.
        tokio::spawn(async move {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            std::process::exit(130);
        });
    };
    server::serve(listener, api::routes(Arc::clone(&app), &arguments.allow_origin), stop).await;

    // The writer ends once nothing can send to it any more; it commits what it was given first.
    app.writer.close();
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| "the writing thread failed".into())
}
