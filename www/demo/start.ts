// Begins the load that the page's link asks for. main.ts imports this before anything that draws, so that the manifest is on its way while
// the controls and charts are being set up; no event can arrive before main.ts has run to its end.

import { byId } from "./dom.ts";
import { sourceOfLink } from "./page.ts";
import { Session } from "./session.ts";

export const session = new Session(byId("controller", HTMLElement));

const linked = sourceOfLink();
if (linked.url !== "") session.load(linked);
