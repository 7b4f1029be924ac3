// Draws the charts of a report: `data` is { charts, bands } of src/report/chart-data.ts.
'use strict';

/** A custom property of the page's style sheet, which depends on light and dark. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** What the legend says of a value beneath the pointer. */
function value(_plot, number) {
  return number === null ? '–' : number.toLocaleString('en', { maximumFractionDigits: 1 });
}

(() => {
  const { charts, bands } = JSON.parse(document.getElementById('data').textContent);
  const host = document.getElementById('charts');
  // Moving over one chart shows the same moment in all.
  const together = uPlot.sync('report');
  const height = 200;
  const seriesColours = 6;
  // All charts show the same time, however much of it they have something to show of.
  const ends = charts.filter(({ times }) => times.length > 0);
  const span = [
    Math.min(...ends.map(({ times }) => times[0])),
    Math.max(...ends.map(({ times }) => times.at(-1))),
  ];

  /** Shades the times in which something was done to the cluster, and says what. */
  const drawBands = (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const { name, from, to } of bands) {
      const left = Math.max(bbox.left, plot.valToPos(from, 'x', true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, 'x', true));
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.fillStyle = colour('--band');
      ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
      ctx.fillStyle = colour('--quiet');
      ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'top';
      ctx.fillText(name, left + 4, bbox.top + 4);
    }
    ctx.restore();
  };

  const axis = {
    stroke: () => colour('--quiet'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { stroke: () => colour('--line'), width: 1 },
  };

  const draw = ({ title, unit, times, lines }) => {
    const figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    caption.textContent = `${title}, ${unit}`;
    figure.append(caption);
    host.append(figure);
    const series = lines.map(({ name }, index) => ({
      label: name,
      stroke: () => colour(`--series-${(index % seriesColours) + 1}`),
      width: 1.5,
      value,
      // Seconds without a value are bridged, where what is measured is rare.
      spanGaps: true,
    }));
    const options = {
      width: figure.clientWidth - 28,
      height,
      cursor: { sync: { key: together.key } },
      scales: {
        x: { range: () => span },
        y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
      },
      axes: [axis, { ...axis, size: 60 }],
      series: [{}, ...series],
      hooks: { drawAxes: [drawBands] },
    };
    const plot = new uPlot(options, [times, ...lines.map(({ values }) => values)], figure);
    new ResizeObserver(() => plot.setSize({ width: figure.clientWidth - 28, height })).observe(figure);
    return plot;
  };

  const plots = charts.filter(({ times }) => times.length > 0).map(draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const plot of plots) plot.redraw(false, true);
  });
})();
