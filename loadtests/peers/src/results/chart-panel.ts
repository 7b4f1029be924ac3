import type { PeerName } from '../../options.mjs';
import { element, textElement } from './svg.ts';

interface Bar {
  readonly peer: PeerName;
  readonly value: number;
  /** Times the floor's; undefined where there is none to compare with. */
  readonly ratio: number | undefined;
}

export interface BarGroup {
  /** What the bars stand for, below them; may be empty. */
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface Panel {
  readonly title: string;
  readonly digits: number;
  readonly groups: readonly BarGroup[];
}

export interface PanelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const titleHeight = 24;
const labelHeight = 22;
/** Of the two lines above a bar. */
const valueHeight = 30;
const maxBarWidth = 60;
const groupGap = 20;
const barGap = 4;

/** Bars side by side from zero up, each with its value above it: nobody has to read an axis. */
export function chartPanel({ title, digits, groups }: Panel, box: PanelBox): string {
  const bars = groups.reduce((sum, group) => sum + group.bars.length, 0);
  const room = box.width - groupGap * (groups.length - 1);
  const slot = Math.min(maxBarWidth, room / Math.max(1, bars));
  const baseline = box.y + box.height - labelHeight;
  const tallest = box.height - titleHeight - labelHeight - valueHeight;
  const highest = Math.max(...groups.flatMap((group) => group.bars.map(({ value }) => value)));
  const drawBar = ({ peer, value, ratio }: Bar, left: number): string => {
    // What is lost in the noise may come out below nothing.
    const height = highest > 0 ? (Math.max(0, value) / highest) * tallest : 0;
    const middle = left + slot / 2;
    const top = baseline - height;
    return [
      element('rect', { class: peer, x: left, y: top, width: slot - barGap, height, rx: 2 }),
      ...(ratio === undefined
        ? []
        : [textElement(`×${ratio.toFixed(2)}`, { class: 'ratio', x: middle - barGap / 2, y: top - 17 })]),
      textElement(value.toFixed(digits), { class: 'value', x: middle - barGap / 2, y: top - 5 }),
    ].join('\n');
  };
  const drawGroup = ({ label, bars: own }: BarGroup, index: number): string => {
    const before = groups.slice(0, index).reduce((sum, group) => sum + group.bars.length, 0);
    const left = box.x + before * slot + index * groupGap;
    const width = own.length * slot - barGap;
    return [
      ...own.map((bar, place) => drawBar(bar, left + place * slot)),
      element('line', { class: 'axis', x1: left, x2: left + width, y1: baseline, y2: baseline }),
      textElement(label, { class: 'label', x: left + width / 2, y: baseline + 16 }),
    ].join('\n');
  };
  return [textElement(title, { class: 'title', x: box.x, y: box.y + 14 }), ...groups.map(drawGroup)].join(
    '\n',
  );
}
