// People at work, by the pages' own client, and what each was told: the ledger that is checked at the end. What failed
// may have been done or not; what was acknowledged must be true. One thing at a time is done to a message. One recipient in
// three is checked by a mailed code, which is read where it arrives: in the run's own mail server.

import { createHash, randomBytes } from 'node:crypto';

import { fakeXhr, fileOf } from '../web/support/person.mjs';
import { sleep } from '../../dev/stack.mjs';
import * as pages from '../system/support/pages.mjs';
import { within } from './within.mjs';

export const PASSWORD = 'correct-horse';
const SENT = { lifetime_days: 7, undo_s: 0, language: 'en', parent: '' };
const PAUSE_MS = 100; // after a failure: a person does not hammer
const WAIT_FOR_MAIL_MS = 3000;
const FILE_BYTES_MAX = 400_000;

const factsOf = (bytes) => ({ size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });

export class People {
  constructor(world, random) {
    Object.assign(this, { world, random });
    // {address, isByCode, message, body, files: [{size, sha256}], is: {sent, revoked, deleted: 'asked' | 'done'},
    // opened: in how many sessions, replies, tried: codes that are of no more use}
    this.records = [];
    this.acts = []; // {kind, record, reason, begun, ended}: what the log must tell, and in which order (order.mjs)
    this.moments = 0; // by which acts are in order, whatever any clock says
    this.proven = { password: 0, code: 0 }; // checks that were passed
    this.asked = {};
    this.done = {};
    this.losses = []; // what was seen to be wrong at once
    this.failures = {};
  }

  async enter() {
    this.web = await pages.client();
    fakeXhr();
    await this.signIn();
  }

  async signIn() {
    this.office = await pages.officeOf(this.world, 'sender');
  }

  // Until `isOver`: `count` pairs of hands.
  async work(isOver, count) {
    const hands = Array.from({ length: count }, async () => {
      while (!isOver()) if (!(await this.doSomething())) await sleep(PAUSE_MS);
    });
    await Promise.all(hands);
  }

  // False: nothing came of it.
  async doSomething() {
    const die = this.random(100);
    if (die < 45 || this.records.length < 3) return this.tell('send', () => this.send());
    const [what, act] = die < 75 ? ['open', this.open] : die < 85 ? ['reply', this.reply] : die < 92 ? ['revoke', this.revoke] : ['delete', this.remove];
    const record = this.free();
    if (!record) return false;
    record.isBusy = true;
    try {
      return await this.tell(what, () => act.call(this, record));
    } finally {
      record.isBusy = false;
    }
  }

  free() {
    const recent = this.records.slice(-60).filter((each) => each.is.sent === 'done' && !each.isBusy);
    return recent[this.random(recent.length)];
  }

  async tell(what, act) {
    this.asked[what] = (this.asked[what] ?? 0) + 1;
    try {
      if (!(await act())) return false;
      this.done[what] = (this.done[what] ?? 0) + 1;
      return true;
    } catch (error) {
      const word = error.word ?? `${error.name}: ${error.message}`;
      this.failures[word] = (this.failures[word] ?? 0) + 1;
      if (word === 'tampered') this.losses.push(`${what}: called tampered: ${error.message}`);
      if (word === 'not-signed-in') await this.signIn().catch(() => {});
      return false;
    }
  }

  // Not ended: it was not acknowledged, and may have been done or not.
  begin(kind, record, more = {}) {
    const act = { kind, record, begun: (this.moments += 1), ended: Infinity, ...more };
    this.acts.push(act);
    return act;
  }

  end(act) {
    act.ended = this.moments += 1;
  }

  // --- what they do -------------------------------------------------------------------------------

  async send() {
    const number = this.records.length + 1;
    const record = {
      address: `c${number}@recipient.example`, isByCode: this.random(3) === 0, body: `Letter ${number}.`, files: [],
      is: { sent: 'asked' }, opened: 0, replies: [], tried: new Set(),
    };
    this.records.push(record);
    const draft = await this.office.beginMessage();
    record.message = draft.message;
    if (this.random(4) === 0) this.attach(record, draft);
    const { METHOD_CODE, METHOD_PASSWORD } = this.web.METHODS;
    const check = record.isByCode ? { method: METHOD_CODE, password: '' } : { method: METHOD_PASSWORD, password: PASSWORD };
    const recipients = [{ address: record.address, name: '', ...check }];
    const act = this.begin('sent', record);
    await this.office.send(draft, { ...SENT, subject: `Subject ${number}`, body: record.body, recipients });
    this.end(act);
    record.is.sent = 'done';
    return true;
  }

  attach(record, draft) {
    const bytes = randomBytes(this.random(FILE_BYTES_MAX)); // no two alike: another message's file is seen as such
    record.files.push(factsOf(bytes));
    draft.attach(fileOf('scan.bin', bytes));
  }

  async mailFor(record, isWanted, patienceMs) {
    let mail;
    await within(patienceMs, () => (mail = this.world.mails.find((each) => each.to === record.address && isWanted(each))), 50);
    return mail;
  }

  async linkOf(record, patienceMs) {
    const mail = await this.mailFor(record, (each) => each.link, patienceMs);
    return mail ? this.web.parseLink(new URL(mail.link).hash) : null;
  }

  // A code that was not tried yet, if need be a fresh one.
  async codeOf(record, visit) {
    const isFresh = ({ code }) => code && !record.tried.has(code);
    if (!(await this.mailFor(record, isFresh, 0))) {
      const act = this.begin('code-sent', record);
      await visit.sendCode();
      this.end(act);
    }
    const mail = await this.mailFor(record, isFresh, WAIT_FOR_MAIL_MS);
    if (!mail) throw Object.assign(new Error('the code does not arrive'), { word: 'no code' });
    return mail.code;
  }

  /** Of what was mailed so far nothing is good any more: the clock was moved. */
  forgetCodes() {
    const of = new Map(this.records.map((record) => [record.address, record]));
    for (const { to, code } of this.world.mails) if (code) of.get(to)?.tried.add(code);
  }

  async prove(record, visit) {
    const code = record.isByCode ? await this.codeOf(record, visit) : null;
    const act = this.begin('verified', record);
    const how = this.random(2) ? 'verify' : 'verifyAndOpen';
    try {
      await visit[how](code ? { code } : { password: PASSWORD });
    } catch (error) {
      if (code && error.word === 'wrong-secret') record.tried.add(code); // it is too old, or was right and the answer was lost
      throw error;
    }
    this.end(act);
    if (code) record.tried.add(code);
    this.proven[code ? 'code' : 'password'] += 1;
    record.opening = this.begin('opened', record, { begun: act.begun }); // the check may open too
  }

  async visit(record, patienceMs) {
    const link = await this.linkOf(record, patienceMs);
    if (!link) return null;
    const visit = await this.web.Visit.open(link, pages.where(this.world));
    if (!visit.isVerified) await this.prove(record, visit);
    return visit;
  }

  // The content, or null where its mail is not there yet; Failure('gone').
  async read(record, patienceMs = WAIT_FOR_MAIL_MS) {
    const visit = await this.visit(record, patienceMs);
    if (!visit) return null;
    const content = await visit.open();
    if (record.opening) {
      this.end(record.opening);
      record.opened += 1;
      record.opening = null;
    }
    return { visit, content };
  }

  // In what the content is not what was sent, each attachment downloaded; null: in nothing.
  async differs(record, content) {
    if (content.manifest.body !== record.body) return 'another body';
    const listed = content.manifest.attachments;
    if (listed.length !== record.files.length) return `${listed.length} attachments instead of ${record.files.length}`;
    for (const [i, { size, sha256 }] of record.files.entries()) {
      const found = factsOf(Buffer.from(await (await content.download(listed[i])).arrayBuffer()));
      if (found.size !== size || found.sha256 !== sha256) return `another attachment: ${found.size} bytes instead of ${size}`;
    }
    return null;
  }

  async open(record) {
    const isOver = record.is.revoked === 'done' || record.is.deleted === 'done';
    const read = await this.read(record);
    if (!read) return false;
    if (isOver) this.losses.push(`${record.address}: opened after it was revoked or deleted`);
    const difference = await this.differs(record, read.content);
    if (difference) this.losses.push(`${record.address}: ${difference}`);
    return true;
  }

  async reply(record) {
    const read = await this.read(record);
    if (!read) return false;
    const reply = { body: `Answer ${record.replies.length + 1} of ${record.address}.`, is: 'asked' };
    record.replies.push(reply);
    const draft = await read.visit.beginReply(read.content);
    reply.message = draft.message;
    const act = this.begin('replied', record, { reason: `reply ${reply.message}` });
    await read.visit.reply(draft, { subject: 'Re', body: reply.body });
    this.end(act);
    reply.is = 'done';
    return true;
  }

  async revoke(record) {
    if (record.is.deleted || record.is.revoked) return false;
    record.is.revoked = 'asked';
    const act = this.begin('revoked', record);
    await this.office.revoke(record.message);
    this.end(act);
    record.is.revoked = 'done';
    return true;
  }

  async remove(record) {
    if (record.is.deleted) return false;
    record.is.deleted = 'asked';
    const act = this.begin('deleted', record);
    await this.office.delete(record.message);
    this.end(act);
    record.is.deleted = 'done';
    return true;
  }
}
