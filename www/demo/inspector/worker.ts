// The inspector's worker: reads manifests and segments with the WebAssembly module of its own, so that a large one disturbs neither the page nor what is
// playing. Built to inspector.js beside inspector_bg.wasm; reader.ts is the page's side.

import init, { inspect, inspect_media, judge } from "thalweg-inspector";

/** What the page asks. */
export type Question = { id: number } & (Manifest | Segment);

interface Manifest {
  what: "inspect" | "judge";
  text: string;
  url: string;
  /** Microseconds since 1970. */
  now: number;
  previous?: string | undefined;
}

interface Segment {
  what: "media";
  data: Uint8Array;
  init: Uint8Array | undefined;
}

/** A JSON text, or why there is none. */
export type Answer = { id: number; json: string } | { id: number; failure: string };

const ready = init();

function answer(asked: Question): string {
  switch (asked.what) {
    case "inspect":
      return inspect(asked.text, asked.url, asked.now, asked.previous);
    case "judge":
      return judge(asked.text, asked.url, asked.now);
    case "media":
      return inspect_media(asked.data, asked.init);
  }
}

addEventListener("message", ({ data: asked }: MessageEvent<Question>) => {
  const { id } = asked;
  ready
    .then(() => answer(asked))
    .then(
      (json): Answer => ({ id, json }),
      (error: unknown): Answer => ({ id, failure: error instanceof Error ? error.message : String(error) }),
    )
    .then((answer) => postMessage(answer));
});
