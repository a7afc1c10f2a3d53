// What the page's own URL says: ?origin= and ?collector= name the local servers; ?src=, ?format= and ?mse= are what is loaded, so that a
// link reproduces it.

export type Format = "" | "hls" | "dash";
export type Mse = "auto" | "page";

/** What the form at the top holds. */
export interface Source {
  url: string;
  format: Format;
  mse: Mse;
}

/** `text` as an http(s) URL; anything else (javascript:, nonsense) is null. */
export function webUrl(text: string | null, base: string | URL = document.baseURI): URL | null {
  if (text === null || text.trim() === "" || !URL.canParse(text.trim(), base)) return null;
  const url = new URL(text.trim(), base);
  return url.protocol === "http:" || url.protocol === "https:" ? url : null;
}

const query = new URLSearchParams(location.search);

/** A server's address as a folder, so that relative paths go below it. */
function server(name: string): URL | null {
  const url = webUrl(query.get(name));
  if (url && !url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

export const origin = server("origin");
export const collector = server("collector");

export function sourceOfLink(): Source {
  const format = query.get("format");
  return {
    url: query.get("src") ?? "",
    format: format === "hls" || format === "dash" ? format : "",
    mse: query.get("mse") === "page" ? "page" : "auto",
  };
}

export function writeLink(source: Source): void {
  const next = new URL(location.href);
  next.searchParams.set("src", source.url);
  if (source.format) next.searchParams.set("format", source.format);
  else next.searchParams.delete("format");
  if (source.mse === "page") next.searchParams.set("mse", "page");
  else next.searchParams.delete("mse");
  history.replaceState(null, "", next);
}
