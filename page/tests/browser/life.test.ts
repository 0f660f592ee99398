// The companion's life over the page: masks, marks, what was kept, the coming night and its review, arcs. The tiny model
// speaks: what matters here is what is kept and shown, not how clever it is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { assertAccessible, Companion, Eyes, kTiny, picture, say } from "./companion.js";

let companion: Companion;
let eyes: Eyes;
before(async () => {
  companion = new Companion({ model: join(kTiny, "tiny.gguf"), serve: ["--persona", join(kTiny, "../../../samples/en/dori.yaml")] });
  companion.run("journal", "add", join(kTiny, "good-day.jsonl"));
  await companion.serve();
  eyes = await Eyes.open();
});
after(async () => {
  await eyes.close();
  await companion.close();
});

async function api<T>(path: string): Promise<T> {
  return (await (await fetch(`${companion.address}/banchu/v1/${path}`)).json()) as T;
}

async function growing(): Promise<Page> {
  const page = await eyes.look(companion.address);
  await page.getByRole("radio", { name: "Growing" }).check({ force: true });
  return page;
}

async function part(name: string): Promise<Page> {
  const page = await eyes.look(companion.address);
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  return page;
}

interface Turn {
  turn_id: string;
  user: string;
  mask: string;
  mark: string;
  fixed_reply: string | null;
}
// Two conversations of one second have no order between them, so a turn is found by what was said in it.
async function newestTurn(user: string): Promise<Turn> {
  const { conversations } = await api<{ conversations: { id: string }[] }>(`conversations?limit=1&search=${encodeURIComponent(user)}`);
  return (await api<{ entries: Turn[] }>(`conversations/${conversations[0]!.id}`)).entries.filter((turn) => turn.user === user).at(-1)!;
}

test("a mask is chosen, and what is said under it is kept with it", async () => {
  const page = await growing();
  const masks = (await api<{ masks: { id: string; system: string }[] }>("masks")).masks;
  await page.getByLabel("Mask").selectOption(masks[0]!.id);
  await say(page, "where does the lion live?");
  assert.equal((await newestTurn("where does the lion live?")).mask, masks[0]!.system);
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByLabel("Mask").selectOption("");
  await say(page, "where does the rabbit live?");
  assert.equal((await newestTurn("where does the rabbit live?")).mask, "");
});

test("a kept reply is taught, corrected, or struck out by the user's word", async () => {
  const page = await growing();
  await say(page, "what colour is the swan?");
  await page.getByRole("button", { name: "Teach this" }).click();
  await page.getByText("kept, may be taught", { exact: true }).waitFor();
  assert.equal((await newestTurn("what colour is the swan?")).mark, "kept");
  await page.getByRole("button", { name: "Correct" }).click();
  await page.getByRole("textbox", { name: "What it should have said" }).fill("the swan is white.");
  await page.getByRole("button", { name: "This is how it should be" }).click();
  await page.getByText("kept, corrected").waitFor();
  assert.equal((await newestTurn("what colour is the swan?")).fixed_reply, "the swan is white.");
  await page.getByRole("button", { name: "Strike out" }).click();
  await page.getByText("struck out, never taught").waitFor();
  assert.equal((await newestTurn("what colour is the swan?")).mark, "struck");
});

test("a kept conversation is found, opened, and goes on as the same one", async () => {
  const page = await growing();
  await page.locator("#search").fill("opposite");
  await page.locator(".conversations .item").first().waitFor();
  await page.locator("#search").fill("");
  await page.locator(".conversations .item", { hasText: "where does the lion live?" }).last().click();
  await page.locator(".user .said", { hasText: "where does the lion live?" }).first().waitFor();
  const before = await page.locator(".user").count();
  const { total } = await api<{ total: number }>("conversations");
  await say(page, "and the rabbit?");
  assert.equal(await page.locator(".user").count(), before + 1);
  assert.equal((await newestTurn("and the rabbit?")).user, "and the rabbit?");
  assert.equal((await api<{ total: number }>("conversations")).total, total, "no second conversation was made of it");
});

test("what the night wants to teach is shown with its reasons, and the user's word decides", async () => {
  const page = await part("Tonight's lessons");
  const coming = await api<{ entries: { reason: string }[]; memories: unknown[] }>("coming");
  const doubtful = coming.entries.filter((entry) => entry.reason === "needs_review").length;
  await page.locator(".entries > li").first().waitFor();
  assert.equal(await page.locator(".entries > li").count(), coming.entries.length - doubtful);
  assert.ok((await page.locator(".waiting > li").count()) >= doubtful, "what is doubtful waits for the user's word");
  assert.equal(await page.locator(".memories > li").count(), coming.memories.length);
  assert.ok(coming.memories.length > 0);
  const entry = page.locator(".entries > li[data-taught=true]").first();
  const asked = await entry.locator("dd").first().innerText();
  await entry.getByRole("button", { name: "Never teach it" }).click();
  const struck = page.locator(".entries > li[data-taught=false]", { hasText: asked }).first();
  await struck.getByText("you struck it out").waitFor();
  await picture(page, "review");
  await assertAccessible(page);
  await struck.getByRole("button", { name: "Teach it", exact: true }).click();
  await page.locator(".entries > li[data-taught=true]", { hasText: asked }).first().waitFor();
});

const kStory = `Mina lived in a quiet house by the sea. Every morning she walked to the harbour. She loved the calm water.
One day a dark storm came. The waves grew terrible and the boats were lost. Mina was afraid and she cried.
Her brother had sailed out at dawn. She searched the beach in despair. Nobody had seen him.
Then, in the evening, a small light appeared. It was his boat! Mina shouted with joy and ran into the water.
They embraced, laughing. The storm was over, and the sea was calm again. That night the whole village celebrated.`;

test("the arc of a story is measured and drawn, with its figures", async () => {
  const page = await part("Arc");
  await page.getByLabel("The story").fill(kStory);
  await page.getByRole("button", { name: "Measure" }).click();
  await page.locator(".reading .big").waitFor();
  const path = await page.locator(".reading svg path").first().getAttribute("d");
  assert.ok(path!.split("L").length > 5, "the line has a place for each unit");
  await page.getByText("The figures").click();
  assert.ok((await page.locator(".reading tbody tr").count()) > 5);
  await picture(page, "arc");
  await assertAccessible(page);
});

test("the arc of a day and of a kept conversation are measured", async () => {
  const page = await part("Arc");
  await page.getByRole("radio", { name: "a day" }).check();
  await page.getByLabel("The day (UTC)").fill("2026-03-02");
  await page.getByRole("button", { name: "Measure" }).click();
  await page.locator(".reading .big").waitFor();
  await page.getByRole("radio", { name: "a kept conversation" }).check();
  await page.getByLabel("The conversation").selectOption({ index: 1 });
  await page.getByRole("button", { name: "Measure" }).click();
  await page.locator(".reading .big").waitFor();
});

test("a day on which nothing was said is told as such", async () => {
  const page = await part("Arc");
  await page.getByRole("radio", { name: "a day" }).check();
  await page.getByLabel("The day (UTC)").fill("1999-01-01");
  await page.getByRole("button", { name: "Measure" }).click();
  await page.locator(".problem, .reading .big").first().waitFor();
});
