// Replies that mean harm. What the model can be made to say word for word (by a JSON schema that leaves it no choice),
// the real server says; what no model here could say (ten megabytes) comes from a server in its place.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
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

// The next reply of the real server is `text` (between quotes).
async function willSay(page: Page, text: string): Promise<void> {
  await page.route("**/v1/chat/completions", async (route) => {
    const body = route.request().postDataJSON() as object;
    const schema = { type: "json_schema", json_schema: { name: "words", schema: { const: text } } };
    await route.continue({ postData: JSON.stringify({ ...body, response_format: schema }) });
  });
}

// A reply that a server elsewhere sends.
async function comes(page: Page, pieces: string[]): Promise<void> {
  const events = pieces.map((text) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`);
  const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`;
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ contentType: "text/event-stream", body: events.join("") + end }));
}

async function harm(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const log = document.querySelector(".log")!;
    const found = [...log.querySelectorAll("script, img, iframe, object, embed, style, link, form, svg, video, audio, base, meta")].map((e) => e.outerHTML);
    for (const element of log.querySelectorAll(".reply-text *")) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on") || name === "style" || name === "id" || /^\s*(javascript|data|vbscript):/i.test(value)) found.push(`${name}=${value}`);
      }
    }
    return found;
  });
}

const kHtml = "<img src=x onerror=alert(1)> <script>alert(2)</script> <b onclick=alert(3)>bold</b>";

test("HTML in a reply is shown as the text that it is", async () => {
  const page = await eyes.look(companion.address);
  let wasAsked = false;
  page.on("dialog", (dialog) => ((wasAsked = true), void dialog.dismiss()));
  await willSay(page, kHtml);
  await say(page, "Say it.");
  assert.match((await repliesOf(page))[0]!, /<img src=x onerror=alert\(1\)> <script>alert\(2\)<\/script>/);
  assert.deepEqual(await harm(page), []);
  assert.equal(wasAsked, false);
});

test("a javascript: link is no link; an honest one opens elsewhere, without a word of where it was", async () => {
  const page = await eyes.look(companion.address);
  await willSay(page, "[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(2)) [c](data:text/html,x) [d](https://example.org/) ![e](https://example.org/e.png)");
  await say(page, "Say it.");
  assert.deepEqual(await harm(page), []);
  const links = await page.locator(".reply-text a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttribute("rel"), a.getAttribute("target")]));
  assert.deepEqual(links.filter(([href]) => href !== null), [["https://example.org/", "noopener noreferrer nofollow", "_blank"]]);
});

test("markdown of every kind is safe and readable", async () => {
  const page = await eyes.look(companion.address);
  await comes(page, [
    "# Big\n\n- one\n- **two**\n\n1. a\n2. b\n\n> quoted\n\n`code` and\n\n```js\nlet x = '<b>';\n```\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n\n~~gone~~ *leaning*\n\n",
    "<style>*{display:none}</style>\n\n<a href='javascript:alert(1)'>x</a>\n\n<svg onload=alert(1)>\n\n<form action=https://example.org><input></form>\n\n[x]: javascript:alert(1)\n\n[x]\n",
  ]);
  await say(page, "Say it.");
  assert.deepEqual(await harm(page), []);
  for (const tag of ["h3", "li", "strong", "blockquote", "pre code", "table td", "del", "em"]) {
    assert.ok((await page.locator(`.reply-text ${tag}`).count()) > 0, tag);
  }
  assert.equal(await page.locator(".reply-text h1, .reply-text h2").count(), 0, "a reply's headings stand below the page's own");
});

test("a reply of ten megabytes is cut off, and the page can be talked with at once", async () => {
  const page = await eyes.look(companion.address);
  await comes(page, Array.from({ length: 1280 }, () => "**mm** [a](b) ".repeat(600)));
  const began = Date.now();
  await say(page, "Say a lot.");
  await page.getByText("Longer than a million characters").waitFor();
  await page.unroute("**/v1/chat/completions");
  await page.getByRole("button", { name: "New conversation" }).click();
  await say(page, "Hello.");
  assert.ok((await repliesOf(page))[0]!.length > 0);
  assert.ok(Date.now() - began < 60_000);
});

test("a line without an end and a broken stream are failures that are told", async () => {
  const page = await eyes.look(companion.address);
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ contentType: "text/event-stream", body: "data: " + "m".repeat(10_000_000) }));
  await say(page, "Say it.");
  assert.equal(await page.locator(".reply").getAttribute("data-state"), "failed");
  await page.unroute("**/v1/chat/completions");
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ contentType: "text/event-stream", body: "data: {not json\n\n" }));
  await page.getByRole("button", { name: "Say it again" }).click();
  await replied(page);
  assert.equal(await page.locator(".reply").getAttribute("data-state"), "failed");
});

test("the browser refuses what the page did not bring: scripts, styles, and elements made of text", async () => {
  const page = await eyes.look(companion.address);
  const refused = await page.evaluate(async () => {
    const violations: string[] = [];
    document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
    const script = document.createElement("script");
    try {
      script.textContent = "window.harmed = true";
    } catch {
      violations.push("script text");
    }
    document.body.append(script);
    try {
      document.body.insertAdjacentHTML("beforeend", "<b>x</b>");
    } catch {
      violations.push("markup");
    }
    const image = document.createElement("img");
    image.src = "http://127.0.0.2/x.png";
    document.body.append(image);
    await fetch("http://127.0.0.2:9/").catch(() => violations.push("fetch"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { violations, harmed: "harmed" in window };
  });
  assert.equal(refused.harmed, false);
  for (const what of ["script text", "markup", "img-src", "fetch"]) assert.ok(refused.violations.includes(what), `${what}: ${refused.violations}`);
});

test("no other page may put this one into a frame or talk to its server", async () => {
  const page = await (await eyes.context()).newPage();
  await page.route("http://elsewhere.example/", (route) => route.fulfill({ contentType: "text/html", body: `<iframe src="${companion.address}/"></iframe>` }));
  await page.goto("http://elsewhere.example/");
  const framed = page.frames().find((frame) => frame !== page.mainFrame());
  assert.equal(await framed!.locator("#message").count().catch(() => 0), 0);
  const answer = await page.evaluate(async (address) => {
    try {
      return (await fetch(`${address}/v1/chat/completions`, { method: "POST", body: "{}" })).status;
    } catch {
      return "refused";
    }
  }, companion.address);
  assert.equal(answer, "refused");
});
