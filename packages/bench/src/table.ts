/** Rows of cells as text: the first column to the left, the others to the right, a line under the head. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const print = (row: readonly string[]) =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd()
  return [print(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(print)].join('\n')
}
