// Bundles entry.js into lambdabot/report/assets/vega.min.js, with the licences of what it holds beside it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const assets = "../../lambdabot/report/assets";
const { metafile } = await build({
  entryPoints: ["entry.js"],
  outfile: `${assets}/vega.min.js`,
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  globalName: "vega",
  target: "es2022",
  charset: "utf8",
  legalComments: "none", // the whole licences lie in vega.licences.txt
  banner: {
    js: "/* Vega and Vega-Lite, Copyright University of Washington Interactive Data Lab, BSD-3-Clause; D3, Copyright Mike Bostock, ISC. */",
  },
  alias: { vega: "vega-util" }, // Vega-Lite takes four functions from it, and would bring maps and trees along
});

const [{ inputs }] = Object.values(metafile.outputs);
const bundled = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const folders = new Set(bundled.map(([path]) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
const texts = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
  return `${name} ${version}: ${license}\n\n${text}`.trim();
});
writeFileSync(`${assets}/vega.licences.txt`, `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
