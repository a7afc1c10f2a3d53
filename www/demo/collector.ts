// What was sent to the collector, as it was sent: one CMCD record a line.

import { byId, link, make, setText } from "./dom.ts";
import { collector } from "./page.ts";
import type { Session } from "./session.ts";

/** Batches kept on the page; the collector has them all. */
const MOST = 20;

export function showCollector(session: Session): void {
  const list = byId("beacons", HTMLElement);
  const links = byId("collector-links", HTMLElement);
  const status = byId("collector-status", HTMLElement);
  if (!collector) {
    list.hidden = true;
    links.append("Nothing is sent. Add ?collector=<URL> to this page's address.");
    return;
  }
  const server = collector;
  let sid: string | null = null;
  let records = 0;
  let lost = 0;

  const showLinks = () => {
    links.replaceChildren(link("Dashboard", server));
    if (sid !== null) links.append(" · ", link("This view as JSON", new URL(`v1/views/${encodeURIComponent(sid)}`, server)));
  };
  const showStatus = () => {
    setText(status, records === 0 ? "nothing yet" : `${records} ${records === 1 ? "record" : "records"}${lost > 0 ? `, ${lost} not delivered` : ""}`);
    status.classList.toggle("degraded", lost > 0);
  };

  session.on("load", () => {
    sid = null;
    records = 0;
    lost = 0;
    list.replaceChildren();
    showLinks();
    showStatus();
  });
  session.on("stats", (stats) => {
    if (stats.sid === sid) return;
    sid = stats.sid;
    showLinks();
  });
  session.on("beacon", (batch) => {
    const lines = batch.body.split("\n").filter((line) => line.trim() !== "");
    records += lines.length;
    const delivered = batch.status >= 200 && batch.status < 300;
    if (!delivered) lost += lines.length;
    showStatus();
    const body = make("ol", {}, ...lines.map((line) => make("li", {}, line)));
    const head = make(
      "p",
      { class: delivered ? "" : "degraded" },
      make("time", {}, `${batch.at.toFixed(2)} s`),
      ` · ${lines.length} ${lines.length === 1 ? "record" : "records"} · ${batch.status === 0 ? "no answer" : batch.status}`,
    );
    list.prepend(make("article", {}, head, body));
    while (list.childElementCount > MOST) list.lastElementChild?.remove();
  });
  showLinks();
  showStatus();
}
