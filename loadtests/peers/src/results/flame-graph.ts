import { element, escaped, textElement } from './svg.ts';

/** As V8's inspector gives it (`Profiler.stop`). */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes, one for each look. */
  readonly samples: readonly number[];
  /** Microseconds before each of them. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Frame {
  readonly name: string;
  readonly owner: Owner;
  readonly callees: Map<string, Frame>;
  ownUs: number;
  /** With what it called. */
  totalUs: number;
}

const owners = {
  sluice: 'Sluice',
  bench: 'the measured server',
  socketio: 'Socket.IO, Engine.IO, ws',
  redis: 'node-redis',
  node: 'Node.js in JavaScript',
  native: 'system calls, C++, GC',
} as const;
type Owner = keyof typeof owners;

const width = 1_200;
const rowHeight = 17;
const margin = 10;
const headHeight = 68;
const labelFromPx = 30;
const pxPerCharacter = 6.1;
/** Frames that take less than this are left out, with all they called. */
const leastShare = 0.002;

/**
 * Where a process's CPU time went: callers above what they called, as wide as the time took, idle time left out. The sum of
 * what each owner's code took itself stands above.
 */
export function renderFlameGraph(profile: CpuProfile, title: string): string {
  const root = merge(profile);
  const rows: string[] = [];
  const least = root.totalUs * leastShare;
  const pxPerUs = (width - 2 * margin) / Math.max(1, root.totalUs);
  let depth = 0;
  const draw = (frame: Frame, left: number, row: number): void => {
    depth = Math.max(depth, row + 1);
    rows.push(drawFrame(frame, { left, row, width: frame.totalUs * pxPerUs, of: root.totalUs }));
    let at = left;
    for (const callee of widestFirst(frame)) {
      if (callee.totalUs < least) break;
      draw(callee, at, row + 1);
      at += callee.totalUs * pxPerUs;
    }
  };
  let at = margin;
  for (const frame of widestFirst(root)) {
    if (frame.totalUs < least) break;
    draw(frame, at, 0);
    at += frame.totalUs * pxPerUs;
  }
  const height = headHeight + depth * rowHeight + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    style,
    element('rect', { class: 'paper', x: 0, y: 0, width, height }),
    textElement(title, { class: 'head', x: margin, y: 22 }),
    legend(root),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** One tree of what called what, in which a function that is called twice by the same one is one frame. */
function merge({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const ownUs = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    ownUs.set(id, (ownUs.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root = newFrame('all', 'native');
  const add = (node: ProfileNode, into: Frame): number => {
    const us = ownUs.get(node.id) ?? 0;
    into.ownUs += us;
    let total = us;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child === undefined || child.callFrame.functionName === '(idle)') continue;
      total += add(child, calleeOf(into, child));
    }
    into.totalUs += total;
    return total;
  };
  const first = nodes[0];
  if (first !== undefined) add(first, root);
  return root;
}

function calleeOf(caller: Frame, { callFrame }: ProfileNode): Frame {
  const { functionName, url, lineNumber } = callFrame;
  const key = `${functionName} ${url}:${lineNumber}`;
  let callee = caller.callees.get(key);
  if (callee === undefined) {
    const place = `${url.slice(url.lastIndexOf('/') + 1)}:${lineNumber + 1}`;
    callee = newFrame(functionName === '' ? place : functionName, ownerOf(url));
    caller.callees.set(key, callee);
  }
  return callee;
}

function newFrame(name: string, owner: Owner): Frame {
  return { name, owner, callees: new Map(), ownUs: 0, totalUs: 0 };
}

function ownerOf(url: string): Owner {
  if (url === '') return 'native';
  if (url.startsWith('node:')) return 'node';
  if (url.includes('/node_modules/@redis/')) return 'redis';
  if (url.includes('/node_modules/')) return 'socketio';
  return url.includes('/packages/') ? 'sluice' : 'bench';
}

function widestFirst({ callees }: Frame): Frame[] {
  return [...callees.values()].toSorted((a, b) => b.totalUs - a.totalUs);
}

function drawFrame(
  frame: Frame,
  place: { readonly left: number; readonly row: number; readonly width: number; readonly of: number },
): string {
  const y = headHeight + place.row * rowHeight;
  const { name, owner } = frame;
  const characters = Math.floor((place.width - 6) / pxPerCharacter);
  const label = name.length <= characters ? name : `${name.slice(0, characters - 1)}…`;
  return [
    '<g>',
    `<title>${escaped(`${name} (${owners[owner]}): ${percent(frame.totalUs, place.of)}, itself ${percent(frame.ownUs, place.of)}`)}</title>`,
    element('rect', { class: owner, x: place.left, y, width: place.width, height: rowHeight - 1 }),
    ...(place.width < labelFromPx ? [] : [textElement(label, { x: place.left + 3, y: y + 12 })]),
    '</g>',
  ].join('');
}

function legend(root: Frame): string {
  const sums = new Map<Owner, number>();
  const add = (frame: Frame): void => {
    sums.set(frame.owner, (sums.get(frame.owner) ?? 0) + frame.ownUs);
    for (const callee of frame.callees.values()) add(callee);
  };
  add(root);
  const shown = (Object.keys(owners) as Owner[]).filter((owner) => (sums.get(owner) ?? 0) > 0);
  const slot = (width - 2 * margin) / Math.max(1, shown.length);
  return shown
    .flatMap((owner, index) => {
      const x = margin + index * slot;
      return [
        element('rect', { class: owner, x, y: 38, width: 12, height: 12 }),
        textElement(`${owners[owner]} ${percent(sums.get(owner) ?? 0, root.totalUs)}`, { x: x + 18, y: 48 }),
      ];
    })
    .join('\n');
}

function percent(part: number, of: number): string {
  return `${((part / Math.max(1, of)) * 100).toFixed(1)} %`;
}

// On paper of its own, so that its labels are legible on light and dark pages alike.
const style = `<style>
text { font: 11px system-ui, sans-serif; fill: #1f2328; }
.head { font-size: 14px; font-weight: 600; }
.paper { fill: #ffffff; }
.sluice { fill: #8dbbff; }
.bench { fill: #cfd4da; }
.socketio { fill: #d9bdf5; }
.redis { fill: #f5b9a8; }
.node { fill: #b7dfb0; }
.native { fill: #f3d98b; }
</style>`;
