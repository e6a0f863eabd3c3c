/** Longest wait for anything: reached only when a test fails. */
export const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Looks until `check` gives something other than undefined or false. For conditions that nobody can call back about. @throws after `PATIENCE_MS` */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Things that come one after the other, and those who wait for one of them. */
export class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();
  #endedBy: string | undefined;

  add(item: T): void {
    this.all.push(item);
    this.#wake();
  }

  /** Nothing more will come: whoever waits is told so. */
  end(why: string): void {
    this.#endedBy ??= why;
    this.#wake();
  }

  /** The first item at or after `from` that fits. @throws when it does not come */
  async first(what: string, fits: (item: T) => boolean, from = 0): Promise<T> {
    let next = from;
    const look = () => {
      for (; next < this.all.length; next++) if (fits(this.all[next]!)) return this.all[next]!;
      return undefined;
    };
    return await this.#wait(what, look, from);
  }

  /** Waits until so many items at or after `from` fit; returns them. @throws when they do not come */
  async some(what: string, count: number, fits: (item: T) => boolean, from = 0): Promise<T[]> {
    const look = () => {
      const found = this.all.slice(from).filter(fits);
      return found.length >= count ? found : undefined;
    };
    return await this.#wait(what, look, from);
  }

  #wait<R>(what: string, look: () => R | undefined, from: number): Promise<R> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        const tail = JSON.stringify(this.all.slice(from).slice(-12)).slice(0, 4_000);
        finish(() => reject(new Error(`${what} did not come: ${why}; came: ${tail}`)));
      };
      const limit = setTimeout(() => fail('it took too long'), PATIENCE_MS);
      const finish = (done: () => void) => {
        clearTimeout(limit);
        this.#waiting.delete(check);
        done();
      };
      const check = () => {
        const found = look();
        if (found !== undefined) finish(() => resolve(found));
        else if (this.#endedBy !== undefined) fail(this.#endedBy);
      };
      this.#waiting.add(check);
      check();
    });
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }
}
