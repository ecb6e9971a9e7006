// A try whose answer did not come: it may have counted. It is not repeated by itself; the server is
// asked how things stand, at the latest before the next try.

import type { Visit } from '../client/visit';
import type { HelloReply } from '../protocol/protocol';

export type Try = 'open' | 'code';
/** 'none': it had no effect that the server knows of. */
export type Outcome = 'unknown' | 'counted' | 'none';

export class LostAnswer {
  /** null: no answer is missing. */
  state: { of: Try; outcome: Outcome; error: unknown } | null = null;
  private before: HelloReply;
  private asking: Promise<boolean> | null = null;

  constructor(
    private readonly visit: Pick<Visit, 'hello'>,
    /** Has the server say hello again; false when that fails. */
    private readonly look: () => Promise<boolean>,
    private readonly onChange: () => void,
  ) {
    this.before = visit.hello;
  }

  begin(of: Try, error: unknown): void {
    this.before = this.visit.hello;
    this.state = { of, outcome: 'unknown', error };
    this.onChange();
    void this.ask();
  }

  /** True: the next try may begin. False: somebody should first read what is known now. */
  async mayTry(): Promise<boolean> {
    if (this.state?.outcome === 'unknown') {
      const isKnown = (await this.ask()) || (await this.ask());
      if (!isKnown || this.outcome() !== 'none' || this.isClosed()) return false;
    }
    this.state = null;
    this.onChange();
    return true;
  }

  private ask(): Promise<boolean> {
    this.asking ??= this.look().then((isKnown) => {
      this.asking = null;
      if (isKnown && this.state) this.state = { ...this.state, outcome: this.outcome() };
      this.onChange();
      return isKnown;
    });
    return this.asking;
  }

  private outcome(): Outcome {
    const { before, visit: { hello: now }, state } = this;
    if (state?.of === 'code') return now.is_code_sent && !before.is_code_sent ? 'counted' : 'none';
    return now.attempts_left < before.attempts_left ? 'counted' : 'none';
  }

  private isClosed(): boolean {
    return this.visit.hello.is_frozen || this.visit.hello.locked_until_ms > 0;
  }
}
