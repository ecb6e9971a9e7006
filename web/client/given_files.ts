// Files that somebody gives to a message: attached at once, or when its draft has begun. What was given
// in between, or before a try to begin that failed, is not lost; and it is not sent without it.

import type { Draft } from './draft';

/** A file that cannot be attached. */
export interface Refused {
  name: string;
  why: NonNullable<ReturnType<Draft['refusal']>>;
}

export class GivenFiles {
  /** They wait for the draft to begin; where that failed, for the next try. */
  waiting: readonly File[] = [];
  /** Of those that were given last. */
  refused: readonly Refused[] = [];

  give(files: readonly File[]): void {
    this.waiting = [...this.waiting, ...files];
    this.refused = [];
  }

  remove(file: File): void {
    this.waiting = this.waiting.filter((each) => each !== file);
  }

  attachTo(draft: Draft): void {
    if (this.waiting.length === 0) return;
    const given = this.waiting;
    this.waiting = [];
    this.refused = given.flatMap((file) => {
      const why = draft.refusal(file);
      if (!why) draft.attach(file);
      return why ? { name: file.name, why } : [];
    });
  }
}
