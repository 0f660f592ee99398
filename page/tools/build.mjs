// Builds the page: bundles, names each file by its digest, and writes them all as one C++ source.
//
//   node tools/build.mjs FOLDER        FOLDER/page_files.cpp, and FOLDER/site/ to look at
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";

const source = join(dirname(fileURLToPath(import.meta.url)), "../src");
const target = process.argv[2];
if (!target) throw new Error("say where to: node tools/build.mjs FOLDER");

const kTypes = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml", html: "text/html; charset=utf-8" };

async function bundle(entry) {
  const result = await build({
    entryPoints: [join(source, entry)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "eof",
    write: false,
    logLevel: "warning",
  });
  return Buffer.from(result.outputFiles[0].contents);
}

// "page.js" -> "/page/page-1a2b3c4d5e.js": a new content is a new name, so it may be cached for ever.
function named(name, bytes) {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const dot = name.lastIndexOf(".");
  return { name, path: `/page/${name.slice(0, dot)}-${digest}${name.slice(dot)}`, digest, bytes };
}

const assets = [
  named("page.js", await bundle("main.tsx")),
  named("page.css", await bundle("style/page.css")),
  named("icon.svg", readFileSync(join(source, "icon.svg"))),
];
let html = readFileSync(join(source, "index.html"), "utf8");
for (const asset of assets) html = html.replaceAll(`{{${asset.name}}}`, asset.path);
const files = [{ ...named("index.html", Buffer.from(html)), path: "/" }, ...assets];

const bytesOf = (bytes) => [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, "0")},`).join("");
const zipped = (bytes) => gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
let cpp = '// Made by page/tools/build.mjs.\n#include "serve/page_files.h"\n\nnamespace banchu {\nnamespace {\n\n';
for (const [i, file] of files.entries()) {
  cpp += `const unsigned char plain_${i}[] = {${bytesOf(file.bytes)}0};\n`;
  cpp += `const unsigned char zipped_${i}[] = {${bytesOf(zipped(file.bytes))}0};\n`;
}
cpp += "\nstd::string_view text(const unsigned char* bytes, std::size_t size) {\n";
cpp += "  return {reinterpret_cast<const char*>(bytes), size};\n}\n\n}  // namespace\n\n";
cpp += "std::vector<PageFile> page_files() {\n  return {\n";
for (const [i, file] of files.entries()) {
  const type = kTypes[file.name.slice(file.name.lastIndexOf(".") + 1)];
  cpp += `      {"${file.path}", "${type}", "${file.digest}", text(plain_${i}, sizeof(plain_${i}) - 1), text(zipped_${i}, sizeof(zipped_${i}) - 1)},\n`;
}
cpp += "  };\n}\n\n}  // namespace banchu\n";

rmSync(join(target, "site"), { recursive: true, force: true });
mkdirSync(join(target, "site/page"), { recursive: true });
for (const file of files) writeFileSync(join(target, "site", file.path === "/" ? "index.html" : file.path), file.bytes);
writeFileSync(join(target, "page_files.cpp"), cpp);
const sum = files.reduce((bytes, file) => bytes + zipped(file.bytes).length, 0);
console.log(`page: ${files.length} files, ${(sum / 1000).toFixed(1)} kB compressed`);
