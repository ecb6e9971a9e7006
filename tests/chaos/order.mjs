// In which order the log may tell what people did. Nobody is answered before the log has it, so what was acknowledged to
// anybody before something else was begun, by him or by others, stands before that in the log.

// The kinds that a message has at most one entry of; of the others there may be some that nobody was told of.
const IS_ONCE = { sent: true, revoked: true, deleted: true, replied: true };
// Each of the first stands behind one of the second of its own.
const FOLLOWS = [
  ['opened', 'verified'],
  ['download-granted', 'opened'],
];
// What gives something away looks under the message's lock whether it has ended.
const NOT_AFTER_AN_END = ['code-sent', 'verified', 'opened', 'download-granted', 'replied'];
const ENDS = ['revoked', 'deleted'];

/** The log by message and kind: (message, kind) => its places, in order. */
export function inOrderOf(entries) {
  const of = new Map();
  entries.forEach(({ message, kind }, place) => {
    if (!of.has(message)) of.set(message, {});
    (of.get(message)[kind] ??= []).push(place);
  });
  return of;
}

/** The losses, as sentences. acts: see people.mjs. */
export function checkOrder(entries, acts, records) {
  const of = inOrderOf(entries);
  const losses = checkActs(entries, of, acts);
  for (const record of records) if (of.has(record.message)) losses.push(...checkMessage(record, of.get(record.message)));
  return losses;
}

// --- what people saw ------------------------------------------------------------------------------

const isAcknowledged = (act) => act.ended < Infinity;

function checkActs(entries, of, acts) {
  const seen = new Seen(entries, of);
  for (const { act, isEnd } of momentsOf(acts)) isEnd ? seen.end(act) : seen.begin(act);
  return seen.losses;
}

// Moment by moment.
class Seen {
  constructor(entries, of) {
    Object.assign(this, { entries, of, losses: [] });
    this.places = new Map(); // of acts
    this.taken = new Set(); // places
    this.newest = null; // of all that was acknowledged until now, what stands last
  }

  get behind() {
    return this.places.get(this.newest) ?? -1;
  }

  begin(act) {
    const place = this.placeOf(act);
    this.places.set(act, place);
    this.taken.add(place);
    if (place < this.behind) this.losses.push(`${saying(act)} stands before ${saying(this.newest)}, which was acknowledged before it was begun`);
    if (place === undefined && isAcknowledged(act)) this.losses.push(`${saying(act)} was acknowledged, and is not in the log behind what was acknowledged before it`);
  }

  end(act) {
    if (this.places.get(act) > this.behind) this.newest = act;
  }

  // Which of several entries is this act's nobody says: the first that can be, which leaves later acts what is theirs. One that
  // was not acknowledged may have none.
  placeOf(act) {
    const { record, kind, reason } = act;
    const own = (this.of.get(record.message)?.[kind] ?? []).filter((at) => !reason || this.entries[at].reason === reason);
    if (IS_ONCE[kind]) return own[0];
    return isAcknowledged(act) ? own.find((at) => at > this.behind && !this.taken.has(at)) : undefined;
  }
}

const saying = ({ kind, record }) => `'${kind}' of ${record.address}`;

function momentsOf(acts) {
  const begun = acts.map((act) => ({ at: act.begun, act, isEnd: false }));
  const ended = acts.filter((act) => act.ended < Infinity).map((act) => ({ at: act.ended, act, isEnd: true }));
  return [...begun, ...ended].sort((one, other) => one.at - other.at);
}

// --- what must be so whatever they saw ------------------------------------------------------------

function checkMessage({ address, isByCode }, kinds) {
  const losses = [];
  const placesOf = (kind) => kinds[kind] ?? [];
  const [sent] = placesOf('sent');
  for (const [kind, [first]] of Object.entries(kinds))
    if (kind !== 'sent' && kind !== 'send-refused' && first < sent) losses.push(`${address}: '${kind}' stands before 'sent'`);
  for (const [later, earlier] of FOLLOWS)
    placesOf(later).forEach((at, i) => {
      if (!(placesOf(earlier)[i] < at)) losses.push(`${address}: '${later}' without a '${earlier}' before it`);
    });
  if (isByCode && placesOf('verified')[0] < (placesOf('code-sent')[0] ?? Infinity)) losses.push(`${address}: 'verified' stands before 'code-sent'`);
  const end = Math.min(...ENDS.flatMap(placesOf));
  for (const kind of NOT_AFTER_AN_END) if (placesOf(kind).at(-1) > end) losses.push(`${address}: '${kind}' stands behind its end`);
  return losses;
}
