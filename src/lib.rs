//! Thalweg plays HLS and DASH. This crate is the engine: it turns manifests into one presentation
//! model, segment bytes into what Media Source Extensions take, and what happens during a view into
//! decisions and measurements. It does no I/O: a driver hands it [`player::Input`]s and carries out
//! its [`player::Command`]s. In a page the driver is `browser` (WebAssembly, in a worker).
//!
//! | module | turns | into |
//! |---|---|---|
//! | [`presentation`] | - | the one model that both formats become |
//! | [`hls`] | playlist text | presentation, timeline |
//! | [`dash`] | MPD text, `sidx` | presentation, timeline |
//! | [`media`] | segment bytes | fragments for MSE, with their timing |
//! | [`abr`] | throughput and buffer | a rendition, with the reason |
//! | [`qos`] | what happened | figures, CMCD v2 event records |
//! | [`player`] | inputs | commands |
//!
//! A module may use those above `player` in this table only as the arrows in
//! `docs/architecture.md` say: `browser -> player -> hls, dash, media, abr, qos -> presentation`.

pub mod abr;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod browser;
// Tested natively.
pub mod dash;
pub mod error;
#[cfg(any(test, all(target_arch = "wasm32", feature = "page")))]
#[path = "browser/heap.rs"]
mod heap;
pub mod hls;
mod math;
pub mod media;
pub mod player;
pub mod presentation;
pub mod qos;
pub mod time;
pub mod xml;

pub use error::{Code, Error};
pub use time::Micros;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
#[global_allocator]
static HEAP: heap::Heap<heap::Pages> = heap::Heap::new(heap::Pages);
