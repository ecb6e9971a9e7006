// deploy/alerts.yml, docs/metrics.md and docs/runbook.md say the same: each metric of a rule is one that is
// printed there (with a label that it has), and each rule has a section in the runbook, in order, and no
// section is left over. The targets of deploy/prometheus.yml are where deploy/metrics.yml has each service listen. Whether the
// rules fire when they must: tests/alerts. Prints what does not hold; exit code 1 then. Usage: node tests/support/alerts-hold.mjs

import fs from 'node:fs';

const rules = fs.readFileSync('deploy/alerts.yml', 'utf8');
const runbook = fs.readFileSync('docs/runbook.md', 'utf8');
const metrics = new Map([...fs.readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(secure_mail_\w+)(?:\{(\w+)\})?`/gm)].map(([, name, label]) => [name, label]));
const OF_TARGETS = ['job', 'service']; // deploy/prometheus.yml gives them
const faults = [];

const names = [...rules.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);
const expressions = [...rules.matchAll(/^ {8}expr: (.+(?:\n {10}.+)*)$/gm)].map(([, text]) => text);
for (const field of ['for', 'labels', 'annotations'])
  if ([...rules.matchAll(new RegExp(`^ {8}${field}: \\S`, 'gm'))].length !== names.length) faults.push(`not every rule has "${field}"`);
if (names.length < 10 || expressions.length !== names.length) faults.push('a rule has no expression, or rules are missing');
if (new Set(names).size !== names.length) faults.push('a rule stands twice');

expressions.forEach((text, i) => {
  const used = [...text.matchAll(/secure_mail_\w+/g)].map(([name]) => name);
  if (used.length === 0 && !text.includes('up{job="secure-mail"}')) faults.push(`${names[i]} asks for no metric of ours`);
  for (const name of used) if (!metrics.has(name)) faults.push(`${names[i]}: docs/metrics.md has no ${name}`);
  for (const [, name, labels] of text.matchAll(/(secure_mail_\w+)\{(.*?)\}/g))
    for (const [, label] of labels.matchAll(/(\w+)!?=/g))
      if (!OF_TARGETS.includes(label) && metrics.get(name) !== label) faults.push(`${names[i]}: ${name} has no label ${label}`);
});

const chapter = runbook.match(/^## Alarms\n([^]*?)^## /m)?.[1] ?? '';
const sections = [...chapter.matchAll(/^### (\w+)\n(?=\S)/gm)].map(([, name]) => name);
if (sections.join() !== names.join()) faults.push(`the runbook's sections are not the rules: ${sections.filter((each) => !names.includes(each)).concat(names.filter((each) => !sections.includes(each))).join(', ') || 'their order differs'}`);

// "gateway 10.231.85.2:9300"
const configuration = fs.readFileSync('deploy/prometheus.yml', 'utf8');
const overlay = fs.readFileSync('deploy/metrics.yml', 'utf8').replace(/\$\{\w+:-(.*?)\}/g, '$1');
const targets = [...configuration.matchAll(/targets: \["(.*)"\], labels: \{service: (\w+)\}/g)].map(([, target, service]) => `${service} ${target}`);
const listeners = [...overlay.matchAll(/^ {2}(\w+):\n {4}networks:\n {6}metrics-\1: \{ipv4_address: "(.*)"\}\n {4}environment:\n {6}SECURE_MAIL_ADMIN_LISTEN: \2(:\d+)$/gm)].map(([, service, address, port]) => `${service} ${address}${port}`);
if (targets.length !== 5 || targets.join() !== listeners.join()) faults.push(`the targets of deploy/prometheus.yml are not where deploy/metrics.yml has the services listen: ${targets.join()} and ${listeners.join()}`);

for (const each of faults) console.log(`lint: deploy/alerts.yml: ${each}`);
process.exitCode = faults.length ? 1 : 0;
