// A real night, begun from the page and seen as it happens; then the tree of selves, the way back, and the way forward.
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { assertAccessible, Companion, Eyes, kTiny, picture } from "./companion.js";

let companion: Companion;
let eyes: Eyes;
before(async () => {
  companion = new Companion({ model: join(kTiny, "tiny.gguf") });
  for (const name of ["night.yaml", "suite.yaml", "everyday.yaml"]) copyFileSync(join(kTiny, name), join(companion.bag, name));
  companion.run("journal", "add", join(kTiny, "good-day.jsonl"));
  await companion.serve();
  eyes = await Eyes.open();
});
after(async () => {
  await eyes.close();
  await companion.close();
});

async function awake(): Promise<string> {
  return ((await (await fetch(`${companion.address}/banchu/v1/awake`)).json()) as { self: string }).self;
}

// The talking thread changes over when it looks next; it is asked until it has.
async function awakeAfter(self: string): Promise<string> {
  for (let now = await awake(); ; now = await awake()) {
    if (now !== self) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function part(name: string): Promise<Page> {
  const page = await eyes.look(companion.address);
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  return page;
}

async function untilSays(page: Page, id: string): Promise<void> {
  await page.locator(".who", { hasText: id.slice(0, 8) }).waitFor();
}

test("a night is begun, seen with its losses, and wakes another self without the page being loaded again", async () => {
  const before = await awake();
  const page = await part("Night");
  await untilSays(page, before);
  await page.getByRole("button", { name: "The whole night" }).click();
  await page.locator("[data-stage=engraving] progress").waitFor();
  assert.equal(await page.getByRole("button", { name: "The whole night" }).isDisabled(), true);
  await page.locator("[data-state=running] .line.first path").waitFor();
  await picture(page, "night-running");
  await page.locator("[data-state=done]").waitFor();
  await page.getByText("A new self woke up.").first().waitFor();
  const path = await page.locator(".line.first path").first().getAttribute("d");
  assert.ok(path!.split("L").length > 3, "the loss has a point for each step that was told");
  assert.ok((await page.locator("[data-state=done] .report tbody tr").count()) > 2);
  await page.locator("[data-state=done] .receipt").waitFor();
  await untilSays(page, await awakeAfter(before));
  await picture(page, "night-done");
  await assertAccessible(page);
});

test("who comes later sees the whole curve of the night, and the night among those before", async () => {
  const page = await part("Night");
  await page.locator("[data-state=done] .line.first path").waitFor();
  await page.locator("details > summary", { hasText: "A new self woke up." }).last().click();
  await page.locator("details .report").first().waitFor();
});

test("the tree shows each self with its report and receipt; going back and waking take one press", async () => {
  const grown = await awake();
  const page = await part("Selves");
  await page.locator(".self").nth(1).waitFor();
  assert.equal(await page.locator(".self").count(), 2);
  const card = page.locator(`[data-self="${grown}"]`);
  await card.getByText("What was measured").first().click();
  await card.locator(".report tbody tr").first().waitFor();
  await card.locator(".receipt").waitFor();
  await picture(page, "selves");
  await assertAccessible(page);
  await card.getByRole("button", { name: "Go back to the self before" }).click();
  const first = page.locator(".self").first();
  await first.getByText("awake", { exact: true }).waitFor();
  const before = await awakeAfter(grown);
  await untilSays(page, before);
  await card.getByRole("button", { name: "Wake this self" }).click();
  await card.getByText("awake", { exact: true }).waitFor();
  assert.equal(await awakeAfter(before), grown);
});

test("a night with nothing new says so, calmly", async () => {
  const page = await part("Night");
  await page.getByRole("button", { name: "The whole night" }).click();
  await page.getByText("There was nothing to learn.").first().waitFor();
});
