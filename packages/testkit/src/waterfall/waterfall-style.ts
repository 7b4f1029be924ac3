/** How many colours there are for places. */
const colorCount = 6;

/** The class of the colour number `index`, from 0, which is again the first once all are used. */
export function colorClass(index: number): string {
  return `c${index % colorCount}`;
}

interface Palette {
  readonly paper: string;
  readonly edge: string;
  readonly text: string;
  readonly dim: string;
  readonly stripe: string;
  readonly grid: string;
  readonly pause: string;
  readonly link: string;
  readonly fault: string;
  /** Of places: {@link colorCount} of them. */
  readonly bars: readonly string[];
}

const light: Palette = {
  paper: '#ffffff',
  edge: '#d1d9e0',
  text: '#1f2328',
  dim: '#59636e',
  stripe: '#f6f8fa',
  grid: '#dfe4e9',
  pause: '#e6eaef',
  link: '#6e7781',
  fault: '#cf222e',
  bars: ['#3b82f6', '#12a594', '#8e5cf0', '#e08a00', '#e5484d', '#7d8590'],
};

const dark: Palette = {
  paper: '#0d1117',
  edge: '#30363d',
  text: '#e6edf3',
  dim: '#9198a1',
  stripe: '#151b23',
  grid: '#2a313a',
  pause: '#232932',
  link: '#8b949e',
  fault: '#ff7b72',
  bars: ['#539bf5', '#2bb5a3', '#a583f5', '#e0a030', '#f0686c', '#8b949e'],
};

// On paper of its own in either theme: it follows the machine, and the page around it may not. Without variables, which not
// everything that draws SVG knows.
export const waterfallStyle = `<style>
text { font: 12px system-ui, sans-serif; }
.title { font-size: 15px; font-weight: 600; }
.time, .pause, .note, .remark { font-size: 11px; }
.time, .pause { text-anchor: middle; }
.duration { text-anchor: end; font-variant-numeric: tabular-nums; }
.before { text-anchor: end; }
.time, .note, .happened { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }
.branch, .link { fill: none; }
.branch { stroke-width: 1.5; }
.moment { stroke-dasharray: 2 2; }
.link { stroke-dasharray: 3 3; }
${colorRules(light)}
@media (prefers-color-scheme: dark) {
${colorRules(dark)}
}
</style>`;

function colorRules({ paper, edge, text, dim, stripe, grid, pause, link, fault, bars }: Palette): string {
  return [
    `.paper { fill: ${paper}; stroke: ${edge}; }`,
    `text { fill: ${text}; }`,
    `.trace, .place, .time, .pause, .note, .remark { fill: ${dim}; }`,
    `.time, .note, .happened { stroke: ${paper}; }`,
    `.stripe { fill: ${stripe}; }`,
    `.idle { fill: ${pause}; }`,
    `.grid, .branch { stroke: ${grid}; }`,
    `.link { stroke: ${link}; }`,
    `.end { fill: ${link}; }`,
    `.moment, .bar.failed { stroke: ${fault}; }`,
    ...bars.map((bar, index) => `.${colorClass(index)} { fill: ${bar}; }`),
    `text.failed, .happened { fill: ${fault}; }`,
  ].join('\n');
}
