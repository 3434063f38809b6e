// Bundles src/ into one file. The same source and lock file give the same bytes; `node build.mjs DIR` writes elsewhere, to compare.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const folder = process.argv[2] ?? "../assets";
const licence = readFileSync("node_modules/preact/LICENSE", "utf8").trim();

// What it was made from, so that a test without Node can tell a stale file.
const sources = ["build.mjs", "package-lock.json", "tsconfig.json", ...readdirSync("src").sort().map((name) => `src/${name}`)];
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\0`).update(readFileSync(name)).update("\0");

await build({
  entryPoints: ["src/main.tsx"],
  outfile: `${folder}/report.js`,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  charset: "ascii",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  // The licence of what is bundled goes wherever a page goes.
  banner: { js: `/*! Made from sources ${digest.digest("hex")}. Contains Preact.\n\n${licence}\n*/` },
  define: { "process.env.NODE_ENV": '"production"' },
});
