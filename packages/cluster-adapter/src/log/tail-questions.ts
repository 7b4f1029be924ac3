import { origin, type Position, type Topic } from './cluster-log.ts';

type Ask = (topics: readonly Topic[]) => Promise<readonly (Position | null)[]>;

const mostAtOnce = 1_000;

/** A command for all questions of one turn of the event loop: a join asks one, and a command costs more than its keys. */
export class TailQuestions {
  readonly #ask: Ask;
  #topics: Topic[] = [];
  #answers: Promise<readonly (Position | null)[]> | undefined;
  #put: () => void = () => undefined;
  #cancel: NodeJS.Immediate | undefined;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async of(topics: readonly Topic[]): Promise<Position[]> {
    if (this.#topics.length + topics.length > mostAtOnce) this.putNow();
    this.#answers ??= new Promise((resolve) => {
      this.#put = () => resolve(this.#ask(this.#topics));
      this.#cancel = setImmediate(() => this.putNow());
    });
    const from = this.#topics.length;
    this.#topics.push(...topics);
    const answers = await this.#answers;
    return topics.map((_topic, index) => answers[from + index] ?? origin);
  }

  /** What is sent to Redis next is to come behind all questions so far. */
  putNow(): void {
    if (this.#answers === undefined) return;
    clearImmediate(this.#cancel);
    this.#put();
    this.#answers = undefined;
    this.#topics = [];
  }
}
