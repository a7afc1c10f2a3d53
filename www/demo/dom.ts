// Building and finding elements. Data only ever becomes text nodes and attributes, never markup.

/** The element of index.html with this id; a missing one is a fault of the page, not of its data. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html lacks #${id}`);
  return found;
}

/** A new element with attributes and children; strings become text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function button(text: string, onclick: () => void, attributes: Record<string, string> = {}): HTMLButtonElement {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", onclick);
  return element;
}

/** A link to a page or document of data; opens beside this page, so that playback goes on. */
export function link(text: string, url: URL): HTMLAnchorElement {
  return make("a", { href: url.href, target: "_blank", rel: "noopener" }, text);
}

/** Writes text only when it changed: an untouched node costs the browser nothing. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
