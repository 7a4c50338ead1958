import { assertEquals } from "@std/assert";
import { LONG_AGO, Store } from "../support/store.ts";

const SOON = "2099-01-01T00:00:00Z";

/** Entries of a lease, in the forms that TOML has, with a comment everywhere. */
const FORMS: Readonly<Record<string, string>> = {
  "a line": `# above
[ports] # the ports
# before
web = { port = 24017, expires = ${SOON} } # ticket 7
# behind
other = 24019 # another`,
  "a line with a foreign key": `[ports]
web = { port = 24017, expires = ${SOON}, owner = "ops" } # ticket 7
other = 24019`,
  "a table": `[ports]
other = 24019 # another

[ports.web] # ask Ops
# its port
port = 24017 # fixed
expires = ${SOON} # for now
owner = "ops" # call them
# the end`,
  "dotted keys": `[ports]
web.port = 24017 # ticket 7
web.expires = ${SOON} # for now
web.owner = "ops" # call them
other = 24019`,
  "dotted keys from the root": `# the root
ports.web.port = 24017 # ticket 7
ports.web.expires = ${SOON} # for now
ports.other = 24019 # another`,
  "an inline table of several lines": `[ports]
web = { # ask Ops
  port = 24017, # fixed
  expires = ${SOON}, # for now
} # the end
other = 24019`,
  "a quoted key": `[ports]
"web" = { port = 24017, expires = ${SOON} } # ticket 7
other = 24019`,
};

for (const [what, text] of Object.entries(FORMS)) {
  Deno.test(`renewing a lease that is ${what} changes nothing but its end`, async () => {
    using store = new Store(`${text}\n`);
    assertEquals(await store.print("--ttl=1h", "web"), "24017\n");
    const [renewed = ""] = store.text.match(/\d{4}-[\dT:-]+Z/) ?? [];

    assertEquals(store.text, `${text}\n`.replace(SOON, renewed));
    assertEquals(renewed === SOON, false);
    // Whatever else is written leaves it alone as well.
    const before = store.text;
    await store.print("new");
    await store.print("--unbind=new");
    assertEquals(store.text, before);
  });
}

Deno.test("a lease that ended and has a comment stays until --prune, its port free", async () => {
  const kept = [
    `ended = { port = 24017, expires = ${LONG_AGO} } # why it was there`,
    `foreign = { port = 24018, expires = ${LONG_AGO}, owner = "ops" }`,
  ].join("\n");
  const table = `[ports.table] # ask Ops\nport = 24020\nexpires = ${LONG_AGO}`;
  const plain = `plain = { port = 24019, expires = ${LONG_AGO} }\n`;
  using store = new Store(`[ports]\n${kept}\n${plain}\n${table}\n`);

  assertEquals(await store.print("--port=24021", "new"), "24021\n");
  assertEquals(store.text, `[ports]\n${kept}\nnew = 24021\n\n${table}\n`);
  assertEquals(await store.print("--list"), "new: 24021\n");
  for (const port of [24017, 24018, 24020]) {
    assertEquals(await store.print(`--port=${port}`, `n${port}`), `${port}\n`);
  }
});
