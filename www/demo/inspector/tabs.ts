// Tabs by the WAI-ARIA pattern: arrow keys choose. What a tab shows is built when it is first looked at, and what the reader had opened,
// chosen and scrolled to in it stays so when it is built anew.

import { make, setText } from "../dom.ts";

type Build = () => HTMLElement[];

export class Tabs<Name extends string> {
  readonly element: HTMLElement;
  #tabs = new Map<Name, { tab: HTMLButtonElement; panel: HTMLElement; build: Build | null }>();
  #chosen: Name;

  constructor(names: [Name, ...Name[]]) {
    const list = make("div", { role: "tablist", class: "tabs" });
    this.element = make("div", { class: "inspector-side" }, list);
    this.#chosen = names[0];
    for (const name of names) {
      const id = `inspector-${name.toLowerCase()}`;
      const tab = make("button", { type: "button", role: "tab", id: `${id}-tab`, "aria-controls": id }, name);
      const panel = make("div", { role: "tabpanel", id, "aria-labelledby": `${id}-tab`, class: "tab" });
      tab.addEventListener("click", () => this.choose(name));
      this.#tabs.set(name, { tab, panel, build: null });
      list.append(tab);
      this.element.append(panel);
    }
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const at = (names.indexOf(this.#chosen) + step + names.length) % names.length;
      this.choose(names[at] ?? names[0]);
      this.#tabs.get(this.#chosen)?.tab.focus();
      event.preventDefault();
    });
    this.choose(this.#chosen);
  }

  /** What a tab shows from now on. */
  show(name: Name, build: Build): void {
    const entry = this.#tabs.get(name);
    if (!entry) return;
    entry.build = build;
    if (name === this.#chosen) this.#build(name);
  }

  rename(name: Name, title: string): void {
    const entry = this.#tabs.get(name);
    if (entry) setText(entry.tab, title);
  }

  choose(name: Name): void {
    this.#chosen = name;
    for (const [other, { tab, panel }] of this.#tabs) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      panel.hidden = other !== name;
    }
    this.#build(name);
  }

  #build(name: Name): void {
    const entry = this.#tabs.get(name);
    if (!entry?.build) return;
    const restore = remember(entry.panel);
    entry.panel.replaceChildren(...entry.build());
    entry.build = null;
    restore();
  }
}

/** What the reader did below `place`, to be done again when its content is new. Elements are known by their order. */
function remember(place: HTMLElement): () => void {
  const all = <T extends Element>(selector: string) => [...place.querySelectorAll<T>(selector)];
  const scrolled = place.scrollTop;
  const opened = all<HTMLDetailsElement>("details.period").map((details) => details.open);
  const pressed = all("button[aria-pressed]").map((button) => button.getAttribute("aria-pressed"));
  const lists = all(".rows").map((list) => list.scrollTop);
  return () => {
    all<HTMLDetailsElement>("details.period").forEach((details, i) => (details.open = opened[i] ?? details.open));
    // A choice may bring more buttons.
    pressed.forEach((state, i) => {
      const button = all<HTMLButtonElement>("button[aria-pressed]")[i];
      if (state === "true" && button?.getAttribute("aria-pressed") === "false") button.click();
    });
    all(".rows").forEach((list, i) => (list.scrollTop = lists[i] ?? 0));
    place.scrollTop = scrolled;
  };
}
