// How the page looks and what it weighs: languages, colours, a phone's width, axe, keys, and what is not there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { assertAccessible, Companion, Eyes, kTiny, picture, say } from "./companion.js";

const kModel = join(kTiny, "tiny.gguf");
let companion: Companion;
let eyes: Eyes;
before(async () => {
  companion = new Companion({ model: kModel });
  companion.run("journal", "add", join(kTiny, "good-day.jsonl"));
  await companion.serve();
  eyes = await Eyes.open();
});
after(async () => {
  await eyes.close();
  await companion.close();
});

async function parts(page: Page): Promise<string[]> {
  return page.getByRole("navigation").getByRole("link").evaluateAll((all) => all.map((a) => a.getAttribute("href")!));
}

async function visit(page: Page, part: string): Promise<void> {
  await page.locator(`nav a[href="${part}"]`).click();
  await page.locator(`main[data-place=${part.slice(1)}]`).waitFor();
  await page.waitForLoadState("networkidle");
}

test("the first load is small, its own, and writes no errors", async () => {
  const page = await (await eyes.context()).newPage();
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  const urls: string[] = [];
  const complaints: string[] = [];
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  page.on("request", (request) => urls.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(companion.address);
  await page.locator("#message").waitFor();
  const ready_ms = await page.evaluate(() => performance.now());
  await say(page, "where does the lion live?");
  for (const part of await parts(page)) await visit(page, part);
  assert.deepEqual(complaints, []);
  assert.deepEqual(urls.filter((url) => !url.startsWith(companion.address)), []);
  assert.ok(bytes < 300_000, `${bytes} bytes`);
  console.log(`first load: ${bytes} bytes on the wire with all that followed, ready after ${ready_ms.toFixed(0)} ms`);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const locale of ["en-GB", "ko-KR"]) {
    test(`axe finds nothing in any part: ${locale}, ${colorScheme}`, async () => {
      const page = await eyes.look(companion.address, { locale, colorScheme });
      assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
      await say(page, locale === "ko-KR" ? "사자는 어디에 사나요?" : "where does the lion live?");
      await assertAccessible(page);
      await picture(page, `talk-${locale.slice(0, 2)}-${colorScheme}`);
      await page.locator(".mode-grow input").check({ force: true });
      await say(page, "what colour is the swan?");
      await assertAccessible(page);
      await picture(page, `growing-${locale.slice(0, 2)}-${colorScheme}`);
      for (const part of await parts(page)) {
        await visit(page, part);
        await assertAccessible(page);
        await picture(page, `${part.slice(1)}-${locale.slice(0, 2)}-${colorScheme}`);
      }
    });
  }
}

test("language and colours are chosen, and remembered", async () => {
  const page = await eyes.look(companion.address);
  await page.getByRole("button", { name: "한국어" }).click();
  await page.getByLabel("화면 색").selectOption("dark");
  await page.reload();
  await page.getByRole("button", { name: "English" }).waitFor();
  await page.getByPlaceholder("하실 말씀 (남기지 않습니다)").waitFor();
  const [red] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number));
  assert.ok(red! < 80, "the ground is dark");
});

test("on a phone nothing is wider than the screen, and one can write", async () => {
  for (const locale of ["en-GB", "ko-KR"]) {
    const page = await eyes.look(companion.address, { locale, viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
    await say(page, "where does the lion live? https://example.org/" + "a".repeat(200));
    for (const part of await parts(page)) {
      await visit(page, part);
      const wide = await page.evaluate(() => {
        const beyond = [...document.querySelectorAll("header *, main *")].filter((e) => e.getBoundingClientRect().right > 361 && !e.closest("nav, .scrolls, pre"));
        return { width: document.scrollingElement!.scrollWidth, beyond: beyond.map((e) => e.outerHTML.slice(0, 100)) };
      });
      assert.ok(wide.width <= 360, `${part}: ${JSON.stringify(wide)}`);
      assert.deepEqual(wide.beyond, [], part);
      await picture(page, `phone-${part.slice(1)}-${locale.slice(0, 2)}`);
    }
    await visit(page, "#talk");
    const box = await page.locator("#message").boundingBox();
    assert.ok(box!.y + box!.height <= 640, "the field is on the screen");
    const log = await page.locator(".log").boundingBox();
    assert.ok(log!.height > 150, `${log!.height} pixels for what was said`);
  }
});

test("with keys the page asks for one, and shows what that key may do", async () => {
  const keys = companion.file("keys");
  const talk = companion.run("serve", "--new-key", "guest", "--may", "talk", "--key-file", keys).trim();
  const locked = await new Companion({ model: kModel, serve: ["--key-file", keys] }).serve();
  const page = await eyes.look(locked.address);
  await assertAccessible(page);
  await picture(page, "door");
  await page.getByLabel("Key").fill("bk-wrong");
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByText("No door opens with this key.").waitFor();
  await page.getByLabel("Key").fill(talk.split("\n")[0]!);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.locator("#message").waitFor();
  await say(page, "hello");
  assert.equal(await page.getByRole("radio", { name: "Growing" }).isDisabled(), true);
  await page.getByText("Your key may talk, but not let the companion grow.").waitFor();
  for (const part of await parts(page)) assert.ok(["#talk", "#arc"].includes(part), part);
  await locked.close();
});

test("without a bag nothing can grow, and the page says why", async () => {
  const bare = await new Companion({ model: kModel, bag: false }).serve();
  const page = await eyes.look(bare.address);
  assert.equal(await page.getByRole("radio", { name: "Growing" }).isDisabled(), true);
  await page.getByText("There is no bag here, so nothing can be kept.").waitFor();
  await say(page, "hello");
  for (const part of await parts(page)) assert.ok(["#talk", "#arc"].includes(part), part);
  await bare.close();
});
