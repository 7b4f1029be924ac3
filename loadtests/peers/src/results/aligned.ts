/** Titles to the left, figures to the right; a title that repeats is said once. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row, index) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          if (column > 0) return cell.padStart(width);
          return (rows[index - 1]?.[0] === cell ? '' : cell).padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
