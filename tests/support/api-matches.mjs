// Compares docs/api/openapi.json with the gateway's table of routes, which comes on standard input, one
// route a line: "METHOD path need bytes". Every route is described, everything described is a route, and
// what it needs and how large a body may be is the same. Exit status 1 and a line for each difference.

import { readFileSync } from 'node:fs';

// Which security schemes an operation names -> what the route's row says it needs.
const needs = new Map([
  ['', 'none'],
  ['ownPage,session', 'cookie'],
  ['uploadCapability', 'upload'],
  ['downloadCapability', 'download'],
  ['auditCapability', 'audit'],
]);

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const faults = [];

const described = new Map();
for (const [path, item] of Object.entries(document.paths))
  for (const [method, operation] of Object.entries(item)) {
    if (method === 'parameters') continue;
    const name = `${method.toUpperCase()} ${path}`;
    const schemes = (operation.security ?? []).flatMap((each) => Object.keys(each)).sort().join(',');
    const bytes = operation.requestBody?.description?.match(/At most (\d+) bytes/)?.[1] ?? '0';
    for (const scheme of schemes.split(',').filter(Boolean))
      if (!document.components.securitySchemes[scheme]) faults.push(`${name}: ${scheme} is not defined`);
    if (!operation.summary || !operation.responses) faults.push(`${name}: no summary or no responses`);
    described.set(name, { need: needs.get(schemes) ?? schemes, bytes });
  }

// Every reference leads somewhere.
for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g))
  if (!reference.split('/').reduce((at, key) => at?.[key], document)) faults.push(`${reference} is not there`);

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const [method, path, need, bytes] = line.split(' ');
  const name = `${method} ${path}`;
  const found = described.get(name);
  described.delete(name);
  if (!found) faults.push(`${name}: not in the document`);
  else if (found.need !== need) faults.push(`${name}: needs ${need}, the document says ${found.need}`);
  else if (found.bytes !== bytes) faults.push(`${name}: at most ${bytes} bytes, the document says ${found.bytes}`);
}
for (const name of described.keys()) faults.push(`${name}: in the document, but no route`);

for (const fault of faults) console.error(fault);
process.exit(faults.length ? 1 : 0);
