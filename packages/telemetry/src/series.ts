/** One value for each label, in the order of its names. */
export type Given = Readonly<Record<string, string>>;

/** The points of one instrument by the values of its labels, two at most: found without making a name for them. */
export class Series<Point> {
  readonly all: Point[] = [];
  readonly #names: readonly string[];
  readonly #first: string;
  readonly #second: string | undefined;
  readonly #make: (labels: Given) => Point;
  readonly #byFirst = new Map<string | undefined, Point>();
  readonly #byBoth = new Map<string | undefined, Map<string | undefined, Point>>();

  constructor(names: readonly string[], make: (labels: Given) => Point) {
    this.#names = names;
    this.#first = names[0] ?? '';
    this.#second = names[1];
    this.#make = make;
  }

  at(given: Given): Point {
    const first = given[this.#first];
    if (this.#second === undefined) {
      return this.#byFirst.get(first) ?? this.#begin(given, this.#byFirst, first);
    }
    let inner = this.#byBoth.get(first);
    if (inner === undefined) this.#byBoth.set(first, (inner = new Map()));
    const second = given[this.#second];
    return inner.get(second) ?? this.#begin(given, inner, second);
  }

  #begin(given: Given, among: Map<string | undefined, Point>, key: string | undefined): Point {
    const labels = Object.fromEntries(this.#names.map((name) => [name, given[name] ?? '']));
    const point = this.#make(labels);
    among.set(key, point);
    this.all.push(point);
    return point;
  }
}
