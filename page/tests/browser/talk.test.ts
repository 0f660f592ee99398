// Talking with the real default model, in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Companion, Eyes, repliesOf, replied, say } from "./companion.js";

let companion: Companion;
let eyes: Eyes;
before(async () => {
  companion = await new Companion().serve();
  eyes = await Eyes.open();
});
after(async () => {
  await eyes.close();
  await companion.close();
});

const kLong = "Tell me a very long story about a lighthouse keeper, with many chapters.";

function keptTurns(): number {
  const shown = companion.run("--json", "journal", "show", "--last", "1000");
  return (shown.match(/"reply"/g) ?? []).length;
}

test("a reply comes piece by piece, and grows", async () => {
  const page = await eyes.look(companion.address);
  await page.locator("#message").fill(kLong);
  await page.locator("#message").press("Enter");
  const reply = page.locator(".reply > .reply-text");
  await page.waitForFunction(() => (document.querySelector(".reply > .reply-text")?.textContent ?? "").length > 20);
  const early = (await reply.innerText()).length;
  await page.waitForFunction((n) => document.querySelector(".reply > .reply-text")!.textContent!.length > n + 40, early);
  assert.equal(await page.locator(".reply").getAttribute("aria-busy"), "true");
  await page.getByRole("button", { name: "Stop" }).click();
  await replied(page);
});

test("stop ends a reply within two seconds, here and in the engine", async () => {
  const page = await eyes.look(companion.address);
  await page.locator("#message").fill(kLong);
  await page.locator("#message").press("Enter");
  await page.waitForFunction(() => (document.querySelector(".reply > .reply-text")?.textContent ?? "").length > 20);
  await page.keyboard.press("Escape");
  await page.getByText("stopped", { exact: true }).waitFor({ timeout: 2000 });
  await page.waitForFunction(
    async () => ((await (await fetch("/banchu/v1/awake")).json()) as { speaking: number }).speaking === 0,
    undefined,
    { timeout: 2000 },
  );
  const text = await repliesOf(page);
  await say(page, "Say hello.");
  const after = await repliesOf(page);
  assert.equal(after[0], text[0], "what was said before the stop stays");
  assert.equal(after.length, 2);
});

test("a reply is said again, and both are there", async () => {
  const page = await eyes.look(companion.address);
  await say(page, "Name a fruit.");
  const [first] = await repliesOf(page);
  await page.getByRole("button", { name: "Say it again" }).click();
  await replied(page);
  await page.getByLabel("version 2 of 2").waitFor();
  const [second] = await repliesOf(page);
  await page.getByRole("button", { name: "The version before" }).click();
  assert.deepEqual(await repliesOf(page), [first]);
  await page.getByRole("button", { name: "The version after" }).click();
  assert.deepEqual(await repliesOf(page), [second]);
});

test("an edited message is answered anew, and the first way stays", async () => {
  const page = await eyes.look(companion.address);
  await say(page, "My cat is called Miso. What is a cat?");
  await say(page, "And a dog?");
  await page.getByRole("button", { name: "Edit" }).first().click();
  await page.getByRole("textbox", { name: "Edit" }).fill("My bird is called Nuri. What is a bird?");
  await page.getByRole("textbox", { name: "Edit" }).press("Enter");
  await replied(page);
  assert.equal(await page.locator(".user").count(), 1, "what came after belongs to the first way");
  await page.getByText("My bird is called Nuri").first().waitFor();
  await page.getByRole("button", { name: "The version before" }).first().click();
  assert.equal(await page.locator(".user").count(), 2);
  await page.locator(".user .said", { hasText: "My cat is called Miso" }).waitFor();
});

test("a branch goes on by itself and leaves the first conversation alone", async () => {
  const page = await eyes.look(companion.address);
  await say(page, "First thing.");
  await say(page, "Second thing.");
  await page.getByRole("button", { name: "Go on from here apart" }).first().click();
  assert.equal(await page.locator(".user").count(), 1);
  await say(page, "Another second thing.");
  const items = page.locator(".conversations .item");
  assert.equal(await items.count(), 2);
  await items.nth(1).click();
  assert.deepEqual(await page.locator(".user .said").allInnerTexts(), ["First thing.", "Second thing."]);
});

test("search finds what was said in another conversation", async () => {
  const page = await eyes.look(companion.address);
  await say(page, "The lighthouse of Ganjeolgot is white.");
  await page.getByRole("button", { name: "New conversation" }).click();
  await say(page, "오늘은 비가 와요.");
  await page.locator("#search").fill("GANJEOLGOT");
  const found = page.locator(".conversations .item").first();
  assert.match(await found.locator("mark").innerText(), /^Ganjeolgot$/);
  await found.click();
  await page.locator(".user .said", { hasText: "lighthouse" }).waitFor();
  await page.locator("#search").fill("비가");
  await page.locator(".conversations .item", { hasText: "오늘은 비가 와요" }).waitFor();
});

test("the sandbox is where one begins, and it keeps nothing", async () => {
  const page = await eyes.look(companion.address);
  const before = keptTurns();
  assert.equal(await page.getByRole("radio", { name: "Sandbox" }).isChecked(), true);
  await page.getByText("leaves no trace", { exact: true }).waitFor();
  await say(page, "Nothing of this is kept.");
  await page.getByText("not kept", { exact: true }).waitFor();
  assert.equal(keptTurns(), before);
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.doesNotMatch(stored, /Nothing of this/);
});

test("growing is plainly seen, and what is said is in the bag", async () => {
  const page = await eyes.look(companion.address);
  const before = keptTurns();
  await page.getByRole("radio", { name: "Growing" }).check({ force: true });
  await page.getByText("kept, may be learned at night", { exact: true }).waitFor();
  assert.equal(await page.locator(".composer").getAttribute("data-mode"), "grow");
  await say(page, "I live in Busan.");
  await page.getByText("kept", { exact: true }).waitFor();
  assert.equal(keptTurns(), before + 1);
});

test("a stopped growth reply is not kept, and says so", async () => {
  const page = await eyes.look(companion.address);
  const before = keptTurns();
  await page.getByRole("radio", { name: "Growing" }).check({ force: true });
  await page.locator("#message").fill(kLong);
  await page.locator("#message").press("Enter");
  await page.waitForFunction(() => (document.querySelector(".reply > .reply-text")?.textContent ?? "").length > 20);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("stopped", { exact: true }).waitFor();
  await page.getByText("not kept", { exact: true }).waitFor();
  assert.equal(keptTurns(), before);
});

test("everything can be done without a mouse", async () => {
  const page = await eyes.look(companion.address);
  await page.keyboard.type("Hello there.");
  await page.keyboard.press("Enter");
  await replied(page);
  const reached = new Set<string>();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  for (let i = 0; i < 60; ++i) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.id || (document.activeElement as HTMLInputElement)?.value || ""));
  }
  for (const name of ["To the main part", "한국어", "New conversation", "search", "message", "Copy", "Say it again", "Edit", "sandbox"]) {
    assert.ok(reached.has(name), `${name} is reached with the Tab key: ${[...reached].join(" | ")}`);
  }
});

test("a Hangul syllable that is being typed does not send the message", async () => {
  const page = await eyes.look(companion.address);
  await page.locator("#message").fill("안녕하세");
  const wasSent = await page.locator("#message").evaluate((field) => {
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }));
    return document.querySelector(".user") !== null;
  });
  assert.equal(wasSent, false);
  await page.locator("#message").press("Enter");
  await page.locator(".user").waitFor();
});

test("a server that goes away is told in plain words, and what was said stays", async () => {
  const passing = await new Companion().serve();
  const page = await eyes.look(passing.address);
  await say(page, "Hello.");
  await passing.close();
  await page.locator("#message").fill("Are you there?");
  await page.locator("#message").press("Enter");
  await page.getByText("The companion does not answer.").waitFor();
  assert.equal(await page.locator(".user").count(), 2);
});
