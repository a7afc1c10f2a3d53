// The manifest's text with line numbers, and each warning below its line.

import { button, make } from "../dom.ts";
import type { Warning } from "./model.ts";
import { Rows } from "./rows.ts";

/** A minified MPD is one line; more than this of it is not drawn. */
const LONGEST = 20_000;

/** A note at a line: a warning, or the error for which the manifest was refused. */
export interface Note extends Warning {
  fatal?: true;
}

export class TextView {
  readonly element = make("div", { class: "text-view" });
  #rows = new Rows("The manifest's text", { role: "region" });
  #list = make("ol", { class: "notes" });
  #lines: string[] = [];
  /** Those with a line, in the order of the text. */
  #placed: Note[] = [];
  #xml = false;

  constructor() {
    this.element.append(this.#list, this.#rows.element);
  }

  show(text: string, notes: Note[]): void {
    this.#lines = text.split(/\r\n|\r|\n/);
    if (this.#lines.at(-1) === "") this.#lines.pop();
    this.#xml = /^[\s\uFEFF]*</.test(text);
    const placed = notes.filter((note) => note.line > 0 && note.line <= this.#lines.length);
    this.#placed = placed.sort((a, b) => a.line - b.line);
    this.#list.replaceChildren(...notes.map((note) => make("li", note.fatal ? { class: "fatal" } : {}, this.#item(note))));
    this.#rows.show(this.#lines.length + this.#placed.length, (row) => this.#row(row));
  }

  /** The note's words; a button to its line where it has one. */
  #item(note: Note): HTMLElement {
    const words = [make("code", {}, note.code), ` ${note.message}`];
    const order = this.#placed.indexOf(note);
    if (order < 0) return make("span", {}, ...words);
    // Its row lies below its line: as many rows down as there are lines to it, and notes before it.
    const jump = button("", () => this.#rows.reveal(note.line + order), { class: "quiet" });
    jump.append(make("span", { class: "muted" }, `line ${note.line} `), ...words);
    return jump;
  }

  #row(row: number): HTMLElement {
    // The notes whose rows are above this one: note k is at row line + k.
    let [low, high] = [0, this.#placed.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const note = this.#placed[middle];
      if (note && note.line + middle < row) low = middle + 1;
      else high = middle;
    }
    const note = this.#placed[low];
    if (note && note.line + low === row) {
      const words = make("span", { class: "code" }, make("strong", {}, note.code), ` ${note.message}`);
      return make("div", { class: note.fatal ? "line note fatal" : "line note", "data-at": String(note.line) }, make("span", { class: "no" }, "▲"), words);
    }
    const number = row - low + 1;
    const text = this.#lines[number - 1] ?? "";
    const code = make("span", { class: "code" }, ...(this.#xml ? xml : m3u)(text.slice(0, LONGEST)));
    if (text.length > LONGEST) code.append(make("span", { class: "muted" }, ` … ${text.length - LONGEST} more characters`));
    return make("div", { class: "line", "data-line": String(number) }, make("span", { class: "no" }, String(number)), code);
  }
}

const part = (kind: string, text: string) => make("span", { class: kind }, text);

/** A playlist's line: a tag and its value, a comment, or a URI. */
function m3u(text: string): (Node | string)[] {
  const tag = /^\s*#EXT[^:,]*/.exec(text)?.[0];
  if (tag !== undefined) return [part("tag", tag), text.slice(tag.length)];
  return text.trimStart().startsWith("#") ? [part("muted", text)] : [part("uri", text)];
}

/** A line of XML: names of elements and attributes, and values. A value or comment that goes over the line's end is not marked. */
function xml(text: string): (Node | string)[] {
  const out: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(/<!--.*?-->|<[/?]?[\w:.-]+|[?/]?>|([\w:.-]+)=("[^"]*"|'[^']*')/g)) {
    if (match.index > end) out.push(text.slice(end, match.index));
    const [all, name, value] = match;
    if (name !== undefined && value !== undefined) out.push(part("name", name), "=", part("uri", value));
    else out.push(part(all.startsWith("<!--") ? "muted" : "tag", all));
    end = match.index + all.length;
  }
  if (end < text.length) out.push(text.slice(end));
  return out;
}
