// The validator itself: what is right passes, each kind of fault is found, and the list of what is
// ignored stays true. Run with `node --test tests/cmcd/`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { validateCmcdEvents } from "@svta/cml-cmcd";
import { ITS_FAULTS, validate } from "./validate.mjs";

const messages = (...texts) => {
  const bodies = texts.map((text, n) => ({ name: `${n}`, text }));
  return validate(bodies).findings.map(({ by, message }) => `${by}: ${message}`);
};
const record = (text, sn = 0, ts = 1764752400000) => {
  const members = [...text.split(",").filter(Boolean), 'sid="a"', `sn=${sn}`, `ts=${ts}`, "v=2"];
  return members.sort((a, b) => (a.split("=")[0] < b.split("=")[0] ? -1 : 1)).join(",");
};

test("good records pass, also across bodies", () => {
  const first = [record("e=ps,sta=s"), record('bl=(1000;v 800;a),e=ps,msd=40,sta=p,x.y-z="1"', 1)].join("\n");
  const second = record("bs,bsa=(1),bsd=(20 30),bsda=(50),e=t,pr=1.5,sta=p", 2, 1764752430000);
  assert.deepEqual(messages(first, second), []);
});

const faulty = [
  ["no syntax", "e=t,sid=(", /structured-headers/],
  ["no event", record("sta=p"), /"e" key/],
  ["an unknown key", record("e=t,foo=1"), /Unknown CMCD key "foo"/],
  ["a scalar for a list", record("bl=100,e=t"), /not a list/],
  ["a fraction", record("br=(3000.5;v),e=t"), /integers from 0/],
  ["no rounding", record("e=t,mtp=(15050)"), /not rounded/],
  ["a negative count", record("dfa=-1,e=t"), /negative/],
  ["a removed key", record('e=t,nrr="0-"'), /not in CTA-5004-B/],
  ["a custom number", record("e=t,x.y-z=1"), /neither string nor token/],
  ["the wrong order", 'e=t,sn=0,sid="a",ts=1764752400000,v=2', /stands after/],
  ["a line feed at the end", `${record("e=t")}\n`, /line feed/],
  ["a gap", `${record("e=t")}\n${record("e=t", 2)}`, /sn is 2, expected 1/],
  ["time running back", `${record("e=t")}\n${record("e=t", 1, 1764752399999)}`, /ts goes back/],
  ["a state twice", `${record("e=ps,sta=p")}\n${record("e=ps,sta=p", 1)}`, /repeats/],
  ["a stall out of a seek", `${record("e=ps,sta=k")}\n${record("e=ps,sta=r", 1)}`, /rebuffering after/],
  ["two starts", `${record("e=t,msd=1")}\n${record("e=t,msd=1", 1)}`, /msd a second time/],
  ["a stall told twice", `${record("bsd=(9),bsda=(9),e=t")}\n${record("bsd=(9),bsda=(9),e=t", 1)}`, /adds up/],
  ["a total that falls", `${record("bsa=(2),e=t")}\n${record("bsa=(1),e=t", 1)}`, /bsa falls/],
];
for (const [name, body, expected] of faulty) {
  test(`finds ${name}`, () => {
    const found = messages(body);
    assert.ok(found.some((message) => expected.test(message)), found.join("\n"));
  });
}

for (const [fault, example] of ITS_FAULTS) {
  test(`@svta/cml-cmcd still rejects ${example}`, () => {
    const { issues } = validateCmcdEvents(example);
    assert.ok(issues.some(({ message }) => fault.test(message)), "repaired: take it off the list");
  });
}
