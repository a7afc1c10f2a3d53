//! What the page is told: each report of the core becomes one call of the host, which makes of it the shapes of
//! `www/player/types.ts`. Plain arguments: they cross into JavaScript without a serializer. Times are seconds since load().

use super::{Engine, seconds};
use crate::error::Error;
use crate::player::{Player, Report};
use crate::presentation::TrackKind;
use crate::time::Micros;
use wasm_bindgen::prelude::*;

impl Engine {
    /// Sends a report to the page.
    pub(super) fn tell(&self, report: Report) {
        let Some(player) = &self.player else { return };
        let host = &self.host;
        let at = |time: Micros| seconds(time - self.loaded);
        match &report {
            Report::Tracks => self.tell_tracks(player),
            Report::Decision(decision) => {
                let (height, kbps) = rendition(player, &decision.rendition);
                host.decision(
                    at(decision.at),
                    &decision.rendition,
                    height,
                    kbps,
                    decision.reason.as_str(),
                    decision.reason.words(),
                    seconds(decision.buffer),
                    decision.throughput.map(kbps_of),
                );
            }
            Report::Shown { rendition: id } => {
                let (height, kbps) = rendition(player, id);
                host.rendition(at(self.last), id, height, kbps);
            }
            Report::Stall(length) => host.stall(at(self.last), length.map(seconds)),
            Report::Request(request) => host.request(
                at(request.at),
                request.kind.as_str(),
                &request.url,
                request.status,
                request.bytes as f64,
                seconds(request.first_byte),
                seconds(request.body),
                request.aborted,
            ),
            Report::Error(error) => self.tell_error(error),
        }
    }

    fn tell_tracks(&self, player: &Player) {
        for (track, selected) in player.tracks() {
            let kind = match track.kind {
                TrackKind::Video => "video",
                TrackKind::Audio => "audio",
                TrackKind::Text => "text",
                TrackKind::Image => "image",
            };
            self.host.track(kind, track.language.as_deref(), track.label.as_deref(), selected);
            for rendition in &track.renditions {
                self.host.track_rendition(
                    &rendition.id,
                    kbps_of(rendition.average_bandwidth.unwrap_or(rendition.bandwidth)),
                    rendition.width,
                    rendition.height,
                    rendition.codecs.as_deref(),
                    rendition.frame_rate_milli.map(|rate| f64::from(rate) / 1000.0),
                );
            }
        }
        self.host.tracks();
    }

    fn tell_error(&self, error: &Error) {
        let context = &error.context;
        self.host.error(
            error.code.as_str(),
            error.code.category(),
            error.severity.as_str(),
            error.code.words(),
            context.url.as_deref(),
            context.status,
            context.position.map(|position| position as f64),
            context.what.as_deref(),
        );
    }
}

#[wasm_bindgen]
impl Engine {
    /// Sends the figures to the page, and what it must send itself if it is left.
    #[wasm_bindgen(js_name = tellStats)]
    pub fn tell_stats(&mut self) {
        let now = self.now();
        let Some(player) = &self.player else { return };
        let stats = player.stats(now);
        let (shown, fetched) = player.renditions();
        let time = |time: Option<Micros>| time.map_or(f64::NAN, seconds);
        let number = |number: Option<u32>| number.map_or(f64::NAN, f64::from);
        // In the order of STATS_NUMBERS (`www/player/messages.ts`); NaN is null.
        let numbers = [
            time(stats.startup),
            f64::from(stats.stalls),
            seconds(stats.stall_time),
            seconds(stats.watched),
            seconds(stats.played),
            f64::from(stats.seeks),
            f64::from(stats.switches),
            number(stats.bitrate_kbps),
            number(stats.mean_kbps),
            number(stats.width),
            number(stats.height),
            number(stats.throughput_kbps),
            seconds(stats.position),
            time(stats.duration),
            seconds(stats.buffer),
            seconds(player.goal()),
            f64::NAN,
            stats.total_frames as f64,
            stats.dropped_frames as f64,
            stats.bytes as f64,
            f64::from(stats.errors),
        ];
        self.host.stats(
            &stats.sid,
            stats.state.as_str(),
            player.format().map(|format| format.as_str()),
            shown,
            fetched,
            &numbers,
            player.farewell(now),
        );
    }
}

/// Height and bit rate (with audio) of a main rendition.
fn rendition(player: &Player, id: &str) -> (Option<u32>, f64) {
    let renditions = player.tracks().next().map_or(&[][..], |(track, _)| &track.renditions);
    let index = renditions.iter().position(|rendition| rendition.id == id);
    (
        index.and_then(|index| renditions[index].height),
        index.map_or(0.0, |index| kbps_of(player.bitrate(index))),
    )
}

fn kbps_of(bits_per_second: u64) -> f64 {
    ((bits_per_second + 500) / 1000) as f64
}
