// When the inspector is there: the Inspect button, the key `i`, a link with #inspector (the stream that is loaded) or ?inspect=URL (without
// loading it). Its module is fetched with the first manifest.

import { button, byId, make } from "../dom.ts";
import { webUrl } from "../page.ts";
import type { Session } from "../session.ts";
import { Panel } from "./panel.ts";

export function offerInspector(session: Session): void {
  const place = byId("inspector", HTMLElement);
  const url = byId("url", HTMLInputElement);
  const toggle = byId("inspect", HTMLButtonElement);
  let panel: Panel | null = null;

  const link = (open: boolean) => {
    const next = new URL(location.href);
    next.hash = open ? "inspector" : "";
    if (!open) next.searchParams.delete("inspect");
    history.replaceState(null, "", next);
  };
  const close = () => {
    panel?.close();
    place.hidden = true;
    link(false);
    toggle.focus();
  };
  const inspect = (text: string) => {
    place.hidden = false;
    link(true);
    const found = webUrl(text);
    if (found) {
      panel ??= new Panel(place, close);
      panel.open(found.href);
    } else {
      panel?.close();
      panel = null;
      const words = text.trim() === "" ? "Put a stream's URL into the box above, then choose Inspect." : `This is not an http or https URL: ${text}`;
      place.replaceChildren(make("h2", { id: "inspector-title" }, "Inspector"), make("p", { role: "alert" }, words), button("Close", close));
    }
  };

  toggle.addEventListener("click", () => {
    inspect(url.value);
    place.scrollIntoView({ block: "start" });
  });
  session.on("load", (source) => {
    if (!place.hidden) inspect(source.url);
  });
  const asked = new URLSearchParams(location.search).get("inspect");
  if (asked !== null || location.hash === "#inspector") {
    if (asked) url.value ||= asked;
    inspect(asked || url.value || new URLSearchParams(location.search).get("src") || "");
    place.scrollIntoView({ block: "start" });
  }
}
