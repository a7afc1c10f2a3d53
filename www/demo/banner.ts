// Failures in words, above the player. Recovered ones are only in the log.

import type { PlayerError } from "../player/types.ts";
import { button, byId, make } from "./dom.ts";
import type { Session } from "./session.ts";

/** More than this would push the player off the screen; the log has them all. */
const MOST = 3;

export function showBanner(session: Session): void {
  const place = byId("banner", HTMLElement);
  session.on("load", () => place.replaceChildren());
  session.on("error", (error) => {
    if (error.severity === "recovered") return;
    place.append(notice(error));
    while (place.childElementCount > MOST) place.firstElementChild?.remove();
  });
}

function notice(error: PlayerError): HTMLElement {
  const { url, status, position, what } = error.context;
  const facts = make("dl", { class: "facts" });
  const fact = (name: string, value: string) => facts.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  fact("code", error.code);
  if (status !== undefined) fact("status", status === 0 ? "no answer" : String(status));
  if (position !== undefined) fact("position", String(position));
  if (what !== undefined) fact("in", what);
  if (url !== undefined) fact("URL", url);
  const box = make(
    "div",
    { class: `notice ${error.severity}` },
    make("div", { class: "notice-text" }, make("strong", {}, error.message), facts),
  );
  box.append(button("Dismiss", () => box.remove(), { class: "quiet", "aria-label": `Dismiss: ${error.message}` }));
  return box;
}
