// The log of a world's organisation, as long as it has to be: each entry is appended by audit itself, for a log that
// does not chain is none.

const FILL_IN_FLIGHT = 16;
const FILL_EVENTS = 64; // a call, as a relay does
const FILL_PACE = 30_000; // a second, at first; then what the call before made
const FILL_SECONDS_MAX = 10;

export class BenchLog {
  constructor(world, client) {
    Object.assign(this, { world, client });
  }

  append(inFlight, seconds, events) {
    const { stack, organisation } = this.world;
    return this.client.ask('append', stack.path('keys'), stack.bus('audit'), inFlight, seconds, events, organisation);
  }

  get length() {
    return Number(this.world.sql(`SELECT coalesce(max(seq), 0) FROM audit.entry WHERE organisation = '\\x${this.world.organisation}'`)[0][0]);
  }

  // Until it has `entries` at least. `tell(length)` hears of it on the way.
  async fillTo(entries, tell = () => {}) {
    let pace = FILL_PACE;
    for (let there = this.length; there < entries; ) {
      tell(there);
      const seconds = Math.min(FILL_SECONDS_MAX, Math.max(0.05, (entries - there) / pace));
      await this.append(FILL_IN_FLIGHT, seconds, FILL_EVENTS);
      const { length } = this;
      pace = Math.max(1, (length - there) / seconds);
      there = length;
    }
  }
}
