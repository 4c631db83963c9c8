/** The order that headers make: facilities, absent names, circles, what talks to the user. */

import assert from "node:assert/strict";
import { weakest } from "./circles.ts";
import { expand, facilityCircle, parseFacilities } from "./facilities.ts";
import { parseHeader } from "./header.ts";
import { computeOrder, plannedLinks } from "./plan.ts";
import { Catalog, serviceOf } from "./service.ts";

/** Headers by the scripts' names, in short: `required`, `should`, `before`, and the level 2 where none is said. */
type Short = Record<
  string,
  { required?: string; should?: string; before?: string; start?: string; interactive?: true }
>;

function catalogOf(scripts: Short, conf = ""): [Catalog, ReturnType<typeof parseFacilities>] {
  const facilities = parseFacilities([conf]);
  const catalog = new Catalog();
  for (
    const [name, { required = "", should = "", before = "", start = "2", interactive }] of Object.entries(
      scripts,
    )
  ) {
    const lines = [
      "### BEGIN INIT INFO",
      `# Provides: ${name}`,
      `# Required-Start: ${required}`,
      `# Required-Stop: ${required}`,
      `# Should-Start: ${should}`,
      `# X-Start-Before: ${before}`,
      `# Default-Start: ${start}`,
      "# Default-Stop: 0",
      ...interactive ? ["# X-Interactive: true"] : [],
      "### END INIT INFO",
    ];
    const service = serviceOf(name, `/etc/init.d/${name}`, parseHeader(lines.join("\n")), facilities);
    service.enabled = true;
    assert.deepEqual(catalog.add(service), []);
  }
  return [catalog, facilities];
}

function starts(scripts: Short, conf?: string): string {
  const links = plannedLinks(computeOrder(...catalogOf(scripts, conf)));
  return links.filter(({ kind }) => kind === "start").map(({ name }) => name).sort().join(" ");
}

Deno.test("numbers follow what is required, should be there, or comes later", () => {
  assert.equal(starts({ a: { required: "b" }, b: { should: "c none" }, c: {} }), "S01c S02b S03a");
  assert.equal(starts({ a: {}, b: { before: "a" } }), "S01b S02a");
});

Deno.test("who comes before a name that nothing provides comes before those after it", () => {
  assert.equal(starts({ a: { before: "none" }, b: { should: "none" }, c: {} }), "S01a S01c S02b");
});

Deno.test("scripts that share no runlevel do not wait for each other", () => {
  assert.equal(starts({ a: { required: "b" }, b: { start: "S" } }), "S01a S01b");
});

Deno.test("$all comes after what nothing else comes after", () => {
  assert.equal(starts({ z: { required: "$all" }, a: {}, b: { required: "a" } }), "S01a S02b S03z");
});

Deno.test("what talks to the user starts alone in its runlevels", () => {
  const scripts: Short = { a: {}, b: { interactive: true }, c: { required: "a" }, d: { start: "3" } };
  assert.equal(starts(scripts), "S01b S01d S02a S03c");
  assert.equal(starts({ a: {}, ask: {} }, "<interactive> ask\n"), "S01ask S02a");
});

Deno.test("facilities stand for their members and theirs; a member that is optional here may be required there", () => {
  const facilities = parseFacilities(["$net +a $low # all\n$low b\n", "$net c\n$net a\n"]);
  assert.deepEqual(expand(facilities, "$net"), {
    services: [{ name: "a", optional: false }, { name: "b", optional: false }, {
      name: "c",
      optional: false,
    }],
    unknown: [],
  });
  assert.deepEqual(expand(facilities, "$none"), { services: [], unknown: ["$none"] });
  assert.deepEqual(expand(facilities, "$null"), { services: [], unknown: [] });
  assert.equal(facilityCircle(facilities), undefined);
  assert.deepEqual(facilityCircle(parseFacilities(["$p $q\n$q $p\n"])), ["$p", "$q"]);
});

Deno.test("a circle is broken at its weakest edge, and all have numbers", () => {
  const order = computeOrder(
    ...catalogOf({ a: { required: "b" }, b: { required: "c" }, c: { should: "a" } }),
  );
  const { circle } = order.circles[0]!;
  assert.equal(order.circles.length, 1);
  assert.deepEqual([weakest(circle).first.script, weakest(circle).then.script], ["a", "c"]);
  assert.deepEqual(circle.map(({ then }) => then.script).sort(), ["a", "b", "c"]);
  assert.deepEqual([...order.start.numbers].map(([{ script }, number]) => `${number}${script}`).sort(), [
    "1c",
    "2b",
    "3a",
  ]);
});

Deno.test("a circle is broken at the same header whichever script comes up first, at starts and at stops", () => {
  const brokenAt = (names: string[]) => {
    const requires = (name: string) => ({ required: name === "a" ? "b" : "a" });
    const [catalog, facilities] = catalogOf(Object.fromEntries(names.map((name) => [name, requires(name)])));
    return computeOrder(catalog, facilities).circles.map(({ circle }) => {
      const { first, then } = weakest(circle);
      return `${then.script} after ${first.script}`;
    });
  };
  for (const names of [["a", "b"], ["b", "a"]]) {
    assert.deepEqual(brokenAt(names), ["a after b", "b after a"]);
  }
});

Deno.test("a name has one provider", () => {
  const [catalog, facilities] = catalogOf({ a: {} });
  const header = parseHeader("### BEGIN INIT INFO\n# Provides: b a\n### END INIT INFO\n");
  assert.deepEqual(catalog.add(serviceOf("b", "b", header, facilities)), ["a"]);
  assert.equal(catalog.provider("b"), undefined);
});

Deno.test("a thousand scripts in a row have numbers up to 99", () => {
  const names = Array.from({ length: 1000 }, (_, index) => `n${String(index).padStart(4, "0")}`);
  const chain = Object.fromEntries(names.map((name, index) => [name, { required: names[index - 1] ?? "" }]));
  const links = starts(chain).split(" ");
  assert.deepEqual([links[0], links.at(-1)], ["S01n0000", "S99n0999"]);
});

Deno.test("a chain of facilities may be longer than a stack is deep, and a circle is found at its end", () => {
  const LENGTH = 50_000;
  const chain = Array.from({ length: LENGTH }, (_, index) => `$f${index} $f${index + 1}\n`).join("");
  const facilities = parseFacilities([`${chain}$f${LENGTH} mill\n`]);
  assert.equal(facilityCircle(facilities), undefined);
  assert.deepEqual(expand(facilities, "$f0"), { services: [{ name: "mill", optional: false }], unknown: [] });
  const circle = facilityCircle(parseFacilities([`${chain}$f${LENGTH} $f7\n`]));
  assert.deepEqual([circle?.[0], circle?.length], ["$f7", LENGTH - 6]);
});
