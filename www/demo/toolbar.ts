// The choices beside the player: quality, audio, rate, mute, fullscreen. They follow the player's state, whoever changed it.

import type { Rendition, Track } from "../player/types.ts";
import { byId, make, setText } from "./dom.ts";
import type { Session } from "./session.ts";
import { rate, UNKNOWN } from "./words.ts";

export function renditionName(rendition: Pick<Rendition, "height" | "kbps">): string {
  return `${rendition.height === null ? UNKNOWN : `${rendition.height}p`} · ${rate(rendition.kbps)}`;
}

export function showToolbar(session: Session): void {
  const quality = byId("quality", HTMLSelectElement);
  const audio = byId("audio", HTMLSelectElement);
  const audioLabel = byId("audio-label", HTMLElement);
  const speed = byId("rate", HTMLSelectElement);
  const mute = byId("mute", HTMLButtonElement);
  const fullscreen = byId("fullscreen", HTMLButtonElement);

  const follow = () => {
    const selected = session.player?.selected ?? "auto";
    if (quality.value !== selected) quality.value = selected;
  };
  const fillQuality = (tracks: Track[]) => {
    const renditions = tracks.filter((track) => track.kind === "video").flatMap((track) => track.renditions);
    renditions.sort((a, b) => b.kbps - a.kbps);
    quality.replaceChildren(
      make("option", { value: "auto" }, "auto"),
      ...renditions.map((rendition) => make("option", { value: rendition.id }, renditionName(rendition))),
    );
    quality.disabled = renditions.length === 0;
    follow();
  };
  const fillAudio = (tracks: Track[]) => {
    const list = tracks.filter((track) => track.kind === "audio");
    audioLabel.hidden = list.length < 2;
    audio.replaceChildren(
      ...list.map((track, index) => make("option", { value: String(index) }, track.label ?? track.language ?? `track ${index + 1}`)),
    );
    audio.selectedIndex = list.findIndex((track) => track.selected);
  };

  session.on("load", () => {
    fillQuality([]);
    fillAudio([]);
  });
  session.on("tracks", (tracks) => {
    fillQuality(tracks);
    fillAudio(tracks);
  });
  session.on("decision", follow);
  session.on("stats", follow);
  // Through the element's list, so that the menu in the player follows.
  quality.addEventListener("change", () => {
    const list = session.element?.videoRenditions;
    if (list) list.selectedIndex = [...list].findIndex((rendition) => rendition.id === quality.value);
  });
  audio.addEventListener("change", () => session.player?.selectTrack("audio", audio.selectedIndex));

  speed.addEventListener("change", () => {
    if (session.element) session.element.playbackRate = Number(speed.value);
  });
  mute.addEventListener("click", () => {
    if (session.element) session.element.muted = !session.element.muted;
  });
  session.on("media", (type) => {
    const element = session.element;
    if (!element) return;
    if (type === "volumechange" || type === "loadstart") mute.setAttribute("aria-pressed", String(element.muted));
    // A rate chosen elsewhere that is not in the list leaves the list empty: honest, and the player's own menu shows it.
    if (type === "ratechange") speed.value = String(element.playbackRate);
  });

  const controller = byId("controller", HTMLElement);
  fullscreen.addEventListener("click", () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void controller.requestFullscreen();
  });
  document.addEventListener("fullscreenchange", () => setText(fullscreen, document.fullscreenElement ? "Leave fullscreen" : "Fullscreen"));
}
