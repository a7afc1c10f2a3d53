//! A response's body: a task reads, shapes and spoils it, and hands it to the connection piece by piece.

use super::log::Entry;
use super::net::{Flow, Net};
use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;
use std::io::{Error, SeekFrom};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Pieces that may lie between the task and the connection.
const PIECES_AHEAD: usize = 4;
/// A connection that takes longer than this to accept a piece holds the response up.
const HELD_UP: Duration = Duration::from_millis(50);
/// Time for what was sent to leave before a connection is cut.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// What a body is made of.
pub enum Content {
    /// Bytes at hand.
    Text(Bytes),
    /// A part of a file.
    File { path: PathBuf, offset: u64, length: u64 },
    /// That many pseudo-random bytes.
    Garbage { length: u64 },
}

impl Content {
    /// Bytes in all.
    pub fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File { length, .. } | Self::Garbage { length } => *length,
        }
    }
}

/// How a body ends before its end.
#[derive(Clone, Copy)]
pub enum Cut {
    /// The connection closes after so many bytes.
    Truncate(u64),
    /// Nothing comes after so many bytes.
    Stall(u64),
}

/// Starts the task that sends `content` and gives the body that it feeds.
pub fn start(content: Content, cut: Option<Cut>, net: Arc<Net>, entry: Arc<Entry>) -> Body {
    let (pieces, receiver) = mpsc::channel(PIECES_AHEAD);
    tokio::spawn(async move {
        tokio::select! {
            () = pieces.closed() => {}
            result = send(content, cut, &net, &entry, &pieces) => match result {
                Ok(()) => entry.done(),
                // The client is told by the connection's early end; if it is gone already, no one is to be told.
                Err(error) => drop(pieces.send(Err(error)).await),
            },
        }
    });
    Body::new(Pieces(receiver))
}

async fn send(
    content: Content,
    cut: Option<Cut>,
    net: &Net,
    entry: &Entry,
    pieces: &mpsc::Sender<Result<Bytes, Error>>,
) -> Result<(), Error> {
    let length = content.len();
    let end = match cut {
        Some(Cut::Truncate(at) | Cut::Stall(at)) => at.min(length),
        None => length,
    };
    let mut reader = Reader::open(content).await?;
    let mut flow = Flow::new();
    let mut sent = 0;
    while sent < end {
        let size = usize::try_from(end - sent).unwrap_or(usize::MAX).min(net.piece());
        let piece = reader.read(size).await?;
        net.pass(&mut flow, size).await;
        let offered = Instant::now();
        pieces.send(Ok(piece)).await.map_err(Error::other)?;
        if offered.elapsed() > HELD_UP {
            flow.held_up();
        }
        sent += size as u64;
        entry.sent(size as u64);
    }
    match cut {
        Some(Cut::Stall(_)) => std::future::pending().await,
        Some(Cut::Truncate(_)) if end < length => {
            sleep(BEFORE_CUT).await;
            Err(Error::other("cut short by a fault"))
        }
        _ => Ok(()),
    }
}

enum Reader {
    Text(Bytes),
    File(File),
    Garbage(u64),
}

impl Reader {
    async fn open(content: Content) -> Result<Self, Error> {
        Ok(match content {
            Content::Text(text) => Self::Text(text),
            Content::File { path, offset, .. } => {
                let mut file = File::open(path).await?;
                file.seek(SeekFrom::Start(offset)).await?;
                Self::File(file)
            }
            Content::Garbage { length } => Self::Garbage(length | 1),
        })
    }

    /// The next `size` bytes, all of them.
    async fn read(&mut self, size: usize) -> Result<Bytes, Error> {
        match self {
            Self::Text(text) => Ok(text.split_to(size.min(text.len()))),
            Self::File(file) => {
                let mut piece = vec![0; size];
                file.read_exact(&mut piece).await?;
                Ok(piece.into())
            }
            // xorshift64: the same bytes for the same length.
            Self::Garbage(state) => {
                let next = || {
                    *state ^= *state << 13;
                    *state ^= *state >> 7;
                    *state ^= *state << 17;
                    (*state >> 32) as u8
                };
                Ok(std::iter::repeat_with(next).take(size).collect())
            }
        }
    }
}

struct Pieces(mpsc::Receiver<Result<Bytes, Error>>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
