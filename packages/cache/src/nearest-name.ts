/** The one of the known names that takes the fewest edits to reach. */
export function nearestName(name: string, known: readonly string[]): string {
  let best = ''
  let fewest = Infinity
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest) {
      fewest = edits
      best = candidate
    }
  }
  return best
}

/** Levenshtein's, a row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 0; line < from.length; line++) {
    let left = line
    row = row.map((above, column) => {
      const replaced = (row[column - 1] ?? Infinity) + (from[line] === to[column - 1] ? 0 : 1)
      return (left = Math.min(replaced, above + 1, left + 1))
    })
  }
  return row[to.length] ?? 0
}
