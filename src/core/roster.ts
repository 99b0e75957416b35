/** What a roster writes into its members: where they stand. -1: in none. */
export interface RosterMember {
  rosterIndex: number;
}

/**
 * Things that come and go by the thousand a second, each in one roster at most. A Map or a Set would do the same and
 * cost several times the memory: their tables are renewed as entries are deleted, each old table refers to the one that
 * followed, and once one of them has grown old the garbage collector takes everything behind it for alive, until its
 * next full collection. Here nothing of a member stays behind when it goes.
 */
export class Roster<T extends RosterMember> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.rosterIndex = this.#members.length;
    this.#members.push(member);
  }

  has(member: T): boolean {
    return this.#members[member.rosterIndex] === member;
  }

  /** False: it was not there. */
  remove(member: T): boolean {
    if (!this.has(member)) return false;
    const last = this.#members.pop() as T;
    if (last !== member) {
      this.#members[member.rosterIndex] = last;
      last.rosterIndex = member.rosterIndex;
    }
    member.rosterIndex = -1;
    return true;
  }

  /** Those of this moment, in no order. Members may go while the list is read. */
  list(): T[] {
    return this.#members.slice();
  }
}
