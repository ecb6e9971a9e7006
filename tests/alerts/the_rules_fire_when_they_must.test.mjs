// deploy/alerts.yml, run by promtool over the series of suites that are well and of suites that are not
// (support/cases.mjs). At each look the alerts are those of the case and no others, of all rules together.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { before, test } from 'node:test';

import { CASES } from './support/cases.mjs';
import { promtool } from './support/promtool.mjs';
import { BEGIN, Suite } from './support/suite.mjs';

const RULES = path.resolve('deploy/alerts.yml');
const text = fs.readFileSync(RULES, 'utf8');
const rules = new Map([...text.matchAll(/- alert: (\w+)\n[^]*?severity: (\w+)[^]*?summary: "(.*)"/g)].map(([, name, severity, summary]) => [name, { severity, summary }]));

const all = Object.entries(CASES).flatMap(([rule, { fires, quiet }]) => [
  ...fires.map((each) => ({ rule, word: 'fires', ...each })),
  ...quiet.map((each) => ({ rule, word: 'is quiet', ...each })),
]);

const titleOf = ({ rule, word, says }) => `${rule} ${word}: ${says}`;
const nameOf = (alert) => (Array.isArray(alert) ? alert[0] : alert);

// What promtool shall find of one rule at one look.
function expected(rule, minute, alerts) {
  const { severity, summary } = rules.get(rule);
  const own = alerts.filter((alert) => nameOf(alert) === rule).map((alert) => (Array.isArray(alert) ? alert[1] : {}));
  return {
    eval_time: `${BEGIN + minute}m`,
    alertname: rule,
    exp_alerts: own.map((labels) => ({ exp_labels: { severity, ...labels }, exp_annotations: { summary } })),
  };
}

// promtool's test of a case.
function testOf({ rule, word, says, twice, happens, looks }) {
  const suite = new Suite(twice);
  happens(suite);
  const alert_rule_test = looks.flatMap(([minute, alerts]) => [...rules.keys()].map((each) => expected(each, minute, alerts)));
  return { name: titleOf({ rule, word, says }), interval: '30s', input_series: suite.seriesUntil(Math.max(...looks.map(([minute]) => minute))), alert_rule_test };
}

// All cases in one file, in JSON, which is YAML. Gives those that did not hold, with
// promtool's words.
function judge() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-alerts-'));
  try {
    const file = path.join(folder, 'cases.json');
    fs.writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: all.map(testOf) }));
    const { status, said } = promtool('test', 'rules', file);
    const failed = new Map(said.split(/^(?= +name: )/m).slice(1).map((part) => [part.match(/^ +name: (.*),$/m)[1], part]));
    if ((status === 0) !== (failed.size === 0) || (status === 0 && !/^ +SUCCESS$/m.test(said))) throw new Error(`promtool did not judge the cases: ${said}`);
    return failed;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

let failed;
before(() => (failed = judge()));

test('promtool takes the rules, and the configuration that names them', () => {
  assert.deepEqual(promtool('check', 'rules', RULES).said.match(/SUCCESS: (\d+) rules/)?.[1], String(rules.size));
  const { status, said } = promtool('check', 'config', path.resolve('deploy/prometheus.yml'));
  assert.equal(status, 0, said);
});

test('each rule has a case in which it fires, and one in which it must not', () => {
  assert.deepEqual(Object.keys(CASES), [...rules.keys()]);
  const has = ({ looks }, rule) => looks.some(([, alerts]) => alerts.some((alert) => nameOf(alert) === rule));
  for (const [rule, { fires, quiet }] of Object.entries(CASES)) {
    assert.ok(fires.length > 0 && fires.every((each) => has(each, rule)), `${rule} does not fire in each of its cases`);
    assert.ok(quiet.length > 0 && !quiet.some((each) => has(each, rule)), `${rule} fires where it must not`);
  }
});

for (const each of all) test(titleOf(each), () => assert.equal(failed.get(titleOf(each)), undefined));
