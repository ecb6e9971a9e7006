// Builds the pages into build/web: types checked, bundles split, names hashed, compressed forms beside,
// and the list of all of it for the gateway (files.msgpack, in the form of services/gateway/pages.c)
// and for people (files.json).

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

import { pageOf } from './declaration/page.mjs';

const TOP = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const WEB = path.join(TOP, 'web');
const OUT = path.join(TOP, 'build', 'web');
process.chdir(TOP);

if (!fs.existsSync('node_modules/esbuild')) {
  console.error('The npm packages are missing. Run: dev/setup run');
  process.exit(1);
}
const esbuild = await import('esbuild');
const { encode } = await import('@msgpack/msgpack');
const { prune, usedClasses } = await import('./prune_css.mjs');

// The oldest browsers with all that we use; older ones see the text that stands in the page.
const TARGET = ['chrome87', 'firefox78', 'safari14'];

// Which path shows which page.
const PAGES = [
  { name: 'm', folder: 'recipient', paths: ['/m'] },
  { name: 'office', folder: 'sender', paths: ['/', '/compose', '/message', '/settings', '/admin', '/reset'] },
];

// SECURITY.md 5. Blobs are for images (decision 0022); Trusted Types without any policy: no HTML is ever made.
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "font-src 'self'",
  "connect-src 'self'", "frame-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'none'",
  "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

// Pages of text: the declaration, in each language.
const TEXTS = [
  { name: 'nta7516', language: 'nl', path: '/nta7516' },
  { name: 'nta7516-en', language: 'en', path: '/nta7516/en' },
];
const TEXT_POLICY = [
  "default-src 'none'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'none'",
  "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

const TYPES = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.html': 'text/html; charset=utf-8',
};
const COMPRESSIBLE = new Set(['.js', '.css', '.svg', '.html']);

// --- the styles that are used ------------------------------------------------------------------------

function sources(folder = WEB) {
  return fs.readdirSync(folder, { recursive: true }).filter((name) => /\.tsx?$/.test(name)).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
}
const isUsedClass = usedClasses(sources(), 'utrecht-');
const pruned = (file) => prune(fs.readFileSync(file, 'utf8'), (name) => !name.startsWith('utrecht-') || isUsedClass(name));

const prunePlugin = {
  name: 'utrecht-components',
  setup(build) {
    build.onLoad({ filter: /node_modules\/@utrecht\/.*\.css$/ }, ({ path: file }) => ({ contents: pruned(file), loader: 'css' }));
  },
};

const used = (css) => [...css.matchAll(/var\(\s*(--[\w-]+)/g)].map(([, name]) => name);
const defined = (css) => [...css.matchAll(/(--[\w-]+):\s*([^;]+);/g)];

// Utrecht has 1200 tokens; what no rule names, not even through another token, stays out.
function tokens() {
  const root = fs.readFileSync('node_modules/@utrecht/design-tokens/dist/root.css', 'utf8');
  const all = new Map(defined(root).map(([, name, value]) => [name, value.trim()]));
  const sheets = fs.readdirSync(path.join(WEB, 'ui', 'style')).map((name) => fs.readFileSync(path.join(WEB, 'ui', 'style', name), 'utf8'));
  const imported = sheets.flatMap((sheet) => [...sheet.matchAll(/@import "(@utrecht[^"]+)"/g)].map(([, name]) => `node_modules/${name}`));
  const waiting = [...sheets, ...imported.map(pruned)].flatMap(used);
  const kept = new Set();
  for (let name = waiting.pop(); name; name = waiting.pop()) {
    if (kept.has(name) || !all.has(name)) continue;
    kept.add(name);
    waiting.push(...used(all.get(name)));
  }
  return `:root{${[...kept].sort().map((name) => `${name}:${all.get(name)}`).join(';')}}`;
}

const tokensPlugin = {
  name: 'utrecht-tokens',
  setup(build) {
    build.onResolve({ filter: /^utrecht-tokens$/ }, () => ({ path: 'utrecht-tokens', namespace: 'tokens' }));
    build.onLoad({ filter: /.*/, namespace: 'tokens' }, () => ({ contents: tokens(), loader: 'css' }));
  },
};

// --- bundles -----------------------------------------------------------------------------------------

function checkTypes() {
  try {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'], { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    process.stderr.write(error.stdout);
    process.exit(1);
  }
}

async function bundleOf(entryPoints) {
  const result = await esbuild.build({
    entryPoints,
    outdir: path.join(OUT, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.svg': 'copy', '.woff2': 'file' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: TARGET,
    minify: true,
    legalComments: 'none',
    metafile: true,
    charset: 'utf8',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [tokensPlugin, prunePlugin],
    logLevel: 'warning',
  });
  return result.metafile.outputs;
}

// Each page by itself: what two pages share is seldom wanted by one browser, and would be cut into small files.
async function bundle() {
  const all = await Promise.all([
    bundleOf({ style: 'web/ui/style/all.css', icon: 'web/ui/icon.svg' }),
    ...PAGES.map(({ name, folder }) => bundleOf({ [name]: `web/${folder}/main.tsx` })),
  ]);
  return Object.assign({}, ...all);
}

const servedAt = (output) => `/assets/${path.basename(output)}`;

// The output that an entry became.
function outputOf(outputs, entryPoint) {
  const found = Object.entries(outputs).find(([, output]) => output.entryPoint === entryPoint || Object.keys(output.inputs).join() === entryPoint);
  if (!found) throw new Error(`${entryPoint} was not built`);
  return found[0];
}

// What a script needs before it runs: asked for at once, not one after the other as they are read.
function needed(outputs, script, seen = new Set()) {
  for (const { path: each, kind } of outputs[script].imports) {
    if (kind !== 'import-statement' || seen.has(each)) continue;
    seen.add(each);
    needed(outputs, each, seen);
  }
  return seen;
}

function writePages(outputs) {
  const style = servedAt(outputOf(outputs, 'web/ui/style/all.css'));
  const icon = servedAt(outputOf(outputs, 'web/ui/icon.svg'));
  for (const { name, folder } of PAGES) {
    const script = outputOf(outputs, `web/${folder}/main.tsx`);
    const preloads = [...needed(outputs, script)].map((each) => `<link rel="modulepreload" href="${servedAt(each)}">`).join('\n');
    const names = { style, icon, script: servedAt(script), preloads };
    const html = fs.readFileSync(path.join(WEB, folder, 'page.html'), 'utf8').replace(/\{(\w+)\}/g, (_, each) => names[each]);
    fs.writeFileSync(path.join(OUT, `${name}.html`), html);
  }
  const declaration = JSON.parse(fs.readFileSync(path.join(WEB, 'declaration', 'declaration.json'), 'utf8'));
  for (const { name, language } of TEXTS) fs.writeFileSync(path.join(OUT, `${name}.html`), pageOf(declaration, language, { style, icon }));
}

// --- the list ----------------------------------------------------------------------------------------

function compress(file) {
  const bytes = fs.readFileSync(path.join(OUT, file));
  const forms = {
    br: zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    gz: zlib.gzipSync(bytes, { level: 9 }),
  };
  for (const [ending, form] of Object.entries(forms)) fs.writeFileSync(path.join(OUT, `${file}.${ending}`), form);
}

// In the order of the gateway's table.
function entry(served, file, { isImmutable, policy }) {
  const ending = path.extname(file);
  const isCompressed = COMPRESSIBLE.has(ending);
  const sha256 = crypto.createHash('sha256').update(fs.readFileSync(path.join(OUT, file))).digest();
  return { path: served, file, type: TYPES[ending], policy, is_immutable: isImmutable, has_br: isCompressed, has_gzip: isCompressed, sha256: new Uint8Array(sha256) };
}

function writeList(outputs) {
  const assets = Object.keys(outputs).map((output) => `assets/${path.basename(output)}`).sort();
  const pages = PAGES.flatMap(({ name, paths }) => paths.map((served) => entry(served, `${name}.html`, { isImmutable: false, policy: POLICY })));
  const texts = TEXTS.map(({ name, path: served }) => entry(served, `${name}.html`, { isImmutable: false, policy: TEXT_POLICY }));
  const files = [...pages, ...texts, ...assets.map((file) => entry(`/${file}`, file, { isImmutable: true, policy: '' }))];
  for (const file of new Set(files.filter((each) => each.has_br).map((each) => each.file))) compress(file);
  const readable = files.map((each) => ({ ...each, sha256: Buffer.from(each.sha256).toString('hex') }));
  fs.writeFileSync(path.join(OUT, 'files.json'), `${JSON.stringify({ files: readable }, null, 2)}\n`);
  // Last: whoever sees the list sees what it lists.
  fs.writeFileSync(path.join(OUT, 'files.msgpack'), encode({ files }));
}

checkTypes();
fs.rmSync(OUT, { recursive: true, force: true });
fs.mkdirSync(OUT, { recursive: true });
const outputs = await bundle();
writePages(outputs);
writeList(outputs);
