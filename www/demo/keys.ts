// The page's own shortcuts and their help. Those of the player are media-chrome's and work when the focus is in it.

import { byId } from "./dom.ts";

export function listenToKeys(): void {
  const help = byId("keys", HTMLDialogElement);
  const url = byId("url", HTMLInputElement);
  const controller = byId("controller", HTMLElement);
  const inspect = byId("inspect", HTMLButtonElement);
  byId("keys-open", HTMLButtonElement).addEventListener("click", () => help.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
    const target = event.target;
    if (target instanceof Element && target.closest("input, select, textarea, media-controller")) return;
    if (event.key === "/") {
      url.focus();
      url.select();
    } else if (event.key === "p") {
      controller.focus();
    } else if (event.key === "i") {
      inspect.click();
    } else if (event.key === "?") {
      help.showModal();
    } else {
      return;
    }
    event.preventDefault();
  });
}
