// TypeScript of web/ for a test: bundled as the pages are, for Node or as text for a browser.

import { webcrypto } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import esbuild from 'esbuild';

import { TOP } from '../../../dev/stack.mjs';

// Node 18 has it, but not where browsers have it.
globalThis.crypto ??= webcrypto;

async function bundle(source, options) {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: TOP, loader: 'ts' },
    bundle: true,
    platform: 'browser', // also for Node: what is tested is what browsers get
    target: 'es2021',
    write: false,
    logLevel: 'warning',
    ...options,
  });
  return outputFiles[0].text;
}

const reexport = (modules) => modules.map((each) => `export * from './${each}';`).join('\n');

/** The modules' exports, all in one object. */
export async function load(...modules) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-web-'));
  const file = path.join(folder, 'bundle.mjs');
  fs.writeFileSync(file, await bundle(reexport(modules), { format: 'esm' }));
  try {
    return await import(pathToFileURL(file));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** A script that leaves the same object as globalThis[name]. */
export function script(name, ...modules) {
  return bundle(reexport(modules), { format: 'iife', globalName: name });
}
