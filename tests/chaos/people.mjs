// People at work, by the pages' own client, and what each was told: the ledger that is checked at the end. What failed
// may have been done or not; what was acknowledged must be true. One thing at a time is done to a message.

import { createHash, randomBytes } from 'node:crypto';

import { fakeXhr, fileOf } from '../web/support/person.mjs';
import { sleep } from '../../dev/stack.mjs';
import * as pages from '../system/support/pages.mjs';

export const PASSWORD = 'correct-horse';
const SENT = { lifetime_days: 7, undo_s: 0, language: 'en', parent: '' };
const PAUSE_MS = 100; // after a failure: a person does not hammer
const WAIT_FOR_MAIL_MS = 3000;
const FILE_BYTES_MAX = 400_000;

const factsOf = (bytes) => ({ size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });

export class People {
  constructor(world, random) {
    Object.assign(this, { world, random });
    // {address, message, body, files: [{size, sha256}], is: {sent, revoked, deleted: 'asked' | 'done'},
    // opened: in how many sessions, replies}
    this.records = [];
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

  // --- what they do -------------------------------------------------------------------------------

  async send() {
    const number = this.records.length + 1;
    const record = { address: `c${number}@recipient.example`, body: `Letter ${number}.`, files: [], is: { sent: 'asked' }, opened: 0, replies: [] };
    this.records.push(record);
    const draft = await this.office.beginMessage();
    record.message = draft.message;
    if (this.random(4) === 0) this.attach(record, draft);
    const recipients = [{ address: record.address, name: '', method: this.web.METHODS.METHOD_PASSWORD, password: PASSWORD }];
    await this.office.send(draft, { ...SENT, subject: `Subject ${number}`, body: record.body, recipients });
    record.is.sent = 'done';
    return true;
  }

  attach(record, draft) {
    const bytes = randomBytes(this.random(FILE_BYTES_MAX)); // no two alike: another message's file is seen as such
    record.files.push(factsOf(bytes));
    draft.attach(fileOf('scan.bin', bytes));
  }

  async linkOf(record, patienceMs) {
    for (const end = Date.now() + patienceMs; ; await sleep(50)) {
      const mail = this.world.mails.find((each) => each.to === record.address && each.link);
      if (mail) return this.web.parseLink(new URL(mail.link).hash);
      if (Date.now() > end) return null;
    }
  }

  async visit(record, patienceMs) {
    const link = await this.linkOf(record, patienceMs);
    if (!link) return null;
    const visit = await this.web.Visit.open(link, pages.where(this.world));
    if (!visit.isVerified) {
      await visit.verify({ password: PASSWORD });
      record.isNewHere = true;
    }
    return visit;
  }

  // The content, or null where its mail is not there yet; Failure('gone').
  async read(record, patienceMs = WAIT_FOR_MAIL_MS) {
    const visit = await this.visit(record, patienceMs);
    if (!visit) return null;
    const content = await visit.open();
    record.opened += record.isNewHere ? 1 : 0;
    record.isNewHere = false;
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
    await read.visit.reply(draft, { subject: 'Re', body: reply.body });
    reply.is = 'done';
    return true;
  }

  async revoke(record) {
    if (record.is.deleted || record.is.revoked) return false;
    record.is.revoked = 'asked';
    await this.office.revoke(record.message);
    record.is.revoked = 'done';
    return true;
  }

  async remove(record) {
    if (record.is.deleted) return false;
    record.is.deleted = 'asked';
    await this.office.delete(record.message);
    record.is.deleted = 'done';
    return true;
  }
}
