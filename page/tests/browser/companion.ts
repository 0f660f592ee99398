// A companion to test the page with: the real program with a bag of its own, and a real browser that looks at it.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

const folder = process.env.BANCHU_PAGE!;
const program = process.env.BANCHU_PROGRAM!;
// The tests run from the build folder; what they need lies beside the page.
const need = createRequire(join(folder, "package.json"));
const { chromium } = need("playwright-core") as typeof import("playwright-core");

export const kTiny = join(folder, "../tests/fixtures/tiny");
export const kPatience_ms = 120_000;

export interface CompanionOptions {
  model?: string; // default: the default model
  bag?: boolean; // default: yes
  serve?: string[]; // more words for `banchu serve`
}

export class Companion {
  address = "";
  private server: ChildProcess | null = null;
  private readonly home = mkdtempSync(join(tmpdir(), "banchu-page-"));
  readonly bag = join(this.home, "bag");
  private readonly environment: NodeJS.ProcessEnv;

  constructor(private readonly options: CompanionOptions = {}) {
    const kept = { ...process.env };
    delete kept.BANCHU_BAG;
    this.environment = { ...kept, BANCHU_BAG: this.bag, BANCHU_TROUBLES: "off", LC_ALL: "C.UTF-8" };
    if (options.bag !== false) this.run("--model", this.model(), "bag", "init");
  }

  model(): string {
    return this.options.model ?? process.env.BANCHU_TEST_MODEL!;
  }

  file(name: string): string {
    return join(this.home, name);
  }

  // One command of the program on this bag; its standard output.
  run(...words: string[]): string {
    return execFileSync(program, words, { env: this.environment, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  }

  async serve(): Promise<this> {
    const model = this.options.bag === false ? ["--model", this.model()] : [];
    const words = ["--json", "--seed", "1", ...model, "serve", "--port", "0", ...(this.options.serve ?? [])];
    const server = spawn(program, words, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    this.server = server;
    let complaint = "";
    server.stderr!.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
    const line = await new Promise<string>((resolve, reject) => {
      let told = "";
      server.stdout!.on("data", (bytes: Buffer) => {
        told += bytes.toString();
        if (told.includes("\n")) resolve(told);
      });
      server.on("exit", (code) => reject(new Error(`banchu serve ended with ${code}: ${complaint}`)));
    });
    this.address = (JSON.parse(line.split("\n")[0]!) as { address: string }).address;
    return this;
  }

  async close(): Promise<void> {
    const server = this.server;
    if (server && server.exitCode === null) {
      const gone = new Promise((resolve) => server.on("exit", resolve));
      server.kill("SIGINT");
      await gone;
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  // The program's own list of paths: a test of a part that this program has not yet skips, and says so.
  async has(path: string): Promise<boolean> {
    const key = process.env.BANCHU_TEST_KEY;
    const answer = await fetch(`${this.address}/openapi.yaml`, key ? { headers: { "X-Api-Key": key } } : {});
    return (await answer.text()).includes(`\n  /banchu/v1/${path}:`);
  }
}

export class Eyes {
  private constructor(private readonly browser: Browser) {}

  static async open(): Promise<Eyes> {
    return new Eyes(await chromium.launch({ executablePath: process.env.BANCHU_CHROMIUM!, args: ["--no-sandbox"] }));
  }

  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({ locale: "en-GB", viewport: { width: 1200, height: 800 }, ...options });
    context.setDefaultTimeout(kPatience_ms);
    return context;
  }

  // The page, its first asking done.
  async look(address: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await this.context(options)).newPage();
    await page.goto(address);
    await page.locator("#message, #key, .card").first().waitFor();
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

// Says `text` and waits for the end of the reply.
export async function say(page: Page, text: string): Promise<void> {
  await page.locator("#message").fill(text);
  await page.locator("#message").press("Enter");
  await replied(page);
}

export async function replied(page: Page): Promise<void> {
  await page.locator(".reply[aria-busy=false]").last().waitFor();
  await page.locator(".reply[aria-busy=true]").waitFor({ state: "detached" });
}

export function repliesOf(page: Page): Promise<string[]> {
  return page.locator(".reply > .reply-text").allInnerTexts();
}

// What axe has to say against the page as it is now.
export async function assertAccessible(page: Page): Promise<void> {
  const source = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");
  const session = await page.context().newCDPSession(page);
  const run = `${source}; axe.run(document, { resultTypes: ["violations"] }).then((found) => JSON.stringify(found.violations.map((v) => [v.id, v.help, v.nodes.map((n) => n.html)])))`;
  const answer = await session.send("Runtime.evaluate", {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
    allowUnsafeEvalBlockedByCSP: true,
  });
  assert.equal(answer.exceptionDetails, undefined);
  assert.deepEqual(JSON.parse(answer.result.value as string), []);
}

// A picture for the eye, where $BANCHU_PAGE_PICTURES says.
export async function picture(page: Page, name: string): Promise<void> {
  const into = process.env.BANCHU_PAGE_PICTURES;
  if (!into) return;
  if (!existsSync(into)) mkdirSync(into, { recursive: true });
  await page.screenshot({ path: join(into, `${name}.png`) });
}
