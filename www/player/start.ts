// Starts the worker and the engine's compilation side by side, before anybody needs them.

/** A worker that has been told to start, and whatever it needs. */
export function startWorker(options: { workerUrl?: string | URL; wasmUrl?: string | URL; full: boolean; pageMse: boolean }): Worker {
  // Bundlers look for these forms of `new URL` and `new Worker`.
  const engine = options.full ? new URL("./thalweg_full_bg.wasm", import.meta.url) : new URL("./thalweg_bg.wasm", import.meta.url);
  const wasm = options.wasmUrl ?? engine;
  const module = compile(wasm);
  const worker = options.workerUrl
    ? foreign(new URL(options.workerUrl, document.baseURI))
    : beside(new URL("./worker.js", import.meta.url));
  module.then(
    (module) => worker.postMessage({ to: "start", module, pageMse: options.pageMse }),
    (error: unknown) => {
      worker.dispatchEvent(new ErrorEvent("error", { message: `${String(wasm)}: ${String(error)}` }));
    },
  );
  return worker;
}

function beside(url: URL): Worker {
  if (url.origin !== location.origin && url.protocol !== "file:") return foreign(url);
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}

/** A worker's script must come from the page's origin: from elsewhere it is imported by a script that does. */
function foreign(url: URL): Worker {
  if (url.origin === location.origin) return new Worker(url, { type: "module" });
  const script = new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" });
  const blob = URL.createObjectURL(script);
  const worker = new Worker(blob, { type: "module" });
  setTimeout(() => URL.revokeObjectURL(blob), 60_000);
  return worker;
}

async function compile(url: string | URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  const type = response.headers.get("content-type") ?? "";
  // Compiling while it arrives needs the right type; a server that does not know it still works.
  if (type.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
