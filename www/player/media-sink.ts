// Carries out the core's Media Source Extensions commands, in order and one at a time for each SourceBuffer. The same
// class runs in the worker, where the browser lets a worker have a MediaSource, and in the page elsewhere.

import type { SinkCommand, SinkEvent } from "./protocol.js";

type BufferCommand = Extract<SinkCommand, { buffer: number }>;

interface Lane {
  buffer: SourceBuffer;
  queue: BufferCommand[];
  /** Appends carried out. */
  appended: number;
  /** The browser refused an append for want of room; it waits for a removal. */
  full: boolean;
}

export class MediaSink {
  #source: MediaSource | null = null;
  #lanes: Lane[] = [];
  #opening: string[] = [];
  #duration: number | null = null;
  #end = false;

  /**
   * @param attach hands a new MediaSource to the media element
   * @param tell   takes what happened; never called within `run`
   */
  constructor(
    private readonly attach: (source: MediaSource) => void,
    private readonly tell: (event: SinkEvent) => void,
  ) {}

  run(command: SinkCommand): void {
    switch (command.do) {
      case "attach":
        this.#attach();
        return;
      case "open":
        this.#opening.push(command.mime);
        break;
      case "duration":
        this.#duration = command.seconds;
        break;
      case "end":
        this.#end = true;
        break;
      default: {
        const lane = this.#lanes[command.buffer];
        if (!lane) {
          this.#waiting.push(command);
          break;
        }
        this.#enqueue(lane, command);
      }
    }
    this.#pump();
  }

  /** Lets go of the MediaSource; the element keeps what it shows. */
  close(): void {
    this.#source = null;
    this.#lanes = [];
    this.#opening = [];
    this.#waiting = [];
    this.#duration = null;
    this.#end = false;
  }

  /** Commands for buffers that are not open yet. */
  #waiting: BufferCommand[] = [];

  #attach(): void {
    this.close();
    const source = new MediaSource();
    this.#source = source;
    source.addEventListener("sourceopen", () => this.#pump());
    this.attach(source);
  }

  #enqueue(lane: Lane, command: BufferCommand): void {
    if (command.do === "append") this.#end = false;
    if (command.do === "remove" && lane.full) lane.queue.unshift(command);
    else lane.queue.push(command);
  }

  #pump(): void {
    const source = this.#source;
    if (!source || source.readyState === "closed") return;
    try {
      for (const mime of this.#opening.splice(0)) this.#open(source, mime);
      if (this.#lanes.some((lane) => lane.buffer.updating)) {
        for (const lane of this.#lanes) this.#next(lane);
        return;
      }
      if (this.#duration !== null && this.#lanes.length > 0) {
        source.duration = this.#duration;
        this.#duration = null;
      }
      for (const lane of this.#lanes) this.#next(lane);
      const settled = this.#lanes.every((lane) => lane.queue.length === 0 && !lane.buffer.updating);
      if (this.#end && settled && source.readyState === "open") {
        this.#end = false;
        source.endOfStream();
      }
    } catch (error) {
      this.#fail(source, String(error));
    }
  }

  #open(source: MediaSource, mime: string): void {
    const buffer = source.addSourceBuffer(mime);
    const index = this.#lanes.length;
    const lane: Lane = { buffer, queue: [], appended: 0, full: false };
    this.#lanes.push(lane);
    this.#waiting = this.#waiting.filter((command) => {
      if (command.buffer === index) lane.queue.push(command);
      return command.buffer !== index;
    });
    buffer.addEventListener("updateend", () => {
      // Another append may have begun between the end of this one and its event: that one's will tell.
      if (this.#source !== source || buffer.updating) return;
      this.#tellRanges(lane, index);
      this.#pump();
    });
    buffer.addEventListener("error", () => this.#fail(source, "append"));
  }

  #next(lane: Lane): void {
    const command = lane.queue[0];
    if (!command || lane.buffer.updating || (lane.full && command.do === "append")) return;
    switch (command.do) {
      case "append":
        try {
          if (command.offset !== null && lane.buffer.timestampOffset !== command.offset) {
            lane.buffer.timestampOffset = command.offset;
          }
          lane.buffer.appendBuffer(command.data);
          lane.appended += 1;
        } catch (error) {
          if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
          lane.full = true;
          const buffer = this.#lanes.indexOf(lane);
          queueMicrotask(() => this.tell({ sink: "full", buffer }));
          return;
        }
        break;
      case "reset":
        lane.buffer.abort();
        break;
      case "remove":
        lane.full = false;
        lane.buffer.remove(command.from, command.to);
        break;
      case "changeType":
        lane.buffer.changeType(command.mime);
        break;
    }
    lane.queue.shift();
    // Of these no updateend tells.
    if (command.do === "changeType" || command.do === "reset") this.#next(lane);
  }

  #tellRanges(lane: Lane, buffer: number): void {
    const ranges: number[] = [];
    let buffered: TimeRanges;
    try {
      ({ buffered } = lane.buffer);
    } catch {
      // The element has let go of the MediaSource.
      return;
    }
    for (let i = 0; i < buffered.length; i++) ranges.push(buffered.start(i), buffered.end(i));
    this.tell({ sink: "buffered", buffer, ranges, appended: lane.appended });
  }

  #fail(source: MediaSource, message: string): void {
    if (this.#source !== source) return;
    this.close();
    queueMicrotask(() => this.tell({ sink: "failed", decode: false, message }));
  }
}
