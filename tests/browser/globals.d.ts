// What the test pages put on `window`.

import type { Player } from "../../pkg/player";
import type { Seen } from "./viewer.ts";

declare global {
  interface Window {
    Player: typeof Player;
    video: HTMLVideoElement;
    player: Player;
    seen: Seen;
    shown: { number: number; time: number } | null;
    observe(video: HTMLVideoElement, player: Player, options?: { numbers?: boolean }): Seen;
    burntIn(video: HTMLVideoElement): { frame: number; rendition: number } | null;
  }
}
