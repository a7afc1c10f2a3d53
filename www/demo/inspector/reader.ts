// Asks the inspector's worker. It is started by the first question; one that fails or does not answer is replaced by the next, because a
// module that trapped cannot be used again.

import type { Media } from "./media.ts";
import type { Judgement, Manifest, Refusal } from "./model.ts";
import type { Answer, Question } from "./worker.ts";

type Asked = Question extends infer Q ? (Q extends unknown ? Omit<Q, "id"> : never) : never;

/** Far beyond what any manifest or segment takes. */
const LATEST_MS = 20_000;

export class Reader {
  #worker: Worker | null = null;
  #waiting = new Map<number, { answer(json: string): void; fail(error: Error): void }>();
  #next = 0;

  /** What `thalweg inspect --json` prints, `previous` being the text of the last reload. */
  async inspect(text: string, url: string, previous?: string): Promise<Manifest> {
    return JSON.parse(await this.#ask({ what: "inspect", text, url, now: now(), previous })) as Manifest;
  }

  /** What the parser of others reads, and where it differs from ours. */
  async judge(text: string, url: string): Promise<Judgement> {
    return JSON.parse(await this.#ask({ what: "judge", text, url, now: now() })) as Judgement;
  }

  /** What `thalweg inspect --json` prints of a segment, behind its initialization segment. */
  async media(data: Uint8Array, init: Uint8Array | undefined): Promise<Media | Refusal> {
    return JSON.parse(await this.#ask({ what: "media", data, init })) as Media | Refusal;
  }

  stop(): void {
    this.#end(new Error("The inspector was closed."));
  }

  #ask(asked: Asked): Promise<string> {
    const worker = (this.#worker ??= this.#start());
    const question: Question = { id: this.#next++, ...asked };
    return new Promise((answer, fail) => {
      const late = setTimeout(() => this.#end(new Error(`It was not read within ${LATEST_MS / 1000} s.`)), LATEST_MS);
      this.#waiting.set(question.id, {
        answer: (json) => (clearTimeout(late), answer(json)),
        fail: (error) => (clearTimeout(late), fail(error)),
      });
      worker.postMessage(question);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL("./inspector.js", document.baseURI), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      if ("failure" in data) {
        this.#end(new Error(`The inspector's module failed: ${data.failure}`));
        return;
      }
      this.#waiting.get(data.id)?.answer(data.json);
      this.#waiting.delete(data.id);
    });
    worker.addEventListener("error", () => this.#end(new Error("The inspector's worker could not be started.")));
    return worker;
  }

  #end(error: Error): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { fail } of this.#waiting.values()) fail(error);
    this.#waiting.clear();
  }
}

/** Microseconds since 1970. */
function now(): number {
  return Date.now() * 1000;
}
