import assert from "node:assert/strict";
import * as values from "./values.ts";

Deno.test("durations are seconds, or text with a unit", () => {
  const given = [0, 5, 0.5, "5s", "500ms", "2min", "1.5h"];
  assert.deepEqual(given.map((value) => values.seconds("killTimeout", value)), [
    0,
    5,
    0.5,
    5,
    0.5,
    120,
    5400,
  ]);
  for (const wrong of ["5", "s", "-5s", "5 weeks", -1, NaN, Infinity, null, {}]) {
    assert.throws(() => values.seconds("killTimeout", wrong), /^Error: killTimeout must be seconds/);
  }
});

Deno.test("masks are numbers or octal digits", () => {
  assert.deepEqual([0, 0o022, "022", "0777"].map((value) => values.umask("umask", value)), [0, 18, 18, 511]);
  for (const wrong of ["8", "0o22", 0o1000, -1, 1.5, true]) {
    assert.throws(() => values.umask("umask", wrong), /must be a mask/);
  }
});

Deno.test("limits are one value for both, or two", () => {
  assert.deepEqual(values.limits("limit", { nofile: 5, core: "unlimited", cpu: [1, "unlimited"] }), {
    nofile: { soft: 5, hard: 5 },
    core: { soft: "unlimited", hard: "unlimited" },
    cpu: { soft: 1, hard: "unlimited" },
  });
  for (const wrong of [{ nofile: [1, 2, 3] }, { nofile: "5" }, { nofile: [] }, { files: 5 }, 5]) {
    assert.throws(() => values.limits("limit", wrong), values.FieldError);
  }
});

Deno.test("a script that is laid out loses its common indentation, and any other nothing", () => {
  const scripts = {
    "\n    if true; then\n      echo yes\n\n    fi\n  ": "if true; then\n  echo yes\n\nfi\n",
    "\n\n  echo one\n  \n": "\necho one\n\n",
    "echo one": "echo one\n",
    "\techo one\n\n\techo two\n": "\techo one\n\n\techo two\n",
    "": "",
  };
  for (const [script, text] of Object.entries(scripts)) assert.equal(values.scriptText(script), text);
});

Deno.test("a field that there is not is told with the likeliest that there is", () => {
  const hint = (field: string) =>
    values.unknownField(field, ["description", "startOn", "env"], "a job has").message;
  assert.equal(hint("descripton"), "a job has no field descripton; did you mean description?");
  assert.equal(hint("starton"), "a job has no field starton; did you mean startOn?");
  assert.equal(hint("evn"), "a job has no field evn; did you mean env?");
  assert.equal(hint("enviroment"), "a job has no field enviroment");
});
