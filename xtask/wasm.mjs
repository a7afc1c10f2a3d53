// node xtask/wasm.mjs FILE: makes a module that wasm-bindgen wrote as small as it gets, in place: binaryen's passes, after
// panics are cut down to the trap that they end in.
//
// In WebAssembly a panic says nothing to anybody: its message is put together, goes nowhere, and the module traps. So the
// functions that do this become the trap alone, and all that only they need goes. Functions are told by their names, which
// `strip = "debuginfo"` leaves in; a compiler that names them otherwise costs size, no more. Formatting is cut out with
// them, since the table keeps it alive: if anything but a panic formats, this is an error.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

/** Functions of the library that never return. */
const PANIC = /^<?(core|alloc|std|__rustc)\b.*(::panicking::|_fail(ed)?(_rt)?$|::handle_(alloc_)?error$|::capacity_overflow$|::rust_begin_unwind$)/;
/** What only panics may call. */
const FORMAT = /\b(core|alloc)(\[\w+\])?::fmt::|::panicking::.*Payload/;
/** How JavaScript calls a closure of Rust's, by an export: there is one for every type, used or not. */
const CLOSURE = /^wasm_bindgen::convert::closures::.*invoke$/;
/** Promises as futures, which the engine has none of; the table keeps a part of them. */
const FUTURE = /^js_sys::futures::/;
/** The hash behind a name of the compiler's older scheme. */
const HASH = /::h[0-9a-f]{16}$/;

/** Files that panics name. */
const PATH = /(?:\/rustc\/|\/rust\/deps\/|\/[\w/.-]*\/\.cargo\/registry\/|src\/)[\w/.-]+?\.rs/g;
/** Of WebAssembly's binary format: the data section, and the instruction that gives a segment's address. */
const [DATA, I32_CONST] = [11, 0x41];

/** What the compiler's default target has, which wasm-bindgen may have told no one. */
const FEATURES = ["bulk-memory", "bulk-memory-opt", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"].map(
  (feature) => `--enable-${feature}`,
);

const [file] = process.argv.slice(2);
binaryen.setDebugInfo(true); // The names are wanted to the end.
const module = binaryen.readBinary(readFileSync(file));
const exported = new Set();
for (let nth = 0; nth < module.getNumExports(); nth++) exported.add(binaryen.getExportInfo(module.getExportByIndex(nth)).value);
for (let nth = 0; nth < module.getNumFunctions(); nth++) {
  const reference = module.getFunctionByIndex(nth);
  const { name, module: origin } = binaryen.getFunctionInfo(reference);
  if (origin !== "") continue;
  const plain = name.replace(HASH, "");
  const closure = CLOSURE.test(plain) && !exported.has(name);
  if (!closure && ![PANIC, FORMAT, FUTURE].some((unused) => unused.test(plain))) continue;
  binaryen.Function.setBody(reference, module.unreachable());
}
const callers = formatters(module.emitText());
if (callers.length > 0) {
  console.error(`${file}: text is formatted, which takes ten kilobytes, in ${callers.join(", ")}`);
  process.exit(1);
}

// Inlining and sharing of subexpressions make the module smaller, and what brotli makes of it larger, by four per cent:
// it finds the same code again only where it stands alone.
const flags = ["-Oz", "--converge", "-ocimfs=0", "-aimfs=0", "-fimfs=0", "--skip-pass=local-cse"];
// By their names, instances of one generic function stand together: brotli finds near what is alike for one per cent less.
flags.push("--reorder-functions-by-name");
const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
writeFileSync(file, blank(Buffer.from(module.emitBinary())));
execFileSync("wasm-opt", [file, "-o", file, ...FEATURES, ...flags, ...strip], { stdio: "inherit" });

/**
 * The module with zeros for the places in the source that panics would name: the paths, and each `core::panic::Location`
 * (address and length of a path, line, column) that points to one.
 */
function blank(bytes) {
  const number = (at, signed = false) => {
    let [value, shift, byte] = [0, 0, 0x80];
    while (byte & 0x80) {
      byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      shift += 7;
    }
    return [signed && shift < 32 && byte & 0x40 ? value | (-1 << shift) : value, at];
  };
  const segments = [];
  for (let at = 8, length = 0; at < bytes.length; at += length) {
    const id = bytes[at];
    [length, at] = number(at + 1);
    if (id !== DATA) continue;
    let [count, from] = number(at);
    for (; count > 0; count--) {
      // Flags 0, then the address as `i32.const n; end`: what the linker writes for memory 0.
      if (bytes[from] !== 0 || bytes[from + 1] !== I32_CONST) throw new Error(`${file}: a data segment of another kind`);
      const [address, end] = number(from + 2, true);
      const [size, start] = number(end + 1);
      segments.push({ address, data: bytes.subarray(start, start + size) });
      from = start + size;
    }
  }
  const paths = new Map();
  for (const { address, data } of segments) {
    for (const { index, 0: path } of data.toString("latin1").matchAll(PATH)) paths.set(address + index, path.length);
  }
  for (const { address, data } of segments) {
    for (let at = -address & 3; at + 16 <= data.length; at += 4) {
      if (paths.get(data.readUInt32LE(at)) === data.readUInt32LE(at + 4)) data.fill(0, at, at + 16);
    }
    for (const [place, length] of paths) {
      if (place >= address && place < address + data.length) data.fill(0, place - address, place - address + length);
    }
  }
  return bytes;
}

/** Functions that still have a body and call one for formatting. */
function formatters(text) {
  const found = new Set();
  let within = "";
  for (const line of text.split("\n")) {
    const [, named] = /^ \(func \$("[^"]*"|[^ )]+)/.exec(line) ?? [];
    if (named !== undefined) within = named.replaceAll('"', "");
    const [, called] = /\(call \$("[^"]*"|[^ )]+)/.exec(line) ?? [];
    const callee = called?.replaceAll('"', "");
    if (callee !== undefined && FORMAT.test(callee) && !PANIC.test(callee.replace(HASH, ""))) found.add(within.replace(HASH, ""));
  }
  return [...found];
}
