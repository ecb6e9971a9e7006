// A suite as Prometheus sees it, minute by minute: the series of each process, well until a case changes
// them, and the text of them in which promtool reads series. A value is a function of the minute that gives a
// number, or null where nothing was scraped. Minute 0 of a case is BEGIN minutes after promtool's own, which
// is 1970: so a rule that takes a missing value for 0 sees that it was long ago.

export const BEGIN = 10;
const STEP_S = 30; // two scrapes a minute
const NEVER = -1e9; // a time that the suite tells as 0: of 1970, but promtool's clock stands there itself

const PEERS = { gateway: ['crypto', 'notifier', 'retention', 'audit'], crypto: ['notifier', 'audit'], notifier: ['audit'], retention: ['crypto', 'audit'], audit: [] };
const steady = (value) => () => value;
export const timeOf = (minute) => (minute + BEGIN) * 60;

// What has grown evenly since minute 0.
export const grown = (perMinute) => (minute) => Math.floor(minute * perMinute);

// A sweep each ten minutes.
export const swept = (minute) => timeOf(Math.floor(minute / 10) * 10);

const OF_ALL = {
  secure_mail_ready: steady(1),
  secure_mail_started_timestamp_seconds: steady(-100_000),
  secure_mail_database_reconnects_total: grown(0.02),
  'secure_mail_caged{part="calls"}': steady(1),
  'secure_mail_caged{part="files"}': steady(1),
  'secure_mail_caged{part="ports"}': steady(0), // Debian 12's kernel
};
const OF_SERVERS = {
  'secure_mail_requests_total{outcome="ok"}': grown(100),
  'secure_mail_requests_total{outcome="tampered"}': steady(0),
  secure_mail_requests_waiting: steady(1),
  secure_mail_bus_strangers_refused_total: steady(1),
};
const OUTBOX = { secure_mail_outbox_oldest_seconds: steady(0) };
const OF = {
  gateway: {
    'secure_mail_http_requests_total{status="2xx"}': grown(60),
    'secure_mail_http_requests_total{status="5xx"}': grown(1), // one in sixty
    secure_mail_http_requests_waiting: steady(1),
  },
  crypto: {
    ...OF_SERVERS,
    ...OUTBOX,
    secure_mail_password_hashes_refused_total: grown(0.1),
    secure_mail_letter_oldest_seconds: steady(1),
    secure_mail_mail_held: steady(0),
    secure_mail_retention_lag_seconds: steady(300),
  },
  notifier: { ...OF_SERVERS, ...OUTBOX, secure_mail_mail_oldest_seconds: steady(5), secure_mail_mail_held: steady(0) },
  retention: { ...OF_SERVERS, ...OUTBOX, secure_mail_retention_last_sweep_timestamp_seconds: swept },
  audit: { ...OF_SERVERS, secure_mail_audit_entries: grown(50) },
};
// What a process does not know before its first look (lib/base/metric.h: a finding).
const FINDINGS = /^secure_mail_(outbox|letter|mail|retention_lag|audit)_/;
const COUNTERS = /_total\b/;
const SWEPT = 'secure_mail_retention_last_sweep_timestamp_seconds';

const peerSeries = (service) => Object.fromEntries(PEERS[service].map((peer) => [`secure_mail_peer_reachable{peer="${peer}"}`, steady(1)]));

export class Suite {
  // One process of each service, "crypto-1"; of those that are named two, and the second retention stands by.
  constructor(twice = []) {
    this.processes = new Map();
    for (const service of Object.keys(PEERS)) for (let i = 1; i <= (twice.includes(service) ? 2 : 1); i++) this.add(service, i);
    if (twice.includes('retention')) this.set('retention-2', SWEPT, steady(NEVER));
  }

  add(service, number) {
    this.processes.set(`${service}-${number}`, { up: steady(1), ...OF_ALL, ...peerSeries(service), ...OF[service] });
  }

  // From `from` (before `to`) a series has these values.
  set(process, series, value, from = 0, to = Infinity) {
    const all = this.processes.get(process);
    const before = all[series];
    if (!before) throw new Error(`${process} has no ${series}`);
    all[series] = (minute) => (minute >= from && minute < to ? value(minute) : before(minute));
  }

  setAll(process, value, from, to) {
    for (const series of Object.keys(this.processes.get(process))) this.set(process, series, series === 'up' ? steady(value === null ? 0 : 1) : () => value, from, to);
  }

  // Nothing can be scraped.
  dies(process, from, to) {
    this.setAll(process, null, from, to);
  }

  // It is a new process: away for a minute, then counters begin anew, and what it finds is unknown for a scrape. A retention
  // has not swept yet; it does so after `sweepsAfter` minutes.
  restarts(process, at, { away = 1, sweepsAfter = 1 } = {}) {
    const begin = at + away;
    for (const series of Object.keys(this.processes.get(process))) {
      const before = this.processes.get(process)[series];
      if (COUNTERS.test(series)) this.set(process, series, (minute) => before(minute) - before(begin), begin);
      if (FINDINGS.test(series)) this.set(process, series, steady(null), begin, begin + STEP_S / 60);
    }
    this.set(process, 'secure_mail_started_timestamp_seconds', steady(timeOf(begin)), begin);
    this.set(process, 'secure_mail_ready', steady(0), begin, begin + STEP_S / 60);
    if (process.startsWith('retention')) this.set(process, SWEPT, steady(NEVER), begin, begin + sweepsAfter);
    this.dies(process, at, begin);
  }

  neverSweeps(process, from, to) {
    this.set(process, SWEPT, steady(NEVER), from, to);
  }

  // promtool's input_series, until a minute.
  seriesUntil(end) {
    return [...this.processes].flatMap(([process, all]) => Object.entries(all).map(([series, value]) => ({ series: named(series, process), values: written(value, end) })));
  }
}

export const labelsOf = (process) => ({ job: 'secure-mail', service: process.split('-')[0], instance: process });

function named(series, process) {
  const [, name, own] = series.match(/^(\w+)(?:\{(.*)\})?$/);
  const labels = Object.entries(labelsOf(process)).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${[...labels, ...(own ? [own] : [])].join(',')}}`;
}

// "1+0x3 stale _x2": runs of one value. What was scraped and is not any more is stale at once.
function written(value, end) {
  const runs = [];
  let last = null;
  for (let step = 0; step <= ((BEGIN + end) * 60) / STEP_S; step++) {
    const minute = (step * STEP_S) / 60 - BEGIN;
    const now = minute < 0 ? null : value(minute);
    const word = now === null ? (last === null ? '_' : 'stale') : String(now);
    const run = runs.at(-1);
    if (run?.word === word && word !== 'stale') run.times += 1;
    else runs.push({ word, times: 1 });
    last = now;
  }
  return runs.map(({ word, times }) => (word === '_' ? `_x${times}` : word === 'stale' ? word : `${word}+0x${times - 1}`)).join(' ');
}
