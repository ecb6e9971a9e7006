// The cases of each rule: what happens in a suite that is well, and which alerts there are then, of all rules
// together. Each rule has cases in which it fires and cases in which it must not. A look is [minute, alerts];
// an alert is its rule's name, or [name, labels].
//
// rule: { fires: [case, ...], quiet: [case, ...] }; case: { says, twice, happens, looks }

import { grown, labelsOf, swept, timeOf } from './suite.mjs';

const at = (name, process, more = {}) => [name, { ...labelsOf(process), ...more }];
const gone = (service) => ['SecureMailGone', { job: 'secure-mail', service }];
const is = (value) => () => value;
const NOTHING = [];

const TAMPERED = 'secure_mail_requests_total{outcome="tampered"}';
const SWEPT = 'secure_mail_retention_last_sweep_timestamp_seconds';
const ENTRIES = 'secure_mail_audit_entries';

// The age of what waits since minute 10.
const sinceTen = (minute) => (minute - 10) * 60;

// From `from` on each caller pings in vain.
function isUnreachable(suite, service, from, to) {
  for (const [process, all] of suite.processes) if (all[`secure_mail_peer_reachable{peer="${service}"}`]) suite.set(process, `secure_mail_peer_reachable{peer="${service}"}`, is(0), from, to);
}
const unreached = (peer, ...processes) => processes.map((process) => at('SecureMailPeerAway', process, { peer }));

export const CASES = {
  SecureMailNotReady: {
    fires: [
      {
        says: 'a service does not find its database',
        happens: (suite) => suite.set('crypto-1', 'secure_mail_ready', is(0), 10),
        looks: [[11, NOTHING], [14, [at('SecureMailNotReady', 'crypto-1')]], [90, [at('SecureMailNotReady', 'crypto-1')]]],
      },
      {
        says: 'it ends and starts again every minute and is never ready: the wait does not begin anew each time',
        happens(suite) {
          suite.set('crypto-1', 'secure_mail_ready', is(0), 10);
          for (let minute = 10; minute < 60; minute += 2) suite.dies('crypto-1', minute, minute + 0.5);
        },
        looks: [[20, [at('SecureMailNotReady', 'crypto-1')]], [40, [at('SecureMailNotReady', 'crypto-1')]]],
      },
    ],
    quiet: [
      { says: 'all is well for hours', happens() {}, looks: [[5, NOTHING], [60, NOTHING], [130, NOTHING], [240, NOTHING]] },
      {
        says: 'every process is started again, one after the other',
        happens: (suite) => [...suite.processes.keys()].forEach((process, i) => suite.restarts(process, 20 + 2 * i)),
        looks: Array.from({ length: 20 }, (_, i) => [20 + i, NOTHING]),
      },
      {
        says: 'all of them at the same time, as an upgrade does',
        happens: (suite) => [...suite.processes.keys()].forEach((process) => suite.restarts(process, 20, { away: 2 })),
        looks: Array.from({ length: 15 }, (_, i) => [20 + i, NOTHING]),
      },
    ],
  },

  SecureMailGone: {
    fires: [
      ...['gateway', 'crypto', 'notifier', 'retention', 'audit'].map((service) => ({
        says: `one service of five is dead: ${service}`,
        happens: (suite) => suite.dies(`${service}-1`, 10),
        looks: [[13, NOTHING], [17, [gone(service), at('SecureMailDown', `${service}-1`)]], [50, [gone(service), at('SecureMailDown', `${service}-1`)]]],
      })),
      {
        says: 'nobody asks a service: it was forgotten among the targets',
        happens: (suite) => suite.processes.delete('audit-1'),
        looks: [[10, [gone('audit')]]],
      },
      {
        says: 'the whole suite is down',
        happens: (suite) => [...suite.processes.keys()].forEach((process) => suite.dies(process, 10)),
        looks: [[20, ['gateway', 'crypto', 'notifier', 'retention', 'audit'].flatMap((service) => [gone(service), at('SecureMailDown', `${service}-1`)])]],
      },
    ],
    quiet: [
      { says: 'one is away for two minutes', happens: (suite) => suite.dies('audit-1', 10, 12), looks: [[11, NOTHING], [12, NOTHING], [14, NOTHING], [18, NOTHING]] },
      {
        says: 'one of two is dead: the other is seen',
        twice: ['crypto'],
        happens: (suite) => suite.dies('crypto-2', 10),
        looks: [[20, [at('SecureMailDown', 'crypto-2')]]],
      },
    ],
  },

  SecureMailDown: {
    fires: [
      {
        says: 'a standby is dead: nobody misses it yet',
        twice: ['audit', 'retention'],
        happens: (suite) => ['audit-2', 'retention-2'].forEach((process) => suite.dies(process, 10)),
        looks: [[14, NOTHING], [18, [at('SecureMailDown', 'audit-2'), at('SecureMailDown', 'retention-2')]], [200, [at('SecureMailDown', 'audit-2'), at('SecureMailDown', 'retention-2')]]],
      },
      {
        says: 'a process comes and goes: more than half of the time it is away',
        twice: ['gateway'],
        happens(suite) {
          for (let minute = 10; minute < 60; minute += 2) suite.dies('gateway-2', minute, minute + 1.5);
        },
        looks: [[30, [at('SecureMailDown', 'gateway-2')]], [50, [at('SecureMailDown', 'gateway-2')]]],
      },
    ],
    quiet: [{ says: 'a process is away for two minutes', twice: ['audit'], happens: (suite) => suite.restarts('audit-2', 10, { away: 2 }), looks: [[11, NOTHING], [13, NOTHING], [18, NOTHING]] }],
  },

  SecureMailRestarts: {
    fires: [
      {
        says: 'a process ends each five minutes, and is there and ready between',
        happens(suite) {
          for (let minute = 10; minute < 60; minute += 5) suite.restarts('crypto-1', minute, { away: 0.5 });
        },
        looks: [[20, NOTHING], [40, [at('SecureMailRestarts', 'crypto-1')]], [90, [at('SecureMailRestarts', 'crypto-1')]], [130, NOTHING]],
      },
    ],
    quiet: [
      {
        says: 'the keys of the bus are changed: each starts again twice',
        happens(suite) {
          for (const process of suite.processes.keys()) for (const minute of [20, 30]) suite.restarts(process, minute);
        },
        looks: [[25, NOTHING], [35, NOTHING], [60, NOTHING]],
      },
    ],
  },

  SecureMailPeerAway: {
    fires: [
      {
        says: 'one arrow is cut, and both ends are well',
        happens: (suite) => suite.set('gateway-1', 'secure_mail_peer_reachable{peer="notifier"}', is(0), 10),
        looks: [[13, NOTHING], [18, unreached('notifier', 'gateway-1')]],
      },
      {
        says: 'a peer is dead: each of its callers says so, and crypto cannot be without it',
        happens(suite) {
          suite.dies('audit-1', 10);
          isUnreachable(suite, 'audit', 10);
          suite.set('crypto-1', 'secure_mail_ready', is(0), 10);
        },
        looks: [[20, [gone('audit'), at('SecureMailDown', 'audit-1'), at('SecureMailNotReady', 'crypto-1'), ...unreached('audit', 'gateway-1', 'crypto-1', 'notifier-1', 'retention-1')]]],
      },
    ],
    quiet: [
      {
        says: 'a peer starts again',
        happens(suite) {
          suite.restarts('audit-1', 10);
          isUnreachable(suite, 'audit', 10, 11.5);
        },
        looks: [[10, NOTHING], [11, NOTHING], [13, NOTHING], [16, NOTHING]],
      },
    ],
  },

  SecureMailLogBehind: {
    fires: [
      {
        says: 'an event of retention\'s waits',
        happens: (suite) => suite.set('retention-1', 'secure_mail_outbox_oldest_seconds', sinceTen, 10),
        looks: [[11, NOTHING], [13, [at('SecureMailLogBehind', 'retention-1')]]],
      },
    ],
    quiet: [{ says: 'events wait for a minute', happens: (suite) => suite.set('crypto-1', 'secure_mail_outbox_oldest_seconds', sinceTen, 10, 11.5), looks: [[11, NOTHING], [12, NOTHING], [13, NOTHING]] }],
  },

  SecureMailMailBehind: {
    fires: [
      {
        says: 'the relay refuses',
        happens: (suite) => suite.set('notifier-1', 'secure_mail_mail_oldest_seconds', sinceTen, 10),
        looks: [[24, NOTHING], [32, [at('SecureMailMailBehind', 'notifier-1')]]],
      },
      {
        says: 'the relay refuses while mail of a restore is held',
        happens(suite) {
          for (const process of ['crypto-1', 'notifier-1']) suite.set(process, 'secure_mail_mail_held', is(7), 5);
          suite.set('notifier-1', 'secure_mail_mail_oldest_seconds', sinceTen, 10);
        },
        looks: [[32, [at('SecureMailMailBehind', 'notifier-1')]]],
      },
    ],
    quiet: [{ says: 'a mail is sent at the second try, after a quarter of an hour', happens: (suite) => suite.set('notifier-1', 'secure_mail_mail_oldest_seconds', sinceTen, 10, 26), looks: [[26, NOTHING], [30, NOTHING]] }],
  },

  SecureMailLettersBehind: {
    fires: [
      {
        says: 'the notifier is dead',
        happens(suite) {
          suite.dies('notifier-1', 10);
          isUnreachable(suite, 'notifier', 10);
          suite.set('crypto-1', 'secure_mail_letter_oldest_seconds', sinceTen, 10);
        },
        looks: [[22, [at('SecureMailLettersBehind', 'crypto-1'), gone('notifier'), at('SecureMailDown', 'notifier-1'), ...unreached('notifier', 'gateway-1', 'crypto-1')]]],
      },
    ],
    quiet: [{ says: 'letters wait for two minutes', happens: (suite) => suite.set('crypto-1', 'secure_mail_letter_oldest_seconds', is(120), 10), looks: [[30, NOTHING]] }],
  },

  SecureMailMailHeld: {
    fires: [
      {
        says: 'nobody lets the mail of a restore go',
        happens: (suite) => suite.set('notifier-1', 'secure_mail_mail_held', is(3), 10),
        looks: [[60, NOTHING], [72, [at('SecureMailMailHeld', 'notifier-1')]]],
      },
    ],
    quiet: [{ says: 'it is let go after half an hour', happens: (suite) => suite.set('notifier-1', 'secure_mail_mail_held', is(3), 10, 40), looks: [[39, NOTHING], [75, NOTHING]] }],
  },

  SecureMailRetentionBehind: {
    fires: [
      {
        says: 'a message cannot be purged',
        happens: (suite) => suite.set('crypto-1', 'secure_mail_retention_lag_seconds', sinceTen, 10),
        looks: [[69, NOTHING], [82, [at('SecureMailRetentionBehind', 'crypto-1')]]],
      },
    ],
    quiet: [{ says: 'what is due waits for two sweeps', happens: (suite) => suite.set('crypto-1', 'secure_mail_retention_lag_seconds', is(1300), 10), looks: [[60, NOTHING]] }],
  },

  SecureMailSweepsStopped: {
    fires: [
      {
        says: 'the one that sweeps hangs, alone',
        happens: (suite) => suite.set('retention-1', SWEPT, is(timeOf(10)), 10),
        looks: [[60, NOTHING], [72, ['SecureMailSweepsStopped']], [220, ['SecureMailSweepsStopped']]],
      },
      {
        says: 'two stand by, and nobody leads',
        twice: ['retention'],
        happens: (suite) => suite.restarts('retention-1', 11, { sweepsAfter: Infinity }),
        looks: [[60, NOTHING], [75, ['SecureMailSweepsStopped']], [200, ['SecureMailSweepsStopped']]],
      },
      {
        says: 'nobody has swept since the first start',
        happens: (suite) => suite.neverSweeps('retention-1', 0),
        looks: [[35, ['SecureMailSweepsStopped']], [200, ['SecureMailSweepsStopped']]],
      },
      {
        says: 'the only one is dead: it has no series any more, and it still has not swept',
        happens: (suite) => suite.dies('retention-1', 11),
        looks: [...[75, 150, 220].map((minute) => [minute, ['SecureMailSweepsStopped', gone('retention'), at('SecureMailDown', 'retention-1')]])],
      },
      {
        says: 'it ends in each sweep and starts again',
        happens(suite) {
          for (let minute = 12; minute < 240; minute += 12) suite.restarts('retention-1', minute, { sweepsAfter: Infinity });
        },
        looks: [[100, ['SecureMailSweepsStopped', at('SecureMailRestarts', 'retention-1')]], [200, ['SecureMailSweepsStopped', at('SecureMailRestarts', 'retention-1')]]],
      },
    ],
    quiet: [
      { says: 'one sweeps, and the other stands by', twice: ['retention'], happens() {}, looks: [[30, NOTHING], [100, NOTHING], [200, NOTHING]] },
      { says: 'the only one starts again, and its first sweep takes twenty minutes', happens: (suite) => suite.restarts('retention-1', 35, { sweepsAfter: 20 }), looks: [[37, NOTHING], [45, NOTHING], [55, NOTHING], [70, NOTHING]] },
      {
        says: 'the one that sweeps dies, and the standby takes over',
        twice: ['retention'],
        happens(suite) {
          suite.dies('retention-1', 35);
          suite.set('retention-2', SWEPT, swept, 36);
        },
        looks: [[120, [at('SecureMailDown', 'retention-1')]], [200, [at('SecureMailDown', 'retention-1')]]],
      },
    ],
  },

  SecureMailLogShrank: {
    fires: [
      {
        says: 'the log is emptied while audit runs',
        happens: (suite) => suite.set('audit-1', ENTRIES, is(0), 20),
        looks: [[19, NOTHING], [20, [at('SecureMailLogShrank', 'audit-1')]], [40, [at('SecureMailLogShrank', 'audit-1')]], [200, [at('SecureMailLogShrank', 'audit-1')]]],
      },
      {
        says: 'a few entries are cut off at the end',
        happens: (suite) => suite.set('audit-1', ENTRIES, (minute) => grown(50)(minute) - 500, 20),
        looks: [[20, [at('SecureMailLogShrank', 'audit-1')]]],
      },
      {
        says: 'audit is stopped, the log is emptied, audit is started an hour later',
        happens(suite) {
          suite.set('audit-1', ENTRIES, is(0), 70);
          suite.dies('audit-1', 10, 70);
        },
        looks: [[73, [at('SecureMailLogShrank', 'audit-1'), at('SecureMailDown', 'audit-1')]], [100, [at('SecureMailLogShrank', 'audit-1')]]],
      },
      {
        says: 'one of two is served an older database',
        twice: ['audit'],
        happens: (suite) => suite.set('audit-2', ENTRIES, (minute) => grown(50)(minute) - 500, 20),
        looks: [[22, [at('SecureMailLogShrank', 'audit-2')]]],
      },
    ],
    quiet: [
      { says: 'audit starts again', happens: (suite) => suite.restarts('audit-1', 20), looks: Array.from({ length: 14 }, (_, i) => [20 + i, NOTHING]) },
      { says: 'the standby starts again beside the one that writes', twice: ['audit'], happens: (suite) => suite.restarts('audit-2', 20), looks: [[21, NOTHING], [22, NOTHING], [30, NOTHING], [31, NOTHING]] },
      {
        says: 'one of two is told of the log a minute later than the other',
        twice: ['audit'],
        happens: (suite) => suite.set('audit-2', ENTRIES, (minute) => grown(50)(minute - 1)),
        looks: [[20, NOTHING], [100, NOTHING]],
      },
      {
        says: 'one of two has lost the database and tells what it saw last',
        twice: ['audit'],
        happens(suite) {
          suite.set('audit-2', ENTRIES, is(grown(50)(20)), 20);
          suite.set('audit-2', 'secure_mail_ready', is(0), 20);
        },
        looks: [[21, NOTHING], [30, [at('SecureMailNotReady', 'audit-2')]]],
      },
    ],
  },

  SecureMailStrangers: {
    fires: [{ says: 'somebody knocks twice a minute', happens: (suite) => suite.set('crypto-1', 'secure_mail_bus_strangers_refused_total', (minute) => 1 + grown(2)(minute - 10), 10), looks: [[12, NOTHING], [25, [at('SecureMailStrangers', 'crypto-1')]]] }],
    quiet: [{ says: 'the proof at each of three starts', happens: (suite) => [20, 23, 26].forEach((minute) => suite.restarts('crypto-1', minute)), looks: [[28, NOTHING]] }],
  },

  SecureMailPasswordsBusy: {
    fires: [{ says: 'four checks a minute are refused', happens: (suite) => suite.set('crypto-1', 'secure_mail_password_hashes_refused_total', (minute) => 1 + grown(4)(minute - 10), 10), looks: [[25, [at('SecureMailPasswordsBusy', 'crypto-1')]]] }],
    quiet: [{ says: 'ten are refused at once', happens: (suite) => suite.set('crypto-1', 'secure_mail_password_hashes_refused_total', is(11), 10), looks: [[12, NOTHING], [15, NOTHING]] }],
  },

  SecureMailQueued: {
    fires: [
      { says: 'requests wait at audit', happens: (suite) => suite.set('audit-1', 'secure_mail_requests_waiting', is(30), 10), looks: [[13, NOTHING], [16, [at('SecureMailQueued', 'audit-1')]]] },
      { says: 'requests wait at the gateway', happens: (suite) => suite.set('gateway-1', 'secure_mail_http_requests_waiting', is(30), 10), looks: [[16, [at('SecureMailQueued', 'gateway-1')]]] },
    ],
    quiet: [{ says: 'a burst of three minutes', happens: (suite) => suite.set('audit-1', 'secure_mail_requests_waiting', is(90), 10, 13), looks: [[12, NOTHING], [16, NOTHING]] }],
  },

  SecureMailTampered: {
    fires: [
      { says: 'the first one ever', happens: (suite) => suite.set('crypto-1', TAMPERED, is(1), 10), looks: [[11, [at('SecureMailTampered', 'crypto-1', { outcome: 'tampered' })]], [60, [at('SecureMailTampered', 'crypto-1', { outcome: 'tampered' })]], [80, NOTHING]] },
      {
        says: 'one in a process that was not scraped before',
        happens(suite) {
          suite.restarts('crypto-1', 10);
          suite.set('crypto-1', TAMPERED, is(1), 11);
          suite.set('crypto-1', TAMPERED, is(null), -1, 11);
        },
        looks: [[12, [at('SecureMailTampered', 'crypto-1', { outcome: 'tampered' })]]],
      },
    ],
    quiet: [
      { says: 'it was days ago', happens: (suite) => suite.set('crypto-1', TAMPERED, is(2)), looks: [[10, NOTHING], [100, NOTHING]] },
      {
        says: 'it was days ago, and the process is away for a while',
        happens(suite) {
          suite.set('crypto-1', TAMPERED, is(2));
          suite.dies('crypto-1', 10, 13);
        },
        looks: [[14, NOTHING], [24, NOTHING]],
      },
      {
        says: 'it was days ago, and the process starts again',
        happens(suite) {
          suite.set('crypto-1', TAMPERED, is(2));
          suite.restarts('crypto-1', 10);
        },
        looks: [[12, NOTHING], [24, NOTHING]],
      },
    ],
  },

  SecureMailErrors: {
    fires: [
      { says: 'a tenth of all answers', happens: (suite) => suite.set('gateway-1', 'secure_mail_http_requests_total{status="5xx"}', (minute) => 10 + grown(7)(minute - 10), 10), looks: [[15, NOTHING], [35, ['SecureMailErrors']]] },
      {
        says: 'all answers of one gateway of two',
        twice: ['gateway'],
        happens(suite) {
          suite.set('gateway-2', 'secure_mail_http_requests_total{status="2xx"}', is(600), 10);
          suite.set('gateway-2', 'secure_mail_http_requests_total{status="5xx"}', (minute) => 10 + grown(60)(minute - 10), 10);
        },
        looks: [[35, ['SecureMailErrors']]],
      },
    ],
    quiet: [
      { says: 'nobody asks anything', happens: (suite) => ['2xx', '5xx'].forEach((status) => suite.set('gateway-1', `secure_mail_http_requests_total{status="${status}"}`, is(5), 0)), looks: [[60, NOTHING]] },
      { says: 'a burst of errors while something starts again', happens: (suite) => suite.set('gateway-1', 'secure_mail_http_requests_total{status="5xx"}', (minute) => grown(1)(minute) + 50, 10), looks: [[12, NOTHING], [19, NOTHING], [25, NOTHING]] },
    ],
  },

  SecureMailDatabaseLost: {
    fires: [{ says: 'ten connections a minute', happens: (suite) => suite.set('audit-1', 'secure_mail_database_reconnects_total', (minute) => grown(10)(minute - 10), 10), looks: [[13, NOTHING], [30, [at('SecureMailDatabaseLost', 'audit-1')]]] }],
    quiet: [{ says: 'the database starts again once', happens: (suite) => [...suite.processes.keys()].forEach((process) => suite.set(process, 'secure_mail_database_reconnects_total', is(20), 10)), looks: [[12, NOTHING], [18, NOTHING]] }],
  },

  SecureMailNotCaged: {
    fires: [{ says: 'a part is switched off', happens: (suite) => suite.set('gateway-1', 'secure_mail_caged{part="files"}', is(0), 10), looks: [[17, [at('SecureMailNotCaged', 'gateway-1', { part: 'files' })]]] }],
    quiet: [{ says: 'a kernel without ports, as in all the other cases', happens() {}, looks: [[30, NOTHING]] }],
  },
};
