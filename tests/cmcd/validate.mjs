// Checks bodies of CMCD v2 event records: with the validators of @svta/cml-cmcd, with the RFC 8941
// parser of structured-headers, and with rules of CTA-5004-B that neither of them knows.
//
//   node tests/cmcd/validate.mjs BODY...      files of one body each, and folders of such; else standard input
//   node tests/cmcd/validate.mjs --json ...   one object on standard output
//
// Files are judged in order of their names; sequence rules (numbers, time, state changes) hold
// across all records with the same sid. Exit 1 if anything was found, 2 for a wrong call.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { validateCmcdEventReport } from "@svta/cml-cmcd";
import { parseDictionary } from "structured-headers";

const HUNDREDS = ["bl", "dl", "mtp", "rtp", "tbl"];
const INTEGER_LISTS = ["ab", "bl", "br", "bsa", "bsd", "bsda", "lab", "lb", "mtp", "pb", "tab", "tb", "tbl", "tpb"];
const NEVER_NEGATIVE = ["dfa", "ltc", "msd", "pt", "sn", "ts"];
const GONE = ["nrr", "cdn", "df", "mst"];
/**
 * What @svta/cml-cmcd 2.7.0 finds fault with although CTA-5004-B allows it, with a record that shows it:
 * two tokens of Table 1 that it does not know, and `e=b`, which without `bg` means that the page is back.
 */
export const ITS_FAULTS = [
  [/^Key "e" has invalid token value "h"/, 'e=h,h="a.test",ts=1764752400000,v=2'],
  [/^Key "sf" has invalid token value "e"/, "e=t,sf=e,ts=1764752400000,v=2"],
  [/^State-change event \(e="b"\) requires the "bg" key/, "e=b,ts=1764752400000,v=2"],
];
const LINE_LIMIT = 16 * 1024;
const BODY_LIMIT = 48 * 1024;

/** The integers of an inner list, or undefined. */
const items = (member) => (Array.isArray(member?.[0]) ? member[0].map(([value]) => value) : undefined);
const scalar = (member) => member?.[0];

/** Rules for one record alone. */
function* recordFindings(record) {
  const keys = [...record.keys()];
  for (let i = 1; i < keys.length; i++) {
    if (keys[i - 1] >= keys[i]) yield `key "${keys[i]}" stands after "${keys[i - 1]}" (4.1, item 10)`;
  }
  for (const key of GONE.filter((key) => record.has(key))) yield `key "${key}" is not in CTA-5004-B`;
  if (scalar(record.get("v")) !== 2) yield "v is not 2";
  for (const key of INTEGER_LISTS.filter((key) => record.has(key))) {
    const values = items(record.get(key));
    if (!values?.length) yield `key "${key}" is not a list of values (4.1, item 14)`;
    else if (!values.every((value) => Number.isInteger(value) && value >= 0)) yield `key "${key}" has ${values}: counts are integers from 0`;
  }
  for (const key of HUNDREDS.filter((key) => record.has(key))) {
    const values = items(record.get(key)) ?? [scalar(record.get(key))];
    if (values.some((value) => value % 100 !== 0)) yield `key "${key}" has ${values}: not rounded to 100`;
  }
  for (const key of NEVER_NEGATIVE.filter((key) => record.has(key))) {
    if (!(scalar(record.get(key)) >= 0)) yield `key "${key}" is negative`;
  }
  if (scalar(record.get("pr")) === 1 && String(scalar(record.get("e"))) !== "pr") yield "pr is 1 and could be omitted";
  for (const key of ["bg", "bs", "nr", "su"]) {
    if (scalar(record.get(key)) === false) yield `key "${key}" is false and could be omitted`;
  }
  for (const [key, member] of record) {
    // Numbers and booleans are not allowed in custom keys, strings and tokens of at most 64 characters are.
    if (!key.includes("-")) continue;
    const value = scalar(member);
    const text = typeof value === "string" || value?.constructor?.name === "Token" ? String(value) : undefined;
    if (text === undefined) yield `custom key "${key}" is neither string nor token (4.1, item 5)`;
    else if (text.length > 64) yield `custom key "${key}" is longer than 64`;
  }
}

/** Rules for a record after those of the same session. */
function* sequenceFindings(record, session) {
  const sn = scalar(record.get("sn"));
  const ts = scalar(record.get("ts"));
  const state = String(scalar(record.get("sta")));
  if (sn !== session.next) yield `sn is ${sn}, expected ${session.next}`;
  session.next = (sn ?? session.next) + 1;
  if (ts < session.ts) yield `ts goes back from ${session.ts} to ${ts}`;
  session.ts = ts;
  if (String(scalar(record.get("e"))) === "ps") {
    if (state === session.state) yield `ps repeats sta=${state}`;
    if (state === "r" && !["p", "a"].includes(session.state)) yield `rebuffering after sta=${session.state}`;
    session.state = state;
  }
  if (record.has("msd") && session.started) yield "msd a second time";
  session.started ||= record.has("msd");
  for (const stall of items(record.get("bsd")) ?? []) session.stalled += stall;
  for (const key of ["bsa", "bsda"]) {
    const value = items(record.get(key))?.[0];
    if (value < session[key]) yield `${key} falls from ${session[key]} to ${value}`;
    session[key] = value ?? session[key];
  }
  if (session.stalled > session.bsda) yield `bsd adds up to ${session.stalled}, more than bsda=${session.bsda}`;
}

/** All findings in bodies `{name, text}`; sessions live across bodies. */
export function validate(bodies) {
  const findings = [];
  const sessions = new Map();
  let records = 0;
  for (const { name, text } of bodies) {
    const found = (line, by, message) => findings.push({ name, line, by, message });
    const headers = { "content-type": "application/cmcd" };
    const report = validateCmcdEventReport({ method: "POST", url: "https://x.test/", headers, body: text });
    for (const issue of report.issues) {
      if (!ITS_FAULTS.some(([fault]) => fault.test(issue.message))) found(0, "cml-cmcd", `${issue.severity}: ${issue.message}`);
    }
    if (text.includes("\r")) found(0, "thalweg", "carriage return");
    if (Buffer.byteLength(text) > BODY_LIMIT) found(0, "thalweg", `body of ${Buffer.byteLength(text)} bytes`);
    for (const [index, line] of text.split("\n").entries()) {
      records++;
      if (line.length > LINE_LIMIT) found(index + 1, "thalweg", `line of ${line.length} characters`);
      let record;
      try {
        record = parseDictionary(line);
      } catch (error) {
        found(index + 1, "structured-headers", error.message);
        continue;
      }
      const sid = scalar(record.get("sid"));
      if (!sessions.has(sid)) sessions.set(sid, { next: 0, ts: 0, state: "", started: false, stalled: 0, bsa: 0, bsda: 0 });
      for (const message of recordFindings(record)) found(index + 1, "thalweg", message);
      for (const message of sequenceFindings(record, sessions.get(sid))) found(index + 1, "thalweg", message);
    }
  }
  return { bodies: bodies.length, records, sessions: sessions.size, findings };
}

if (import.meta.filename === process.argv[1]) {
  const words = process.argv.slice(2);
  const json = words.includes("--json");
  const files = words.filter((word) => word !== "--json");
  if (files.some((file) => file.startsWith("-"))) {
    console.error("usage: validate.mjs [--json] [BODY...]");
    process.exit(2);
  }
  const all = files.flatMap((file) => (statSync(file).isDirectory() ? readdirSync(file).map((name) => join(file, name)) : file));
  const read = (file) => ({ name: file === 0 ? "-" : basename(file), text: readFileSync(file, "utf8") });
  const result = validate((files.length ? all.sort() : [0]).map(read));
  if (json) console.log(JSON.stringify(result));
  else {
    for (const { name, line, by, message } of result.findings) console.log(`${name}:${line}: ${by}: ${message}`);
    console.log(`${result.records} records of ${result.sessions} views in ${result.bodies} bodies: ${result.findings.length} findings`);
  }
  process.exit(result.findings.length || !result.records ? 1 : 0);
}
