import { Player } from "thalweg";

const video = document.getElementById("video");
const player = new Player(video);
player.on("error", ({ severity, message, code }) => {
  document.getElementById("error").textContent = `${severity}: ${message} (${code})`;
});

const src = new URLSearchParams(location.search).get("src") ?? "http://127.0.0.1:8001/hls-ts/index.m3u8";
await player.load(src);
await video.play();
