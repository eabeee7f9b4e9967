/** Writes positions as text: ranges of neighbours, the first of each as the distance from the range before, in base 36. */
export function rowsOf(positions: Iterable<number>): string {
  const ranges: string[] = []
  let from = -1
  let to = -1
  let end = 0
  const write = (): void => {
    if (from < 0) return
    ranges.push(`${(from - end).toString(36)}${to > from ? `-${(to - from).toString(36)}` : ''}`)
    end = to
  }
  for (const position of positions) {
    if (position === to + 1 && from >= 0) {
      to = position
      continue
    }
    write()
    from = to = position
  }
  write()
  return ranges.join(',')
}

/** Reads what `rowsOf` wrote. The positions must have been in ascending order. */
export function positionsIn(rows: string): Set<number> {
  const positions = new Set<number>()
  let end = 0
  for (const range of rows === '' ? [] : rows.split(',')) {
    const [distance = '', length = '0'] = range.split('-')
    const from = end + parseInt(distance, 36)
    end = from + parseInt(length, 36)
    for (let position = from; position <= end; position++) positions.add(position)
  }
  return positions
}
