//! The listening socket and its connections, each with bounds in time, so that no client holds the server:
//! headers must come within [`HEADER_TIME`] (which also ends idle connections), a body within the time that `ingest`
//! gives it, and a socket that neither gives nor takes a byte for [`STALL_TIME`] is closed.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

const HEADER_TIME: Duration = Duration::from_secs(10);
const STALL_TIME: Duration = Duration::from_secs(20);
/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 2048;
/// How long requests under way may take to end once the server is told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Listens on the address, or on a free port of the same host if the port is taken.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let listener = TcpListener::bind(SocketAddr::new(address.ip(), 0)).await?;
            eprintln!("port {} is taken; using {}", address.port(), listener.local_addr()?.port());
            Ok(listener)
        }
        result => result,
    }
}

/// Serves until `stop` is done, then lets requests under way end.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accept = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream) = tokio::select! {
            accepted = accept => match accepted {
                (place, Ok((stream, _))) => (place, stream),
                (_, Err(_)) => {
                    // Out of file descriptors, or a connection that was gone at once: wait a little, go on.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let mut stream = TimeoutStream::new(stream);
        stream.set_read_timeout(Some(STALL_TIME));
        stream.set_write_timeout(Some(STALL_TIME));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router.clone()));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A connection's end by an error is the client's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_TIME, connections.shutdown()).await;
}
