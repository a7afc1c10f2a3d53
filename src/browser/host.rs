//! What the engine needs of JavaScript: the methods of `worker.ts`'s host, and the fields of a LoadMessage.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The worker's side of the engine (`www/player/worker.ts`). Times are seconds unless they say otherwise.
    pub type Host;

    /// `performance.now()`, milliseconds.
    #[wasm_bindgen(method)]
    pub fn now(this: &Host) -> f64;
    /// `performance.timeOrigin`, epoch milliseconds.
    #[wasm_bindgen(method)]
    pub fn origin(this: &Host) -> f64;
    /// Asks where MSE runs whether it takes these types; the answer comes as `Engine.probed`.
    #[wasm_bindgen(method)]
    pub fn probe(this: &Host, mimes: Array);
    /// MediaSink: a new MediaSource.
    #[wasm_bindgen(method)]
    pub fn attach(this: &Host);
    /// MediaSink: the next SourceBuffer.
    #[wasm_bindgen(method)]
    pub fn open(this: &Host, mime: &str);
    /// MediaSink: bytes for a SourceBuffer.
    #[wasm_bindgen(method)]
    pub fn append(this: &Host, buffer: usize, data: Uint8Array, offset: Option<f64>);
    /// MediaSink: forgets an unfinished box.
    #[wasm_bindgen(method)]
    pub fn reset(this: &Host, buffer: usize);
    /// MediaSink: removes a range.
    #[wasm_bindgen(method)]
    pub fn remove(this: &Host, buffer: usize, from: f64, to: f64);
    /// MediaSink: another type.
    #[wasm_bindgen(method, js_name = changeType)]
    pub fn change_type(this: &Host, buffer: usize, mime: &str);
    /// MediaSink: the duration.
    #[wasm_bindgen(method)]
    pub fn duration(this: &Host, seconds: f64);
    /// MediaSink: no more media.
    #[wasm_bindgen(method)]
    pub fn end(this: &Host);
    /// Sets the element's currentTime.
    #[wasm_bindgen(method)]
    pub fn seek(this: &Host, position: f64);
    /// PlayerEvents of `types.ts`, field by field.
    #[wasm_bindgen(method)]
    pub fn decision(
        this: &Host,
        at: f64,
        rendition: &str,
        height: Option<u32>,
        kbps: f64,
        reason: &str,
        words: &str,
        buffer: f64,
        throughput: Option<f64>,
    );
    #[wasm_bindgen(method)]
    pub fn rendition(this: &Host, at: f64, rendition: &str, height: Option<u32>, kbps: f64);
    #[wasm_bindgen(method)]
    pub fn stall(this: &Host, at: f64, seconds: Option<f64>);
    #[wasm_bindgen(method)]
    pub fn request(
        this: &Host,
        at: f64,
        kind: &str,
        url: &str,
        status: u16,
        bytes: f64,
        first_byte: f64,
        body: f64,
        aborted: bool,
    );
    #[wasm_bindgen(method)]
    pub fn error(
        this: &Host,
        code: &str,
        category: &str,
        severity: &str,
        message: &str,
        url: Option<&str>,
        status: Option<u16>,
        position: Option<f64>,
        what: Option<&str>,
    );
    /// Begins the next track of a list.
    #[wasm_bindgen(method)]
    pub fn track(this: &Host, kind: &str, language: Option<&str>, label: Option<&str>, selected: bool);
    /// Adds a rendition to the track begun last.
    #[wasm_bindgen(method, js_name = trackRendition)]
    pub fn track_rendition(
        this: &Host,
        id: &str,
        kbps: f64,
        width: Option<u32>,
        height: Option<u32>,
        codecs: Option<&str>,
        frame_rate: Option<f64>,
    );
    /// The list of tracks is complete.
    #[wasm_bindgen(method)]
    pub fn tracks(this: &Host);
    #[wasm_bindgen(method)]
    pub fn stats(
        this: &Host,
        sid: &str,
        state: &str,
        format: Option<&str>,
        shown: Option<&str>,
        fetched: Option<&str>,
        numbers: &[f64],
        farewell: Option<String>,
    );
    /// Starts a GET of bytes `first` to `last`, or of all; answered by `Engine.head`, `bytes`, `end` or `failed`.
    #[wasm_bindgen(method)]
    pub fn fetch(this: &Host, id: u32, url: &str, first: Option<f64>, last: Option<f64>, urgent: bool);
    /// Gives a GET up.
    #[wasm_bindgen(method)]
    pub fn abort(this: &Host, id: u32);
    /// Calls `Engine.timeout` after this many milliseconds, instead of any time set before.
    #[wasm_bindgen(method)]
    pub fn wake(this: &Host, milliseconds: f64);
    /// Delivers records to the collector; answered by `Engine.beaconLost` if that fails.
    #[wasm_bindgen(method)]
    pub fn beacon(this: &Host, body: &str);

    /// `protocol.ts`: LoadMessage.
    pub type LoadMessage;
    #[wasm_bindgen(method, getter)]
    pub fn at(this: &LoadMessage) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn url(this: &LoadMessage) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn format(this: &LoadMessage) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub fn sid(this: &LoadMessage) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn cid(this: &LoadMessage) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub fn beacon(this: &LoadMessage) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub fn interval(this: &LoadMessage) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn position(this: &LoadMessage) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn ahead(this: &LoadMessage) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn behind(this: &LoadMessage) -> f64;
}
