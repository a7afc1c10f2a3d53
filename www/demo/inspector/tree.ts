// Any JSON value as a tree that opens by mouse and keys. What is closed is not built: a playlist's tree has 21,600 segments.

import { make } from "../dom.ts";

/** Longer lists are divided. */
const MOST = 100;

interface Node {
  element: HTMLElement;
  /** Builds and opens what is below; null of a plain value. */
  open: (() => void) | null;
  /** The node below with this key, opened as far as needed. */
  child(key: string): Node | null;
}

/** Says what is marked at a place (a JSON pointer): a note for the reader, or null; `inside` whether anything below is. */
export interface Marks {
  at(pointer: string): HTMLElement | null;
  inside(pointer: string): boolean;
}

export class Tree {
  readonly element: HTMLElement;
  #root: Node;

  constructor(value: unknown, private readonly marks: Marks = { at: () => null, inside: () => false }) {
    this.#root = this.#node("", value, "");
    this.#root.open?.();
    // An only child is what the reader came for.
    const [only, ...others] = Object.keys(Object(value));
    if (only !== undefined && others.length === 0) this.#root.child(only)?.open?.();
    this.element = make("div", { class: "tree" }, this.#root.element);
  }

  /** Opens the tree down to a JSON pointer, or as far as it goes, and shows the place. */
  reveal(pointer: string): void {
    let node = this.#root;
    for (const key of pointer.split("/").slice(1)) {
      const below = node.child(key);
      if (!below) break;
      node = below;
    }
    node.open?.();
    node.element.scrollIntoView({ block: "center" });
    for (const old of this.element.querySelectorAll(".revealed")) old.classList.remove("revealed");
    node.element.classList.add("revealed");
  }

  #node(key: string, value: unknown, pointer: string): Node {
    if (typeof value !== "object" || value === null) return this.#leaf(key, value, pointer);
    const list = Array.isArray(value);
    const entries: [string, unknown][] = Object.entries(value);
    const size = list ? `[${entries.length}]` : `{${entries.length}}`;
    return this.#branch(key, size, entries, pointer, this.marks.at(pointer));
  }

  #leaf(key: string, value: unknown, pointer: string): Node {
    const mark = this.marks.at(pointer);
    const text = make("span", { class: value === null ? "muted" : typeof value }, JSON.stringify(value));
    const element = make("div", { class: "leaf" }, make("span", { class: "name" }, key), " ", text);
    if (mark) element.append(mark);
    return { element, open: null, child: () => null };
  }

  #branch(key: string, size: string, entries: [string, unknown][], pointer: string, mark: HTMLElement | null): Node {
    const below = make("div", { class: "below" });
    const summary = make("summary", {}, make("span", { class: "name" }, key), " ", make("span", { class: "muted" }, size));
    if (this.marks.inside(pointer) && !mark) summary.append(make("span", { class: "dot", title: "a disagreement below" }, "●"));
    if (mark) summary.append(mark);
    const element = make("details", {}, summary, below);
    let children: Map<string, Node> | null = null;
    const build = () => {
      if (children) return children;
      children = new Map();
      for (let from = 0; from < entries.length; from += MOST) {
        const some = entries.slice(from, from + MOST);
        if (entries.length <= MOST) {
          for (const [name, value] of some) children.set(name, this.#node(name, value, `${pointer}/${name}`));
          break;
        }
        const title = `${some[0]?.[0]} … ${some.at(-1)?.[0]}`;
        const group = this.#group(title, some, pointer);
        children.set(title, group);
        for (const [name] of some) grouped.set(name, group);
      }
      below.append(...[...children.values()].map((node) => node.element));
      return children;
    };
    const grouped = new Map<string, Node>();
    element.addEventListener("toggle", () => element.open && build());
    const open = () => {
      build();
      element.open = true;
    };
    const child = (name: string): Node | null => {
      open();
      return build().get(name) ?? grouped.get(name)?.child(name) ?? null;
    };
    return { element, open, child };
  }

  /** A part of a long list. */
  #group(title: string, entries: [string, unknown][], pointer: string): Node {
    const node = this.#branch(title, "", entries, pointer, null);
    node.element.querySelector(".dot")?.remove();
    if (entries.some(([name]) => this.marks.at(`${pointer}/${name}`) ?? this.marks.inside(`${pointer}/${name}`))) {
      node.element.querySelector("summary")?.append(make("span", { class: "dot", title: "a disagreement below" }, "●"));
    }
    return node;
  }
}
