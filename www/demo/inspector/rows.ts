// A list of any length: only the rows in view are in the document. Rows have one height and do not wrap.

import { make } from "../dom.ts";

const ROW = 20;
/** Rows drawn beyond either edge, so that scrolling shows no empty place. */
const BEYOND = 12;

export class Rows {
  /** Scrolls in both directions, also by keys. */
  readonly element: HTMLElement;
  #space = make("div", { class: "rows-space" });
  #shown = make("div", { class: "rows-shown" });
  #count = 0;
  #row: (index: number) => HTMLElement = () => make("div");
  #due = false;

  constructor(label: string, attributes: Record<string, string> = {}) {
    this.#space.append(this.#shown);
    this.element = make("div", { tabindex: "0", "aria-label": label, ...attributes }, this.#space);
    this.element.classList.add("rows");
    this.element.addEventListener("scroll", () => this.#later(), { passive: true });
    new ResizeObserver(() => this.#later()).observe(this.element);
  }

  /** Shows `count` rows; where the reader is stays in view. */
  show(count: number, row: (index: number) => HTMLElement): void {
    this.#count = count;
    this.#row = row;
    this.#space.style.height = `${count * ROW}px`;
    this.element.setAttribute("aria-rowcount", String(count));
    this.#draw();
  }

  /** Brings a row into view, a third from the top. */
  reveal(index: number): void {
    this.element.scrollTop = Math.max(0, index * ROW - this.element.clientHeight / 3);
    this.#draw();
  }

  get atEnd(): boolean {
    return this.element.scrollTop + this.element.clientHeight >= this.#count * ROW - ROW;
  }

  #later(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw(): void {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - BEYOND);
    const last = Math.min(this.#count, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + BEYOND);
    this.#shown.style.transform = `translateY(${first * ROW}px)`;
    this.#shown.replaceChildren(...Array.from({ length: Math.max(0, last - first) }, (_, i) => this.#row(first + i)));
  }
}
