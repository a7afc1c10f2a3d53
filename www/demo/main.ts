// The test page: plays the URL in the box and shows what the player did with it and why. Each panel is a module that subscribes to the
// session; this file only puts them together.

import { session } from "./start.ts";

import "media-chrome";
import "media-chrome/menu";
import "uplot/dist/uPlot.min.css";

import { showBanner } from "./banner.ts";
import { showCards } from "./cards.ts";
import { showCharts } from "./charts.ts";
import { showCollector } from "./collector.ts";
import { offerInspector } from "./inspector/index.ts";
import { listenToKeys } from "./keys.ts";
import { showLog } from "./log.ts";
import { showNetwork } from "./network.ts";
import { SourceForm } from "./source.ts";
import { showToolbar } from "./toolbar.ts";

showBanner(session);
showToolbar(session);
showCards(session);
showCharts(session);
showLog(session);
showCollector(session);
listenToKeys();

void new SourceForm(session).showSamples();
showNetwork();
offerInspector(session);
