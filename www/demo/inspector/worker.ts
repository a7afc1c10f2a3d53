// The inspector's worker: reads manifests with the WebAssembly module of its own, so that a large one disturbs neither the page nor what is
// playing. Built to inspector.js beside inspector_bg.wasm; reader.ts is the page's side.

import init, { inspect, judge } from "thalweg-inspector";

/** What the page asks. */
export interface Question {
  id: number;
  what: "inspect" | "judge";
  text: string;
  url: string;
  /** Microseconds since 1970. */
  now: number;
  previous: string | undefined;
}

/** A JSON text, or why there is none. */
export type Answer = { id: number; json: string } | { id: number; failure: string };

const ready = init();

addEventListener("message", ({ data: { id, what, text, url, now, previous } }: MessageEvent<Question>) => {
  ready
    .then(() => (what === "inspect" ? inspect(text, url, now, previous) : judge(text, url, now)))
    .then(
      (json): Answer => ({ id, json }),
      (error: unknown): Answer => ({ id, failure: error instanceof Error ? error.message : String(error) }),
    )
    .then((answer) => postMessage(answer));
});
