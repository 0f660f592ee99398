// Runs the page's tests: bundles them with esbuild (so Node 18 runs TypeScript) and hands them to node's own runner.
//
//   node tools/test.mjs types                  the TypeScript compiler's own check
//   node tools/test.mjs unit
//   node tools/test.mjs browser [NAME ...]     needs chromium, and the program in $BANCHU_PROGRAM
//
// Exit code 77: something that they need is missing; what, is said.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const page = join(dirname(fileURLToPath(import.meta.url)), "..");
const [kind, ...names] = process.argv.slice(2);

function skip(reason) {
  console.log(`SKIPPED: ${reason}`);
  process.exit(77);
}

function inPath(name) {
  return (process.env.PATH ?? "").split(":").map((folder) => join(folder, name)).find(existsSync);
}

if (!existsSync(join(page, "node_modules/esbuild"))) skip("page/node_modules is not there (npm ci --ignore-scripts in page/)");
if (kind === "types") {
  const checked = spawnSync(process.execPath, [join(page, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", page], { stdio: "inherit" });
  process.exit(checked.status ?? 1);
}
if (kind === "browser") {
  process.env.BANCHU_CHROMIUM ??= inPath("chromium") ?? "";
  process.env.BANCHU_PROGRAM ??= join(page, "../build/dev/bin/banchu");
  process.env.BANCHU_PAGE = page;
  if (!existsSync(process.env.BANCHU_CHROMIUM)) skip("there is no chromium (apt-get install chromium)");
  if (!existsSync(process.env.BANCHU_PROGRAM)) skip("the program is not built");
  const home = process.env.BANCHU_HOME ?? join(process.env.XDG_DATA_HOME ?? join(process.env.HOME ?? "", ".local/share"), "banchu");
  process.env.BANCHU_TEST_MODEL = join(home, "models/SmolLM2-135M-Instruct.Q4_1.gguf");
  if (!existsSync(process.env.BANCHU_TEST_MODEL)) skip(`the default model is not in ${home}/models`);
}

const { build } = await import("esbuild");
const all = readdirSync(join(page, "tests", kind)).filter((name) => name.endsWith(".test.ts"));
const wanted = names.length === 0 ? all : names.map((name) => `${name}.test.ts`);
const out = process.env.BANCHU_PAGE_TESTS ?? join(page, `../build/page-tests/${kind}`);
mkdirSync(out, { recursive: true });
await build({
  entryPoints: wanted.map((name) => join(page, "tests", kind, name)),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node18",
  external: ["playwright-core", "axe-core"],
  nodePaths: [join(page, "node_modules")],
  jsx: "automatic",
  jsxImportSource: "preact",
  outdir: out,
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const files = wanted.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const ran = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit", cwd: page });
process.exit(ran.status ?? 1);
